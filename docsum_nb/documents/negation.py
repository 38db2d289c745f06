"""Whether two texts that speak of the same deny different things.

Decides what a negation denies: the word with content that follows it in its clause, or the one
before it if it ends the clause, as it does in German. A sentence and its source differ if one of
both denies a word that the other affirms. A question, or a clause that denies in another way (such
as "fails to"), settles nothing, so nothing is said of it.

Negations are known in the languages listed. Refuses nothing; linear time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from docsum_nb.documents.source_sentences import stem, trimmed_sentences
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import term_spans, words

__all__ = ["differs_in_negation"]


def _listed(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_NEGATIONS = _listed("""
    no not never none neither nor without cannot can't nobody nothing nicht kein keine
    keinen keinem keiner keines nie niemals niemand nichts ohne weder ne pas jamais aucun
    aucune sans rien nunca ningún ninguna nada sin não nem nenhum nenhuma sem nessun nessuna
    senza mai niente geen niet nooit zonder не нет никогда без ни
""")
# They deny what is said in another way.
_DENYING = _listed("""
    barely except fail failed fails failing hardly impossible instead lack lacked lacking lacks nope
    nah prevent prevented prevents rather refuse refused refuses stop stopped unable unlikely kaum
""")
# They leave it open.
_WEAKENING = _listed("""
    doubt doubts few less little only rarely scarcely seldom too unless if whether selten
""")
_NOT_DENIED = _listed("only just necessarily merely simply alone nur")  # as in "not only"
_FILLING = _listed("longer anymore")  # as in "no longer"
_MARKS = frozenset(",;:.!?—–()\n")  # between clauses
_TURNS = _listed("but aber sondern mais pero ma mas maar но")  # at the beginning of one
_DENIED, _PERHAPS = 1, 3  # content words behind a negation that it denies, and may deny
_SAME_WORDS = 0.6  # of all words of two sentences, or of a clause, from which they say the same
_LEAST_ROOT = 4  # letters behind a prefix
_SHARED = 2  # content words that a sentence shares with one that affirms what it denies


@dataclass(frozen=True)
class _Clause:
    """The content words of a clause, and which of them it denies."""

    words: frozenset[str]
    denied: frozenset[str]
    perhaps: frozenset[str]
    """What it may deny, the denied words among them."""
    is_settled: bool
    """Whether it says yes or no in no other way."""


@dataclass(frozen=True)
class _Said:
    """The clauses of a sentence, and what they have in all."""

    clauses: tuple[_Clause, ...]
    words: frozenset[str]
    denied: frozenset[str]
    perhaps: frozenset[str]

    @classmethod
    def of(cls, clauses: Sequence[_Clause]) -> _Said:
        return cls(
            tuple(clauses),
            _all(each.words for each in clauses),
            _all(each.denied for each in clauses),
            _all(each.perhaps for each in clauses),
        )


def differs_in_negation(sentence: str, passage: str) -> bool:
    """Return whether a sentence denies what its passage affirms, or the other way round.

    Args:
        sentence: The sentence.
        passage: A passage that supports it, of one sentence or a few.
    """
    known = frozenset(words(sentence)) | frozenset(words(passage))
    said = _read(sentence, known)
    asks = sentence.rstrip().endswith("?")
    spans = [(a, b) for a, b in trimmed_sentences(passage) if asks or passage[b - 1] != "?"]
    given = [_read(passage[a:b], known) for a, b in spans]
    closest = max(given, key=lambda each: len(each.words & said.words), default=said)
    if len(said.words & closest.words) >= _SAME_WORDS * len(said.words | closest.words):
        if known.isdisjoint(_DENYING):
            return _denies(said, closest) or _denies(closest, said)
        return bool(said.denied & _affirmed(closest.clauses))
    return _is_denied(said, given) or _is_affirmed(said, given)


def _denies(one: _Said, other: _Said) -> bool:
    """Return whether a sentence denies a word that another one has and does not deny."""
    return bool((one.denied & other.words) - other.perhaps)


def _is_denied(said: _Said, given: Sequence[_Said]) -> bool:
    """Return whether a sentence denies a word that its passage affirms wherever it has it."""
    near = _all(each.words for each in given if len(each.words & said.words) >= _SHARED)
    affirmed = _affirmed([own for each in given for own in each.clauses])
    return bool(said.denied & near & affirmed)


def _is_affirmed(said: _Said, given: Sequence[_Said]) -> bool:
    """Return whether a sentence affirms a clause that its passage denies."""
    affirmed = _affirmed(said.clauses)
    clauses = [own for each in given for own in each.clauses]
    counts = Counter(word for each in clauses for word in each.words)
    return any(
        each.is_settled
        and bool(each.denied)
        and each.denied <= affirmed
        and all(counts[word] == 1 for word in each.denied)
        and len(each.words & said.words) >= max(_SHARED, _SAME_WORDS * len(each.words))
        for each in clauses
    )


def _affirmed(clauses: Sequence[_Clause]) -> frozenset[str]:
    """Return the words that stand only in clauses which deny nothing."""
    affirming = [each for each in clauses if each.is_settled and not each.perhaps]
    others = [each for each in clauses if not (each.is_settled and not each.perhaps)]
    return _all(each.words for each in affirming) - _all(each.words for each in others)


def _read(sentence: str, known: Collection[str]) -> _Said:
    """Return the clauses of a sentence."""
    return _Said.of([_clause(terms, known) for terms in _clauses(sentence)])


def _clauses(text: str) -> Iterator[list[str]]:
    """Yield the terms of each clause."""
    numbered: list[tuple[int, str]] = []
    clause = last = 0
    for start, end, term in term_spans(text):
        clause += term in _TURNS or not _MARKS.isdisjoint(text[last:start])
        numbered.append((clause, term))
        last = max(last, end)
    for _, found in groupby(numbered, key=lambda each: each[0]):
        yield [term for _, term in found]


def _clause(found: Sequence[str], known: Collection[str]) -> _Clause:
    terms = [each for term in found for each in _parts(term, known)]
    content = [stem(term) if _is_content(term) else "" for term in terms]
    after = [*terms[1:], ""]
    places = [
        at for at, term in enumerate(terms) if _is_negation(term) and after[at] not in _NOT_DENIED
    ]
    scopes = [_scope(content, at) for at in places]
    return _Clause(
        frozenset(filter(None, content)),
        _all(each[:_DENIED] for each in scopes),
        _all(scopes),
        (_DENYING | _WEAKENING).isdisjoint(terms),
    )


def _scope(content: Sequence[str], at: int) -> list[str]:
    """Return the content words that a negation at a place may deny, the nearest first."""
    after = (each for each in content[at + 1 :] if each)
    before = (each for each in reversed(content[:at]) if each)
    return list(islice(after, _PERHAPS)) or list(islice(before, _PERHAPS))


def _parts(term: str, known: Collection[str]) -> tuple[str, ...]:
    """Return a term, or a negation and the word that its prefix denies."""
    root = term.removeprefix("un")
    return ("not", root) if root != term and len(root) >= _LEAST_ROOT and root in known else (term,)


def _is_negation(term: str) -> bool:
    return term in _NEGATIONS or term.endswith("n't")


def _is_content(term: str) -> bool:
    """Return whether a word says what is denied: no adverb, and no word that is everywhere."""
    ordinary = (
        term in STOP_WORDS
        or term in _DENYING
        or term in _WEAKENING
        or term in _NOT_DENIED
        or term in _FILLING
    )
    return not ordinary and not _is_negation(term) and not term.endswith("ly")


def _all(found: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset[str]().union(*found)
