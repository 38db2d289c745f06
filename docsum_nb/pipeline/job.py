"""The main job as a run sees it: one step after the other, each with all the concurrency it allows.

What is finished so far is in ``Results``, so that a run that ends early still has its partial
result. Every request is a task of ``TaskExecutor``, and goes through one ``ModelClient``.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docsum_nb.budget import Budget
from docsum_nb.errors import RunError
from docsum_nb.events import (
    BudgetSet,
    ChunksPlanned,
    FilesFetched,
    MergesPlanned,
    StageStarted,
    Warned,
)
from docsum_nb.models import ModelClient, SummaryStream, begin_import, with_cause
from docsum_nb.options import Options
from docsum_nb.pipeline.cited import citations_of
from docsum_nb.pipeline.combine import (
    Combiner,
    PartialSummary,
    omissions_of,
    one_below_the_other,
)
from docsum_nb.pipeline.error_notes import ErrorNotes
from docsum_nb.pipeline.on_cluster import connect, on_cluster
from docsum_nb.pipeline.planning import addressed_to_models, plan_of, warnings_of
from docsum_nb.pipeline.preparation import (
    Opened,
    Prepared,
    cut_source,
    open_ledger,
    open_source,
)
from docsum_nb.pipeline.related import find_related
from docsum_nb.pipeline.requests import RequestBuilder
from docsum_nb.pipeline.results import Results
from docsum_nb.pipeline.run_log import RunLog
from docsum_nb.pipeline.summarize_chunks import ChunkSummarizer
from docsum_nb.pipeline.task_executor import TaskExecutor
from docsum_nb.private_folder import PrivateFolder
from docsum_nb.recognition import Recognizer
from docsum_nb.records import ChunkSummary, DocumentSummary, Hit, Omission, Usage
from docsum_nb.results import Plan, Summary
from docsum_nb.run import Control, Detail, fan_out, in_thread

if TYPE_CHECKING:
    from docsum_nb.cluster.connection import Connection

__all__ = ["Job"]

_FINAL = "summary"
"""What the final text is called in events."""


@dataclass(frozen=True)
class _Loaded:
    """What loading makes for the other steps."""

    prepared: Prepared
    log: RunLog
    client: ModelClient
    builder: RequestBuilder
    tasks: TaskExecutor
    results: Results
    notes: ErrorNotes


class Job:
    """Summarizes the documents of one run: load, summarize, combine, evaluate, each once, in order.

    Steps that are called one by one are called within ``async with job``.
    """

    def __init__(self, options: Options, *, within: Budget | None = None) -> None:
        self._options = options
        self._within = within
        self._began = time.monotonic()
        self._control: Control | None = None
        self._log: RunLog | None = None
        self._prepared: Prepared | None = None
        self._results: Results | None = None
        self._notes: ErrorNotes | None = None
        self._pictures: PrivateFolder | None = None
        """Holds the pictures of pages, from loading until their text is read."""
        self._cluster: Connection | None = None
        self._ready: _Loaded | None = None
        self._merged: dict[str, PartialSummary] = {}
        """The summary of each document, with the sentences that it rests on."""

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
        """Read the source, and open everything the other steps need.

        No model is asked, but the one that reads scanned pages.
        """
        self._control = control
        control.emit(StageStarted("loading"))
        control.emit(
            BudgetSet(
                max_cost=self._options.max_cost,
                max_calls=self._options.max_calls,
                max_tokens=self._options.max_tokens,
            )
        )
        # While the ledger is opened and the documents are read.
        begin_import(self._options.model)
        ledger = await in_thread(open_ledger, self._options)
        log = self._log = RunLog(ledger, self._options, control)
        if self._options.vision is not None:
            self._pictures = await in_thread(PrivateFolder)
        self._cluster = await connect(self._options, control)
        opened = await in_thread(
            open_source,
            self._options,
            pictures=None if self._pictures is None else self._pictures.path,
            stage=lambda it: control.emit(StageStarted(it)),
            fetched=lambda files, size: control.emit(FilesFetched(files, size)),
            when_stopped=control.when_stopped,
            # On a cluster, the workers have the key.
            to_ask=self._options.client is None,
        )
        opened = on_cluster(opened, self._cluster)
        budget = self._options.budget(within=self._within)
        client = ModelClient(opened.models, ledger=ledger, control=control, budget=budget)
        recognizes = bool(opened.loaded.pictures)
        if recognizes:
            opened = await self._recognize(opened, client, log, control)
        prepared = await in_thread(cut_source, opened, cut=log.cut)
        results = self._collect(prepared, client, control)
        await in_thread(log.begin, chunks=len(prepared.chunks))
        planned = plan_of(prepared)
        # Those of the models were reported before the first call.
        for warning in () if recognizes else planned.warnings:
            control.emit(Warned(warning))
        for warning in await in_thread(addressed_to_models, prepared):
            control.emit(Warned(warning))
        labels = tuple(chunk.label for chunk in prepared.chunks)
        control.emit(ChunksPlanned(planned.chunks, planned.calls, labels))
        tasks = TaskExecutor(prepared, client, control)
        await tasks.open()
        notes = self._notes = ErrorNotes(prepared, results, control)
        builder = RequestBuilder(prepared)
        self._ready = _Loaded(prepared, log, client, builder, tasks, results, notes)
        return planned

    async def _recognize(
        self, opened: Opened, client: ModelClient, log: RunLog, control: Control
    ) -> Opened:
        """Return the source with the text of its scanned pages, which a model reads."""
        # Recorded before the first call, so that it can be resumed.
        await in_thread(log.begin, chunks=0)
        pending = opened.prepared()
        for warning in warnings_of(pending):
            control.emit(Warned(warning))
        results = self._collect(pending, client, control)
        vision = client.of_models(opened.vision)
        recognizer = Recognizer(vision, control, opened.loaded)
        notes = self._notes = ErrorNotes(pending, results, control).of_pages(recognizer)
        loaded = await recognizer.read(
            limit=self._options.max_concurrency, on_error=self._options.on_error, note=notes
        )
        await in_thread(self._remove_pictures)
        control.emit(StageStarted("loading"))
        return replace(opened, loaded=loaded)

    def _collect(self, prepared: Prepared, client: ModelClient, control: Control) -> Results:
        """Return the results of what is prepared, which ``partial`` returns from now on."""
        results = Results(prepared, client, run_id=control.run_id, began=self._began)
        self._prepared, self._results = prepared, results
        return results

    def _remove_pictures(self) -> None:
        folder, self._pictures = self._pictures, None
        if folder is not None:
            folder.remove()

    async def summarize(self, control: Control) -> tuple[ChunkSummary, ...]:
        """Summarize every chunk."""
        loaded = self._loaded()
        control.emit(StageStarted("summarizing"))
        self._stream_if_watched(loaded, control)
        summarizer = ChunkSummarizer(
            loaded.builder,
            loaded.tasks,
            loaded.client,
            self._combiner(loaded, control),
            loaded.results,
            loaded.notes,
            control,
        )
        await summarizer.summarize(
            limit=self._options.max_concurrency, on_error=self._options.on_error
        )
        return loaded.results.in_order()

    async def combine(self, control: Control) -> Summary:
        """Merge the summaries into one, and cite its sources."""
        loaded = self._loaded()
        results = loaded.results
        control.emit(StageStarted("combining"))
        await loaded.tasks.complete_import()
        chunks = Counter(each.chunk.document for each in results.in_order())
        control.emit(MergesPlanned(loaded.prepared.merge_calls(chunks)))
        self._stream_if_watched(loaded, control)
        combiner = self._combiner(loaded, control)
        await self._combine_documents(loaded, combiner, control)
        self._stream_if_watched(loaded, control)
        last = await self._combine_all(loaded, combiner)
        results.text, results.model = last.text, last.model
        if loaded.client.stream is not None:
            # What was stored, or was not streamed after all, is shown now.
            loaded.client.stream.end(last.text)
        results.data = await self._extract(loaded, control)
        results.note_fallbacks()
        results.note_length()
        results.citations = await in_thread(
            citations_of, results.text, loaded.prepared, loaded.log, last.marks
        )
        results.note_marks(last.marks, last.unknown_marks)
        return results.summary()

    async def evaluate(self, control: Control) -> Summary:
        """Find related documents in the library; without a library, there is nothing to do."""
        loaded = self._loaded()
        loaded.results.related = await self._evaluate(loaded, control)
        return loaded.results.summary()

    async def __aenter__(self) -> Job:
        """Return the job; leaving it records how it ended, and closes the ledger."""
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if self._control is not None:
            self._control.settled()
        if self._cluster is not None:
            await self._cluster.close()
        await in_thread(self._remove_pictures)
        if self._log is not None:
            await in_thread(self._log.close, error)

    def _loaded(self) -> _Loaded:
        assert self._ready is not None
        return self._ready

    def partial(self) -> Summary | None:
        """Return what is finished so far; ``None`` before the documents are known."""
        return None if self._results is None else self._results.summary(partial=True)

    def kept(self) -> str:
        """Return what is kept, and how to go on, in words; empty before the documents are known."""
        return "" if self._notes is None else self._notes.kept()

    def remaining(self) -> str:
        """Return what is left to do; empty before the documents are known."""
        return "" if self._notes is None else self._notes.remaining()

    def detail(self, place: int) -> Detail | None:
        """Return the text of a chunk and its summary; ``None`` before the chunks are known."""
        if self._prepared is None or self._results is None or not self._prepared.chunks:
            return None
        summary = self._results.chunks.get(place)
        return Detail(self._prepared.chunks[place].text, summary.text if summary else "")

    # --- parts of the steps --------------------------------------------------------------------

    async def _combine_documents(
        self, loaded: _Loaded, combiner: Combiner, control: Control
    ) -> None:
        prepared, results = loaded.prepared, loaded.results
        parts: dict[str, list[PartialSummary]] = {}
        for index, summary in sorted(results.chunks.items()):
            part = PartialSummary.of_chunk(summary, *results.marks[index])
            parts.setdefault(summary.chunk.document, []).append(part)
        paths = {document.name: document.path for document in prepared.documents}

        async def one(name: str) -> None:
            named = parts[name]
            merging = prepared.merging_of_chunks(len(named))
            if prepared.refines:
                named = named[-1:]  # which was rewritten for each chunk
            # Of a single document, this is the last merge.
            merged = await combiner.merge(name, named, merging, final=len(parts) == 1)
            self._merged[name] = merged
            results.omit(merged.omissions)
            paid = merged.usage
            if prepared.refines:
                paid = sum((each.usage for each in parts[name]), Usage())
            results.add_document(
                DocumentSummary(
                    name, merged.text, len(parts[name]), merged.model, paths[name], paid
                )
            )

        await fan_out(one, list(parts), limit=self._options.max_concurrency, control=control)

    async def _combine_all(self, loaded: _Loaded, combiner: Combiner) -> PartialSummary:
        prepared = loaded.prepared
        sources = prepared.sources()
        named = [
            PartialSummary(
                each.name,
                each.text,
                each.model,
                each.usage,
                sources=tuple(sources[each.name]) or self._merged[each.name].sources,
                evidence=self._merged[each.name].evidence,
                marks=self._merged[each.name].marks,
                unknown_marks=self._merged[each.name].unknown_marks,
            )
            for each in loaded.results.by_document()
        ]
        if prepared.options.strategy == "per-document" and len(named) > 1:
            return one_below_the_other(named)
        merging = prepared.merging_of_documents(len(named))
        last = await combiner.merge(
            f"all {len(named)} documents together", named, merging, final=True
        )
        loaded.results.omit(last.omissions)
        return last

    async def _extract(self, loaded: _Loaded, control: Control) -> Any:
        """Return the result in the form that was asked for; ``None`` if none was."""
        schema = self._options.response_model
        if schema is None:
            return None
        parts = [(each.name, each.text) for each in loaded.results.by_document()]
        try:
            form = loaded.builder.form(loaded.results.text, parts, schema)
            answer = await loaded.tasks.run(form)
            loaded.results.omit(omissions_of("the data asked for", answer))
            return schema.model_validate_json(answer.text)
        except Exception as error:
            if control.stopped_by() is not None or not self._may_skip(error):
                loaded.notes("putting the result into the form asked for", error)
                raise
            reason = f"not extracted: {with_cause(error)}"
            loaded.results.omit([Omission("the data asked for", reason)])
            return None

    async def _evaluate(self, loaded: _Loaded, control: Control) -> tuple[Hit, ...]:
        prepared = loaded.prepared
        if prepared.library is None:
            return ()
        control.emit(StageStarted("evaluating"))
        try:
            related, omitted = await find_related(prepared, loaded.results.summary(), loaded.client)
        except Exception as error:
            if control.stopped_by() is not None:
                raise
            if not self._may_skip(error):
                loaded.notes("evaluating the related documentation", error)
                raise
            reason = f"not judged: {with_cause(error)}"
            related, omitted = (), [Omission("the related documentation", reason)]
        loaded.results.omit(omitted)
        return related

    def _combiner(self, loaded: _Loaded, control: Control) -> Combiner:
        return Combiner(
            loaded.builder,
            loaded.tasks,
            loaded.client,
            loaded.notes,
            control,
            limit=self._options.max_concurrency,
        )

    def _stream_if_watched(self, loaded: _Loaded, control: Control) -> None:
        """Show the final text while it is written, if anything shows the events of the run.

        A plain request has fewer ways to fail, so a stream is worth it only if it is watched.
        """
        asks = self._options.ask_citations  # a text with marks is shown when they are removed
        if loaded.client.stream is None and control.watched() and not asks:
            loaded.client.stream = SummaryStream(control, label=_FINAL)

    def _may_skip(self, error: Exception) -> bool:
        return self._options.on_error == "skip" and not isinstance(error, RunError)
