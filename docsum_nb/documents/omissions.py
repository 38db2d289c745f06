"""What readers of Office files count while they read, as omissions of the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["counted", "omissions"]


def counted(left: Mapping[str, int], texts: Mapping[str, str]) -> tuple[Omission, ...]:
    """Return what a reader left out of a file.

    Args:
        left: How much, by kind.
        texts: For each kind the words, with ``{}`` for how much; others are not reported.
    """
    return omissions(
        text.format(f"{left[kind]:,}") for kind, text in texts.items() if left.get(kind)
    )


def omissions(reasons: Iterable[str]) -> tuple[Omission, ...]:
    """Return omissions of a whole file."""
    return tuple(Omission("", reason) for reason in reasons)
