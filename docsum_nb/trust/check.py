"""Check a summary against the sources that it holds: words, numbers, names, negations, use.

Works on the chunks of the result; without them, on the passages that are cited. What could not be
checked is in ``Check.unchecked``. Takes time linear in the length of the sources. Refuses nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from docsum_nb.documents.claims import bare_term, has_name
from docsum_nb.documents.passages import content_terms
from docsum_nb.documents.quantities import Quantities, Quantity, quantities
from docsum_nb.documents.source_marks import Mark
from docsum_nb.documents.support import Lacking, SentenceSupport, supports
from docsum_nb.documents.terms import words
from docsum_nb.records import OWN_CITATIONS, Chunk, Citation, SourceSpan, SummaryRecord
from docsum_nb.render.formats import count_text
from docsum_nb.results import Check, CheckedSentence, DocumentUse, Finding
from docsum_nb.trust.conflicts import conflicts

__all__ = ["check"]

_REPEATED = 0.7  # of the words of two sentences, that they share
_CHANCE = 0.02  # that a document has any number like one, from which it says nothing
_BESIDE_CHARS = 50  # on each side of a number, whose words say what it is of
_SHARED_BESIDE = 2  # of these words, with which a number that stands elsewhere is the same
_MOST_COMPARED = 1_000  # sentences that are compared with one another
_LABEL_CHARS = 40  # of a line without an end of a sentence that is a heading or a label
_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", '"', "”", ")")
_DENIED = "the passage says the same but for a negation"


def check(summary: SummaryRecord) -> Check:
    """Check a summary.

    Args:
        summary: A result, complete or partial.

    Returns:
        What was found, and what could not be checked.
    """
    chunks, unchecked = _sources(summary)
    found = supports(summary.text, chunks, others=True, marks=_as_marks(summary.citations))
    repeated = _repeated(summary.text, found)
    facts = _Facts(chunks)
    cited = sorted((each.start, each.end) for each in summary.citations)
    sentences = tuple(
        _checked(summary.text, each, facts, cited, repeated=at in repeated)
        for at, each in enumerate(found)
    )
    length = len(words(summary.text))
    return Check(
        sentences=sentences,
        documents=tuple(_uses(summary)),
        conflicts=conflicts(summary.text, found),
        redundancy=len(repeated) / max(1, len(found)),
        compression=round(sum(len(words(each.text)) for each in chunks) / length, 1)
        if length and summary.chunks
        else 0.0,
        unchecked=tuple(unchecked),
    )


def _sources(summary: SummaryRecord) -> tuple[list[Chunk], list[str]]:
    """Return what the sentences are compared with, and what cannot be."""
    unchecked = []
    chunks = [each.chunk for each in summary.chunks]
    if not summary.text:
        unchecked.append("there is no final summary yet")
    if not chunks and summary.text:
        unchecked.append(
            "the result holds no text of its sources: its sentences were compared with the cited "
            "passages only, and what is not used is not known"
        )
        chunks = list(map(_as_chunk, summary.citations))
    unchecked += [
        f"{each.what} {each.reason}" for each in summary.omitted if each.what == OWN_CITATIONS
    ]
    if summary.omitted:
        unchecked.append(f"{count_text(len(summary.omitted), 'omission')}: see .omitted")
    return chunks, unchecked


def _as_marks(citations: Sequence[Citation]) -> list[Mark]:
    """Return citations as what is claimed: those of the model have less support than others."""
    return [
        Mark(each.start, each.end, (SourceSpan(each.document, each.source_start, each.source_end),))
        for each in sorted(citations, key=lambda each: each.start)
    ]


def _as_chunk(citation: Citation) -> Chunk:
    return Chunk(
        citation.document,
        0,
        citation.passage,
        citation.source_start,
        citation.source_start + len(citation.passage),
        0,
        headings=citation.headings,
        page=citation.page,
    )


class _Facts:
    """The quantities and words of each document, found when they are first asked for."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        for each in chunks:
            self._texts[each.document].append(each.text)
        for each in chunks:
            self._texts[each.document].extend((each.document, *each.headings))
        self._known: dict[str, Quantities] = {}
        self._words: dict[str, set[str]] = {}
        self._beside: dict[str, list[tuple[Quantities, frozenset[str]]]] = {}

    def of(self, document: str) -> Quantities:
        """Return the quantities of a document."""
        if document not in self._known:
            texts = self._texts[document]
            self._known[document] = Quantities(each for text in texts for each in quantities(text))
        return self._known[document]

    def says_of_it(self, document: str, quantity: Quantity, beside: frozenset[str]) -> bool:
        """Return whether a document has a quantity with words that stand beside it in the text."""
        if document not in self._beside:
            self._beside[document] = [
                (Quantities([each]), _terms_beside(text, each.start, each.end))
                for text in self._texts[document]
                for each in quantities(text)
            ]
        needed = min(len(beside), _SHARED_BESIDE)
        return needed > 0 and any(
            len(beside & terms) >= needed and own.holds(quantity)
            for own, terms in self._beside[document]
        )

    def has_word(self, document: str, word: str) -> bool:
        """Return whether a document has a word, in its text, its name or its headings."""
        if document not in self._words:
            found = {term for text in self._texts[document] for term in words(text)}
            self._words[document] = {bare_term(term) for term in found}
        known = self._words[document]
        return all(has_name(bare_term(term), known) for term in words(word))


