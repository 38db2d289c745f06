"""Models compared on a user's own documents: quality, cost and time, and the texts side by side.

Decides which documents are tried, and in which order: a sample that is the same each time, each
model by a run of its own, one after another, so that times can be compared. Each run is recorded in
the ledger like all others: what is stored is not paid for again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.documents.load import load
from docsum_nb.entry.guarded_run import GuardOptions, begin_work
from docsum_nb.errors import InputError
from docsum_nb.evaluation.measures import Evaluation, measured
from docsum_nb.evaluation.rouge import checked_references
from docsum_nb.models import Model
from docsum_nb.options import StrPath
from docsum_nb.pipeline import summarize
from docsum_nb.records import Document, Usage
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Fold, Row, Table, cells, part
from docsum_nb.results import Summary
from docsum_nb.results.dataframe import frame_of
from docsum_nb.run import Run, in_thread

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ComparedModel", "ComparedText", "Comparison", "compare"]

_MOST_CHARS = 6_000
"""Of a text that is shown; ``to_frame`` has all of it."""


@dataclass(frozen=True)
class ComparedText:
    """What one model wrote of one document."""

    document: str
    text: str
    figures: Evaluation
    usage: Usage


@dataclass(frozen=True)
class ComparedModel:
    """What one model made of the sample."""

    model: str
    texts: tuple[ComparedText, ...]
    """In the order of the sample."""
    usage: Usage
    """What this comparison paid for it; answers from the ledger are free."""
    seconds: float
    run_id: str

    def mean(self, of: str) -> float | None:
        """Return the mean over all texts of a figure; ``None`` if it was not measured.

        Args:
            of: A field of ``Evaluation``, or ``"rouge1"``.
        """
        values = [_figure(each.figures, of) for each in self.texts]
        known = [each for each in values if each is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class Comparison(Tabled):
    """Models side by side; displays itself as a table, with the texts of each document below it."""

    models: tuple[ComparedModel, ...]
    """In the order in which they were given."""

    def to_frame(self) -> DataFrame:
        """Return a table to work on: a row for each document and model.

        Raises:
            InputError: If pandas is not installed.
        """
        rows = [
            {
                **{"document": each.document, "model": made.model, "summary": each.text},
                **{name: _figure(each.figures, name) for name in _FIGURES},
                "cost_usd": each.usage.cost_usd,
            }
            for made in self.models
            for each in made.texts
        ]
        types = {"document": "object", "model": "object", "summary": "object"}
        return frame_of(
            rows, {**types, **dict.fromkeys(_FIGURES, "float64"), "cost_usd": "float64"}
        )

    def _table(self) -> Table:
        heads = ("supported", "coverage", "length", "ROUGE-1", "calls", "cost", "seconds")
        names = dict.fromkeys(each.document for made in self.models for each in made.texts)
        return Table(
            "Models compared",
            (Column("model"), *(Column(head, "number") for head in heads)),
            tuple(_row(each) for each in self.models),
            notes=("Means over the documents. A screen, not a proof: read some of the texts.",),
            folds=tuple(map(self._fold, names)),
        )

    def _fold(self, name: str) -> Fold:
        # A model may have left a document out.
        lines = [
            f"{one_line(made.model, max_chars=80)} ({each.figures.supported:.0%} "
            f"supported): {one_line(each.text, max_chars=_MOST_CHARS)}"
            for made in self.models
            for each in made.texts
            if each.document == name
        ]
        return Fold(one_line(name, max_chars=80) or "(no name)", tuple(lines))


_FIGURES = ("words", "supported", "coverage", "length", "rouge1")


def _figure(figures: Evaluation, of: str) -> float | None:
    if of == "rouge1":
        return None if figures.rouge is None else figures.rouge.rouge1
    value: float | None = getattr(figures, of)
    return None if value is None else float(value)


def _row(made: ComparedModel) -> Row:
    rates = [made.mean(name) for name in _FIGURES[1:]]
    shown = ["" if each is None else f"{each:.2f}" for each in rates]
    shown += [f"{made.usage.calls:,}", cost_text(made.usage.cost_usd), f"{made.seconds:.1f}"]
    return Row(((part(made.model, max_chars=80),), *cells(shown)))


@explains_arguments
def compare(
    source: Any,
    *,
    models: Sequence[str | Model],
    sample: int = 20,
    references: Mapping[str, str | Sequence[str]] | None = None,
    length: int | None = None,
    question: str | None = None,
    deadline: float | None = None,
    max_cost: float | None = None,
    ledger: StrPath | bool | None = None,
    show: bool = True,
) -> Run[Comparison]:
    """Summarize a sample of documents with several models, and compare what they made of it.

    Args:
        source: The documents, as for ``summarize``.
        models: Names or Models, at least one; each is a run of its own, one after another.
        sample: How many documents are tried at most; the same ones each time.
        references: From names of documents to good summaries of them, for ROUGE; ``None`` for none.
        length: Words of each summary; ``None`` for 300.
        question: What the reader wants to know; ``None`` for a summary of everything.
        deadline: Seconds from now until the comparison must be over; ``None`` for no limit.
        max_cost: US dollars to be paid at most for all models together; ``None`` for no bound.
        ledger: The file of answers, as for ``summarize``.
        show: Show live progress.

    Returns:
        The run of a ``Comparison``. Stopped, the run of the model in work is stopped with it; what
        is stored is not paid for again.

    Raises:
        InputError: if there is no model, the sample is not at least 1, or a reference is no text;
            out of the run, if no reference is of one of the documents.
        Exception: out of the run, the first error of a model or of the source, unchanged.
    """
    several = isinstance(models, Iterable) and not isinstance(models, str | Mapping)
    tried = [*models] if several else []
    if not tried:
        raise InputError("models is a list of names or Models, such as ['extractive', 'openai/…']")
    if references is not None and not isinstance(references, Mapping):
        raise InputError(
            "references maps names of documents to good summaries of them; it is of type "
            f"{type(references).__name__}"
        )
    given = {name: checked_references(texts) for name, texts in (references or {}).items()}
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < 1:
        raise InputError(f"sample (documents) is a whole number of at least 1, not {sample!r}")
    asked = {"length": length, "question": question, "ledger": ledger}
    work = _Work(source, tried, sample, given, asked, max_cost)
    return begin_work(work, GuardOptions(), "compare", deadline, show=show)


@dataclass(frozen=True)
class _Work:
    """The comparison, to be called once."""

    source: Any
    models: list[str | Model]
    sample: int
    references: dict[str, list[str]]
    asked: dict[str, Any]
    max_cost: float | None

    async def __call__(self) -> Comparison:
        found = await in_thread(_loaded, self.source)
        if self.references and not self.references.keys() & {each.name for each in found}:
            named = ", ".join(f"{name!r:.80}" for name in [*self.references][:3])
            raise InputError(f"no document is called as a reference is: {named}")
        documents = _sampled(found, self.sample)
        made: list[ComparedModel] = []
        left = self.max_cost
        for model in self.models:
            run = summarize(
                documents,
                model=model,
                strategy="per-document",
                max_cost=left,
                show=False,
                **self.asked,
            )
            try:
                summary = await run
            finally:
                run.cancel("the comparison ended")
            made.append(await in_thread(self._compared, summary))
            if left is not None:
                left = max(0.0, left - (summary.usage.cost_usd or 0.0))
        return Comparison(tuple(made))

    def _compared(self, summary: Summary) -> ComparedModel:
        texts = [
            ComparedText(
                each.name,
                each.text,
                measured(
                    each.text,
                    [part.chunk for part in summary.chunks if part.chunk.document == each.name],
                    references=self.references.get(each.name),
                    length=self.asked["length"] or 300,
                ),
                each.usage,
            )
            for each in summary.documents
        ]
        return ComparedModel(
            summary.model, tuple(texts), summary.usage, summary.seconds, summary.run_id
        )


def _loaded(source: Any) -> tuple[Document, ...]:
    return load(source).documents


def _sampled(found: Sequence[Document], most: int) -> list[Document]:
    """Return some of the documents, in their order; the same ones each time."""
    if len(found) <= most:
        return list(found)
    chosen = sorted(random.Random(most).sample(range(len(found)), most))  # noqa: S311  # no secret
    return [found[at] for at in chosen]
