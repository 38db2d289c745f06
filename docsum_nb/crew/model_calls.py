"""The model calls of a guarded crew: whether one may be made, and what it took.

Before a call CrewAI calls a hook; what the call took comes by an event, in the same context. Both
reach every thread that a guarded crew starts. Not every answer has an event: a model of the user's
own emits none, tool calls through LiteLLM have none, so answers are also seen in the function by
which CrewAI validates them. If no usage is reported, tokens are counted here, with one warning.

Of the layers of retries that CrewAI has for a 429, one is left: that of the provider's client if it
retries, since it obeys Retry-After; otherwise CrewAI's own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from docsum_nb.budget import Budget, Reservation
from docsum_nb.crew.call_costs import (
    PriceList,
    add_to_meter,
    check_affordable,
    cost_of,
    counted_usage,
    longest_answer,
    name_of,
    price_of_model,
    prompt_tokens,
    reported_usage,
    sum_of_usages,
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

__all__ = ["ModelCalls", "called_model"]

_WAIT_S = 0.1
_WHOLE = frozenset(
    ["stop", "end_turn", "stop_sequence", "tool_calls", "tool_use", "function_call", "completed"]
)
"""Finish reasons of complete answers, as providers name them."""
_CUT = frozenset(["length", "max_tokens", "max_output_tokens", "model_length"])
"""Finish reasons of answers that were cut off."""


_made: ContextVar[_Call | None] = ContextVar("docsum_nb_call", default=None)
_sent: ContextVar[tuple[Any, LLMCallStartedEvent] | None] = ContextVar(
    "docsum_nb_sent", default=None
)
"""The model that is being called in this context, and what is sent to it."""


def called_model() -> str:
    """Return the model of the last call allowed in this context; empty if none was."""
    call = _made.get()
    return "" if call is None else call.model


class _Call:
    """One call that was allowed and is in flight."""

    def __init__(
        self, context: Any, model: str, price: Price | None, reservation: Reservation
    ) -> None:
        self.model = model
        self.price = price
        self.reservation = reservation
        self.caller = caller_of(context)
        self.task = context.task
        self.llm = context.llm
        self.messages = tuple(context.messages)
        self.tracked: list[Mapping[str, Any]] = []
        """The usage that its provider reported, for each of its requests."""
        self.thread = threading.get_ident()
        self.writing = False
        """Whether a piece of its answer has been received."""
        self.span = begin_span(f"chat {model}", chat_attributes(model))


class ModelCalls:
    """The model calls of one guarded run. Usable from any thread."""

    def __init__(
        self,
        control: Control,
        *,
        budget: Budget,
        prices: PriceList,
    ) -> None:
        self._control = control
        self._budget = budget
        self._prices = prices
        self._lock = threading.Lock()
        self._open: set[_Call] = set()
        self._unreported: set[str] = set()
        """The models that were warned of because they report no usage."""

    def check(self, uses: Iterable[ModelUse]) -> None:
        """Check, if cost is bounded, that the most a call may cost is known for every model.

        Raises:
            InputError: if it is not.
        """
        if self._budget.max_cost is not None:
            check_affordable(uses, self._prices)

    def before(self, context: Any) -> None:
        """Allow a call, in the thread that is about to make it.

        Raises:
            Exception: the reason of the budget against it; the call must not be made.
        """
        _remember_secrets(context.llm)
        _check_dotenv(context.llm)
        model, price = name_of(context.llm), price_of_model(context.llm, self._prices)
        tokens, cost = self._at_most(context, model, price)
        try:
            reservation = self._reserve(model, tokens, cost, context.task)
        except BudgetExceeded as error:
            if self._budget.max_cost is not None and not longest_answer(context.llm):
                error.add_note(
                    "the LLM has no max_tokens, so each call is reserved at the longest answer "
                    "that its model can give; with max_tokens=... more of them fit"
                )
            raise
        call = _Call(context, model, price, reservation)
        with self._lock:
            self._open.add(call)
        # CrewAI runs the call in this very context, so its events find it.
        _made.set(call)
        _leave_one_retry_layer(context.llm)
        self._control.emit(CallStarted(model, 1, *call.caller))

    def answered(self, answer: Any) -> None:
        """Count an answer, in the thread that called the model, unless an event has settled it."""
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
            # The event has the error's words only; it is emitted while the error is handled.
            self._drop(_made.get(), maybe_answered=_timed_out(sys.exception()))
        elif isinstance(event, LLMStreamChunkEvent):
            self._emit_text(event.task_name or "", event.chunk, _made.get())

    def _warn_if_cut(self, call: _Call | None, reason: Any) -> None:
        """Warn of an answer that is not complete, which CrewAI does not notice."""
        finish = str(reason or "").rpartition(".")[2].lower()
        if call is None or not finish or finish in _WHOLE:
            return
        if finish in _CUT:
            limit = longest_answer(call.llm)
            at = f"max_tokens={limit:,}" if isinstance(limit, int) else "its longest answer"
            what = f"an answer of {call.model} was cut off at {at}: give the LLM more max_tokens"
        else:
            what = f"an answer of {call.model} ended early: finish reason {finish!r}"
        self._control.emit(Warned(what, *call.caller))

    def failed(self, error: BaseException) -> None:
        """Release the call of this context, which failed or was not made."""
        self._drop(_made.get(), maybe_answered=_timed_out(error))

    def ended(self, task: Any) -> None:
        """Release the calls of a task that has ended: those that failed without an event."""
        with self._lock:
            left = [call for call in self._open if call.task is task]
        for call in left:
            self._drop(call)

    def _reserve(self, model: str, tokens: int, cost: float, task: Any) -> Reservation:
        settled = threading.Event()
        unsubscribe = self._budget.on_change(settled.set)
        # On a loop, the calls that would have to end first may need the same loop.
        may_wait = not (is_on_a_loop() or blocks_a_loop())
        try:
            while True:
                reservation = self._budget.reserve(model, tokens, cost, may_wait=may_wait)
                if reservation is not None:
                    return reservation
                self._control.check()
                if self._give_up_own(task):
                    continue
                settled.wait(_WAIT_S)
                settled.clear()
        finally:
            unsubscribe()

    def _give_up_own(self, task: Any) -> bool:
        """Release the open calls of the same task, which might never end; ``False`` if none is.

        A model of the user's own reports no failed call. If the call was answered nevertheless, it
        counts at what was reserved for it.
        """
        thread = threading.get_ident()
        with self._lock:
            own = [
                call
                for call in self._open
                if call.task is task and (task is not None or call.thread == thread)
            ]
        for call in own:
            self._drop(call, maybe_answered=True)
        return bool(own)

    def _at_most(self, context: Any, model: str, price: Price | None) -> tuple[int, float]:
        if self._budget.max_cost is None:
            return 0, 0.0
        user = "the work" if context.agent is None else f"agent {str(context.agent.role)!r}"
        self.check([ModelUse(context.llm, user)])
        assert price is not None
        answer = int(longest_answer(context.llm) or price.most_output or 0)
        prompt = prompt_tokens(context, model)
        return prompt + answer, price.at_most(prompt, answer)

    def _settle(self, call: _Call | None, usage: Mapping[str, Any] | None, answer: Any) -> None:
        if not self._close(call):
            return
        assert call is not None
        reported = sum_of_usages(call.tracked) or reported_usage(usage)
        used = reported or self._count(call, usage, answer)
        add_to_meter(used)
        cost = cost_of(used, call.price)
        counted = 0 if reported else 1
        paid = Usage(1, used.prompt_tokens, used.completion_tokens, cost, counted)
        self._budget.settle(call.reservation, paid)
        tokens = {"input_tokens": paid.prompt_tokens, "output_tokens": paid.completion_tokens}
        end_span(call.span, {f"gen_ai.usage.{name}": count for name, count in tokens.items()})
        self._control.emit(CallFinished(call.model, paid, *call.caller))

    def _count(self, call: _Call, usage: Mapping[str, Any] | None, answer: Any) -> UsageMetrics:
        """Count what a call took, with one warning for each model."""
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

    def _emit_text(self, label: str, text: str, call: _Call | None) -> None:
        begins = call is not None and not call.writing
        if call is not None:
            call.writing = True
        self._control.emit(TextStreamed(label, text, begins=begins))

    def _drop(self, call: _Call | None, *, maybe_answered: bool = False) -> None:
        """Release a call that failed; ``maybe_answered`` if it may have been paid for."""
        if call is not None and call.tracked:
            # It was answered; the failure came later, such as in a tool that it asked for.
            self._settle(call, None, None)
        elif self._close(call):
            assert call is not None
            self._budget.settle(call.reservation, None if maybe_answered else Usage(calls=1))
            end_span(call.span, {"error.type": "failed"})

    def _close(self, call: _Call | None) -> bool:
        """Remove a call from the open ones; ``False`` if it was settled before."""
        with self._lock:
            if call is None or call not in self._open:
                return False
            self._open.remove(call)
            return True


def _is_an_answer(event: LLMCallCompletedEvent) -> bool:
    """Check whether an event is that of an answer, and not of a tool."""
    return event.call_type is LLMCallType.LLM_CALL or bool(event.usage)


def _timed_out(error: BaseException | None) -> bool:
    """Check whether a request was sent and no answer came in time."""
    chain: list[BaseException] = []
    # Causes and contexts together may form a circle.
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    names = [kind.__name__ for each in chain for kind in type(each).__mro__]
    unsent = any(name.startswith(("Connect", "Pool")) and "Timeout" in name for name in names)
    return any("Timeout" in name for name in names) and not unsent


def _leave_one_retry_layer(llm: Any) -> None:
    """Switch CrewAI's own retries of a 429 off in this context if the model's client retries."""
    params = getattr(llm, "additional_params", None) or {}
    # Through LiteLLM, the provider's client retries, twice by default.
    default = 2 if getattr(llm, "is_litellm", False) else 0
    own = getattr(llm, "max_retries", params.get("max_retries", default))
    rate_limit_retry.set(bool(own))


def _remember_secrets(llm: Any) -> None:
    """Remember the key of a crew's model, and the secrets in its address and headers."""
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
    """Check that no ``.env`` file sends the user's own key to another server.

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
