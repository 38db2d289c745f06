"""The user's own work as a run: doors for any Crew, Flow, coroutine or callable."""

from docsum_nb.entry.doors import allow_nested_asyncio, kickoff, run_with_deadline, start
from docsum_nb.entry.work import is_crew_or_flow

__all__ = ["allow_nested_asyncio", "is_crew_or_flow", "kickoff", "run_with_deadline", "start"]
