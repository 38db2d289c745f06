"""The public functions ``summarize`` and ``plan``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import TypeVar

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.events import Event
from docsum_nb.models.model import Model
from docsum_nb.options import SETTLE_S, DetailLevel, OnError, Options, Strategy, StrPath, ToolLike
from docsum_nb.render.formats import listed
from docsum_nb.results import Plan, Summary
from docsum_nb.run import Control, Detail, Location, Run, Work, in_thread
from docsum_nb.views import LiveDisplay

if TYPE_CHECKING:
    from docsum_nb.library import Library
    from docsum_nb.pipeline.job import Job

__all__ = ["begin", "given_models", "plan", "summarize"]

_Model = TypeVar("_Model", default=None)
"""What ``data`` of the summary is an instance of; without a ``response_model`` it is ``None``."""
_MOST_MODELS = 1000
_given: dict[str, dict[str, Any]] = {}
"""The models of runs, by run and option: they hold keys, which the ledger must not store. And the
libraries: one may be a function, or have one as its embedder."""
_MOST_NAMES = 3
"""Of chunks that an error names as unfinished."""


@explains_arguments
def summarize(
    source: Any,
    *,
    model: str | Model = "extractive",
    vision: str | Model | None = None,
    text: str | None = None,
    name: str | None = None,
    library: StrPath | Library | Callable[..., Any] | ToolLike | None = None,
    question: str | None = None,
    length: int | None = None,
    detail: DetailLevel = "medium",
    strategy: Strategy = "auto",
    language: str | None = None,
    audience: str | None = None,
    focus: str | None = None,
    ask_citations: bool = False,
    deadline: float | None = None,
    on_error: OnError = "raise",
    follow_links: bool = False,
    max_concurrency: int = 32,
    ledger: StrPath | Literal[False] | None = None,
    on_event: Callable[[Event], object] | None = None,
    client: Any = None,
    chunk_tokens: int | None = None,
    prompts: StrPath | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    response_model: type[_Model] | None = None,
    show: bool = True,
) -> Run[Summary[_Model]]:
    """Summarize documents, and find what a library says about them.

    Starts at once and returns a ``Run``: ``await`` it in a notebook cell or coroutine, call
    ``.result()`` anywhere else, or leave it in the background and look at it.

    Args:
        source: A path, a glob, an address such as ``"s3://bucket/*.md"``, a ``Document``, a
            DataFrame, a mapping or Series of names to texts, bytes, an open file, or a list or
            iterator of any of these or of pairs ``(name, text)``. A string is a path, except in a
            list of nothing but texts. An iterator, table or file is read before this returns.
        model: A ``Model`` or its name. ``"extractive"`` needs no key and no network.
        vision: A ``Model`` that reads pictures, or its name: it reads the pages of PDF files that
            are pictures, and picture files (PNG, JPEG, TIFF), by one request a page. A name of the
            same provider as ``model`` is called like that one. ``None``: tesseract reads these
            pages if it is installed, and picture files are not read.
        text: The column of a DataFrame that holds the texts; ``None`` for the obvious one.
        name: The column of a DataFrame that holds the names; ``None`` for one of the columns name,
            id, title, file, ... whose values are unique, else the index, else the row's number.
        library: The folder of a ``Library``, the library, or a search of your own: a function
            ``search(query, k)``, which may be asynchronous, or a CrewAI tool; ``None`` finds
            nothing related.
        question: What the reader wants to know; ``None`` for a summary of everything.
        length: Words of the final summary, about, from 10 on; ``None`` for 300.
        detail: ``"high"`` for shorter chunks and longer summaries on the way to the final one, by
            more calls; ``"low"`` for the reverse.
        strategy: ``"tree"`` summarizes all chunks at the same time and merges their summaries level
            by level; ``"refine"`` reads each document chunk by chunk and rewrites one summary, one
            call after another; ``"single"`` sends each document whole, and refuses one that does
            not fit; ``"per-document"`` makes no summary of all, but one of ``length`` words of each
            document, under its name; ``"auto"`` chooses, and the plan says why.
        language: The language to write in, such as ``"German"``; ``None`` for that of the text.
        audience: Who is to read it, such as ``"engineers new to the field"``; ``None`` for anybody.
        focus: What to dwell on, such as ``"risks and dates"``; ``None`` for nothing.
        ask_citations: Ask the model to name, behind each sentence, the passages that it rests on.
            What it names is verified and added to what is found without it; a few hundred tokens a
            request. Not in windows below 4,000 tokens, nor while ``"refine"`` rewrites.
        deadline: Seconds from now until the run must be over; ``None`` for no limit. The first run
            of a process with a language model takes some of them to import LiteLLM.
        on_error: ``"raise"`` ends the run with the first error, at once; ``"collect"`` finishes
            all other chunks, then raises one ExceptionGroup; ``"skip"`` goes on to the summary and
            lists in ``omitted`` what it lacks.
        follow_links: Follow symbolic links in a folder that lead out of it; without, they are in
            ``omitted``.
        max_concurrency: Chunks in work at once.
        ledger: The file in which answers are kept, so that none is paid for twice; ``None`` for
            the one in the user's data folder, ``False`` for none.
        on_event: Called with every event, in order, in a thread of its own; its errors become
            warnings of the run.
        client: A ``dask.distributed.Client``: the calls are made on its cluster; ``None`` makes
            them in this process. Limits, bounds, ledger and progress stay here, and hold for all
            workers together. These need docsum_nb in the same version, and the key.
        chunk_tokens: Longest chunk, in tokens; ``None`` for 6,000, or what the model takes.
        prompts: A folder with ``agents.yaml`` or ``tasks.yaml`` that override the built-in texts.
        max_cost: US dollars to be paid at most; ``None`` for no bound. A request is not sent that
            might exceed a bound, by the most it may take; what is finished is in ``run.partial``,
            and the error says what remains.
        max_calls: Requests to be sent at most, those that fail included; ``None`` for no bound.
        max_tokens: Tokens of prompts and answers together at most; ``None`` for no bound.
        response_model: A pydantic model class; the summary's ``data`` is then an instance, filled
            in from the final summary and those of the documents by one call more.
        show: Show live progress: a panel in notebooks, a line on stderr elsewhere. With a panel or
            ``on_event``, the final text is requested as a stream and reported while it is written;
            without, it is not, as a plain request has fewer ways to fail.

    Returns:
        The run of a ``Summary``. Its ``documents`` and ``chunks`` are in input order.

    Raises:
        InputError: if an argument cannot be used. What is wrong with the source, the model's name
            or its key comes out of the run, before anything is paid for.
        Exception: out of the run, the provider's own error unchanged; ``LoadError``,
            ``LibraryError``, ``LedgerError``, ``ModelError``, ``DeadlineExceeded``,
            ``BudgetExceeded``, ``ClusterError`` or ``RunCancelled``, see ``docsum_nb.errors``; an
            ExceptionGroup with ``on_error="collect"``.

    Example:
        >>> text = "Whales are mammals that live in the sea. They breathe air at the surface."
        >>> run = summarize({"whales": text}, ledger=False, show=False)
        >>> run.result().documents[0].name
        'whales'
    """
    return begin(Options(**locals()))


def begin(options: Options, *, run_id: str | None = None, title: str = "summarize") -> Run[Summary]:
    """Start the job as a run.

    Args:
        options: What it is to do, and how long it may take.
        run_id: The run that is resumed; ``None`` for a new one.
        title: The title under which its progress is shown.
    """
    run: Run[Summary] = Run(
        _SummarizeWork(options),
        title=title,
        deadline=options.deadline,
        settle_s=SETTLE_S,
        on_event=options.on_event,
        display=LiveDisplay(),
        show=options.show,
        run_id=run_id,
    )
    _given[run.id] = {"model": options.model}
    if options.vision is not None:
        _given[run.id]["vision"] = options.vision
    if options.library is not None and not isinstance(options.library, str | os.PathLike):
        _given[run.id]["library"] = options.library
    if len(_given) > _MOST_MODELS:
        # Another thread that starts a run may have removed it already.
        _given.pop(next(iter(_given)), None)
    return run


def given_models(run_id: str) -> dict[str, Any]:
    """Return the models and the library that a run of this process was given, by option."""
    return _given.get(run_id, {})


@explains_arguments
def plan(
    source: Any,
    *,
    model: str | Model = "extractive",
    vision: str | Model | None = None,
    text: str | None = None,
    name: str | None = None,
    library: StrPath | Library | Callable[..., Any] | ToolLike | None = None,
    question: str | None = None,
    length: int | None = None,
    detail: DetailLevel = "medium",
    strategy: Strategy = "auto",
    language: str | None = None,
    audience: str | None = None,
    focus: str | None = None,
    ask_citations: bool = False,
    on_error: OnError = "raise",
    follow_links: bool = False,
    chunk_tokens: int | None = None,
    prompts: StrPath | None = None,
    response_model: Any = None,
) -> Plan:
    """Return what ``summarize`` would do, without a call of a model.

    Reads and splits the documents; blocks while it does. Nothing is sent, so no key is needed.
    Takes those arguments of ``summarize`` that decide what is asked, with the same meaning, and
    none of those that decide how: deadline, concurrency, ledger, bounds, on_event and show.

    Args:
        source: The documents.
        model: A name, or a ``Model``.
        vision: A model that reads scanned pages; ``None`` for tesseract, if it is installed. It is
            not asked: a page whose text is not in the ledger of the user's data folder counts as
            one call and the longest text.
        text: The column of a DataFrame that holds the texts; ``None`` for the obvious one.
        name: The column of a DataFrame that holds the names; ``None`` to choose one.
        library: The folder of a ``Library``, the library, or a search of your own: a function
            ``search(query, k)``, which may be asynchronous, or a CrewAI tool; ``None`` finds
            nothing related.
        question: What the reader wants to know; ``None`` for a summary of everything.
        length: Words of the final summary; ``None`` for 300.
        detail: How much is kept on the way to the final summary.
        strategy: How it is made, as for ``summarize``.
        language: The language to write in; ``None`` for that of the text.
        audience: Who is to read it; ``None`` for anybody.
        focus: What to dwell on; ``None`` for nothing.
        ask_citations: Ask the model which passages its sentences rest on.
        on_error: With ``"skip"``, documents that cannot be read are in ``omitted``.
        follow_links: Follow symbolic links in a folder that lead out of it; without, they are in
            ``omitted``.
        chunk_tokens: Longest chunk, in tokens; ``None`` for 6,000, or what the model takes.
        prompts: A folder with texts that override the built-in ones; ``None`` for none.
        response_model: A pydantic model class to be filled in; ``None`` for none.

    Returns:
        What would be read, by name and size, and what is omitted and why. Documents, chunks and
        calls exactly, as long as nothing has to be asked twice and no page is left for ``vision``,
        else at most; tokens and cost at most. What the ledger holds already is not taken off, save
        the text of pages. An agent that searches the
        library further may add two calls.

    Raises:
        InputError: if an argument or the model's name cannot be used, or there is no text.
        LoadError: if a document cannot be read.
        ExceptionGroup: of all that cannot be read, with ``on_error="collect"``.
        LibraryError: if the library cannot be opened or holds nothing.

    Example:
        >>> plan({"a": "One text.", "b": "Another text."}).calls
        3
    """
    options = Options(**locals())
    from docsum_nb.pipeline.planning import plan_of, prepare

    return plan_of(prepare(options))


class _SummarizeWork(Work[Summary]):
    """The job, imported in a worker thread: CrewAI takes seconds to import."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._control: Control | None = None
        self._job: Job | None = None

    async def __call__(self, control: Control) -> Summary:
        self._control = control
        self._job = await in_thread(_make_job, self._options)
        return await self._job(control)

    def partial(self) -> Summary | None:
        """Return what is finished so far; ``None`` before the documents are known."""
        return self._job.partial() if self._job else None

    def kept(self) -> str:
        """Return what is kept, and how to go on; empty before the documents are known."""
        return self._job.kept() if self._job else ""

    def remaining(self) -> str:
        """Return what is left to do; empty before the documents are known."""
        return self._job.remaining() if self._job else ""

    def detail(self, index: int) -> Detail | None:
        """Return one chunk."""
        return self._job.detail(index) if self._job else None

    def location(self) -> Location | None:
        """Return the step, and the chunks that are in work."""
        if self._control is None:
            return None
        what = listed(self._control.underway(), most=_MOST_NAMES)
        return Location(f"while {self._control.state().stage} {what}".rstrip())


def _make_job(options: Options) -> Job:
    from docsum_nb.pipeline.job import Job

    return Job(options)