def _checked(
    text: str,
    found: SentenceSupport,
    facts: _Facts,
    cited: Sequence[tuple[int, int]],
    *,
    repeated: bool,
) -> CheckedSentence:
    passage, sentence = found.passage, text[found.start : found.end]
    at = bisect_right(cited, (found.end, 0))
    return CheckedSentence(
        found.start,
        found.end,
        sentence,
        round(passage.confidence, 4) if passage else 0.0,
        any(end > found.start for _, end in cited[max(0, at - 1) : at]),
        passage.chunk.document if passage else None,
        passage.chunk.text[passage.start : passage.end] if passage else "",
        tuple(_findings(text, found, facts, repeated=repeated)),
    )


def _findings(
    text: str, found: SentenceSupport, facts: _Facts, *, repeated: bool
) -> Iterator[Finding]:
    sentence = text[found.start : found.end]
    span = (found.start, found.end, sentence)
    reasons = list(_lacking(text, found, facts)) if found.passage else []
    yield from reasons
    is_label = len(sentence) < _LABEL_CHARS and not sentence.endswith(_ENDS)
    if not found.supported and not reasons and not is_label:
        yield Finding("unsupported", *span, "no passage was found that supports it")
    if repeated:
        yield Finding("repeated", *span, "an earlier sentence has most of its words")


def _lacking(text: str, found: SentenceSupport, facts: _Facts) -> Iterator[Finding]:
    """Yield what the source of a sentence does not have."""
    passage = found.passage
    if passage is None:
        return
    document = passage.chunk.document
    for each in found.lacking:
        shown = text[each.start : each.end]
        span = (each.kind, each.start, each.end, shown)
        if each.kind == "negation":
            yield Finding(*span, _DENIED)
        elif not each.near and each.kind == "name":
            if not facts.has_word(document, shown):
                yield Finding(*span, f"{shown} is nowhere in {document}")
        elif each.kind != "name" and (found.says_the_same or not each.near):
            known = facts.of(document)
            elsewhere = each.quantity is not None and known.holds(each.quantity)
            if each.quantity and elsewhere and not found.says_the_same:
                rare = known.chance(each.quantity) <= _CHANCE
                if rare or facts.says_of_it(document, each.quantity, _beside(text, each)):
                    continue
            reason = "is not in the passage, but elsewhere in" if elsewhere else "is nowhere in"
            yield Finding(*span, f"{shown} {reason} {document}")


def _beside(text: str, lacking: Lacking) -> frozenset[str]:
    return _terms_beside(text, lacking.start, lacking.end)


def _terms_beside(text: str, start: int, end: int) -> frozenset[str]:
    """Return the terms on both sides of a number, within its sentence or nearly so."""
    before = text[max(0, start - _BESIDE_CHARS) : start].partition(" ")[2]
    after = text[end : end + _BESIDE_CHARS].rpartition(" ")[0]
    return frozenset(each for each in content_terms(f"{before} {after}") if each.isalpha())


def _repeated(text: str, found: Sequence[SentenceSupport]) -> set[int]:
    """Return the places of the sentences that have most of the words of an earlier one."""
    terms = [content_terms(text[each.start : each.end]) for each in islice(found, _MOST_COMPARED)]
    again = set()
    for at, own in enumerate(terms):
        for other in terms[:at]:
            shared = len(own & other)
            if len(own) > 2 and shared >= _REPEATED * len(own | other):
                again.add(at)
                break
    return again


def _uses(summary: SummaryRecord) -> Iterator[DocumentUse]:
    """Yield what is cited of each document, and which of its chunks are not."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for citation in summary.citations:
        places[citation.document].append(citation.source_start)
    chunks: defaultdict[str, list[Chunk]] = defaultdict(list)
    for each in summary.chunks:
        chunks[each.chunk.document].append(each.chunk)
    names = dict.fromkeys([*(each.name for each in summary.documents), *chunks])
    for name in names:
        cited = sorted(places[name])
        unused = tuple(each.label for each in chunks[name] if not _any_in(cited, each))
        yield DocumentUse(name, len(cited), len(chunks[name]), unused)


def _any_in(places: Sequence[int], chunk: Chunk) -> bool:
    at = bisect_right(places, chunk.start - 1)
    return at < len(places) and places[at] < chunk.end
