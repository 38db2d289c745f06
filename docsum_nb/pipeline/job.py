"""The main job as a run sees it: one step after the other, each with all the concurrency it allows.

Holds what is finished so far, so that a run that ends early still has its partial result. Every
request goes through one ``Asker``; every summary is a CrewAI task of a lean agent.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docsum_nb.budget import Budget
from docsum_nb.errors import BudgetExceeded, RunError
from docsum_nb.events import BudgetSet, ChunksPlanned, StageStarted, Warned
from docsum_nb.models import Asker, Telling
from docsum_nb.pipeline.book import Book
from docsum_nb.pipeline.mapping import Mapper
from docsum_nb.pipeline.merging import Merger, Named
from docsum_nb.pipeline.options import Options
from docsum_nb.pipeline.prepare import Prepared, open_ledger, plan_of, prepare, remaining_of
from docsum_nb.pipeline.related import find_related
from docsum_nb.records import (
    ChunkSummary,
    Citation,
    DocumentSummary,
    Hit,
    Omission,
    Plan,
    Summary,
    Usage,
)
from docsum_nb.run import Control, Detail, fan_out, in_thread

if TYPE_CHECKING:
    from docsum_nb.pipeline.writer import Writer

__all__ = ["Job"]

_FINAL = "summary"
"""What the final text is called in events."""


def _make_writer(prepared: Prepared, asker: Asker) -> Writer:
    # Imported late: CrewAI takes seconds, and a missing file should be told at once.
    from docsum_nb.pipeline.writer import Writer

    return Writer(prepared, asker)


@dataclass(frozen=True)
class _Loaded:
    """What loading leaves for the other steps."""

    prepared: Prepared
    asker: Asker
    writer: Writer


class Job:
    """Summarizes the documents of one run: load, summarize, combine, evaluate, each once, in order.

    Whoever calls the steps one by one does so within ``async with job``.
    """

    def __init__(self, options: Options, *, within: Budget | None = None) -> None:
        self._options = options
        self._began = time.monotonic()
        self._book: Book | None = None
        self._prepared: Prepared | None = None
        self._asker: Asker | None = None
        self._writer: Writer | None = None
        self._chunks: dict[int, ChunkSummary] = {}
        self._documents: dict[str, DocumentSummary] = {}
        self._omitted: list[Omission] = []
        self._text, self._model = "", options.model.name
        self._citations: tuple[Citation, ...] = ()
        self._related: tuple[Hit, ...] = ()
        self._data: Any = None
        self._telling: Telling | None = None
        self._within = within
        self._run_id = ""

    async def __call__(self, control: Control) -> Summary:
        """Do the job.

        Raises:
            DocsumError: what can be known to be wrong before the first call.
            BaseException: the first error of a model, with a note that names the chunk.
            ExceptionGroup: with ``on_error="collect"``, of everything that failed.
        """
        async with self:
            await self.load(control)
            await self.summarize(control)
            await self.combine(control)
            return await self.evaluate(control)

    async def load(self, control: Control) -> Plan:
        """Read the source, and open everything the other steps need; nothing is asked."""
        self._run_id = control.run_id
        control.emit(StageStarted("loading"))
        control.emit(
            BudgetSet(
                max_cost=self._options.max_cost,
                max_calls=self._options.max_calls,
                max_tokens=self._options.max_tokens,
            )
        )
        ledger = await in_thread(open_ledger, self._options)
        book = self._book = Book(ledger, self._options, control)
        prepared = self._prepared = await in_thread(prepare, self._options, cut=book.cut)
        await in_thread(book.begin, chunks=len(prepared.chunks))
        budget = self._options.budget(within=self._within)
        self._asker = Asker(prepared.models, ledger=ledger, control=control, budget=budget)
        self._omitted.extend(prepared.omitted)
        planned = plan_of(prepared)
        for warning in planned.warnings:
            control.emit(Warned(warning))
        labels = tuple(chunk.label for chunk in prepared.chunks)
        control.emit(ChunksPlanned(planned.chunks, planned.calls, labels))
        self._writer = await in_thread(_make_writer, prepared, self._asker)
        return planned

    async def summarize(self, control: Control) -> tuple[ChunkSummary, ...]:
        """Summarize every chunk."""
        loaded = self._loaded()
        control.emit(StageStarted("summarizing"))
        mapper = Mapper(
            loaded.writer,
            self._merger(loaded.writer, control),
            control,
            omit=self._omitted.extend,
            blame=self._blame,
            telling=self._told(control),
        )
        await mapper.summarize(
            self._chunks, limit=self._options.max_concurrency, on_error=self._options.on_error
        )
        return tuple(summary for _, summary in sorted(self._chunks.items()))

    async def combine(self, control: Control) -> Summary:
        """Merge the summaries into one, and cite its sources."""
        loaded = self._loaded()
        control.emit(StageStarted("combining"))
        merger = self._merger(loaded.writer, control)
        await self._combine_documents(loaded.prepared, merger, control)
        last = await self._combine_all(loaded.prepared, merger, self._told(control))
        self._text, self._model = last.text, last.model
        if self._telling is not None:
            # What was stored, or came whole after all, is told now.
            self._telling.end(last.text)
        self._data = await self._extract(loaded, control)
        self._name_writers(loaded.prepared)
        self._citations = await self._cite(loaded.prepared)
        return self._summary(loaded.prepared)

    async def evaluate(self, control: Control) -> Summary:
        """Find what the library says; without a library, there is nothing to do."""
        loaded = self._loaded()
        self._related = await self._evaluate(loaded, control)
        return self._summary(loaded.prepared)

    async def __aenter__(self) -> Job:
        """Return the job; leaving it writes down how it ended, and lets go of the ledger."""
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._book is not None:
            await in_thread(self._book.close, error)

    def _loaded(self) -> _Loaded:
        assert self._prepared is not None
        assert self._asker is not None
        assert self._writer is not None
        return _Loaded(self._prepared, self._asker, self._writer)

    def partial(self) -> Summary | None:
        """Return what is finished so far; ``None`` before the documents are known."""
        if self._prepared is None:
            return None
        return self._summary(self._prepared, missing=True)

    def detail(self, place: int) -> Detail | None:
        """Return the text of a chunk and its summary; ``None`` before the chunks are known."""
        if self._prepared is None:
            return None
        summary = self._chunks.get(place)
        return Detail(self._prepared.chunks[place].text, summary.text if summary else "")

    # --- how the steps do it -------------------------------------------------------------------

    async def _combine_documents(
        self, prepared: Prepared, merger: Merger, control: Control
    ) -> None:
        parts: dict[str, list[ChunkSummary]] = {}
        for _, summary in sorted(self._chunks.copy().items()):
            parts.setdefault(summary.chunk.document, []).append(summary)
        words = prepared.sizes.document_words
        if len(prepared.documents) == 1:
            words = prepared.sizes.final_words
        paths = {document.name: document.path for document in prepared.documents}

        # Of a single document, this is the last merge.
        telling = self._told(control) if len(parts) == 1 else None

        async def one(name: str) -> None:
            named = [
                Named(part.chunk.label, part.text, part.model, part.usage) for part in parts[name]
            ]
            merged = await merger.merge(name, named, words, telling=telling)
            self._documents[name] = DocumentSummary(
                name, merged.text, len(named), merged.model, paths[name], merged.usage
            )

        await fan_out(one, list(parts), limit=self._options.max_concurrency, control=control)

    async def _combine_all(
        self, prepared: Prepared, merger: Merger, telling: Telling | None
    ) -> Named:
        named = [
            Named(each.name, each.text, each.model, each.usage) for each in self._in_order(prepared)
        ]
        label = f"all {len(named)} documents together"
        return await merger.merge(label, named, prepared.sizes.final_words, telling=telling)

    def _in_order(self, prepared: Prepared) -> list[DocumentSummary]:
        counts = prepared.chunk_counts()
        # Of a document in one chunk, that chunk's summary is the document's.
        single = {
            each.chunk.document: DocumentSummary(
                each.chunk.document, each.text, 1, each.model, usage=each.usage
            )
            for each in self._chunks.copy().values()
            if counts[each.chunk.document] == 1
        }
        found = [
            (document, self._documents.get(document.name) or single.get(document.name))
            for document in prepared.documents
        ]
        return [replace(each, path=document.path) for document, each in found if each]

    async def _extract(self, loaded: _Loaded, control: Control) -> Any:
        """Have the result put into the form that was asked for; ``None`` without one."""
        schema = self._options.response_model
        if schema is None:
            return None
        parts = [(each.name, each.text) for each in self._in_order(loaded.prepared)]
        try:
            answer = await loaded.writer.extract(self._text, parts, schema)
            return schema.model_validate_json(answer.text)
        except Exception as error:
            if control.stopped_by() is not None or not self._may_skip(error):
                self._blame("putting the result into the form asked for", error)
                raise
            reason = f"not extracted: {type(error).__name__}: {error}"
            self._omitted.append(Omission("the data asked for", reason))
            return None

    async def _cite(self, prepared: Prepared) -> tuple[Citation, ...]:
        assert self._book is not None
        pages = {document.name: document.page_at for document in prepared.documents}
        return tuple(
            replace(citation, page=pages[citation.document](citation.source_start))
            for citation in await in_thread(self._book.cite, self._text, prepared.chunks)
        )

    async def _evaluate(self, loaded: _Loaded, control: Control) -> tuple[Hit, ...]:
        prepared = loaded.prepared
        if prepared.library is None:
            return ()
        control.emit(StageStarted("evaluating"))
        try:
            related, omitted = await find_related(prepared, self._summary(prepared), loaded.asker)
        except Exception as error:
            if control.stopped_by() is not None:
                raise
            if not self._may_skip(error):
                self._blame("evaluating the related documentation", error)
                raise
            reason = f"not judged: {type(error).__name__}: {error}"
            related, omitted = (), [Omission("the related documentation", reason)]
        self._omitted.extend(omitted)
        return related

    # --- what is known so far ------------------------------------------------------------------

    def _summary(self, prepared: Prepared, *, missing: bool = False) -> Summary:
        omitted = [*self._omitted, *(self._asker.unkept() if self._asker else ())]
        documents = self._in_order(prepared)
        if missing:
            finished = {each.name for each in documents}
            omitted += [
                Omission(document.name, "the run ended before its summary was finished")
                for document in prepared.documents
                if document.name not in finished
            ]
        return Summary(
            text=self._text,
            model=self._model,
            citations=self._citations,
            documents=tuple(documents),
            chunks=tuple(summary for _, summary in sorted(self._chunks.copy().items())),
            related=self._related,
            data=self._data,
            usage=self._asker.usage if self._asker else Usage(),
            omitted=tuple(omitted),
            question=self._options.question,
            run_id=self._run_id,
            seconds=time.monotonic() - self._began,
        )

    def _name_writers(self, prepared: Prepared) -> None:
        """Say so where a fallback wrote some of it."""
        asked = prepared.model.name
        others = Counter(each.model for each in self._chunks.values() if each.model != asked)
        for model, count in others.items():
            reason = f"written by {model}, because {asked} failed"
            self._omitted.append(Omission(f"{count} of {len(self._chunks)} chunks", reason))

    def _merger(self, writer: Writer, control: Control) -> Merger:
        return Merger(
            writer,
            control,
            limit=self._options.max_concurrency,
            omit=self._omitted.extend,
            blame=self._blame,
        )

    def _told(self, control: Control) -> Telling | None:
        """Return who is told the final text as it is written; ``None`` where nobody looks.

        A plain request has fewer ways to fail, so a stream is worth it only for somebody.
        """
        if self._telling is None and control.watched():
            self._telling = Telling(control, label=_FINAL)
        return self._telling

    def _may_skip(self, error: Exception) -> bool:
        return self._options.on_error == "skip" and not isinstance(error, RunError)

    def _blame(self, doing: str, error: Exception) -> None:
        """Have an error tell what was being done, and what is left to do."""
        if isinstance(error, BudgetExceeded) and not error.run_id:
            assert self._prepared is not None
            error.run_id, error.step, error.partial = self._run_id, doing, self.partial()
            left = remaining_of(self._prepared, self._chunks.keys())
            error.args = (f"{error}; what remains: {left}",)
        error.add_note(self._note(doing, error))

    def _note(self, doing: str, error: Exception) -> str:
        assert self._prepared is not None
        done = f"{len(self._chunks)} of {len(self._prepared.chunks)} chunks are done"
        if self._options.ledger is False:
            kept = f"{done}; their answers are not kept (ledger=False)"
        else:
            again = f"docsum_nb.resume({self._run_id!r})"
            kept = f"{done} and kept; {again} or the same call goes on from there"
        status = getattr(error, "status_code", None)
        http = f" (HTTP status {status})" if status else ""
        if "Connection error" in str(error):
            http = (
                f" (nothing answers at {self._prepared.model.settings.base_url or 'its address'})"
            )
        return (
            f"docsum_nb run {self._run_id}: {doing} with {self._prepared.model.name}{http}; {kept}"
        )
