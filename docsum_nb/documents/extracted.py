"""What a reader returns if there is more to say than the text alone."""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.records import Syntax

__all__ = ["Extracted"]


@dataclass(frozen=True)
class Extracted:
    """The text of a file, how it is written, and what is not certain or left out."""

    text: str
    syntax: Syntax = "markdown"
    notes: tuple[str, ...] = ()
    """Each the reason of an omission of this file."""
