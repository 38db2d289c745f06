"""Models compared on a user's own documents: quality, cost and time, and the texts side by side.

Decides which documents are tried, and in which order: a sample that is the same each time, each
model by a run of its own, one after another, so that times can be compared. Each run is recorded in
the ledger like all others: what is stored is not paid for again. A comparison that ends early keeps
the models that are finished, and what another one has finished, and names the rest.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.documents.load import load
from docsum_nb.errors import InputError
from docsum_nb.evaluation.measures import Evaluation, measured
from docsum_nb.evaluation.rouge import checked_references
from docsum_nb.events import BudgetSet, StageStarted
from docsum_nb.models import Model
from docsum_nb.options import StrPath
from docsum_nb.pipeline import summarize
from docsum_nb.records import Document, Omission, Usage
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text, count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Fold, Row, Table, cells, part
from docsum_nb.results import Summary
from docsum_nb.results.dataframe import frame_of
from docsum_nb.run import Control, Location, Run, Work, in_thread
from docsum_nb.views import LiveDisplay

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ComparedModel", "ComparedText", "Comparison", "compare"]

_MOST_CHARS = 6_000
"""Of a text that is shown; ``to_frame`` has all of it."""
_MOST_TOLD = 200


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
    omitted: tuple[Omission, ...] = ()
    """The models that are not in the table with all documents, and why; empty if it is whole."""

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
        told = (f"{each.what} {each.reason}." for each in self.omitted)
        return Table(
            "Models compared",
            (Column("model"), *(Column(head, "number") for head in heads)),
            tuple(_row(each) for each in self.models),
            notes=(
                *(one_line(each, max_chars=_MOST_TOLD) for each in told),
                "Means over the documents. A screen, not a proof: read some of the texts.",
            ),
            folds=tuple(map(self._fold, names)),
        )

    def _fold(self, name: str) -> Fold:
        # A model may have left a document out.
        lines = [
            f"{one_line(made.model, max_chars=80)} ({each.figures.supported:.0%} supported): "
            f"{one_line(each.text, max_chars=_MOST_CHARS)}"
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
        The run of a ``Comparison``. Stopped, or at the first error of a model, the run of the model
        in work is stopped with it; ``run.partial`` is a ``Comparison`` of what is finished, with
        the rest in ``omitted``. Compared again, what is stored is not paid for again.

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
    work = _Comparing(source, tried, sample, given, asked, max_cost)
    # What is measured may take a second, for which the loop of model calls must not wait.
    return Run(
        work, title="compare", deadline=deadline, display=LiveDisplay(), show=show, guest=True
    )


class _Comparing(Work[Comparison]):
    """The comparison; what is finished of it may be read from any thread."""

    def __init__(
        self,
        source: Any,
        models: list[str | Model],
        sample: int,
        references: dict[str, list[str]],
        asked: dict[str, Any],
        max_cost: float | None,
    ) -> None:
        self._source = source
        self._models = models
        self._sample = sample
        self._references = references
        self._asked = asked
        self._max_cost = max_cost
        self._made: tuple[ComparedModel, ...] = ()
        self._run: Run[Summary] | None = None
        """Of the model in work."""
        self._stopped = False
        self._begun: ComparedModel | None = None
        """What the model in work has finished, once it is stopped."""

    async def __call__(self, control: Control) -> Comparison:
        control.emit(StageStarted("working"))
        control.emit(BudgetSet(max_cost=self._max_cost, max_calls=None))
        found = await in_thread(_loaded, self._source)
        if self._references and not self._references.keys() & {each.name for each in found}:
            named = ", ".join(f"{name!r:.80}" for name in [*self._references][:3])
            raise InputError(f"no document is called as a reference is: {named}")
        documents = _sampled(found, self._sample)
        left = self._max_cost
        for model in self._models:
            made = await self._compare(documents, model, left, control)
            self._made, self._run = (*self._made, made), None
            if left is not None:
                left = max(0.0, left - (made.usage.cost_usd or 0.0))
        return Comparison(self._made)

    async def _compare(
        self, documents: list[Document], model: str | Model, left: float | None, control: Control
    ) -> ComparedModel:
        self._run = run = summarize(
            documents,
            model=model,
            strategy="per-document",
            max_cost=left,
            show=False,
            **self._asked,
        )
        try:
            return await in_thread(self._compared, await run)
        except BaseException as error:
            self._stopped = True
            run.cancel("the comparison ended")
            if isinstance(error, Exception):
                control.annotate(error, f"comparing {_name(model)}")
            raise

    def partial(self) -> Comparison:
        """Return the models that are finished, and what another one has finished once it stopped.

        Measuring takes time, so a model in work is left out: this must not block a stop.
        """
        made, run = self._made, self._run
        begun = self._measured(run) if run is not None and self._stopped else None
        omitted = []
        for at, model in enumerate(self._models[len(made) :]):
            reason = "was not begun"
            if at == 0 and run is not None:
                count = count_text(len(begun.texts) if begun else 0, "document")
                reason = f"ended early, with {count} finished" if self._stopped else "is in work"
            omitted.append(Omission(_name(model), reason))
        return Comparison((*made, begun) if begun and begun.texts else made, tuple(omitted))

    def _measured(self, run: Run[Summary]) -> ComparedModel | None:
        """Return what a stopped run has finished; answers in flight may still arrive."""
        summary = run.partial
        if summary is None:
            return None
        if self._begun is None or len(self._begun.texts) < len(summary.documents):
            self._begun = self._compared(summary)
        return self._begun

    def kept(self) -> str:
        """Return where what is finished is."""
        if not self._made and self._run is None:
            return ""
        again = "compared again, what is in the ledger is not paid for again"
        kept = f"run.partial has {len(self._made)} of {len(self._models)} models whole"
        return kept if self._asked["ledger"] is False else f"{kept}; {again}"

    def remaining(self) -> str:
        """Return which models are left."""
        return ", ".join(_name(each) for each in self._models[len(self._made) :])

    def location(self) -> Location | None:
        """Return the model in work."""
        if self._run is None:
            return None
        at = len(self._made)
        return Location(f"comparing {_name(self._models[at])}, {at + 1} of {len(self._models)}")

    def _compared(self, summary: Summary) -> ComparedModel:
        texts = [
            ComparedText(
                each.name,
                each.text,
                measured(
                    each.text,
                    [part.chunk for part in summary.chunks if part.chunk.document == each.name],
                    references=self._references.get(each.name),
                    length=self._asked["length"] or 300,
                ),
                each.usage,
            )
            for each in summary.documents
        ]
        return ComparedModel(
            summary.model, tuple(texts), summary.usage, summary.seconds, summary.run_id
        )


def _name(model: str | Model) -> str:
    return model if isinstance(model, str) else model.name


def _loaded(source: Any) -> tuple[Document, ...]:
    return load(source).documents


def _sampled(found: Sequence[Document], most: int) -> list[Document]:
    """Return some of the documents, in their order; the same ones each time."""
    if len(found) <= most:
        return list(found)
    chosen = sorted(random.Random(most).sample(range(len(found)), most))  # noqa: S311  # no secret
    return [found[at] for at in chosen]
