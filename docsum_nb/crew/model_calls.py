"""The model calls of a guarded crew: whether one may be made, and what it took.

Before a call CrewAI asks a hook; what the call took comes by an event, in the same context. Both
are CrewAI's own and reach every thread that a guarded crew starts. Not every answer has an event: a
model of the user's own emits none, LiteLLM's tool calls have none, so an answer is also seen where
CrewAI looks at it. If no usage is reported, tokens are counted here and one warning says so.

Of the retries that CrewAI stacks on a 429, one layer is left: the provider's client's where it has
one, since that one heeds Retry-After; CrewAI's own elsewhere.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from docsum_nb.budget import Budget, Reservation
from docsum_nb.crew.cost_bounds import (
    PriceOf,
    check_affordable,
    longest_answer,
    name_of,
    price_of_model,
)
from docsum_nb.crew.crewai_names.llm_calls import rate_limit_retry
from docsum_nb.crew.crewai_names.reports import (
    LLMCallCompletedEvent,
    LLMCallFailedEvent,
    LLMCallStartedEvent,
    LLMCallType,
    LLMStreamChunkEvent,
    UsageMetrics,
)
from docsum_nb.crew.current_task import caller_of
from docsum_nb.crew.inspection.parts import ModelUse
from docsum_nb.crew.token_counts import counted_usage, reported_usage
from docsum_nb.documents.tokens import SPARE, token_counter
from docsum_nb.environment import redirected_by_dotenv
from docsum_nb.errors import BudgetExceeded, InputError
from docsum_nb.events import CallFinished, CallStarted, TextStreamed, Warned
from docsum_nb.provider_errors import public_address
from docsum_nb.records import Price, Usage
from docsum_nb.run import (
    Control,
    begin_span,
    blocks_a_loop,
    chat_attributes,
    end_span,
    is_on_a_loop,
)
from docsum_nb.secrets import remember_settings

__all__ = ["ModelCalls", "called_model", "metered"]

_MESSAGE_TOKENS = 16
"""What the format takes around a message, generously."""
_WAIT_S = 0.1
_WHOLE = frozenset(
    ["stop", "end_turn", "stop_sequence", "tool_calls", "tool_use", "function_call", "completed"]
)
"""Why an answer ends that is whole, as providers name it."""
_CUT = frozenset(["length", "max_tokens", "max_output_tokens", "model_length"])
"""Why one ends that was cut off."""


class _Meter:
    """Adds up what the calls of one kickoff took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = UsageMetrics()

    def add(self, used: UsageMetrics) -> None:
        with self._lock:
            self._total.add_usage_metrics(used)

    def total(self) -> UsageMetrics:
        with self._lock:
            return self._total.model_copy()


_meter: ContextVar[_Meter | None] = ContextVar("docsum_nb_meter", default=None)
_made: ContextVar[_Call | None] = ContextVar("docsum_nb_call", default=None)
_sent: ContextVar[tuple[Any, LLMCallStartedEvent] | None] = ContextVar(
    "docsum_nb_sent", default=None
)
"""The model that is being called in this context, and what is sent to it."""


@contextmanager
def metered() -> Iterator[Callable[[], UsageMetrics]]:
    """Count what is called in this context, and in what is started from it.

    CrewAI adds up the lifetime counts of every agent's model, so what agents share counts twice.
    """
    meter = _Meter()
    token = _meter.set(meter)
    try:
        yield meter.total
    finally:
        _meter.reset(token)


def called_model() -> str:
    """Return the model that was last allowed to be called in this context; empty if none was."""
    call = _made.get()
    return "" if call is None else call.model


class _Call:
    """One call that was allowed, until it is known what it took."""

    def __init__(self, context: Any, model: str, price: Price | None, place: Reservation) -> None:
        self.model = model
        self.price = price
        self.place = place
        self.caller = caller_of(context)
        self.task = context.task
        self.llm = context.llm
        self.messages = tuple(context.messages)
        self.tracked: list[Mapping[str, Any]] = []
        """The usage that its provider reported, for each of its requests."""
        self.thread = threading.get_ident()
        self.writing = False
        """Whether a piece of its answer has come."""
        self.span = begin_span(f"chat {model}", chat_attributes(model))


