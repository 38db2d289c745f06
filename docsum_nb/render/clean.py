"""Make a stranger's text harmless to look at, whatever it is shown on.

Decides which characters reach a screen. Invariant: what comes out holds no character that moves a
cursor, rings a bell, reorders its neighbors or cannot be encoded in UTF-8; line feeds are the only
control characters left. Markup is not its matter: each rendering escapes for its own format.
"""

from __future__ import annotations

__all__ = ["clean", "line_end", "one_line", "shown_head"]

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


def clean(text: str) -> str:
    """Neutralize control characters and marks of direction.

    Args:
        text: Any string, lone surrogates included.

    Returns:
        The text with controls as visible pictures (``␛`` for escape), invisible marks removed, and
        every kind of line end as a line feed, but for a carriage return alone: it would overwrite
        its line, and is shown.
    """
    return text.replace("\r\n", "\n").translate(_TABLE)


def line_end(text: str, *, max_chars: int) -> str:
    """Clean a text and put it on one line; of one that is too long, keep its end, as a path's."""
    line = " ".join(clean(text[-8 * max_chars :]).split())
    if len(line) <= max_chars and len(text) <= 8 * max_chars:
        return line
    return "…" + line[-(max_chars - 1) :]


def shown_head(text: str, *, max_chars: int) -> str:
    """Return the part of a text that ``one_line`` looks at: a passage may be a megabyte."""
    return text.lstrip()[: 8 * max_chars]


def one_line(text: str, *, max_chars: int = 200) -> str:
    """Clean a text and put it on one line.

    Args:
        text: Any string.
        max_chars: The longest result; a longer one ends at a word's end with `` …``.

    Returns:
        The line, white space collapsed.
    """
    text = text.lstrip()
    head = shown_head(text, max_chars=max_chars)
    line = " ".join(clean(head).split())
    if len(line) <= max_chars and len(head) == len(text):
        return line
    words = line[: max_chars - 1].rpartition(" ")[0]
    # Scripts without spaces, and very long words, are cut within.
    kept = words if len(words) > max_chars // 2 else line[: max_chars - 2]
    return kept.rstrip() + " …"
