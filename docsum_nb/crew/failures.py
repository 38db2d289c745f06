"""Failures that CrewAI swallows: warnings of the run, once it is clear that they are swallowed.

CrewAI reports failures by events, by its log, or not at all; many are raised again, end the task
and need no warning. So a failure is held at first: once the work continues, it becomes a warning,
with the error, the task and the agent; if the task ends with that error, there is no warning. One
failure that is reported in several ways is one warning: it is recognized by its exception.

A provider's permanent refusal of a model call (401, 402, 403, 404, out of money) is no warning: if
CrewAI swallows it, it ends the task in which it happened, at any depth below that task. An error
that the user's own code has caught is not judged: that code decides.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Token
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from docsum_nb.crew.current_task import (
    TaskWork,
    begin_work,
    current_part,
    current_work,
    end_work,
)
from docsum_nb.crew.permanent_failures import (
    chain_of,
    enter_task,
    follow_agents,
    in_user_code,
    is_of_no_failure,
    is_permanent,
)
from docsum_nb.crew.watcher import Stopped
from docsum_nb.events import Warned
from docsum_nb.provider_errors import fault_of, words_of
from docsum_nb.run import Control, Scope, Stopping

__all__ = ["Failures", "StartedTask"]

_log = logging.getLogger(__name__)
_MOST_CHARS = 1000
_OF_FAILURE = re.compile(
    r"fail|error|could not|cannot|unable|invalid|refus|den(?:y|ied)|truncat|filtered|partial|fall"
    r"(?:ing|s)? ?back|default(?:ing|s)? to|ignor|skipp|no content in|empty|not found|missing|"
    r"without",
    re.IGNORECASE,
)
"""Found in a warning of CrewAI's log that reports a failure."""
_WORD = re.compile(r"[A-Z][a-z0-9]++|[A-Z0-9]+(?![a-z])")
_FAILING = re.compile(r"(?:Failed|Error|Timeout|FailureDetected)Event$")
"""The names of events that report a failure, in later versions as well."""
_RAISED = frozenset(
    f"{each}FailedEvent"
    for each in ("Task", "CrewKickoff", "CrewTrain", "CrewTest", "Flow", "MethodExecution")
)
"""Failures that are raised again, in a task or in the user's own code."""
_TEXTS = {
    "ToolUsageErrorEvent": "tool {0.tool_name!r} failed",
    "ToolExecutionErrorEvent": "tool {0.tool_name!r} failed",
    "ToolFailureDetectedEvent": "tool {0.tool_name!r} failed",
    "ToolValidateInputErrorEvent": "the input of tool {0.tool_name!r} is not valid",
    "ToolSelectionErrorEvent": "there is no tool {0.tool_name!r}",
    "KnowledgeQueryFailedEvent": "no query of the knowledge could be made",
    "KnowledgeSearchQueryFailedEvent": "the knowledge could not be searched",
    "MemoryQueryFailedEvent": "memory could not be read",
    "MemoryRetrievalFailedEvent": "memory could not be read",
    "MemorySaveFailedEvent": "memory could not be saved",
    "AgentReasoningFailedEvent": "the agent could not plan",
    "StepObservationFailedEvent": "a step of the plan could not be judged",
    "ContextWindowSummarizationFailedEvent": "the conversation could not be shortened",
    "MCPConnectionFailedEvent": "MCP server {0.server_name!r} could not be reached",
    "MCPToolExecutionFailedEvent": "tool {0.tool_name!r} of MCP server {0.server_name!r} failed",
    "CheckpointFailedEvent": "no checkpoint could be written",
    "LLMCallFailedEvent": "a call of {0.model} failed",
    "AgentExecutionErrorEvent": "the agent failed",
    "LiteAgentExecutionErrorEvent": "the agent failed",
}
_RANKS = {"log": 0, "AgentExecutionErrorEvent": 1, "LiteAgentExecutionErrorEvent": 1}
"""How detailed a report is. Of several reports of one failure, the most detailed is used."""
_CALL_RANK, _MOST_RANK = 2, 3


@dataclass(frozen=True)
class _Failure:
    """One report of a failure."""

    what: str
    text: str
    error: BaseException | None
    agent: str = ""
    rank: int = _MOST_RANK

    @property
    def message(self) -> str:
        facts = []
        if self.error is not None and type(self.error).__name__ not in self.text:
            facts.append(type(self.error).__name__)
        if (
            self.error is not None
            and self.rank == _CALL_RANK
            and (line := fault_of(self.error).line)
        ):
            facts.append(line)
        text = f"{self.text} ({'; '.join(facts)})".lstrip() if facts else self.text
        whole = ": ".join(filter(None, (self.what, text)))
        return whole if len(whole) <= _MOST_CHARS else f"{whole[:_MOST_CHARS]}…"


