"""Who CrewAI's agents are and what its tasks ask: YAML files, and data in prompts.

Apart from ``crew/``, so that a plan can be made without importing CrewAI.
"""

from docsum_nb.prompts.delimiters import TAG_TOKENS, as_name, delimited, entries_as_data, material
from docsum_nb.prompts.task_spec import TaskSpec
from docsum_nb.prompts.texts import AgentText, Prompts, TaskText, Wishes, load_prompts

__all__ = [
    "TAG_TOKENS",
    "AgentText",
    "Prompts",
    "TaskSpec",
    "TaskText",
    "Wishes",
    "as_name",
    "delimited",
    "entries_as_data",
    "load_prompts",
    "material",
]
