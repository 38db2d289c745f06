"""Sentences of a text, for splitting, ranking and citing alike.

The spans of a text's sentences follow one another without a gap: joining them gives the text back.
Refuses nothing: a text in any language, or in none, has sentences.
"""

from __future__ import annotations

from itertools import pairwise

__all__ = ["sentence_spans"]

# The library takes quadratic time on a line of many sentences, so it sees a text in windows.
_WINDOW = 5_000


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Find the sentences of a text.

    Args:
        text: Any text; blank lines end a sentence too.

    Returns:
        Half-open character spans in order, without gaps; white space belongs to the sentence
        before it. Empty for an empty text.
    """
    if not text:
        return []
    # A lone surrogate, which cannot be encoded, would be refused.
    starts = _starts(text.encode("utf-8", "replace").decode())
    cuts = [0, *starts, len(text)]
    return list(pairwise(cuts))


def _starts(text: str) -> list[int]:
    """Find where each sentence but the first begins."""
    from sentencex import get_sentence_boundaries

    starts: list[int] = []
    begin = 0
    while begin < len(text):
        end = begin + _WINDOW
        # The library's own spans leave out some white space, so only its starts are taken.
        found = [
            begin + boundary["start_index"]
            for boundary in get_sentence_boundaries("en", text[begin:end])
            if not boundary["text"].isspace()
        ][1:]
        starts.extend(found)
        # The window may end inside its last sentence: look at that one again, whole.
        begin = found[-1] if found and end < len(text) else end
    return starts
