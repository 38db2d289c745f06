"""Turns of speakers in a transcript or an exported chat: each is a sentence of its own, or more.

Decides by the shape of all lines whether a text is one: most lines begin with a time or with a name
and a colon, and names come back. A text of which this is not certain has no turns. A line without a
mark goes on with the turn before it. The speaker is named at the beginning of a turn, or not known.
Refuses nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

__all__ = ["FIELDS", "Speakers", "Turn", "label_of", "turn_starts", "turns"]

FIELDS = (
    *("abstract", "answer", "body", "comment", "content", "description", "message", "summary"),
    *("text", "topic", "value"),
)
"""What fields of data are called that hold a text: no names of speakers."""

_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,3})?(?:[\u202f\xa0 ]?[AaPp]\.?[Mm]\.?)?"
_DATE = r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}"
_WHEN = rf"(?:{_DATE},?[ T]{{1,2}})?{_TIME}"
_NAME = r"[^\W\d_][^\n:\[\]()<>{}|/\\\"“”=;,!?]{0,40}"
_LABEL = re.compile(
    rf"(?m)^[ \t\u200e\u200f]{{0,4}}+"
    rf"(?P<when>[\[(]{_WHEN}[\])][ \t]?|{_WHEN}(?:[ \t]*+[-–—:][ \t]++|[ \t]++))?"
    rf"(?P<name>\**+{_NAME}(?:[ \t][\[(]{_TIME}[\])])?\**)?:\**(?=[ \t])"
)
_CLOCK = re.compile(rf"[ \t][\[(]{_TIME}[\])]")
_LINE = re.compile(r"(?m)^[^\S\n]*\S")
_LEAST = 3
_SHARE = 0.5  # of the lines that begin with a mark
_TIMED_SHARE = 0.3  # of the lines, if the marks have times
_WORDS_OF_NAME = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person says without a break, from its mark on."""

    start: int
    end: int
    """The span of its mark."""
    label: str
    """What names the speaker: "Ann:", or the time if there is no name. Empty if nobody is named."""
    speech: int
    """The same for turns of one speaker that follow one another."""


class Speakers:
    """The turns of a text that is in parts, such as chunks.

    Args:
        parts: The parts, in order.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self._places = [0, *accumulate(len(each) + 1 for each in parts)]
        self._turns = turns("\n".join(parts))
        self._starts = [each.start for each in self._turns]

    def at(self, part: int, place: int) -> tuple[Turn, bool] | None:
        """Return the turn that a place is in, and whether its mark is before the place.

        Args:
            part: A part, counted from 0.
            place: An offset in it.

        Returns:
            ``None`` before the first turn.
        """
        whole = self._places[part] + place
        at = bisect_right(self._starts, whole) - 1
        return (self._turns[at], self._turns[at].end <= whole) if at >= 0 else None


def label_of(sentence: str) -> tuple[str, int] | None:
    """Return the label that a sentence begins with, and where its words begin; ``None`` if none."""
    found = _LABEL.match(sentence)
    if found is None or not (found["when"] or found["name"]):
        return None
    words = found.end() + len(sentence[found.end() :]) - len(sentence[found.end() :].lstrip())
    return _name(found) or _time(found), words


def turns(text: str) -> list[Turn]:
    """Return the turns of a transcript in order; empty if the text is not certain to be one."""
    found = _marks(text)
    names = Counter(map(_name, found))
    if any(names[f"{field}:"] > 1 for field in FIELDS):
        # The fields of records, one below the other.
        return []
    named = any(_is_name(each, names) for each in names)
    result: list[Turn] = []
    before = ""
    for each in found:
        name = _name(each)
        # What ends with a colon is no speaker's name if it is in lower case and does not come back.
        known = name if _is_name(name, names) else ""
        speech = result[-1].speech + (not known or known != before) if result else 0
        label = known or _time(each) or name
        result.append(Turn(each.start(), each.end(), label if named else "", speech))
        before = known
    return result


def _is_name(name: str, names: Counter[str]) -> bool:
    return bool(name) and (names[name] > 1 or not any(each[0].islower() for each in name.split()))


def _name(match: re.Match[str]) -> str:
    bare = _CLOCK.sub("", (match["name"] or "").replace("*", "")).strip()
    return f"{bare}:" if bare else ""


def _time(match: re.Match[str]) -> str:
    return (match["when"] or "").strip(" \t-–—:")


def turn_starts(text: str) -> list[int]:
    """Find where the turns of a transcript begin.

    Args:
        text: Any text.

    Returns:
        The offsets of the turns' lines, in order; empty if the text is not certain to be a
        transcript.
    """
    return [match.start() for match in _marks(text)]


def _marks(text: str) -> list[re.Match[str]]:
    """Return the matches of the marks that turns begin with."""
    found = [
        match
        for match in _LABEL.finditer(text)
        if (match["when"] or match["name"]) and len((match["name"] or "").split()) <= _WORDS_OF_NAME
    ]
    if len(found) < _LEAST:
        return []
    lines = sum(1 for _ in _LINE.finditer(text))
    timed = sum(1 for match in found if match["when"] and match["name"])
    if timed >= max(_LEAST, _TIMED_SHARE * lines):
        return [match for match in found if match["when"]]
    names = Counter(match["name"] for match in found)
    again = sum(count for count in names.values() if count > 1)
    # Labels of a form or a list, such as "Note:", rarely come back in alternation.
    if len(found) < _SHARE * lines or again < _SHARE * len(found) or len(names) < 2:
        return []
    return found
