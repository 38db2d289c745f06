"""Answers as JSON that fits a pydantic model class: asked for, and validated.

pydantic does the validating. What surrounds the JSON (a fence, a sentence before it) is taken off;
the JSON itself is never repaired, as a guess might pass for the model's own answer.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from docsum_nb.errors import InputError

__all__ = ["check_schema", "fitting_json", "schema_instructions"]

_FENCE = "```"
_MOST_SENT = 1_000
"""Characters of a validation error that are sent to the model."""


def check_schema(schema: Any) -> None:
    """Check that a schema is a pydantic model class.

    Raises:
        InputError: if it is something else.
    """
    if not (isinstance(schema, type) and hasattr(schema, "model_validate_json")):
        raise InputError(f"response_model is a pydantic model class, not {schema!r}")


@lru_cache(maxsize=32)
def schema_instructions(schema: Any) -> str:
    """Return how to ask a model that takes no schema of its own for such JSON."""
    form = json.dumps(schema.model_json_schema(), ensure_ascii=False)
    return f"Answer with one JSON object that fits this JSON schema, and nothing else:\n{form}"


def fitting_json(schema: Any, text: str) -> str:
    """Return the JSON of an answer that fits a schema.

    Raises:
        ValueError: if there is none in it; the message is for the model, and says what is wrong.
    """
    from pydantic import ValidationError

    body = _fenced(text) or text[text.find("{") : text.rfind("}") + 1] or text
    # A text that is JSON already must not lose a part that looks like a fence.
    for candidate in (text, body):
        try:
            schema.model_validate_json(candidate)
        except ValidationError as error:
            problem = error
        else:
            return candidate.strip()
    raise ValueError(_problems_in(problem))


def _fenced(text: str) -> str | None:
    """Return the body of the first fenced block that says "json" or no language; None if none."""
    parts = text.split(_FENCE)
    for block in parts[1:-1:2]:
        language, line_end, body = block.partition("\n")
        if line_end and language.strip().lower() in ("", "json"):
            return body.strip() or None
    return None


def _problems_in(error: Any) -> str:
    lines = [
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}"
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return "; ".join(lines)[:_MOST_SENT]
