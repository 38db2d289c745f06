"""The user's own work as a run: entry points for a Crew, Flow, coroutine or callable."""

from docsum_nb.entry.api import allow_nested_asyncio, kickoff, run_with_deadline, start
from docsum_nb.entry.runnables import check_kickable, made_of

__all__ = [
    "allow_nested_asyncio",
    "check_kickable",
    "kickoff",
    "made_of",
    "run_with_deadline",
    "start",
]