class ModelCalls:
    """Watches over the model calls of one guarded run."""

    def __init__(
        self,
        control: Control,
        *,
        budget: Budget,
        price_of: PriceOf,
    ) -> None:
        self._control = control
        self._budget = budget
        self._price_of = price_of
        self._lock = threading.Lock()
        self._open: set[_Call] = set()
        self._unreported: set[str] = set()
        """The models that were warned of because they report no usage."""

    def check(self, uses: Iterable[ModelUse]) -> None:
        """Check, where cost is bounded, that the most a call may cost is known of every model.

        Raises:
            InputError: if it is not.
        """
        if self._budget.max_cost is not None:
            check_affordable(uses, self._price_of)

    def before(self, context: Any) -> None:
        """Allow a call, in the thread that is about to make it.

        Raises:
            Exception: what the budget has against it; the call must not be made.
        """
        _remember_secrets(context.llm)
        _check_dotenv(context.llm)
        model, price = name_of(context.llm), price_of_model(context.llm, self._price_of)
        tokens, cost = self._at_most(context, model, price)
        try:
            place = self._reserve(model, tokens, cost, context.task)
        except BudgetExceeded as error:
            if self._budget.max_cost is not None and not longest_answer(context.llm):
                error.add_note(
                    "the LLM has no max_tokens, so each call is reserved at the longest answer "
                    "that its model can give; with max_tokens=... more of them fit"
                )
            raise
        call = _Call(context, model, price, place)
        with self._lock:
            self._open.add(call)
        # CrewAI runs the call in this very context, so its events find it.
        _made.set(call)
        _leave_one_retry_layer(context.llm)
        self._control.emit(CallStarted(model, 1, *call.caller))

    def answered(self, answer: Any) -> None:
        """Count an answer, in the thread that called the model; most are settled by then."""
        self._settle(_made.get(), None, answer)

    def tracked(self, usage: Mapping[str, Any]) -> None:
        """Count the usage of one request, as the provider reported it."""
        call = _made.get()
        if call is not None:
            call.tracked.append(usage)

    def seen(self, source: Any, event: Any) -> None:
        """Process an event of CrewAI, in the thread that emitted it; must not raise."""
        if isinstance(event, LLMCallStartedEvent):
            _sent.set((source, event))
        elif isinstance(event, LLMCallCompletedEvent) and _is_an_answer(event):
            self._warn_if_cut(_made.get(), event.finish_reason)
            self._settle(_made.get(), event.usage, event.response)
        elif isinstance(event, LLMCallFailedEvent):
            # Emitted where the error is handled, and the event has its words only.
            self._drop(_made.get(), unheard=_timed_out(sys.exception()))
        elif isinstance(event, LLMStreamChunkEvent):
            self._tell(event.task_name or "", event.chunk, _made.get())

    def _warn_if_cut(self, call: _Call | None, reason: Any) -> None:
        """Warn of an answer that is not whole, which CrewAI takes for one."""
        said = str(reason or "").rpartition(".")[2].lower()
        if call is None or not said or said in _WHOLE:
            return
        if said in _CUT:
            limit = longest_answer(call.llm)
            at = f"max_tokens={limit:,}" if isinstance(limit, int) else "its longest answer"
            what = f"an answer of {call.model} was cut off at {at}: give the LLM more max_tokens"
        else:
            what = f"an answer of {call.model} ended early: finish reason {said!r}"
        self._control.emit(Warned(what, *call.caller))

    def failed(self, error: BaseException) -> None:
        """Release the call that failed in this context, or was not made after all."""
        self._drop(_made.get(), unheard=_timed_out(error))

    def ended(self, task: Any) -> None:
        """Release the calls of a task that is over: those that failed without a word."""
        with self._lock:
            left = [call for call in self._open if call.task is task]
        for call in left:
            self._drop(call)

    def _reserve(self, model: str, tokens: int, cost: float, task: Any) -> Reservation:
        settled = threading.Event()
        unsubscribe = self._budget.on_change(settled.set)
        # On a loop, the calls to be waited for may need that very loop.
        may_wait = not (is_on_a_loop() or blocks_a_loop())
        try:
            while True:
                place = self._budget.reserve(model, tokens, cost, may_wait=may_wait)
                if place is not None:
                    return place
                self._control.check()
                if self._give_up_own(task):
                    continue
                settled.wait(_WAIT_S)
                settled.clear()
        finally:
            unsubscribe()

    def _give_up_own(self, task: Any) -> bool:
        """Release what is open of the same task: to wait for it may never end.

        A model of the user's own tells nothing of a call that failed. Where it was answered after
        all, it stays spent at what it had reserved.
        """
        thread = threading.get_ident()
        with self._lock:
            own = [
                call
                for call in self._open
                if call.task is task and (task is not None or call.thread == thread)
            ]
        for call in own:
            self._drop(call, unheard=True)
        return bool(own)

    def _at_most(self, context: Any, model: str, price: Price | None) -> tuple[int, float]:
        if self._budget.max_cost is None:
            return 0, 0.0
        user = "the work" if context.agent is None else f"agent {str(context.agent.role)!r}"
        self.check([ModelUse(context.llm, user)])
        assert price is not None
        answer = int(longest_answer(context.llm) or price.most_output or 0)
        prompt = _prompt_tokens(context, model)
        return prompt + answer, price.at_most(prompt, answer)

    def _settle(self, call: _Call | None, usage: Mapping[str, Any] | None, answer: Any) -> None:
        if not self._close(call):
            return
        assert call is not None
        reported = _sum_of(call.tracked) or reported_usage(usage)
        used = reported or self._count(call, usage, answer)
        meter = _meter.get()
        if meter is not None:
            meter.add(used)
        cost = _cost(call.price, used)
        counted = 0 if reported else 1
        paid = Usage(1, used.prompt_tokens, used.completion_tokens, cost, counted)
        self._budget.settle(call.place, paid)
        tokens = {"input_tokens": paid.prompt_tokens, "output_tokens": paid.completion_tokens}
        end_span(call.span, {f"gen_ai.usage.{name}": count for name, count in tokens.items()})
        self._control.emit(CallFinished(call.model, paid, *call.caller))

    def _count(self, call: _Call, usage: Mapping[str, Any] | None, answer: Any) -> UsageMetrics:
        """Count what a call took, and warn of it once for each model."""
        sent = _sent.get()
        event = sent[1] if sent is not None and sent[0] is call.llm else None
        messages = (event.messages if event is not None else None) or call.messages
        tools = event.tools if event is not None else None
        with self._lock:
            known = call.model in self._unreported
            self._unreported.add(call.model)
        if not known:
            self._control.emit(
                Warned(
                    f"no usage is reported for {call.model}: its tokens are counted here, and its "
                    "tokens and cost are approximate"
                )
            )
        return counted_usage(call.model, messages, tools, answer, usage)

    def _tell(self, label: str, text: str, call: _Call | None) -> None:
        begins = call is not None and not call.writing
        if call is not None:
            call.writing = True
        self._control.emit(TextStreamed(label, text, begins=begins))

    def _drop(self, call: _Call | None, *, unheard: bool = False) -> None:
        """Release a call that failed; ``unheard`` if it may have been answered, and paid for."""
        if call is not None and call.tracked:
            # It was answered; what failed came after that, such as a tool it asked for.
            self._settle(call, None, None)
        elif self._close(call):
            assert call is not None
            self._budget.settle(call.place, None if unheard else Usage(calls=1))
            end_span(call.span, {"error.type": "failed"})

    def _close(self, call: _Call | None) -> bool:
        """Take a call off the open ones; ``False`` where it was settled before."""
        with self._lock:
            if call is None or call not in self._open:
                return False
            self._open.remove(call)
            return True