@dataclass(eq=False)
class _Watched(TaskWork):
    """A task, and its failures so far."""

    held: list[_Failure] = field(default_factory=list)
    """Failures that may still be raised as the task's error."""
    reported: list[BaseException] = field(default_factory=list)


class StartedTask(NamedTuple):
    """A task that was started in a context."""

    work: _Watched
    token: Token[TaskWork | None]


class Failures:
    """The failures of one run. Usable from any thread.

    Nothing is reported in a part of the run that is being stopped.

    Args:
        control: The run's; warnings are emitted by it.
        run: The scope of the whole run.
    """

    def __init__(self, control: Control, run: Scope) -> None:
        self._control = control
        self._run = run
        self._lock = threading.Lock()
        self._outside = _Watched()
        """Stands for the code outside of all tasks."""
        self._refusals: deque[Exception] = deque(maxlen=20)
        """The last permanent refusals of model calls, caught or not."""
        self._left: set[_Watched] = set()
        """Tasks that have ended and of which something was logged since."""

    # --- a task ---------------------------------------------------------------------------------

    def begin(self, task: str, agent: str) -> StartedTask:
        """Make the code in this context, and what it starts, belong to a task."""
        work = _Watched(task, agent)
        enter_task()
        return StartedTask(work, begin_work(work))

    def end(self, started: StartedTask, error: object) -> None:
        """Report what a task has swallowed; ``error`` is what it ended with, ``None`` for none."""
        end_work(started.token)
        self._settle(started.work, error)
        started.work.over = True

    def end_run(self, error: BaseException | None) -> None:
        """Report what was swallowed outside of tasks; ``error`` is what the run ended with."""
        self._settle(self._outside, error)
        with self._lock:
            left, self._left = self._left, set()
        for work in left:
            self._report_held(work)

    def _settle(self, work: _Watched, error: object) -> None:
        if isinstance(error, BaseException):
            self._know(work, error)
        self._report_held(work)

    # --- reports --------------------------------------------------------------------------------

    def seen(self, event: Any) -> None:
        """Process an event of CrewAI, in the thread that emitted it."""
        name = type(event).__name__
        if _FAILING.search(name) and name not in _RAISED:
            self._failed(name, event)
        elif name.endswith("StartedEvent") or name == "ToolUsageFinishedEvent":
            self.goes_on()
        follow_agents(name)

    def goes_on(self) -> None:
        """Report the failures that are held: CrewAI has swallowed them."""
        self._report_held(self._current)

    def report(self, what: str, error: BaseException | None = None, text: str = "") -> None:
        """Record a failure for which CrewAI emits no event."""
        words = text or ("" if error is None else words_of(error))
        self._take(_Failure(what, words, error))

    def raised_to_user(self, name: str, error: Exception) -> None:
        """Record the error of a crew or flow, raised in the user's code that kicked it off."""
        if is_permanent(error):
            self._refusals.append(error)
        self.report(f"{name!r} failed", error)

    def logged(self, level: int, text: str, error: BaseException | None) -> None:
        """Record a warning or an error that CrewAI logs; ``error`` is the one being handled."""
        text = text.partition("\nTraceback (most recent call last)")[0]
        if level >= logging.ERROR or error is not None or _OF_FAILURE.search(text):
            self._take(_Failure("", text, error, rank=_RANKS["log"]))
        else:
            with suppress(Exception):  # a handler of the user's must not end the work
                _log.debug("CrewAI: %s", text)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Make the code in this context belong to no task, although a task kicks the crew off."""
        token = begin_work(None)
        try:
            yield
        finally:
            end_work(token)

    def _is_stopped(self) -> bool:
        return current_part(self._run).stopped_by() is not None

    @property
    def _current(self) -> _Watched:
        work = current_work()
        return work if isinstance(work, _Watched) else self._outside

    def _failed(self, name: str, event: Any) -> None:
        reported = getattr(event, "error", None)
        failure = getattr(event, "failure", None)
        if failure is not None:
            if getattr(getattr(failure, "reason", None), "value", "") == "exception":
                return  # reported by the event of the tool that raised it
            reported = getattr(failure, "message", None)
        error = reported if isinstance(reported, BaseException) else sys.exception()
        words = words_of(reported) if isinstance(reported, BaseException) else str(reported or "")
        what = _TEXTS.get(name) or " ".join(_WORD.findall(name))
        try:
            what = what.removesuffix(" Event").format(event)
        except (AttributeError, IndexError, KeyError, ValueError):
            what = name
        agent = str(getattr(event, "agent_role", None) or "")
        if not agent and (acting := getattr(event, "agent", None)) is not None:
            agent = str(getattr(acting, "role", None) or "")
        rank = _RANKS.get(name, _CALL_RANK if name == "LLMCallFailedEvent" else _MOST_RANK)
        if name == "LLMCallFailedEvent" and isinstance(error, Exception):
            self._may_refuse(error)
        elif error is not None and rank == _MOST_RANK:
            self._not_caught(error)
        self._take(_Failure(what, words, error, agent, rank))

    def _take(self, failure: _Failure) -> None:
        if self._is_stopped() or isinstance(failure.error, Stopping):
            return
        if is_of_no_failure(failure.error):
            failure = replace(failure, error=None)
        work = self._current
        if isinstance(failure.error, Stopped):
            if failure.error.source is work.refusal:
                return
            if isinstance(failure.error.source, Exception):
                failure = replace(failure, error=failure.error.source)
        with self._lock:
            now = self._merged(work, failure)
        if now is not None:
            self._report_held(work)
            self._warn(work, now)
        elif work.over:
            self._late(work, failure)

    def _late(self, work: _Watched, failure: _Failure) -> None:
        """Report what happens after its task, as when memory is saved; a log line may say more."""
        if failure.rank > _RANKS["log"]:
            self._report_held(work)
        else:
            with self._lock:
                self._left.add(work)

    def _merged(self, work: _Watched, failure: _Failure) -> _Failure | None:
        """Hold a failure; return it if it is to be reported now. The caller has the lock."""
        if failure.error is None:
            # The words of an error that was reported already are no other failure.
            same = [
                each for each in work.held if each.error and words_of(each.error) in failure.text
            ]
            if not same:
                return failure
            if failure.rank > same[0].rank:
                work.held[work.held.index(same[0])] = replace(failure, error=same[0].error)
            return None
        chain = chain_of(failure.error)
        if any(each in chain for each in map(id, work.reported)):
            return None
        for at, held in enumerate(work.held):
            if held.error is not None and not chain.keys().isdisjoint(chain_of(held.error)):
                if failure.rank > held.rank:
                    work.held[at] = replace(failure, agent=failure.agent or held.agent)
                return None
        work.held.append(failure)
        return None

    def _report_held(self, work: _Watched) -> None:
        if not work.held:
            return
        with self._lock:
            held, work.held = work.held, []
            new = [each for each in held if not self._is_reported(work, each)]
            work.reported += [each.error for each in new if each.error is not None]
            del work.reported[:-20]
        for each in new:
            if (
                work.refusal is None
                or each.error is None
                or id(work.refusal) not in chain_of(each.error)
            ):
                self._warn(work, each)

    @staticmethod
    def _is_reported(work: _Watched, failure: _Failure) -> bool:
        if failure.error is None:
            return False
        chain = chain_of(failure.error)
        return any(id(each) in chain for each in work.reported)

    def _know(self, work: _Watched, error: BaseException) -> None:
        """Count an error, and all that led to it, as reported."""
        with self._lock:
            work.reported += chain_of(error).values()

    def _warn(self, work: _Watched, failure: _Failure) -> None:
        self._control.emit(Warned(failure.message, work.task, failure.agent or work.agent))

    # --- refusals -------------------------------------------------------------------------------

    def _may_refuse(self, error: Exception) -> None:
        """Record a failed model call: a permanent refusal ends the task."""
        if self._is_stopped() or not is_permanent(error):
            return
        self._refusals.append(error)
        work = self._current
        if work is not self._outside and not in_user_code(sys._getframe()):
            self._refuse(work, error)

    def _not_caught(self, error: BaseException) -> None:
        """End the task by a refusal that the user's own code has not caught.

        It may have ended the task of a crew that a tool kicks off before.
        """
        work = self._current
        chain = chain_of(error)
        refusal = next((each for each in self._refusals.copy() if id(each) in chain), None)
        if refusal is not None and work is not self._outside:
            self._refuse(work, refusal)

    def _refuse(self, work: _Watched, error: Exception) -> None:
        if work.over:
            current_part(self._run).fail(error)
        elif work.refusal is None:
            work.refusal = error
