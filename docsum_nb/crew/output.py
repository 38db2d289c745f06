"""What CrewAI prints and logs: silenced or allowed in one context.

Decides about CrewAI's own lines only; log records of the user's code pass. A warning or an error
that is kept off the console goes to a receiver, by which the run reports it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import crewai

from docsum_nb.crew.crewai_names.flows import (
    set_suppress_console_output,
    should_suppress_console_output,
)

__all__ = ["LogReceiver", "as_loud_as", "quietly", "redirect_log"]

_FILES = str(Path(crewai.__file__).parent)
"""The folder of CrewAI's own code; a user's project may have the same name."""
_LOGGERS = (None, "crewai.flow.runtime", "crewai.llms.base_llm", "crewai.llm")
"""CrewAI's loggers, the root logger among them; a filter sees the records of its logger only."""


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
    """Allow CrewAI to print while a crew runs that is verbose, or has a verbose agent."""
    loud = crew.verbose or any(getattr(agent, "verbose", False) for agent in crew.agents)
    return quietly(quiet=should_suppress_console_output() and not loud)


class LogReceiver(Protocol):
    """Receives CrewAI's warnings and errors instead of the console."""

    def is_active(self) -> bool:
        """Check whether it receives what is logged in the caller's context."""

    def log(self, level: int, text: str, error: BaseException | None) -> None:
        """Process a warning or an error.

        Args:
            level: As in ``logging``.
            text: The message.
            error: The exception that is being handled; ``None`` for none.
        """


_receivers: list[LogReceiver] = []


def redirect_log(receiver: LogReceiver) -> None:
    """Send CrewAI's log to a receiver in the contexts in which that is active, for the process.

    Handlers that the user has set for loggers of CrewAI's modules still receive the records.
    """
    if not _receivers:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_passes)
        logging.getLogger("crewai").addHandler(_Redirecting())
    _receivers.append(receiver)


def _passes(record: logging.LogRecord) -> bool:
    return not record.pathname.startswith(_FILES) or not _received(record)


def _received(record: logging.LogRecord) -> bool:
    """Send a record to the active receivers; ``False`` if there is none in this context."""
    active = [each for each in _receivers if each.is_active()]
    if record.levelno >= logging.WARNING:
        error = record.exc_info[1] if record.exc_info else sys.exception()
        for receiver in active:
            receiver.log(record.levelno, _text_of(record), error)
    return bool(active)


class _Redirecting(logging.Handler):
    """Redirects the records of all of CrewAI's modules: a filter sees those of one logger only.

    Without a handler, Python prints warnings itself; without a receiver, so does this handler.
    """

    def emit(self, record: logging.LogRecord) -> None:
        last = logging.lastResort
        if not _received(record) and last and record.levelno >= last.level and self._alone(record):
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
    except Exception:  # noqa: BLE001  # arguments that do not fit the message
        return str(record.msg)
