"""Sentences and words of a text, for splitting, ranking and citing alike.

The spans of a text's sentences follow one another without a gap: joining them gives the text back.
Refuses nothing: a text in any language, or in none, has sentences.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

__all__ = ["has_words", "sentence_spans", "words"]

# A run of letters and digits, with inner apostrophes and hyphens kept ("don't", "event-loop").
_WORD = re.compile(r"\w++(?:['’\-]\w++)*+")
# The library takes quadratic time on a line of many sentences, so it sees a text in windows.
_WINDOW = 5_000
# Scripts written without spaces: Thai, Kana, CJK, Hangul is spaced and so not here.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def has_words(text: str) -> bool:
    """Tell whether there is any word or number in a text: rules and dashes alone say nothing."""
    return _WORD.search(text) is not None


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


def words(text: str) -> list[str]:
    """Cut a text into lower-case words for comparing texts.

    Args:
        text: Any text. Runs of scripts that use no spaces become overlapping pairs of characters,
            which is how such text is usually indexed.

    Returns:
        The words in order, with repeats.
    """
    runs: list[str] = _WORD.findall(text.lower())
    if not _UNSPACED.search(text):
        return runs
    found: list[str] = []
    for word in runs:
        if _UNSPACED.search(word):
            found.extend(_pairs(word))
        else:
            found.append(word)
    return found


@lru_cache(maxsize=4096)
def _pairs(run: str) -> tuple[str, ...]:
    return tuple(run[i : i + 2] for i in range(len(run) - 1)) or (run,)
