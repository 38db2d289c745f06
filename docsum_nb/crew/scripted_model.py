"""The scripted model of a rehearsal, and the marks by which its runs are told apart.

Each run knows its number from its context, which CrewAI hands on to its threads, and every answer
carries it. What carries the mark of another run, or asks for one task in the name of another, has
been mixed up.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pydantic import PrivateAttr

from docsum_nb.crew.agent_model import OwnModel
from docsum_nb.crew.crewai_names.llm_calls import RATE_LIMIT_WRAPPED
from docsum_nb.crew.example_answer import made_up

__all__ = [
    "ProbedCall",
    "ScriptedModel",
    "marked",
    "marks_in",
    "numbered",
    "rehearsing",
    "unmarked",
    "without_marks",
]

_MARK = re.compile(r"\[rehearsal (\d+)\]")
_MARKS = re.compile(r"(?<!\s)\s*+\[rehearsal \d+\]")
_number: ContextVar[int | None] = ContextVar("docsum_nb_rehearsal", default=None)
_WINDOW = 1_000_000
_LEAST_S, _MORE_S = 0.02, 0.06
"""How long an answer takes: long enough that tasks overlap, and not the same for all."""


@dataclass(frozen=True)
class ProbedCall:
    """What was seen of one call of the scripted model."""

    run: int | None
    task: str
    foreign: frozenset[int]
    """The runs, other than its own, whose marks were in the prompt."""
    misattributed: bool
    """Whether it was made in the name of a task that its prompt does not speak of."""


class ScriptedModel(OwnModel):
    """Answers in this process, always the same to the same prompt, after a little while."""

    _asked: list[ProbedCall] = PrivateAttr(default_factory=list)

    def reply(self, sent: Sequence[dict[str, Any]], task: Any, response_model: Any) -> str:
        """Answer with a digest of the prompt, and note what was seen in it."""
        prompt = "\n".join(str(message.get("content") or "") for message in sent)
        run = _number.get()
        self._asked.append(_seen(prompt, run, task))
        digest = hashlib.sha256(unmarked(prompt, run).encode("utf-8", "replace")).hexdigest()[:12]
        time.sleep(_LEAST_S + _MORE_S * int(digest[:2], 16) / 255)
        kind = response_model or _structure(task)
        return made_up(kind) if kind else f"Rehearsed answer {digest} {_mark(run)}".strip()

    async def acall(self, *args: Any, **kwargs: Any) -> str:
        """Answer like ``call``, without blocking the loop."""
        return await asyncio.to_thread(self.call, *args, **kwargs)

    RATE_LIMIT_WRAPPED.mark(acall)

    def get_context_window_size(self) -> int:
        """Return more than any prompt has."""
        return _WINDOW


def _seen(prompt: str, run: int | None, task: Any) -> ProbedCall:
    about = " ".join(str(task.description).split()) if task is not None else ""
    return ProbedCall(
        run,
        without_marks(str(task.name or about)) if task is not None else "",
        marks_in(prompt) - {run},
        about not in " ".join(prompt.split()),
    )


def _structure(task: Any) -> Any:
    """Return the model that a task's answer is to fit, if any."""
    names = ("response_model", "output_pydantic", "output_json")
    return next((kind for name in names if (kind := getattr(task, name, None))), None)


# --- marks -------------------------------------------------------------------------------------


@contextmanager
def numbered(run: int) -> Iterator[None]:
    """Give what is started in this context the number of a run."""
    token = _number.set(run)
    try:
        yield
    finally:
        _number.reset(token)


def _mark(run: int | None) -> str:
    return "" if run is None else f"[rehearsal {run}]"


def marked(inputs: Mapping[str, Any], run: int) -> dict[str, Any]:
    """Put a run's mark at the end of each text among its inputs."""
    return {
        name: f"{value} {_mark(run)}" if isinstance(value, str) else value
        for name, value in inputs.items()
    }


def marks_in(text: str) -> frozenset[int]:
    """Tell the runs whose marks are in a text."""
    return frozenset(int(number) for number in _MARK.findall(text))


def without_marks(text: str) -> str:
    """Take the marks of all runs out of a text, such as a name that inputs were filled into."""
    return _MARKS.sub("", text)


def unmarked(text: str, run: int | None) -> str:
    """Make a text the same for all runs by taking its own run's mark out; others stay."""
    return text if run is None else text.replace(_mark(run), "[rehearsal]")


def rehearsing() -> bool:
    """Check whether the calling context is that of a numbered run."""
    return _number.get() is not None
