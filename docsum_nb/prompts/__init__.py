"""Who CrewAI's agents are and what its tasks ask: YAML files, and how they are read.

Apart from ``crew/``, so that a plan can be made without importing CrewAI.
"""

from docsum_nb.prompts.texts import AgentText, Prompts, TaskText, load_prompts

__all__ = ["AgentText", "Prompts", "TaskText", "load_prompts"]
