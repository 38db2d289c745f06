"""What a check of a summary found: its sentences, its documents, and what speaks against it.

Holds data and lays it out; what is found is decided in ``docsum_nb.trust``. A check is a screen
made of words and numbers, not a proof, and says so wherever it is shown. Every text that is shown
is cleaned: sentences and names are a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Cell, Column, Row, Table, folded, more, part
from docsum_nb.results.dataframe import frame_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Check", "CheckedSentence", "Conflict", "DocumentUse", "Finding", "FindingKind"]

FindingKind = Literal["unsupported", "number", "date", "name", "negation", "repeated"]
"""``"unsupported"``: no passage holds enough of the sentence's words. ``"number"``, ``"date"``,
``"name"``: the source that supports the sentence best does not have it. ``"negation"``: sentence
and passage say the same, but one of them denies it. ``"repeated"``: an earlier sentence of the
summary has most of its words."""

SCREEN_NOTE = (
    "A screen of words and numbers, not a proof: it can miss an error and doubt what is right. "
    "Measured on reference summaries of meetings and papers: see the page on checking a summary."
)
_MOST_ROWS = 100
_COLUMNS = (
    Column("sentence"),
    Column("support", "number"),
    Column("source"),
    Column("to look at"),
)
_TYPES = {
    **{"sentence": "object", "start": "int64", "end": "int64", "support": "float64"},
    **{"cited": "bool", "document": "object", "passage": "object", "findings": "object"},
}


@dataclass(frozen=True)
class Finding:
    """Something about one sentence that is to be looked at."""

    kind: FindingKind
    start: int
    end: int
    """The span of ``Summary.text`` that it is about."""
    text: str
    """What stands there."""
    reason: str
    """What is wrong with it, in a sentence."""


@dataclass(frozen=True)
class CheckedSentence:
    """A sentence of a summary."""

    start: int
    end: int
    """Its span of ``Summary.text``."""
    text: str
    support: float
    """The mean of two shares of words, weighted by rarity: of its own in the best passage, and of
    its neighbors' near that passage. 0 to 1; 1 if it stands there word for word."""
    cited: bool
    """Whether the summary has a citation for it."""
    document: str | None = None
    """The document of the best passage; ``None`` without any shared word."""
    passage: str = ""
    """The best passage."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class DocumentUse:
    """What a summary uses of one document."""

    name: str
    citations: int
    """Sentences of the summary that cite it."""
    parts: int
    """The parts that it was read in."""
    unused: tuple[str, ...] = ()
    """The parts that no sentence cites: the document, place and heading of each."""


@dataclass(frozen=True)
class Conflict:
    """Two documents that give different values for what seems the same quantity."""

    what: str
    """The words that both have beside it."""
    document: str
    value: str
    passage: str
    other_document: str
    other_value: str
    other_passage: str


@dataclass(frozen=True)
class Check(Tabled):
    """What ``Summary.check`` found; displays itself as a table. A screen, not a proof."""

    sentences: tuple[CheckedSentence, ...]
    """In the order of the text."""
    documents: tuple[DocumentUse, ...]
    """In the order of the summary."""
    conflicts: tuple[Conflict, ...] = ()
    """Contradictions between documents, about quantities that the summary names."""
    redundancy: float = 0.0
    """Share of the sentences that repeat an earlier one: 0 to 1."""
    compression: float = 0.0
    """Words of the sources for each word of the summary; 0 if either is empty."""
    unchecked: tuple[str, ...] = ()
    """What could not be checked, and why."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all sentences, in the order of the text."""
        return tuple(each for sentence in self.sentences for each in sentence.findings)

    @property
    def ok(self) -> bool:
        """Whether everything was checked and nothing is to be looked at."""
        return not (self.findings or self.conflicts or self.unchecked)

    @property
    def unused(self) -> tuple[str, ...]:
        """The documents that no sentence cites."""
        return tuple(each.name for each in self.documents if not each.citations)

    @property
    def support(self) -> float:
        """The mean support of the sentences; 0 without any."""
        return sum(each.support for each in self.sentences) / max(1, len(self.sentences))

    def to_frame(self) -> DataFrame:
        """Return the sentences as a table to work on.

        Returns:
            A pandas DataFrame with a row for each sentence; ``findings`` holds their reasons.

        Raises:
            InputError: If pandas is not installed.
        """
        return frame_of(list(self._rows()), _TYPES)

    def __str__(self) -> str:
        return self.to_text()

    def _rows(self) -> Iterator[dict[str, Any]]:
        for each in self.sentences:
            yield {
                **{"sentence": each.text, "start": each.start, "end": each.end},
                **{"support": each.support, "cited": each.cited, "document": each.document},
                **{"passage": each.passage, "findings": tuple(f.reason for f in each.findings)},
            }

    def _table(self) -> Table:
        rows = tuple(map(_row, self.sentences[:_MOST_ROWS]))
        partly = [
            (each.name, f"{len(each.unused):,} of {count_text(each.parts, 'part')} not cited")
            for each in self.documents
            if each.citations and each.unused
        ]
        return Table(
            "Check of the summary",
            _COLUMNS,
            rows,
            headline=self._headline(),
            notes=(
                *more(len(self.sentences) - _MOST_ROWS, "more sentences; .sentences has all"),
                *(one_line(each, max_chars=400) for each in self.unchecked),
                SCREEN_NOTE,
            ),
            folds=(
                *folded("Documents that disagree", [_conflict(each) for each in self.conflicts]),
                *folded("Documents not cited", [(name, "no sentence") for name in self.unused]),
                *folded("Cited in part", partly),
            ),
        )

    def _headline(self) -> str:
        cited = sum(each.cited for each in self.sentences)
        facts = [
            f"{cited:,} of {count_text(len(self.sentences), 'sentence')} cited",
            f"{len(self.findings):,} to look at",
            f"{len(self.documents) - len(self.unused):,} of "
            f"{count_text(len(self.documents), 'document')} used",
        ]
        if self.conflicts:
            facts.append(count_text(len(self.conflicts), "contradiction") + " between documents")
        if self.redundancy:
            facts.append(f"{self.redundancy:.0%} repeated")
        if self.compression:
            facts.append(f"1 word for {self.compression:,.1f} of the sources")
        return "; ".join(facts)


def _row(sentence: CheckedSentence) -> Row:
    looked: Cell = tuple(part(each.reason, "warning") for each in sentence.findings)
    return Row(
        (
            (part(sentence.text, max_chars=300),),
            (part(f"{sentence.support:.2f}"),),
            (part(sentence.document or "", "name", max_chars=60),),
            looked,
        )
    )


def _conflict(each: Conflict) -> tuple[str, str]:
    remark = f"{each.value} in {each.document}, {each.other_value} in {each.other_document}"
    return each.what, remark
