"""Documents that give different values for one quantity that a summary names.

Two numbers stand for one quantity if they have the same unit and most of the words beside them in
common. Refuses to judge numbers without such words: most of them are of different things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from docsum_nb.documents.passages import Passage, content_terms
from docsum_nb.documents.quantities import Quantity, quantities
from docsum_nb.documents.quantity_set import Quantities
from docsum_nb.documents.support import SentenceSupport
from docsum_nb.results import Conflict

__all__ = ["conflicts"]

_END = re.compile(r"[.!?]\s")
_BESIDE_CHARS = 60  # on each side of a number
_SHARED_TERMS = 2  # of the words beside two numbers of one quantity, at least
_SHARED = 0.6  # of them
_MOST = 100


class _Stated(NamedTuple):
    """A number in a passage."""

    passage: Passage
    quantity: Quantity
    shown: str
    beside: frozenset[str]


def conflicts(text: str, found: Sequence[SentenceSupport]) -> tuple[Conflict, ...]:
    """Return the contradictions between the documents that a summary's numbers come from.

    Args:
        text: The summary.
        found: Its sentences with the passages of several documents.

    Returns:
        Each contradiction once, at most a hundred.
    """
    seen: dict[frozenset[tuple[str, str]], Conflict] = {}
    for each in found:
        if not quantities(text[each.start : each.end]) or len(each.others) < 2:
            continue
        for one, other in combinations(each.others, 2):
            for conflict in _between(one, other):
                key = frozenset(
                    {
                        (conflict.document, conflict.value),
                        (conflict.other_document, conflict.other_value),
                    }
                )
                seen.setdefault(key, conflict)
                if len(seen) == _MOST:
                    return tuple(seen.values())
    return tuple(seen.values())


def _between(one: Passage, other: Passage) -> Iterator[Conflict]:
    theirs = list(_stated(other))
    all_theirs = Quantities(each.quantity for each in theirs)
    own = list(_stated(one))
    all_own = Quantities(each.quantity for each in own)
    for mine in own:
        if all_theirs.holds(mine.quantity):
            continue
        for their in theirs:
            shared = mine.beside & their.beside
            fewest = min(len(mine.beside), len(their.beside))
            if (
                mine.quantity.unit == their.quantity.unit
                and len(shared) >= max(_SHARED_TERMS, _SHARED * fewest)
                and not all_own.holds(their.quantity)
            ):
                what = " ".join(sorted(shared))
                yield Conflict(what, *_part(mine), *_part(their))
                break


def _part(stated: _Stated) -> tuple[str, str, str]:
    passage = stated.passage
    text = passage.chunk.text[passage.start : passage.end]
    return passage.chunk.document, stated.shown, text


def _stated(passage: Passage) -> Iterator[_Stated]:
    text = passage.chunk.text[passage.start : passage.end]
    for each in quantities(text):
        if each.dates or each.counted:
            continue
        # Words of the next sentence are of another quantity.
        before = _END.split(text[max(0, each.start - _BESIDE_CHARS) : each.start])[-1]
        after = _END.split(text[each.end : each.end + _BESIDE_CHARS], maxsplit=1)[0]
        beside = f"{before} {after}"
        terms = frozenset(term for term in content_terms(beside) if not term.isdigit())
        yield _Stated(passage, each, text[each.start : each.end], terms)
