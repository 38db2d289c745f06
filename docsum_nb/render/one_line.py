"""A stranger's text on one line, harmless to look at; ``characters.py`` decides what is.

Refuses nothing. Markup is not its matter: each rendering escapes for its own format.
"""

from __future__ import annotations

from docsum_nb.characters import clean

__all__ = ["clean", "line_end", "one_line", "shown_head"]


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
