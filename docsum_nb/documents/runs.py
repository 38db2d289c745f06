"""The text of one paragraph, made of pieces that may be raised or lowered.

Decides how superscripts and subscripts are kept apart from what stands before them: ``10^6``,
``H2O``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

__all__ = ["Paragraph"]


@dataclass
class Paragraph:
    """What one paragraph says."""

    pieces: list[tuple[str, str]] = field(default_factory=list)
    """Texts with ``"superscript"``, ``"subscript"`` or nothing."""
    boxes: list[Element] = field(default_factory=list)
    """The text boxes that are anchored in it, which hold paragraphs of their own."""
    drawn: list[str] = field(default_factory=list)
    """The texts of its charts and diagrams."""

    @property
    def text(self) -> str:
        """The text, its lines stripped."""
        parts: list[str] = []
        for at, (piece, raised) in enumerate(self.pieces):
            if raised and at and self.pieces[at - 1][1] == raised:
                continue
            if raised:
                piece = self._run(at, raised)
                piece = _mark(piece, raised, parts[-1] if parts else "")
            parts.append(piece)
        text = "".join(parts)
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()

    def _run(self, start: int, raised: str) -> str:
        """Return the text of neighbouring pieces that are raised alike."""
        end = start
        while end < len(self.pieces) and self.pieces[end][1] == raised:
            end += 1
        return "".join(piece for piece, _ in self.pieces[start:end])


def _mark(text: str, raised: str, before: str) -> str:
    """Return a raised or lowered text so that it does not run into what stands before it."""
    bare = text.strip()
    if not bare or not any(character.isdigit() for character in bare + before[-1:]):
        return text
    if raised == "subscript":
        return f"_{text}" if before[-1:].isdigit() and bare[0].isdigit() else text
    if not before[-1:].strip() or not any(c.isdigit() or c in "+-−" for c in bare):
        return text
    return f"^{bare}" if len(bare.split()) == 1 else f"^({bare})"