def _is_an_answer(event: LLMCallCompletedEvent) -> bool:
    """Check whether an event is an answer, which may ask for tools, or comes from a tool."""
    return event.call_type is LLMCallType.LLM_CALL or bool(event.usage)


def _sum_of(usages: Iterable[Mapping[str, Any]]) -> UsageMetrics | None:
    """Add up what one call's requests took; ``None`` if that of any was not reported."""
    total = UsageMetrics()
    for each in map(reported_usage, usages):
        if each is None:
            return None
        total.add_usage_metrics(each)
    if not total.successful_requests:
        return None
    total.successful_requests = 1
    return total


def _timed_out(error: BaseException | None) -> bool:
    """Check whether a request was sent, and its answer waited for in vain."""
    chain: list[BaseException] = []
    # By way of causes and contexts both, a chain may come back to where it was.
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    names = [kind.__name__ for each in chain for kind in type(each).__mro__]
    unsent = any(name.startswith(("Connect", "Pool")) and "Timeout" in name for name in names)
    return any("Timeout" in name for name in names) and not unsent


def _cost(price: Price | None, used: UsageMetrics) -> float | None:
    if price is None:
        return None
    return price.of(
        used.prompt_tokens,
        used.completion_tokens,
        read=used.cached_prompt_tokens,
        written=used.cache_creation_tokens,
    )


