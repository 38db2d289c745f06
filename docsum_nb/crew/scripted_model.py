"""The scripted model of a dry run, its made-up answers, and the marks of its runs.

Each run has its number in its context, which CrewAI copies to its threads, and every answer has the
run's mark. A text with another run's mark, or a call for one task in the name of another, shows
that runs have been mixed up. All answers are deterministic.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pydantic import PrivateAttr

from docsum_nb.crew.base_classes import OwnModel
from docsum_nb.crew.crewai_names.llm_calls import RATE_LIMIT_WRAPPED

__all__ = [
    "ProbedCall",
    "ScriptedModel",
    "in_dry_run",
    "made_up_answer",
    "marked",
    "marks_in",
    "numbered",
    "unmarked",
    "without_marks",
]

_MARK = re.compile(r"\[dry run (\d+)\]")
_MARKS = re.compile(r"(?<!\s)\s*+\[dry run \d+\]")
_number: ContextVar[int | None] = ContextVar("docsum_nb_dry_run", default=None)
_WINDOW = 1_000_000
_LEAST_S, _MORE_S = 0.02, 0.06
"""How long an answer takes: long enough that tasks overlap, and not the same for all."""
_MAX_DEPTH = 12
_TEXT = "made up"
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "someone@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True)
class ProbedCall:
    """The record of one call of the scripted model."""

    run: int | None
    task: str
    foreign: frozenset[int]
    """The other runs whose marks were in the prompt."""
    misattributed: bool
    """Whether it was made in the name of a task whose description is not in the prompt."""


class ScriptedModel(OwnModel):
    """Answers in this process, always the same to the same prompt, after a short time."""

    _calls: list[ProbedCall] = PrivateAttr(default_factory=list)

    def reply(self, sent: Sequence[dict[str, Any]], task: Any, response_model: Any) -> str:
        """Return an answer with a digest of the prompt, and record the call."""
        prompt = "\n".join(str(message.get("content") or "") for message in sent)
        run = _number.get()
        self._calls.append(_seen(prompt, run, task))
        digest = hashlib.sha256(unmarked(prompt, run).encode("utf-8", "replace")).hexdigest()[:12]
        time.sleep(_LEAST_S + _MORE_S * int(digest[:2], 16) / 255)
        kind = response_model or _structure(task)
        return made_up_answer(kind) if kind else f"Scripted answer {digest} {_mark(run)}".strip()

    async def acall(self, *args: Any, **kwargs: Any) -> str:
        """Return the answer of ``call``, without blocking the loop."""
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
    """Set the number of the run for this context, and for what is started from it."""
    token = _number.set(run)
    try:
        yield
    finally:
        _number.reset(token)


def _mark(run: int | None) -> str:
    return "" if run is None else f"[dry run {run}]"


def marked(inputs: Mapping[str, Any], run: int) -> dict[str, Any]:
    """Return inputs with a run's mark at the end of each text."""
    return {
        name: f"{value} {_mark(run)}" if isinstance(value, str) else value
        for name, value in inputs.items()
    }


def marks_in(text: str) -> frozenset[int]:
    """Return the numbers of the runs whose marks are in a text."""
    return frozenset(int(number) for number in _MARK.findall(text))


def without_marks(text: str) -> str:
    """Return a text without the marks of any run, such as a name that inputs were filled into."""
    return _MARKS.sub("", text)


def unmarked(text: str, run: int | None) -> str:
    """Return a text with its own run's mark replaced, so that it is the same for all runs."""
    return text if run is None else text.replace(_mark(run), "[dry run]")


def in_dry_run() -> bool:
    """Check whether the caller's context is that of a dry run."""
    return _number.get() is not None


# --- made-up answers ------------------------------------------------------------------------------


def made_up_answer(kind: Any) -> str:
    """Return a made-up JSON object that fits a model's schema, the same each time.

    Validators written in Python may still refuse it.

    Args:
        kind: A pydantic model class.
    """
    schema = kind.model_json_schema()
    return json.dumps(_value(schema, schema.get("$defs", {}), 0))


def _value(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    if "$ref" in schema:
        return _value(defs.get(schema["$ref"].rpartition("/")[2], {}), defs, depth + 1)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return _value(schema[name][0], defs, depth + 1)
    return _of_type(schema, defs, depth)


def _of_type(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {
                name: _value(properties.get(name, {}), defs, depth + 1)
                for name in schema.get("required", ())
            }
        case "array":
            fixed = schema.get("prefixItems")
            items = fixed or [schema.get("items", {})] * max(1, schema.get("minItems", 1))
            return [_value(item, defs, depth + 1) for item in items]
        case "integer" | "number":
            return _number_of(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = _FORMATS.get(schema.get("format", ""), _TEXT)
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number_of(schema: Mapping[str, Any]) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    high = schema.get("maximum")
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - 1
    return low if high is None else min(low, high)
