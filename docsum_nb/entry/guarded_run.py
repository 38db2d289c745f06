"""The run of the user's work, and the guard of the crews in it.

A crew blocks, so it gets a thread; all other work runs on the loop of guests. A guard is made only
if CrewAI is imported: nothing else can have a crew.
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
from docsum_nb.run import AskPerson, Control, Detail, Location, Run, Work, in_thread
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
        if self.on_task_error is not None and not callable(self.on_task_error):
            raise InputError(
                "on_task_error is called with each failed task and its error; "
                f"{self.on_task_error!r} cannot be called"
            )
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
        """Create the guard of a run; imports CrewAI, which a caller with a crew has done already.

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
            prices=self,
            asks=self.ask is not None,
            has_deadline=deadline is not None,
        )

    def price_of(self, model: str, provider: str | None) -> Price | None:
        """Return the price of a model; ``None`` if it is not known."""
        # If CrewAI has a client for the provider, it removes the provider's name from the model's.
        names = (model, f"{provider}/{model}", model.partition("/")[2])
        prices = self.prices or {}
        pair = next((prices[name] for name in names if name in prices), None)
        listed = listed_price(model, provider)
        if pair is None:
            return listed
        most_output = listed.most_output if listed else None
        return Price(pair[0] / 1e6, pair[1] / 1e6, most_output=most_output)


class _Guarded(Work[Any]):
    """Work of a user's with the guard of its crews, once there is one."""

    def __init__(self, options: GuardOptions, deadline: float | None) -> None:
        self._options = options
        self._deadline = deadline
        self._guard: Guard | None = None

    def _report_start(self, control: Control) -> None:
        control.emit(StageStarted("working"))
        bounds = BudgetSet(max_cost=self._options.max_cost, max_calls=self._options.max_calls)
        control.emit(bounds)

    def _make_guard(self, control: Control) -> Guard:
        self._guard = self._options.guard(control, deadline=self._deadline)
        return self._guard


class _Kickoff(_Guarded):
    """A Crew or Flow that is kicked off in a thread."""

    def __init__(
        self,
        crew_or_flow: Any,
        inputs: Mapping[str, Any] | None,
        from_checkpoint: Any,
        options: GuardOptions,
        deadline: float | None,
    ) -> None:
        super().__init__(options, deadline)
        self._given = crew_or_flow
        self._inputs = None if inputs is None else dict(inputs)
        self._from_checkpoint = from_checkpoint

    async def __call__(self, control: Control) -> Any:
        self._report_start(control)
        guard, given = self._make_guard(control), self._given
        work = given if is_crew_or_flow(given) else await in_thread(made_of, given)
        return await in_thread(guard.kick_off, work, self._inputs, self._from_checkpoint)

    def partial(self) -> Any:
        """Return the outputs of its tasks; of a flow without any, its own ``partial``."""
        outputs = self._guard.outputs() if self._guard else ()
        own = is_crew_or_flow(self._given) and not outputs
        return getattr(self._given, "partial", outputs) if own else outputs

    def detail(self, index: int) -> Detail | None:
        """Return one task."""
        return self._guard.detail(index) if self._guard else None

    def location(self) -> Location | None:
        """Return the tasks or steps that are running, and where their threads are."""
        return self._guard.whereabouts() if self._guard else Location("before it began")


class _Function(_Guarded):
    """A coroutine function of the user's, with a guard if it may kick off crews."""

    def __init__(
        self,
        function: Callable[[], Awaitable[Any]],
        options: GuardOptions,
        deadline: float | None,
    ) -> None:
        super().__init__(options, deadline)
        self._function = function

    async def __call__(self, control: Control) -> Any:
        self._report_start(control)
        if "crewai" not in sys.modules:
            return await self._function()
        guard = self._make_guard(control)
        with guard.watching():
            result = await guard.astreamed(await self._function())
            return await in_thread(guard.streamed, result)

    def location(self) -> Location | None:
        """Return where its crews are; ``None`` if none is running."""
        return self._guard.whereabouts() if self._guard and self._guard.busy() else None


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
    """Start a Crew or Flow in a thread, with its guard, and return its run."""
    return Run(
        _Kickoff(work, inputs, from_checkpoint, options, deadline),
        title=name_of(work),
        deadline=deadline,
        on_event=on_event,
        display=LiveDisplay(),
        show=show,
        ask=options.ask,
    )


def begin_work(
    work: Callable[[], Awaitable[Any]],
    options: GuardOptions,
    name: str,
    deadline: float | None,
    *,
    show: bool,
) -> Run[Any]:
    """Start other work on the loop of guests, and return its run."""
    # Users' coroutines may block their loop; the loop of model calls is not theirs.
    return Run(
        _Function(work, options, deadline),
        title=name,
        deadline=deadline,
        display=LiveDisplay(),
        show=show,
        ask=options.ask,
        guest=True,
    )
