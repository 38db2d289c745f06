"""The probe: a crew alone and then many times at once, bare and under the guard, and what differed.

Every step has a deadline, and runs in other threads, so a crew that hangs is a finding. Two lone
runs show what differs from run to run without load; only what is the same in both is compared.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from docsum_nb.crew.dry_run import DryRun, dry_run_of, silence_crewai
from docsum_nb.crew.inspection import variables_of
from docsum_nb.crew.scripted_model import marked, numbered, unmarked, without_marks
from docsum_nb.diagnosis.differences import (
    BARE,
    GUARDED,
    Outcome,
    Step,
    alone_finding,
    compared_alone,
    fails_alone,
    under_load,
    unstable_finding,
)
from docsum_nb.entry import kickoff
from docsum_nb.findings import Finding
from docsum_nb.render.one_line import one_line
from docsum_nb.run import Control, Run, Work, in_thread

__all__ = ["probe_findings"]


def probe_findings(
    crew: Any, inputs: Mapping[str, Any] | None, *, runs: int, deadline: float
) -> Iterator[Finding]:
    """Run a crew's copy alone and then many times at once, and yield what differed.

    Args:
        crew: A Crew; it is not changed.
        inputs: Its inputs; ``None`` for a made-up text for each placeholder.
        runs: The number of runs at once.
        deadline: Seconds for each step.
    """
    # In a copy of the context, so that CrewAI is silenced for the probe only.
    yield from contextvars.copy_context().run(_probe, crew, inputs, runs, deadline)


class _BareKickoff(Work[Any]):
    """A crew that is kicked off in a thread without a guard."""

    def __init__(self, crew: Any, inputs: dict[str, Any] | None) -> None:
        self._crew = crew
        self._inputs = inputs

    async def __call__(self, control: Control) -> Any:
        return await in_thread(self._crew.kickoff, self._inputs)


class _Stage:
    """Runs the steps of a probe."""

    def __init__(self, crew: Any, inputs: Mapping[str, Any] | None, deadline: float) -> None:
        self._crew = crew
        self._own = inputs is not None
        self._inputs = (
            inputs
            if inputs is not None
            else {word: f"made-up {word}" for word in variables_of(crew)}
        )
        self._deadline = deadline
        self._numbers = count(1)
        self._marking = True

    def bare(self, runs: int, dry_run: DryRun | None = None) -> Step:
        """Kick off one crew object ``runs`` times at once, as a server might."""
        return self._step(dry_run or dry_run_of(self._crew), runs, guarded=False)

    def guarded(self, runs: int) -> Step:
        """Do the same with ``ds.kickoff``."""
        return self._step(dry_run_of(self._crew), runs, guarded=True)

    def unmark(self) -> bool:
        """Put no marks into the user's inputs any more; returns whether that changes them."""
        changed = self._marking and self._own and bool(self._inputs)
        self._marking = False
        return changed

    def _step(self, dry_run: DryRun, runs: int, *, guarded: bool) -> Step:
        calls_before = len(dry_run.calls)
        started: list[tuple[int, Run[Any]]] = []
        try:
            for number in (next(self._numbers) for _ in range(runs)):
                with numbered(number):
                    run = self._start(dry_run.crew, self._inputs_of(number), guarded=guarded)
                    started.append((number, run))
            outcomes = [_outcome(number, run) for number, run in started]
        finally:
            for _, run in started:
                run.cancel("the probe has ended")
        calls = dry_run.calls[calls_before:]
        return Step(
            outcomes,
            frozenset(each.task for each in calls if each.foreign),
            frozenset(each.task for each in calls if each.misattributed),
        )

    def _start(self, crew: Any, inputs: dict[str, Any] | None, *, guarded: bool) -> Run[Any]:
        if guarded:
            return kickoff(crew, inputs, deadline=self._deadline, show=False)
        return Run(_BareKickoff(crew, inputs), title=BARE, deadline=self._deadline)

    def _inputs_of(self, number: int) -> dict[str, Any] | None:
        if not self._inputs:
            return dict(self._inputs) if self._own else None
        return marked(self._inputs, number) if self._marking else dict(self._inputs)


def _outcome(number: int, run: Run[Any]) -> Outcome:
    error = run.exception()
    parts = {} if error is not None else _parts(run.result())
    return Outcome(number, error, {name: unmarked(text, number) for name, text in parts.items()})


def _parts(result: Any) -> dict[str, str]:
    parts = {"the result": str(result)}
    for number, output in enumerate(getattr(result, "tasks_output", None) or (), 1):
        title = one_line(without_marks(str(output.name or output.description)), max_chars=60)
        parts[f"task {number}, {title!r}"] = str(output.raw)
        parts[f"the conversation of task {number}, {title!r}"] = str(output.messages)
    return parts


def _probe(
    crew: Any, inputs: Mapping[str, Any] | None, runs: int, deadline: float
) -> list[Finding]:
    silence_crewai()
    stage = _Stage(crew, inputs, deadline)
    dry_run = dry_run_of(crew)
    bare, guarded = stage.bare(1, dry_run), stage.guarded(1)
    if guarded.failed and stage.unmark():
        # A text among the inputs may have a meaning, such as the path of a file.
        dry_run = dry_run_of(crew)
        bare, guarded = stage.bare(1, dry_run), stage.guarded(1)
    if guarded.failed:
        return [fails_alone(bare, guarded)]
    again = stage.guarded(1) if bare.failed else stage.bare(1, dry_run)
    alone = guarded if bare.failed else bare
    stable, unstable = compared_alone(alone, again)
    findings = [alone_finding(bare), *([unstable_finding(unstable)] if unstable else [])]
    for title, step in ((BARE, stage.bare(runs)), (GUARDED, stage.guarded(runs))):
        findings.append(under_load(title, step, alone, stable))
    return findings
