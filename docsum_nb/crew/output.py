"""What CrewAI prints and logs beside the work: silenced for one context, or let through.

Decides about CrewAI's own lines alone; a logger's records of the user's own code pass. What is kept
off the console and is a warning or an error is handed on: the run reports it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import crewai

from docsum_nb.crew.crewai_names.flows import (
    set_suppress_console_output,
    should_suppress_console_output,
)

__all__ = ["as_loud_as", "hear_log", "quietly"]

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


Hear = Callable[[int, str, BaseException | None], object]
_ears: list[tuple[Callable[[], bool], Hear]] = []


def hear_log(when: Callable[[], bool], hear: Hear) -> None:
    """Take what CrewAI logs off the console, for good, in contexts for which ``when`` is true.

    Its warnings and errors are handed on instead. Loggers of CrewAI's modules that the user has
    handlers for still reach these.

    Args:
        when: Whether the code in this context is guarded.
        hear: Takes the level and text of a warning or error, and the exception being handled.
    """
    if not _ears:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_kept)
        logging.getLogger("crewai").addHandler(_Hearing())
    _ears.append((when, hear))


def _kept(record: logging.LogRecord) -> bool:
    return not record.pathname.startswith(_FILES) or not _heard(record)


def _heard(record: logging.LogRecord) -> bool:
    """Hand a record on; ``False`` if nobody hears it in this context."""
    hearing = [hear for when, hear in _ears if when()]
    if record.levelno >= logging.WARNING:
        error = record.exc_info[1] if record.exc_info else sys.exception()
        for hear in hearing:
            hear(record.levelno, _text_of(record), error)
    return bool(hearing)


class _Hearing(logging.Handler):
    """Hears all loggers of CrewAI's modules: a filter is asked about its logger's own records only.

    Without a handler, Python prints warnings itself; if nobody hears them, so does this one.
    """

    def emit(self, record: logging.LogRecord) -> None:
        last = logging.lastResort
        if not _heard(record) and last and record.levelno >= last.level and self._alone(record):
            last.handle(record)

    def _alone(self, record: logging.LogRecord) -> bool:
        logger: logging.Logger | None = logging.getLogger(record.name)
        while logger is not None:
            if any(each is not self for each in logger.handlers):
                return False
            logger = logger.parent if logger.propagate else None
        return True


def _text_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # arguments that do not fit are CrewAI's fault, not the run's
        return str(record.msg)
