"""Make a stranger's text harmless to display, in terminals and browsers.

The one place that decides which characters reach a screen. Invariant: what ``clean`` returns holds
no character that moves a cursor, rings a bell, reorders its neighbors or cannot be encoded in
UTF-8; line feeds are the only control characters left. Markup is not its matter: each rendering
escapes for its own format.
"""

from __future__ import annotations

import re

__all__ = ["ESCAPES", "clean", "harmless"]

ESCAPES = re.compile(r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""Colours, movements of the cursor, and titles or links for a terminal."""

_REPLACEMENT = "\ufffd"
# Joiners (U+200C, U+200D) stay: Persian, Indic scripts and emoji are spelled with them.
_INVISIBLE = (
    *(0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),  # embeddings and overrides of direction
    *range(0x2060, 0x2070),  # isolates of direction, invisible operators
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tags: invisible copies of ASCII
)
_TABLE: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},  # the visible picture of a control
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), _REPLACEMENT),
    **dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT),
    **dict.fromkeys(_INVISIBLE),
    **dict.fromkeys((0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n"),
    0x09: " ",
}
_CHANGED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""The keys of the table, but for the line feed: eight times as fast as ``str.translate``."""
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\U000e0000-\U000e007f]|\r(?!\n)"
)


def clean(text: str) -> str:
    """Neutralize control characters and marks of direction.

    Args:
        text: Any string, lone surrogates included.

    Returns:
        The text with controls as visible pictures (``␛`` for escape), invisible marks removed, and
        every kind of line end as a line feed, but for a carriage return alone: it would overwrite
        its line, and is shown.
    """
    return _CHANGED.sub(_shown, text.replace("\r\n", "\n"))


def _shown(changed: re.Match[str]) -> str:
    return _TABLE[ord(changed.group())] or ""


def harmless(text: str) -> str:
    """Return a text unchanged, tabs included, unless it holds what must reach no screen."""
    return clean(text) if _HARMFUL.search(text) else text
