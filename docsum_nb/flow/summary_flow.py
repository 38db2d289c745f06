"""The main job as a CrewAI Flow, for people who compose flows.

The same job as ``summarize``, one run for each kickoff, its steps asked for by the flow's methods.
The flow's own loop, which may be a server's or a kernel's, only waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import PrivateAttr, ValidationError

from docsum_nb.argument_hints import unexpected_argument
from docsum_nb.crew.base_classes import Flow, inherit_steps, listen, start
from docsum_nb.crew.guard import current_guard
from docsum_nb.crew.output import quietly
from docsum_nb.documents.given import sources_in
from docsum_nb.errors import InputError
from docsum_nb.events import Event
from docsum_nb.flow.state import SummaryState, arguments_of
from docsum_nb.flow.stepwise import StepwiseRun
from docsum_nb.models import Model, as_model
from docsum_nb.options import (
    DetailLevel,
    OnError,
    Options,
    Strategy,
    StrPath,
    ToolLike,
    options_of,
)
from docsum_nb.records import ChunkSummary
from docsum_nb.results import Plan, Summary
from docsum_nb.run import Run
from docsum_nb.secrets import NO_KEY, masked_params, without_login

if TYPE_CHECKING:
    from docsum_nb.library import Library

__all__ = ["SummaryFlow", "SummaryState"]

_ARGUMENTS = arguments_of()
_MODELS = ("model", "vision")
"""Options whose value may hold a key."""
_CREWAI = {"id", "crewai_trigger_payload"}
"""Inputs that CrewAI itself knows."""
_RESULTS: dict[str, Any] = {
    name: field.default
    for name, field in SummaryState.model_fields.items()
    if name not in {"id", *(each.name for each in _ARGUMENTS)}
}


class SummaryFlow(Flow[SummaryState]):  # type: ignore[misc]  # CrewAI's classes are Any here
    """``summarize`` as a CrewAI Flow of four steps: load, summarize, combine, evaluate.

    Arguments are given here or as the kickoff's inputs, which come first; results are in ``state``
    as the steps are done, and the kickoff's result is the ``Summary``. Each step is one of CrewAI's
    methods, with its events. A failed step raises the first error at once, with its own type: the
    flow fails at that step, later ones do not run, and ``partial`` holds what was finished.

        summary = await SummaryFlow("reports/").kickoff_async()          # a cell, a server, a flow
        summary = SummaryFlow().kickoff(inputs={"source": "reports/"})   # a script
        summary = await docsum_nb.kickoff(SummaryFlow("reports/"), deadline=600)   # a Run

    In a cell or server, write ``await flow.kickoff_async()``: CrewAI's ``flow.kickoff()`` blocks
    the loop there, and hides a step's RuntimeError behind one of its own.

    Calls are made on the package's own loop, never on the caller's. When the task that awaits the
    kickoff is cancelled, nothing new is started; calls in flight have 5 seconds to store their
    answers in the ledger, then they are cancelled. A kickoff continues from the ledger, so one that
    follows a failed one pays only for the rest; so does a flow restored with ``@persist`` or from a
    checkpoint.

    Subclass it to add steps, ``@listen(SummaryFlow.evaluate)``, or to override one as a plain
    method, ``async def load(self): ...; return await super().load()``. Steps need those before
    them: one that is overridden without ``super()`` is done when a later one asks for it. Any
    number of flows may run at once; one instance runs one kickoff at a time. CrewAI's panels are
    not printed, and no memory is made unless ``memory`` is given.

    Args:
        source: As for ``summarize``, like all that follow.
        model: A ``Model`` or its name. The key of a ``Model`` is kept out of the state.
        vision: A ``Model`` that reads scanned pages, or its name; its key, too.
        text: The column of a DataFrame that holds the texts.
        name: The column of a DataFrame that holds the names.
        library: The folder of a ``Library``, the library, or a search of your own.
        question: What the reader wants to know.
        length: Words of the final summary.
        detail: ``"low"``, ``"medium"`` or ``"high"``.
        strategy: ``"auto"``, ``"tree"``, ``"refine"``, ``"single"`` or ``"per-document"``.
        language: The language to write in.
        audience: Who is to read it.
        focus: What to dwell on.
        ask_citations: Ask the model which passages its sentences rest on.
        deadline: Seconds from ``load`` until the last step must be done, with what other steps
            take in between; ``None`` for no limit.
        on_error: ``"raise"``, ``"collect"`` or ``"skip"``.
        follow_links: Follow symbolic links in a folder that lead out of it.
        max_concurrency: Chunks in work at once.
        ledger: The file in which answers are kept; ``False`` for none.
        chunk_tokens: Longest chunk, in tokens.
        prompts: A folder with texts that override the built-in ones.
        max_cost: US dollars at most, and ...
        max_calls: ... requests at most, and ...
        max_tokens: ... tokens at most.
        response_model: A pydantic model class for ``data``.
        on_event: Called with every event of the run, in order, in a thread of its own.
        client: A client of a Dask cluster on which the calls are made; ``None`` makes them here.
        show: Show live progress.
        **flow: What CrewAI's ``Flow`` takes, such as ``persistence`` or ``tracing``.

    Raises:
        InputError: if an argument or input cannot be used, or this flow is running already. What is
            wrong with the source, the library or the model's key comes out of ``load``.
    """

    _skip_auto_memory: bool = True
    _models: dict[str, Model] = PrivateAttr(default_factory=dict)
    _on_event: Callable[[Event], object] | None = PrivateAttr(default=None)
    _client: Any = PrivateAttr(default=None)
    _show: bool = PrivateAttr(default=True)
    _stepping: StepwiseRun | None = PrivateAttr(default=None)
    _busy: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(
        self,
        source: Any = None,
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
        chunk_tokens: int | None = None,
        prompts: StrPath | None = None,
        max_cost: float | None = None,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        response_model: Any = None,
        on_event: Callable[[Event], object] | None = None,
        client: Any = None,
        show: bool = True,
        **flow: Any,
    ) -> None:
        given = dict(locals())
        for other in flow.keys() - type(self).model_fields.keys():
            # CrewAI would drop it in silence.
            taken = [*(option.name for option in options_of()), *type(self).model_fields]
            raise unexpected_argument(other, flow[other], taken=taken, name="SummaryFlow")
        super().__init__(**flow)
        for role in _MODELS:
            given[role] = self._without_key(role, given[role])
        given["source"] = sources_in(source, text=text, name=name)
        self._on_event, self._client, self._show = on_event, client, show
        for each in _ARGUMENTS:
            if given[each.name] is not each.default:
                setattr(self.state, each.name, given[each.name])
        self._options()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherit_steps(cls, _STEPS)

    # --- the steps -----------------------------------------------------------------------------

    @start()
    async def load(self) -> Plan:
        """Read the source and open model and library; returns the plan, and asks nothing yet."""
        self._begin()
        plan: Plan = await self._done("load")
        self.state.plan = plan
        return plan

    @listen("load")
    async def summarize(self) -> tuple[ChunkSummary, ...]:
        """Summarize every chunk; returns the summaries in input order."""
        chunks: tuple[ChunkSummary, ...] = await self._done("summarize")
        self.state.chunks = chunks
        return chunks

    @listen("summarize")
    async def combine(self) -> Summary:
        """Merge them, document by document, then all; returns the summary with its citations."""
        summary: Summary = await self._done("combine")
        self.state.documents, self.state.text = summary.documents, summary.text
        self.state.citations, self.state.data = summary.citations, summary.data
        self.state.omitted = summary.omitted
        return summary

    @listen("combine")
    async def evaluate(self) -> Summary:
        """Find what the library says, if one was given; returns the whole summary."""
        summary: Summary = await self._done("evaluate")
        self.state.related, self.state.omitted = summary.related, summary.omitted
        return summary

    # --- the kickoff ---------------------------------------------------------------------------

    async def kickoff_async(
        self,
        inputs: dict[str, Any] | None = None,
        input_files: dict[str, Any] | None = None,
        from_checkpoint: Any = None,
        restore_from_state_id: str | None = None,
    ) -> Any:
        """Run the flow; see CrewAI's ``Flow.kickoff_async``, and the class for what it raises."""
        more = (input_files, from_checkpoint, restore_from_state_id)
        if self.stream:
            # CrewAI comes back here when the stream is read.
            return await super().kickoff_async(inputs, *more)
        if not self._busy.acquire(blocking=False):
            raise InputError("this SummaryFlow is running; make another one to run beside it")
        try:
            with quietly():
                return await super().kickoff_async(self._checked(inputs), *more)
        finally:
            if self._stepping is not None:
                self._stepping.stop("the flow that it belongs to ended")
            self._busy.release()

    @property
    def run(self) -> Run[Summary] | None:
        """The run of the last kickoff, to look at or to cancel; ``None`` before ``load``."""
        return None if self._stepping is None else self._stepping.run

    @property
    def partial(self) -> Summary | None:
        """What the last kickoff has finished so far; ``None`` before its documents are known."""
        return None if self.run is None else self.run.partial

    def _begin(self) -> None:
        if self._stepping is not None:
            self._stepping.stop("the flow loads again")
        for name, nothing in _RESULTS.items():
            setattr(self.state, name, nothing)
        guard = current_guard()
        options = self._options()
        self._stepping = StepwiseRun(
            # Guarded, the run around this one shows it.
            replace(options, show=options.show and guard is None),
            title=self.name or type(self).__name__,
            seen_by=None if guard is None else guard.control_of,
            within=None if guard is None else guard.budget,
        )
        self.state.run_id = self._stepping.run.id

    async def _done(self, step: str) -> Any:
        if self._stepping is None:
            # Restored by CrewAI after a step that another process has done: the ledger has it.
            self._begin()
        assert self._stepping is not None
        result = await self._stepping.done(step)
        so_far = self._stepping.run.partial
        self.state.usage = so_far.usage
        return result

    # --- the arguments -------------------------------------------------------------------------

    def _options(self) -> Options:
        arguments = {each.name: getattr(self.state, each.name) for each in _ARGUMENTS}
        for name, model in self._models.items():
            given = arguments[name]
            if given is not None and _keyless(model) == as_model(given):
                arguments[name] = model
        call = {"on_event": self._on_event, "client": self._client, "show": self._show}
        return Options(**{**arguments, **call})

    def _checked(self, inputs: dict[str, Any] | None) -> dict[str, Any] | None:
        if not inputs:
            return inputs
        known = type(self.state).model_fields
        unknown = [name for name in inputs if name not in known and name not in _CREWAI]
        if unknown:
            raise InputError(
                f"{unknown[0]!r} is no input of {type(self).__name__}; its inputs are "
                f"{', '.join(name for name in known if name not in {'id', *_RESULTS})}"
            )
        taken = dict(inputs)
        for name in _MODELS:
            if name in taken:
                taken[name] = self._without_key(name, taken[name])
        try:
            type(self.state).model_validate({**dict(self.state), **taken})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(f"the input {place} cannot be used: {first['msg']}") from error
        return taken

    def _without_key(self, name: str, model: Any) -> Any:
        """Keep a key out of the state, which CrewAI shows, stores and traces."""
        if not isinstance(model, Model):
            return model
        self._models[name] = model
        return _keyless(model)


_STEPS: dict[str, Callable[[Any], Any]] = {
    "load": start(),
    "summarize": listen("load"),
    "combine": listen("summarize"),
    "evaluate": listen("combine"),
}
"""The decorators of the steps; an overriding method gets that of what it overrides."""


def _keyless(model: Model) -> Model:
    fallbacks = tuple(
        _keyless(each) if isinstance(each, Model) else each for each in model.fallbacks
    )
    return replace(
        model,
        api_key=NO_KEY if model.api_key == NO_KEY else None,
        base_url=model.base_url and without_login(model.base_url),
        params=masked_params(model.params),
        fallbacks=fallbacks,
    )
