"""The chunks of a run that has ended, as static HTML, folded away: a map, and those to look at.

The chunk that was open in the live map stays open, and each that failed has its error and its text.
Of other chunks the summary is shown, and no text: a text that was not looked at is not saved.
However many chunks there are, a few are listed, and long texts are cut, which is stated.
"""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.render.one_line import clean, one_line
from docsum_nb.render.templating import fill
from docsum_nb.run import PART_STATES, PartState, RunView
from docsum_nb.views.map_image import map_image

__all__ = ["parts_html"]

_MOST_FAILED = 20
_MOST_LISTED = 30
_OPENED_CHARS = 6000
_FAILED_CHARS = 2000
_OTHER_CHARS = 300
_UNFINISHED = PART_STATES.index("queued")
_ENDED: frozenset[PartState] = frozenset({"done", "from the ledger", "failed", "skipped"})


@dataclass(frozen=True)
class _Part:
    """One chunk, cleaned."""

    name: str
    state: str
    opened: bool
    blocks: tuple[tuple[str, str], ...]
    """What there is to read: its title, and the text."""


def parts_html(shown: RunView, cells: bytes, unit: str, *, opened: int | None = None) -> str:
    """Render the chunks of a run that has ended.

    Args:
        shown: The run.
        cells: The state of each chunk, as in a snapshot.
        unit: What a chunk is called, in the plural.
        opened: The chunk whose text is open in the live map, counted from 0; ``None`` if none is.

    Returns:
        A ``details`` element; empty if there are no chunks.
    """
    if not cells:
        return ""
    ended = bytes(cell if _is_over(cell) else _UNFINISHED for cell in cells)
    labels = shown.labels()
    listed = _listed(ended, opened)
    parts = [_part(shown, place, labels, ended[place], opened) for place in listed]
    parts = [part for part in parts if part.blocks]
    return fill(
        __package__,
        "parts.html.j2",
        unit=unit,
        map=map_image(ended),
        keys=[(_name(cell), cell) for cell in sorted(set(ended))],
        parts=parts,
        more=len(cells) - len(parts),
        opened=opened is not None,
    )


def _is_over(cell: int) -> bool:
    return PART_STATES[cell] in _ENDED


def _name(cell: int) -> str:
    return PART_STATES[cell] if _is_over(cell) else "not finished"


def _listed(cells: bytes, opened: int | None) -> list[int]:
    """Return the chunks to list: the open one, those that failed, then others, each in order."""
    failed = PART_STATES.index("failed")
    first = [opened] if opened is not None and opened < len(cells) else []
    bad = [place for place, cell in enumerate(cells) if cell == failed and place not in first]
    first += bad[:_MOST_FAILED]
    others = [
        place
        for place, cell in enumerate(cells)
        if cell not in (failed, _UNFINISHED) and place not in first
    ]
    return first + others[: _MOST_LISTED - len(first)]


def _part(shown: RunView, place: int, labels: list[str], cell: int, opened: int | None) -> _Part:
    detail = shown.detail(place)
    label = labels[place] if place < len(labels) else ""
    blocks: list[tuple[str, str]] = []
    if detail is not None:
        looked_at = place == opened or bool(detail.error)
        chars = _OTHER_CHARS
        if looked_at:
            chars = _OPENED_CHARS if place == opened else _FAILED_CHARS
        text = detail.text if looked_at else ""
        found = (("Error", detail.error), ("Summary", detail.result), ("Text", text))
        blocks = [(title, _cut(content, chars)) for title, content in found if content.strip()]
    return _Part(
        one_line(label, max_chars=200) or f"number {place + 1}",
        _name(cell),
        place == opened,
        tuple(blocks),
    )


def _cut(text: str, chars: int) -> str:
    if len(text) <= chars:
        return clean(text)
    return f"{clean(text[:chars])} … and {len(text) - chars:,} more characters"
