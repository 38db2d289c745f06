"""Turns of speakers in a transcript or an exported chat: each is a sentence of its own, or more.

Decides by the shape of all lines whether a text is one: most lines begin with a time or with a name
and a colon, and names come back. A text of which this is not certain has no turns. A line without a
mark goes on with the turn before it. Refuses nothing.
"""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["turn_starts"]

_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]{1,3})?(?:[\u202f\xa0 ]?[AaPp]\.?[Mm]\.?)?"
_DATE = r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}"
_WHEN = rf"(?:{_DATE},?[ T]{{1,2}})?{_TIME}"
_NAME = r"[^\W\d_][^\n:\[\]()<>{}|/\\\"“”=;,!?]{0,40}"
_LABEL = re.compile(
    rf"(?m)^[ \t\u200e\u200f]{{0,4}}+"
    rf"(?P<when>[\[(]{_WHEN}[\])][ \t]?|{_WHEN}(?:[ \t]*+[-–—:][ \t]++|[ \t]++))?"
    rf"(?P<name>\**+{_NAME}(?:[ \t][\[(]{_TIME}[\])])?\**)?:\**(?=[ \t])"
)
_LINE = re.compile(r"(?m)^[^\S\n]*\S")
_LEAST = 3
_SHARE = 0.5  # of the lines that begin with a mark
_TIMED_SHARE = 0.3  # of the lines, if the marks have times
_WORDS_OF_NAME = 4


def turn_starts(text: str) -> list[int]:
    """Find where the turns of a transcript begin.

    Args:
        text: Any text.

    Returns:
        The offsets of the turns' lines, in order; empty if the text is not certain to be a
        transcript.
    """
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
        return [match.start() for match in found if match["when"]]
    names = Counter(match["name"] for match in found)
    again = sum(count for count in names.values() if count > 1)
    # Labels of a form or a list, such as "Note:", rarely come back in alternation.
    if len(found) < _SHARE * lines or again < _SHARE * len(found) or len(names) < 2:
        return []
    return [match.start() for match in found]
