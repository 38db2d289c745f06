"""What CrewAI prints and logs beside the work: silenced for one context, or let through.

Decides about CrewAI's own lines alone; a logger's records of the user's own code pass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import crewai

from docsum_nb.crew.upstream import set_suppress_console_output, should_suppress_console_output

__all__ = ["as_loud_as", "mute_log", "quietly"]

_FILES = str(Path(crewai.__file__).parent)
"""Where CrewAI's own code lies; a user's project may be named after it."""
_LOGGERS = (None, "crewai.flow.runtime", "crewai.llms.base_llm", "crewai.llm")
"""CrewAI logs through the root logger as well; a logger's filter sees its own records only."""


@contextmanager
def quietly(*, quiet: bool = True) -> Iterator[None]:
    """Keep CrewAI from printing a panel for each event of what runs in this context."""
    before = should_suppress_console_output()
    set_suppress_console_output(quiet)
    try:
        yield
    finally:
        set_suppress_console_output(before)


def as_loud_as(crew: Any) -> Any:
    """Let CrewAI print while a crew runs that is verbose, or has an agent that is."""
    loud = crew.verbose or any(getattr(agent, "verbose", False) for agent in crew.agents)
    return quietly(quiet=should_suppress_console_output() and not loud)


def mute_log(when: Callable[[], bool]) -> None:
    """Drop CrewAI's log lines, for good, wherever ``when`` is true in the context that logs."""

    def kept(record: logging.LogRecord) -> bool:
        return not when() or not record.pathname.startswith(_FILES)

    for name in _LOGGERS:
        logging.getLogger(name).addFilter(kept)
