"""Check a summary against the sources that it holds: words, numbers, names, negations, use.

Works on the chunks of the result; without them, on the passages that are cited. What could not be
checked is in ``Check.unchecked``. Takes time linear in the length of the sources. Refuses nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from docsum_nb.documents.passages import Passage, content_terms
from docsum_nb.documents.quantities import quantities
from docsum_nb.documents.quantity_set import Quantities
from docsum_nb.documents.source_marks import Mark
from docsum_nb.documents.support import SentenceSupport, supports
from docsum_nb.documents.terms import words
from docsum_nb.records import OWN_CITATIONS, Chunk, Citation, SourceSpan, SummaryRecord
from docsum_nb.render.formats import count_text
from docsum_nb.results import Check, CheckedSentence, DocumentUse, Finding
from docsum_nb.trust.conflicts import conflicts
from docsum_nb.trust.facts import Facts

__all__ = ["check"]

_REPEATED = 0.7  # of the words of two sentences, that they share
_CONTAINED = 0.9  # of the words of a sentence, that an earlier one of up to twice its length has
_LEAST_PART = 4  # words of such a sentence
_MOST_COMPARED = 1_000  # sentences that are compared with one another
_LABEL_CHARS = 40  # of a line without an end of a sentence that is a heading or a label
_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", '"', "”", ")")
_DENIED = "the passage affirms what it denies, or denies what it affirms"


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
    facts = Facts(chunks)
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


def _checked(
    text: str,
    found: SentenceSupport,
    facts: Facts,
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
    text: str, found: SentenceSupport, facts: Facts, *, repeated: bool
) -> Iterator[Finding]:
    sentence = text[found.start : found.end]
    span = (found.start, found.end, sentence)
    reasons = list(_lacking(text, found, facts)) if found.passage else []
    yield from reasons
    is_label = len(sentence) < _LABEL_CHARS and not sentence.endswith(_ENDS)
    if not (found.supported or reasons or is_label or _is_confirmed(found)):
        yield Finding("unsupported", *span, "no passage was found that supports it")
    if repeated:
        yield Finding("repeated", *span, "an earlier sentence has most of its words")


def _is_confirmed(found: SentenceSupport) -> bool:
    """Return whether a sentence has its words in the passage, and its numbers elsewhere."""
    far_names = any(each.kind == "name" and not each.near for each in found.lacking)
    numbers = any(each.quantity is not None for each in found.lacking)
    return found.shares_enough and numbers and not far_names


def _lacking(text: str, found: SentenceSupport, facts: Facts) -> Iterator[Finding]:
    """Yield what the source of a sentence does not have."""
    passage = found.passage
    if passage is None:
        return
    document, sentence = passage.chunk.document, text[found.start : found.end]
    gives_others = found.says_the_same and _has_others(passage, sentence)
    for each in found.lacking:
        shown = text[each.start : each.end]
        span = (each.kind, each.start, each.end, shown)
        if each.kind == "negation":
            yield Finding(*span, _DENIED)
        elif not each.near and each.kind == "name":
            if not facts.has_word(document, shown):
                yield Finding(*span, f"{shown} is nowhere in {document}")
        elif each.kind != "name" and (found.says_the_same or not each.near):
            elsewhere = each.quantity is not None and facts.of(document).holds(each.quantity)
            if (
                each.quantity is not None
                and elsewhere
                and not gives_others
                and facts.says_of_it(document, each.quantity, sentence)
            ):
                continue
            reason = "is not in the passage, but elsewhere in" if elsewhere else "is nowhere in"
            yield Finding(*span, f"{shown} {reason} {document}")


def _has_others(passage: Passage, sentence: str) -> bool:
    """Return whether a passage has numbers that a sentence does not: these stand in their place."""
    own = Quantities(quantities(sentence))
    stated = quantities(passage.chunk.text[passage.start : passage.end])
    return not all(own.holds(each) for each in stated)


def _repeated(text: str, found: Sequence[SentenceSupport]) -> set[int]:
    """Return the places of the sentences that have most of the words of an earlier one."""
    terms = [content_terms(text[each.start : each.end]) for each in islice(found, _MOST_COMPARED)]
    again = set()
    for at, own in enumerate(terms):
        for other in terms[:at]:
            shared = len(own & other)
            is_part = len(own) >= _LEAST_PART and 2 * len(own) >= len(other)
            if (len(own) > 2 and shared >= _REPEATED * len(own | other)) or (
                is_part and shared >= _CONTAINED * len(own)
            ):
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
