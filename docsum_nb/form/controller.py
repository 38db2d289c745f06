"""The state of the form: it plans, then starts one run, and follows it to its end.

Invariant: one thing at a time, for any number of clicks from any thread. Knows no widgets: it calls
``changed``, and its attributes say what has changed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import docsum_nb as ds
from docsum_nb.errors import DocsumError
from docsum_nb.form.form_values import FieldError, FormValues, fault_of, line_of
from docsum_nb.form.latest_work import Latest, begin_apart
from docsum_nb.render.formats import cost_text

if TYPE_CHECKING:
    from docsum_nb import Plan, Run, Summary
    from docsum_nb.ledger import RunRecord

__all__ = ["Controller"]

Phase = Literal["idle", "planning", "running"]

_SETTLED_S = 60.0
"""How long a stopped run is waited for before the list is read again; it needs 5 s at most."""
_MOST_UNFINISHED = 30
_LOOK_S = 0.5
"""How often a run is asked what it does; its panel shows more, more often."""
_IMPORTING = "Importing CrewAI and LiteLLM, once in a process."
_DOING = {
    "starting": "Starting …",
    "importing": _IMPORTING,
    "loading": "Reading the documents …",
    "recognizing": "Reading pages that are pictures …",
    "summarizing": "Summarizing: the panel below counts the chunks.",
    "combining": "Merging the summaries …",
    "evaluating": "Judging the related documents …",
}
"""What a run does, by its stage."""


class Controller:
    """The state of one form. Its attributes are read and changed under ``lock``.

    Args:
        changed: Called after every change, under the lock, in the thread that made it.
    """

    def __init__(self, changed: Callable[[], object]) -> None:
        self.lock = threading.RLock()
        self.phase: Phase = "idle"
        self.plan: Plan | None = None
        self.planned: FormValues | None = None
        """What the plan is of."""
        self.fault: FieldError | None = None
        """The error of the last attempt; ``None`` if there was none."""
        self.notice = ""
        """What the user should know or do now."""
        self.run: Run[Summary] | None = None
        """The last run that was started."""
        self.unfinished: tuple[RunRecord, ...] = ()
        """The runs that can be resumed, newest first."""
        self._changed = changed
        self._planning = Latest(self.lock, self._planning_failed)
        self._listing = Latest(self.lock, self._failed)

    # --- planning ------------------------------------------------------------------------------

    def work_out_plan(self, asked: FormValues, *, then_start: bool = False) -> None:
        """Work out a plan and its cost, in a thread.

        Args:
            asked: What to plan.
            then_start: Start it if it is free or bounded; else the plan is shown first.
        """
        with self.lock:
            if self.phase != "idle":
                return
            self.phase, self.fault = "planning", None
            self.plan = self.planned = None
            self.notice = "Reading the documents to work out the plan …"
            if "litellm" not in sys.modules and asked.model != "extractive":
                self.notice = f"{_IMPORTING} Then the documents are read."
            self._planning.begin(
                partial(_planned, asked), partial(self._heard, asked, then_start=then_start)
            )
            self._changed()

    def forget_plan(self) -> None:
        """Drop the plan: something has changed that is not among the arguments."""
        with self.lock:
            self.plan = self.planned = None
            self._changed()

    def _heard(self, asked: FormValues, found: Plan | FieldError, *, then_start: bool) -> None:
        self.phase, self.notice = "idle", ""
        if isinstance(found, FieldError):
            self.fault = found
        else:
            self.plan, self.planned = found, asked
            free = not found.tokens or found.cost_usd == 0
            if then_start and (asked.bounded or free or found.no_key):
                self._begin(asked)
            elif then_start:
                self.notice = _unread(found)
        self._changed()

    # --- running -------------------------------------------------------------------------------

    def start(self, asked: FormValues) -> None:
        """Start a run, after its plan was there to be read; does nothing while anything goes on."""
        with self.lock:
            if self.phase != "idle":
                return
            if self.plan is None or self.planned is None or not self.planned.has_plan_of(asked):
                self.work_out_plan(asked, then_start=True)
                return
            self._begin(asked)
            self._changed()

    def resume(self, run_id: str, **given: Any) -> None:
        """Go on with a run of the list; does nothing while anything goes on.

        Args:
            run_id: The run.
            given: For ``docsum_nb.resume``: the model, the deadline, the bounds.
        """
        with self.lock:
            if self.phase != "idle":
                return
            # The ledger may lie on a slow disk.
            self.phase, self.fault, self.notice = "planning", None, "Looking the run up …"
            self._planning.begin(
                partial(_resumed, run_id, given),
                self._heard_of_resumed,
                late=_unwanted,
            )
            self._changed()

    def cancel(self) -> None:
        """Stop what goes on; a plan that is being worked out is dropped."""
        with self.lock:
            run = self.run if self.phase == "running" else None
            if self.phase == "planning":
                self._planning.drop()
                self.phase, self.notice = "idle", "Stopped before anything was started."
                self._changed()
        if run is not None:
            run.cancel()

    def _begin(self, asked: FormValues) -> None:
        self.fault = self._key_missing() or self._price_missing(asked)
        if self.fault is not None:
            return
        arguments = {**asked.arguments(), "show": False}
        try:
            run = begin_apart(lambda: ds.summarize(asked.paths, **arguments))
        except DocsumError as error:
            self.fault = FieldError("", line_of(error))
            return
        self._watch(run)

    def _key_missing(self) -> FieldError | None:
        plan = self.plan
        if plan is None or plan.no_key is None:
            return None
        # The user may set it in another cell; Start then makes a new plan.
        self.plan = self.planned = None
        return FieldError("model", plan.no_key)

    def _price_missing(self, asked: FormValues) -> FieldError | None:
        plan = self.plan
        if (
            asked["max_cost"] is None
            or plan is None
            or plan.cost_usd is not None
            or not plan.tokens
        ):
            return None
        return FieldError(
            "max_cost",
            f"The price of {plan.model} is not known, so dollars cannot be counted: leave this "
            "empty, or bound the requests instead",
        )

    def _heard_of_resumed(self, found: Run[Summary] | FieldError) -> None:
        self.phase, self.notice = "idle", ""
        if isinstance(found, FieldError):
            self.fault = found
        else:
            self._watch(found)
        self._changed()

    def _watch(self, run: Run[Summary]) -> None:
        self.run, self.phase, self.notice = run, "running", _doing(run)
        follower = threading.Thread(target=self._follow, args=(run,), daemon=True)
        follower.name = f"docsum_nb form {run.id}"
        follower.start()

    def _name_what_goes_on(self, run: Run[Summary]) -> None:
        with self.lock:
            notice = _doing(run)
            if self.run is run and self.phase == "running" and notice != self.notice:
                self.notice = notice
                self._changed()

    def _follow(self, run: Run[Summary]) -> None:
        """Wait until a run has ended; waiting also enforces its deadline."""
        while not run.done:
            with suppress(TimeoutError):
                run.exception(_LOOK_S)
            self._name_what_goes_on(run)
        run.exception()
        with self.lock:
            if self.run is run:
                self.phase, self.notice = "idle", _after(run)
                self._changed()
        self.list_unfinished()
        # What was in flight may land, and then more of it is done.
        run.join(_SETTLED_S)
        self.list_unfinished()

    # --- the runs that can be resumed ----------------------------------------------------------

    def list_unfinished(self) -> None:
        """Read the list of runs that can be resumed, in a thread."""
        self._listing.begin(_unfinished, self._listed)

    def _listed(self, found: tuple[RunRecord, ...]) -> None:
        self.unfinished = found
        self._changed()

    def _planning_failed(self, error: Exception) -> None:
        self.phase, self.notice = "idle", ""
        self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.fault = FieldError("", line_of(error))
        self._changed()


def _planned(asked: FormValues) -> Plan | FieldError:
    try:
        return ds.plan(asked.paths, **asked.planned())
    except Exception as error:  # noqa: BLE001  # any error of a reader is shown
        return fault_of(error, asked)


def _resumed(run_id: str, given: dict[str, Any]) -> Run[Summary] | FieldError:
    try:
        return begin_apart(lambda: ds.resume(run_id, **given, show=False))
    except DocsumError as error:
        return FieldError("resume", line_of(error))


def _unwanted(found: Run[Summary] | FieldError) -> None:
    if not isinstance(found, FieldError):
        found.cancel("the form's Cancel was pressed before it started")


def _unfinished() -> tuple[RunRecord, ...]:
    return tuple([each for each in ds.runs() if each.unfinished][:_MOST_UNFINISHED])


def _unread(plan: Plan) -> str:
    cost = "what it costs is not known"
    if plan.cost_usd is not None:
        cost = f"it costs {cost_text(plan.cost_usd)} at most"
    return f"Nothing is paid for yet: {cost}. Press Start again to go on."


def _doing(run: Run[Summary]) -> str:
    state = run.state
    if state.throttled is not None and state.waiting:
        return "Waiting: the provider has no room for requests now."
    return _DOING.get(state.stage, "")


def _after(run: Run[Summary]) -> str:
    match run.state.outcome:
        case "done":
            return "Done: the summary is below, and in .summary of this form for the next cell."
        case "cancelled":
            return (
                "Cancelled. What was answered is kept: Start or Resume does not pay for it again."
            )
        case _:
            return "Failed. What was answered is kept: Start or Resume does not pay for it again."
