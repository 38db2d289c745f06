"""The findings of a probe: how a crew alone differs from the same crew many times at once."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docsum_nb.crew.scripted_model import marks_in, without_marks
from docsum_nb.errors import DocsumError
from docsum_nb.findings import Finding
from docsum_nb.own_code import file_label
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.run import own_frame

__all__ = [
    "BARE",
    "GUARDED",
    "Outcome",
    "Step",
    "alone_finding",
    "compared_alone",
    "fails_alone",
    "under_load",
    "unstable_finding",
]

BARE, GUARDED = "crew.kickoff()", "ds.kickoff(crew)"


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    number: int
    error: BaseException | None
    parts: Mapping[str, str]
    """Each task's output and conversation, and the result, without the run's own mark."""


@dataclass(frozen=True)
class Step:
    """The runs of one step of a probe."""

    outcomes: Sequence[Outcome]
    mixed: frozenset[str]
    """Tasks whose prompts had another run's text."""
    misattributed: frozenset[str]
    """Tasks in whose name another task's call was made."""

    @property
    def failed(self) -> list[Outcome]:
        """The runs that ended with an error, in order."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]


def compared_alone(first: Step, second: Step) -> tuple[dict[str, str], list[str]]:
    """Return what two lone runs have in common, and the names of the parts that differ."""
    one, two = first.outcomes[0].parts, second.outcomes[0].parts
    if second.failed:
        return dict(one), [
            f"the outcome: the second run failed, {_error_text(second.failed[0].error)}"
        ]
    stable = {name: text for name, text in one.items() if two.get(name) == text}
    return stable, [name for name in one if name not in stable]


def fails_alone(bare: Step, guarded: Step) -> Finding:
    """Return the finding of a crew that fails alone, so that nothing can be compared."""
    how = f"with {BARE} and {GUARDED}" if bare.failed else f"with {GUARDED}, though not with {BARE}"
    return Finding(
        "problem",
        "probe-alone",
        "the crew alone",
        f"fails on a scripted model, {how}: {_error_text(guarded.failed[0].error)}",
        "So it cannot be compared under load. The scripted model answers with made-up texts; a "
        "guardrail, callback or validator of yours may refuse them.",
        "Fix what the error names; or give the probe inputs that your code accepts: "
        "ds.doctor(crew, probe=8, inputs={...}).",
    )


def alone_finding(bare: Step) -> Finding:
    """Return the finding of the lone runs of a crew that completes under the guard."""
    if not bare.failed:
        return Finding("ok", "probe-alone", "the crew alone", "completes on a scripted model")
    return Finding(
        "warning",
        "probe-alone",
        "the crew alone",
        f"fails with {BARE}, and completes with {GUARDED}: {_error_text(bare.failed[0].error)}",
        "The failure is not in your code, but in what the crew's tasks share.",
        "ds.kickoff(crew, inputs)",
    )


def unstable_finding(unstable: Sequence[str]) -> Finding:
    """Return the finding of parts that differ from run to run, and cannot be compared."""
    return Finding(
        "note",
        "probe-unstable",
        "the crew alone",
        f"two runs, one after the other, differ in {_some(unstable)}",
        "Something in it changes from run to run, such as a counter, a clock or a random choice; "
        "these parts are not compared under load.",
    )


def under_load(title: str, step: Step, alone: Step, stable: Mapping[str, str]) -> Finding:
    """Return the finding of what many runs at once did and a lone one does not."""
    seen = list(_differences(step, alone, stable))
    subject = f"{len(step.outcomes)} runs at once, {title}"
    check = "probe-bare" if title == BARE else "probe-guarded"
    if not seen:
        return Finding("ok", check, subject, "nothing differs from the crew alone")
    if title == BARE:
        return Finding(
            "warning",
            check,
            subject,
            "; ".join(seen),
            "CrewAI keeps a run's state in the crew's own tasks and agents, so runs of one Crew "
            "object mix there, as in a server or an async notebook.",
            "ds.kickoff(crew, inputs) runs a clone for each; without it, create a new crew for "
            "every run.",
        )
    return Finding(
        "problem",
        check,
        subject,
        "; ".join(seen),
        "The runs have their own tasks and agents there; what they share is your code: "
        "callbacks, guardrails, tools, agents of a class of your own, and what these refer to.",
        "Protect what the error names with a lock, or keep its state in the run's own inputs and "
        "outputs.",
    )


def _differences(step: Step, alone: Step, stable: Mapping[str, str]) -> Iterator[str]:
    failed, total = step.failed, len(step.outcomes)
    if failed:
        kinds = Counter(_error_text(outcome.error) for outcome in failed)
        worst = "; ".join(
            f"{text} ({count_text(times, 'run')})" for text, times in kinds.most_common(2)
        )
        yield f"{len(failed)} of {total} failed: {worst}"
    mixed = step.mixed - alone.mixed
    different: dict[str, int] = {}
    foreign: dict[str, None] = dict.fromkeys(map(_task, sorted(mixed)))
    for outcome in step.outcomes:
        for name, text in outcome.parts.items():
            if marks_in(text):
                foreign[name] = None
            elif name in stable and text != stable[name]:
                different[name] = different.get(name, 0) + 1
    if foreign:
        yield f"another run's inputs or answers appeared in {_some(list(foreign))}"
    if different:
        times = count_text(max(different.values()), "run")
        yield f"not what the crew alone gives, in up to {times}: {_some(list(different))}"
    misattributed = step.misattributed - alone.misattributed
    if misattributed:
        names = [_task(name) for name in sorted(misattributed)]
        yield f"calls were made in the name of the wrong task, seen in {_some(names)}"


def _task(name: str) -> str:
    return f"the prompt of task {one_line(name, max_chars=60)!r}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(one_line(name, max_chars=120) for name in names[:3]) + more


def _error_text(error: BaseException | None) -> str:
    """Return an error in one line, and its line in the user's code if it was raised there."""
    if error is None:
        return ""
    message = one_line(without_marks(str(error)), max_chars=240)
    text = f"{type(error).__name__}: {message.rstrip('.')}"
    if isinstance(error, DocsumError):
        # Its message names the location; its traceback is that of the waiter.
        return text
    lines = {id(frame): line for frame, line in traceback.walk_tb(error.__traceback__)}
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    frame = own_frame(reversed(frames))
    if frame is None:
        return text
    code = frame.f_code
    file = file_label(code.co_filename)
    return f"{text}, in {code.co_qualname}() in {file}, line {lines[id(frame)]}"