def _prompt_tokens(context: Any, model: str) -> int:
    count = token_counter(model)
    texts = [str(message.get("content")) for message in context.messages]
    tools = [
        *(getattr(context.agent, "tools", None) or []),
        *(getattr(context.task, "tools", None) or []),
    ]
    # A tool's description holds its arguments, which native calls send once more as a schema.
    texts += [2 * str(getattr(tool, "description", "")) for tool in tools]
    return int(SPARE * sum(map(count, texts))) + _MESSAGE_TOKENS * (len(texts) + 1)


def _leave_one_retry_layer(llm: Any) -> None:
    params = getattr(llm, "additional_params", None) or {}
    # Through LiteLLM, it is the provider's client that tries again, twice unless it is told.
    default = 2 if getattr(llm, "is_litellm", False) else 0
    own = getattr(llm, "max_retries", params.get("max_retries", default))
    rate_limit_retry.set(bool(own))


def _remember_secrets(llm: Any) -> None:
    """Know the key of a crew's model, and what is secret in its address and headers."""
    given = (getattr(llm, name, None) for name in ("additional_params", "client_params"))
    params: dict[str, Any] = {}
    for held in given:
        params |= held if isinstance(held, Mapping) else {}
    for name in ("extra_headers", "default_headers", "default_query"):
        params[name] = getattr(llm, name, None)
    for name in ("base_url", "api_base", "endpoint"):
        address = getattr(llm, name, None)
        remember_settings(key=getattr(llm, "api_key", None), address=address, params=params)


def _check_dotenv(llm: Any) -> None:
    """Check that no ``.env`` file, which nobody named, leads the user's own key elsewhere.

    Raises:
        InputError: if one does; nothing was sent.
    """
    model, given = str(getattr(llm, "model", "")), getattr(llm, "api_key", None)
    provider = str(getattr(llm, "provider", None) or model.partition("/")[0])
    found = redirected_by_dotenv(provider, given if isinstance(given, str) else None)
    address = getattr(llm, "base_url", None) or getattr(llm, "api_base", None)
    if found is not None and address in (None, found[1]):
        variable, address, path = found
        raise InputError(
            f"{variable} in {path} would send the key of {model}, which is not from that file, to "
            f"{public_address(address)}. Remove that line and unset {variable}; if that is the "
            "server you mean, give the LLM base_url=..."
        )
