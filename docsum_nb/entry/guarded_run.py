"""The run of the user's work, and the guard of the crews in it.

A crew blocks, so it gets a thread; whatever else is started runs on the loop of guests. A guard is
made only where CrewAI is imported: nothing else can have a crew.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from docsum_nb.budget import Budget
from docsum_nb.entry.runnables import is_crew_or_flow, made_of, name_of
from docsum_nb.errors import InputError, check_on_error
from docsum_nb.events import BudgetSet, Event, StageStarted
from docsum_nb.models.prices import listed_price
from docsum_nb.records import Price
from docsum_nb.run import AskPerson, Control, Location, Run, in_thread
from docsum_nb.views import LiveDisplay

if TYPE_CHECKING:
    from docsum_nb.crew.guard import Guard

__all__ = ["GuardOptions", "Prices", "begin_kickoff", "begin_work"]

Prices: TypeAlias = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class GuardOptions:
    """What a guard is made of; checked at the call, before CrewAI is imported."""

    on_error: Literal["raise", "collect", "skip"] = "raise"
    on_task_error: Callable[[Any, BaseException], Any] | None = None
    max_concurrency: int | None = None
    max_calls: int | None = None
    max_cost: float | None = None
    prices: Prices | None = None
    ask: AskPerson | None = None

    def __post_init__(self) -> None:
        check_on_error(self.on_error)
        if self.max_concurrency is not None and self.max_concurrency < 1:
            raise InputError(f"max_concurrency must be at least 1, not {self.max_concurrency!r}")
        Budget(max_calls=self.max_calls, max_cost=self.max_cost)
        for model, pair in (self.prices or {}).items():
            if not (isinstance(pair, tuple | list) and len(pair) == 2 and min(pair) >= 0):
                raise InputError(
                    f"prices[{model!r}] is (prompt, answer) in US dollars for a million tokens, "
                    f"not {pair!r}"
                )

    def guard(self, control: Control, *, deadline: float | None) -> Guard:
        """Make the guard of a run; imports CrewAI, which a caller with a crew has done already.

        Raises:
            UpstreamError: if a bound that is set cannot hold with the installed CrewAI.
        """
        from docsum_nb.crew.guard import Guard

        return Guard(
            control,
            on_error=self.on_error,
            on_task_error=self.on_task_error,
            max_concurrency=self.max_concurrency,
            max_calls=self.max_calls,
            max_cost=self.max_cost,
            price_of=self._price,
            asks=self.ask is not None,
            has_deadline=deadline is not None,
        )

    def _price(self, model: str, provider: str | None) -> Price | None:
        # Where CrewAI has a client for the provider, it takes its name off that of the model.
        names = (model, f"{provider}/{model}", model.partition("/")[2])
        prices = self.prices or {}
        pair = next((prices[name] for name in names if name in prices), None)
        listed = listed_price(model, provider)
        if pair is None:
            return listed
        most_output = listed.most_output if listed else None
        return Price(pair[0] / 1e6, pair[1] / 1e6, most_output=most_output)


def begin_kickoff(
    work: Any,
    inputs: Mapping[str, Any] | None,
    options: GuardOptions,
    *,
    from_checkpoint: Any = None,
    deadline: float | None,
    on_event: Callable[[Event], object] | None,
    show: bool,
) -> Run[Any]:
    """Start a Crew or Flow in a thread, with its guard."""
    own_inputs = None if inputs is None else dict(inputs)
    guards: list[Guard] = []

    async def controlled(control: Control) -> Any:
        control.emit(StageStarted("working"))
        control.emit(BudgetSet(max_cost=options.max_cost, max_calls=options.max_calls))
        guards.append(options.guard(control, deadline=deadline))
        made = await in_thread(made_of, work) if not is_crew_or_flow(work) else work
        return await in_thread(guards[0].kick_off, made, own_inputs, from_checkpoint)

    return Run(
        controlled,
        title=name_of(work),
        deadline=deadline,
        partial_result=lambda: _finished(work, guards),
        detail=lambda place: guards[0].detail(place) if guards else None,
        whereabouts=lambda: guards[0].whereabouts() if guards else Location("before it began"),
        on_event=on_event,
        display=LiveDisplay(),
        show=show,
        ask=options.ask,
    )


def _finished(work: Any, guards: list[Any]) -> Any:
    """Return the outputs of its tasks, or what a flow that has none says of itself."""
    outputs = guards[0].outputs() if guards else ()
    return outputs or (getattr(work, "partial", outputs) if is_crew_or_flow(work) else outputs)


def begin_work(
    work: Callable[[], Awaitable[Any]],
    options: GuardOptions,
    name: str,
    deadline: float | None,
    *,
    show: bool,
) -> Run[Any]:
    """Start other work on the loop of guests, with a guard where it may have crews."""
    guards: list[Guard] = []

    async def controlled(control: Control) -> Any:
        control.emit(StageStarted("working"))
        control.emit(BudgetSet(max_cost=options.max_cost, max_calls=options.max_calls))
        if "crewai" not in sys.modules:
            return await work()
        guard = options.guard(control, deadline=deadline)
        guards.append(guard)
        with guard.watching():
            result = await guard.astreamed(await work())
            return await in_thread(guard.streamed, result)

    # Users' coroutines may block their loop; the loop of model calls is not theirs.
    return Run(
        controlled,
        title=name,
        deadline=deadline,
        whereabouts=lambda: guards[0].whereabouts() if guards and guards[0].busy() else None,
        display=LiveDisplay(),
        show=show,
        ask=options.ask,
        guest=True,
    )
