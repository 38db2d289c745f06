"""Names of other packages that promises of this package depend on: looked up, and checked by name.

CrewAI and LiteLLM move what is not their documented interface from one release to the next, patch
releases included. So each name of theirs that is private, or may move, stands in one table for each
library (``crew/crewai_names``, ``models/litellm_names.py``), with what it is used for and the
promises that do not hold without it.
"""

from docsum_nb.upstream.checks import resolve
from docsum_nb.upstream.deferred import complete_classes
from docsum_nb.upstream.once import once
from docsum_nb.upstream.table import (
    TESTED,
    Attribute,
    Lost,
    Name,
    Promise,
    Table,
    untested,
    version_of,
)

__all__ = [
    "TESTED",
    "Attribute",
    "Lost",
    "Name",
    "Promise",
    "Table",
    "complete_classes",
    "once",
    "resolve",
    "untested",
    "version_of",
]
