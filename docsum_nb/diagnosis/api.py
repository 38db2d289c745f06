"""``doctor`` examines this environment, a crew or flow, and a crew under load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.diagnosis.notebook import notebook_findings
from docsum_nb.diagnosis.switches import switch_findings
from docsum_nb.diagnosis.versions import promise_findings, version_findings
from docsum_nb.entry import check_kickable, made_of
from docsum_nb.errors import InputError
from docsum_nb.findings import Diagnosis, Finding, examined

__all__ = ["doctor"]

_MOST_RUNS = 64


@explains_arguments
def doctor(
    crew_or_flow: Any = None,
    *,
    inputs: Mapping[str, Any] | None = None,
    probe: int | None = None,
    deadline: float = 60.0,
) -> Diagnosis:
    """Check what a person would check by hand before, or after, a crew freezes in a notebook.

    Examines versions, kernel, event loop, switches and folders; with a crew or flow, its agents,
    tasks, models, texts, callbacks and tools as well. Nothing is called, changed or sent, and no
    key is needed. Without a crew neither CrewAI nor LiteLLM is imported.

    With ``probe=8``, a copy of the crew is run once alone and then 8 times at once on a scripted
    model in this process, at no cost: with ``crew.kickoff()`` on one crew for all runs, and with
    ``ds.kickoff``. The findings name what differs: what fails only under load, and what of one run
    appears in another. The scripted model calls no tool. Memory, knowledge, MCP servers, apps and
    output files are not used; your callbacks, guardrails, conditions and agents of a class of your
    own are really run, each time; handlers of yours on CrewAI's event bus, and its telemetry if
    that is on, receive its events.

    It blocks its caller: an examination for well under a second, once CrewAI is imported, a probe
    until its runs have ended. Interrupting stops them.

    Args:
        crew_or_flow: A Crew or Flow, or what ``kickoff`` makes one of; or a ``Library``, or the
            address of one on a server, which is then connected to; ``None`` for the environment
            alone.
        inputs: The inputs of its ``kickoff``; checked against the placeholders in its texts. In a
            probe, texts among them get a mark for each run. With ``None`` nothing is checked, and a
            probe uses a made-up text for each placeholder.
        probe: The number of runs at once, 2 to 64; ``None`` for no probe.
        deadline: Seconds for the runs of each step of a probe, which has five steps as a rule and
            seven at most. A run that has not ended by then is a finding.

    Returns:
        The findings, worst first. ``ok`` is true if there is no problem.

    Raises:
        InputError: if it is none of these, or an argument cannot be used.

    Example:
        >>> doctor().about("python")[0].level
        'ok'
    """
    work = _checked(crew_or_flow, inputs, probe, deadline)
    return Diagnosis.of(_findings(work, inputs, probe, deadline))


def _findings(
    work: Any, inputs: Mapping[str, Any] | None, probe: int | None, deadline: float
) -> Iterator[Finding]:
    yield from examined("installed packages", version_findings)
    yield from examined("what the versions promise", promise_findings)
    yield from examined("kernel and event loop", notebook_findings)
    yield from examined("switches and folders", switch_findings)
    if work is None:
        return
    if _is_library(work):
        from docsum_nb.diagnosis.library import library_findings

        yield from examined("the library", lambda: library_findings(work))
        return
    # With a crew, CrewAI is imported already.
    from docsum_nb.crew.inspection import examine

    yield from examine(work, inputs)
    if probe is not None:
        from docsum_nb.diagnosis.probe import probe_findings

        yield from probe_findings(work, inputs, runs=probe, deadline=deadline)


def _checked(
    work: Any, inputs: Mapping[str, Any] | None, probe: int | None, deadline: float
) -> Any:
    """Return the Crew or Flow to examine; ``None`` for none."""
    if _is_library(work):
        if inputs is not None or probe is not None:
            raise InputError("inputs and probe go with a crew: doctor(crew, probe=8)")
        return work
    if work is not None:
        check_kickable(work, "doctor")
        work = made_of(work)
    if inputs is not None and not isinstance(inputs, Mapping):
        raise InputError(f"inputs is a mapping of names to values, not {type(inputs).__name__}")
    if work is None and (inputs is not None or probe is not None):
        raise InputError("inputs and probe go with a crew: doctor(crew, probe=8)")
    if probe is None:
        return work
    if isinstance(probe, bool) or not isinstance(probe, int) or not 2 <= probe <= _MOST_RUNS:
        raise InputError(f"probe is how many runs at once, 2 to {_MOST_RUNS}, not {probe!r}")
    from docsum_nb.crew.inspection import is_crew

    if not is_crew(work):
        raise InputError(
            "a probe takes a Crew: a Flow's own code cannot be put on a scripted model; give "
            "doctor each crew that the flow kicks off"
        )
    if not deadline > 0:
        raise InputError(f"deadline is seconds, above 0, not {deadline!r}")
    return work


def _is_library(work: Any) -> bool:
    from docsum_nb.library import Library
    from docsum_nb.library.postgres.address import is_postgres

    return isinstance(work, Library) or (isinstance(work, str) and is_postgres(work))
