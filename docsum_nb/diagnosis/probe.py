"""The probe: a crew alone and then many times at once, bare and under the guard, and what differed.

Every step has a deadline, and everything runs elsewhere, so a crew that hangs is a finding. Two
lone runs tell what differs from run to run anyway; only what is the same alone is compared.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from docsum_nb.crew.dry_run import DryRun, be_quiet, rehearse
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
from docsum_nb.run import Control, FunctionWork, Run, in_thread

__all__ = ["probe_findings"]


def probe_findings(
    crew: Any, inputs: Mapping[str, Any] | None, *, runs: int, deadline: float
) -> Iterator[Finding]:
    """Run a crew's double alone and then so many at once, and tell what differed.

    Args:
        crew: A Crew; it stays as it is.
        inputs: Its inputs; ``None`` makes a text up for each placeholder.
        runs: How many at once.
        deadline: Seconds for each step.
    """
    # What is set for a quiet rehearsal is gone with the context.
    yield from contextvars.copy_context().run(_probe, crew, inputs, runs, deadline)


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

    def bare(self, runs: int, rehearsal: DryRun | None = None) -> Step:
        """Kick off one crew so many times at once, as a server might."""
        rehearsal = rehearsal or rehearse(self._crew)

        def start(inputs: dict[str, Any] | None) -> Run[Any]:
            async def work(control: Control) -> Any:
                return await in_thread(rehearsal.crew.kickoff, inputs)

            return Run(FunctionWork(work), title=BARE, deadline=self._deadline)

        return self._step(start, runs, rehearsal)

    def guarded(self, runs: int) -> Step:
        """The same with the guard of ``ds.kickoff``."""
        rehearsal = rehearse(self._crew)

        def start(inputs: dict[str, Any] | None) -> Run[Any]:
            return kickoff(rehearsal.crew, inputs, deadline=self._deadline, show=False)

        return self._step(start, runs, rehearsal)

    def unmark(self) -> bool:
        """Leave the user's inputs as they are from now on; tells whether that changes them."""
        changed = self._marking and self._own and bool(self._inputs)
        self._marking = False
        return changed

    def _step(
        self, start: Callable[[dict[str, Any] | None], Run[Any]], runs: int, rehearsal: DryRun
    ) -> Step:
        asked_before = len(rehearsal.asked)
        started: list[tuple[int, Run[Any]]] = []
        try:
            for number in (next(self._numbers) for _ in range(runs)):
                with numbered(number):
                    started.append((number, start(self._inputs_of(number))))
            outcomes = [_outcome(number, run) for number, run in started]
        finally:
            for _, run in started:
                run.cancel("the probe has ended")
        asked = rehearsal.asked[asked_before:]
        return Step(
            outcomes,
            frozenset(each.task for each in asked if each.foreign),
            frozenset(each.task for each in asked if each.misattributed),
        )

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
    for place, output in enumerate(getattr(result, "tasks_output", None) or (), 1):
        title = one_line(without_marks(str(output.name or output.description)), max_chars=60)
        parts[f"task {place}, {title!r}"] = str(output.raw)
        parts[f"the conversation of task {place}, {title!r}"] = str(output.messages)
    return parts


def _probe(
    crew: Any, inputs: Mapping[str, Any] | None, runs: int, deadline: float
) -> list[Finding]:
    be_quiet()
    stage = _Stage(crew, inputs, deadline)
    rehearsal = rehearse(crew)
    bare, guarded = stage.bare(1, rehearsal), stage.guarded(1)
    if guarded.failed and stage.unmark():
        # A text among the inputs may be more than a text, such as the path of a file.
        rehearsal = rehearse(crew)
        bare, guarded = stage.bare(1, rehearsal), stage.guarded(1)
    if guarded.failed:
        return [fails_alone(bare, guarded)]
    again = stage.guarded(1) if bare.failed else stage.bare(1, rehearsal)
    alone = guarded if bare.failed else bare
    stable, unstable = compared_alone(alone, again)
    findings = [alone_finding(bare), *([unstable_finding(unstable)] if unstable else [])]
    for title, step in ((BARE, stage.bare(runs)), (GUARDED, stage.guarded(runs))):
        findings.append(under_load(title, step, alone, stable))
    return findings
