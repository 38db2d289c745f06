"""What is kept of a crew's run: what it has finished, in the run itself and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError, RunCancelled
from tests.crew.crew_samples import LONG_S, field_crew, kickoff, llm_of
from tests.loopback import Loopback, Reply


def test_partial_is_a_tuple_also_before_a_task_is_finished(server: Loopback) -> None:
    """A crew without finished tasks has none, not None; a flow without any has no parts."""
    server.script = lambda call: Reply("no", status=403)
    run = kickoff(field_crew(llm_of(server), parts=2))
    assert run.partial == ()
    assert run.exception() is not None
    assert run.partial == ()
    run = kickoff(field_crew(llm_of(server), parts=2))
    run.cancel()
    cancelled = run.exception()
    assert isinstance(cancelled, RunCancelled)
    assert cancelled.partial == ()


def test_run_of_a_crew_is_not_in_the_ledger_and_resume_says_so(
    server: Loopback, tmp_path: Path
) -> None:
    """With and without a ledger's file, the error says what is kept and where the rest is."""
    run = kickoff(field_crew(llm_of(server), parts=1))
    run.result()
    for ledger in (tmp_path / "none", tmp_path / "some"):
        if ledger.name == "some":
            ds.summarize({"a": "A text."}, ledger=ledger, show=False).result(LONG_S)
        with pytest.raises(InputError, match=r"only runs of summarize are kept.*run\.partial") as e:
            ds.resume(run.id, ledger=ledger, show=False)
        assert "\n" not in str(e.value)
