"""The rows of the fault test, read from ``refusals.yaml``: one for each model of each answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from docsum_nb.provider_errors import Failure

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """One answer of a provider, and what has to come of it."""

    name: str
    model: str
    """With the provider's own prefix, or ``openai/`` for an address of one's own."""
    status: int
    body: str
    failure: Failure
    says: str
    """What the error has to say."""
    source: tuple[str, ...]
    """Where it is documented, or was reported."""
    headers: Mapping[str, str]
    kind: str
    """Of the body, as its header names it."""
    advises: str
    """What the note has to say besides."""


def _rows() -> Iterator[Row]:
    table = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    for failure, answers in table.items():
        for each in answers:
            for model in each["models"]:
                yield Row(
                    f"{each['name']}-{model.partition('/')[0]}",
                    model,
                    each["status"],
                    each["body"],
                    Failure[failure],
                    each["says"],
                    tuple(each["source"]),
                    each.get("headers", {}),
                    each.get("kind", "application/json"),
                    each.get("advises", ""),
                )


ROWS = tuple(_rows())
