"""Sentences of a text, for splitting, ranking and citing alike.

The library ``sentencex`` finds where sentences may begin. A beginning does not count if the full
stop before it belongs to an abbreviation, an initial or an ordinal of any language, if the sentence
goes on in lower case, or if a quotation is followed by its verb. Beginnings that it does not know
are added: turns of a transcript, items of a list, what follows a Greek question mark. If the
library fails at a text, sentences begin behind the signs that end one.

The spans of a text's sentences follow one another without a gap: joining them gives the text back.
Refuses nothing: a text in any language, or in none, has sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from docsum_nb.documents.abbreviations import (
    BEFORE_NUMBERS,
    MAY_END,
    MONTHS,
    NEVER_END,
    ORDINALS,
    STARTERS,
)
from docsum_nb.documents.turns import turn_starts

__all__ = ["sentence_spans"]

# The library takes quadratic time on a line of many sentences, so it sees a text in windows.
_WINDOW = 5_000
_TAIL = 60  # characters before a boundary that are looked at
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_LAST_WORD = re.compile(r"([^\s(\[{\"'“”‘’«»„]{0,30})\.[\"'”’»)\]]*\s*$")
_LAST_BUT_ONE = re.compile(r"(\S{1,30})\s+\S+\s*$")
_NEXT_WORD = re.compile(r"[\"'“‘«„(\[¿¡]*+([^\W_]+(?:'[^\W_]+)?)")
_INITIAL = re.compile(r"(?:[^\W\d_]\.-?)*[^\W\d_]")
_ENUMERATOR = re.compile(r"\s*\(?(?:[0-9]{1,3}|[^\W\d_]|[ivxIVX]{1,5})[.)]\s*")
_NUMBER = re.compile(r"[0-9]{1,2}|[IVX]{1,6}")
_HALVES = re.compile(
    r"(?:^|[\s(])(?:z\. ?B|d\. ?h|u\. ?a|i\. ?d\. ?R|o\. ?g|z\. ?T|s\. ?o|v\. ?a|e\. ?g|i\. ?e"
    r"|p\. ?ex|p\. ?ej|m\. ?in|d\. ?w\. ?z|t\. ?j|n\. ?b|т\. ?е|т\. ?к|т\. ?н|π\. ?χ)\.\s*$"
)
_LISTED = re.compile(r"т\. ?[дп]\.\s*$")
_DAY = re.compile(r"[0-9]{1,2}\.\s")
_DATED = re.compile(r"[0-9]{4}\. ?[0-9]{1,2}\. ?[0-9]{1,2}\.\s*$")
_SAID = re.compile(
    r"(?:と|って|など|という|とは|、|は|が|を|に|の|も|で|[一-鿿]{1,4}(?:说|說|道|问|問|喊|答))"
)
# Ends that the library does not know: of lists, in brackets, of Greek questions, of Khmer, Tibetan.
_FURTHER_END = re.compile(
    r"(?:\b(?:etc|usw|usf|ecc|enz|itd|itp|т\. ?д|т\. ?п|др)\.[»\"”)]*|[.!?]\)"
    r"|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e][»\"”)]*)\s+(?=\S)|[។៕།](?:\s+(?=\S)|(?=[ក-អ]))"
)
_FURTHER_ASCII = ("etc.", "usw.", "usf.", "ecc.", "enz.", "itd.", "itp.", ".)", "!)", "?)")
# The library takes what follows such a number for one sentence, up to the end of the paragraph.
_BRACKETED = re.compile(r"(?m)^([^\S\n]{0,40})\(([^()\s]{1,5})\)(?=\s)")
_OPENED = re.compile(
    r"(?:(?<=\s)(?:[“‘„「『(\[¿¡\"']{1,3}|[«‹][^\S\n]?)|(?<=\n)\[[0-9]{1,4}\][^\S\n]?)$"
)
_MAY_OPEN = frozenset("([\"'])")
_ITEM = re.compile(r"(?<=\n)[^\S\n]{0,12}(?:[-*•‣◦▪+]|(?<=[:;]\n)\(?[0-9]{1,3}[.)])[^\S\n]+(?=\S)")
# "«Иди!» — сказал он": what follows a speech.
_DASHED = re.compile(r"[—–-]\s[^\W\d_A-ZÀ-ÖØ-ÞА-ЯЁ]")
# The library panics at some of these, and prints it.
_WIDE_BEFORE_STOP = re.compile(r"[^\S\x00-\x7f](?=\.)")
_RULE = re.compile(
    r"(?:[.!?…؟।۔][\"'”’»)\]]{0,4}\s|[。！？｡][\"”’』」）]{0,4}|\n[^\S\n]{0,40}\n)\s*+"
)
_CLOSERS = tuple("」』）】》〉”’»)]")
# Directly behind a full stop: "branch.<name>.merge", "in ../docs".
_STOPS, _OF_CODE = tuple(".!?"), tuple("</\\.$@#%&=~{}>|+^")
_LOWER_SHARE = 0.3  # of the sentences, from which lower case says nothing
_LEAST_LOWER = 3
_ABBREVIATED = 4  # letters of an abbreviation that is not listed, at most
_LONGEST_PLAIN = 30  # letters of a word that patterns see as a whole


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
    safe = text.encode("utf-8", "replace").decode()
    added = {at for at in _added(safe) if 0 < at < len(text)}
    further = {at for at in _further(safe) if at < len(text)}
    starts = _kept(safe, sorted({*_starts(safe), *added, *further}), added)
    return list(pairwise([0, *starts, len(text)]))


def _added(text: str) -> Iterator[int]:
    yield from turn_starts(text)
    yield from (match.start() for match in _ITEM.finditer(text))


def _further(text: str) -> Iterator[int]:
    if text.isascii() and not any(each in text for each in _FURTHER_ASCII):
        return
    for match in _FURTHER_END.finditer(text):
        if not text[match.end()].islower():
            yield match.end()


def _starts(text: str) -> list[int]:
    """Find where each sentence but the first may begin."""
    starts: list[int] = []
    begin = 0
    while begin < len(text):
        end = begin + _WINDOW
        # The library's own spans leave out some white space, so only its starts are taken.
        found = [
            _before_quotes(text, begin + start)
            for start, sentence in _boundaries(_BRACKETED.sub(r"\1_\2_", text[begin:end]))
            if not sentence.isspace()
        ][1:]
        starts.extend(found)
        # The window may end inside its last sentence: look at that one again, whole.
        begin = found[-1] if found and end < len(text) else end
    return starts


def _boundaries(text: str) -> list[tuple[int, str]]:
    """Return where each sentence may begin, with its text; by rule if the library fails."""
    from sentencex import get_sentence_boundaries

    try:
        found = get_sentence_boundaries("en", _WIDE_BEFORE_STOP.sub(" ", text))
        return [(each["start_index"], each["text"]) for each in found]
    except Exception:  # noqa: BLE001
        return _by_rule(text)
    except BaseException as error:
        # The class of a panic cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        return _by_rule(text)


def _by_rule(text: str) -> list[tuple[int, str]]:
    """Return where each sentence begins: behind the signs that end one, and behind blank lines."""
    ends = (match.end() for match in _RULE.finditer(text))
    starts = [0, *(end for end in ends if end < len(text)), len(text)]
    return [(start, text[start:end]) for start, end in pairwise(starts)]


def _before_quotes(text: str, at: int) -> int:
    """Return the beginning of a sentence with the marks or the number that open it."""
    if text[max(0, at - 2) : at].isascii() and not _MAY_OPEN.intersection(text[at - 2 : at]):
        return at
    opened = _OPENED.search(text, max(0, at - 8), at)
    return opened.start() if opened else at


def _kept(text: str, starts: list[int], added: set[int]) -> list[int]:
    lower_goes_on = not _mostly_lower(text, starts)
    kept: list[int] = []
    for at in starts:
        begin = kept[-1] if kept else 0
        if at in added or not _goes_on(text, begin, at, lower_goes_on=lower_goes_on):
            kept.append(at)
    return kept


def _mostly_lower(text: str, starts: list[int]) -> bool:
    """Check whether the sentences of a text begin in lower case, as in many transcripts."""
    lower = sum(_is_lower(text[at]) for at in starts)
    upper = sum(text[at].isupper() for at in starts)
    return lower >= _LEAST_LOWER and lower > _LOWER_SHARE * (lower + upper)


def _goes_on(text: str, begin: int, at: int, *, lower_goes_on: bool) -> bool:
    """Check whether a sentence goes on at a place that looks like the beginning of another."""
    before = text[max(begin, at - _TAIL) : at]
    if "\n" in before[-20:] and _BLANK_LINE.search(before[-20:]):
        return False
    following = text[at : at + _TAIL]
    first = following[:1]
    if first in _CLOSERS or (before[-1:] in _STOPS and first in _OF_CODE):
        return True
    if before[-1:] in "」』”’":
        return _SAID.match(following) is not None
    if lower_goes_on and (_is_lower(first) or _DASHED.match(following)):
        # A long word before it is no abbreviation; the lower case is a flaw of the text.
        last = _LAST_WORD.search(before)
        return last is None or len(last[1]) <= _ABBREVIATED or _is_abbreviated(before, following)
    if at - begin <= 8 and _ENUMERATOR.fullmatch(before):
        return True
    return _is_abbreviated(before, following)


def _is_lower(letter: str) -> bool:
    # Georgian begins its sentences so.
    return letter.islower() and not "\u10d0" <= letter <= "\u10ff"


def _is_abbreviated(before: str, following: str) -> bool:
    """Check whether the full stop before a place belongs to the word that it stands behind."""
    if _ends_in_a_plain_word(before) and not following[:1].isdigit():
        return False
    last = _LAST_WORD.search(before)
    if last is None or not last[1]:
        return False
    word, next_word = last[1], _next_word(following)
    lower = word.lower()
    if _HALVES.search(before) or lower in NEVER_END:
        return True
    if _LISTED.search(before):
        return False
    if following[:1].isdigit():
        dated = lower.isdigit() and _DAY.match(following) is not None
        return dated or lower in BEFORE_NUMBERS or lower.endswith("str")
    starter = next_word.lower() in STARTERS
    if _NUMBER.fullmatch(word):
        return (
            next_word.lower() in MONTHS
            or _DATED.search(before) is not None
            or (not starter and _is_ordinal(before))
        )
    if lower == "г":
        return not _number_before(before)
    if lower in MAY_END or (_INITIAL.fullmatch(word) and (word[-1].isupper() or len(word) == 1)):
        return not starter and bool(next_word)
    return False


def _ends_in_a_plain_word(before: str) -> bool:
    """Check whether a text ends in no full stop, or in that of a word which is no abbreviation.

    Most sentences end so; searching for the patterns of all abbreviations takes ten times as long.
    """
    unspaced = before.rstrip()
    if unspaced[-1:] in ("!", "?"):
        return True
    word = unspaced[unspaced.rfind(" ") + 1 : -1]
    return (
        unspaced.endswith(".")
        and _ABBREVIATED < len(word) <= _LONGEST_PLAIN
        and word.isascii()
        and word.isalpha()
        and word[1:].islower()
        and word.lower() not in NEVER_END
        and word.lower() not in MAY_END
    )


def _next_word(following: str) -> str:
    found = _NEXT_WORD.match(following)
    return found[1] if found else ""


def _is_ordinal(before: str) -> bool:
    previous = _LAST_BUT_ONE.search(before)
    return previous is not None and previous[1].lower() in ORDINALS


def _number_before(before: str) -> bool:
    previous = _LAST_BUT_ONE.search(before)
    return previous is not None and previous[1][-1].isdigit()
