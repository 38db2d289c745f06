"""Runs in worker processes: the loop is made anew in each, and errors come back whole."""

from __future__ import annotations

import pytest

from tests.forms.processes import finished

POOL = """
import multiprocessing, os
from concurrent.futures import ProcessPoolExecutor
import docsum_nb as ds
from tests.forms.pool_work import fails, gives, runs_late

if __name__ == "__main__":
    # The parent has a loop already, which a forked child must not use.
    assert ds.start(lambda: 1, show=False).result(60) == 1
    context = multiprocessing.get_context({method!r})
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for pid, answer in pool.map(gives, range(6)):
            assert pid != os.getpid() and answer % 2 == 0
        errors = [pool.submit(work, 7).exception(60) for work in (fails, runs_late)]
        assert next(pool.map(gives, [21]))[1] == 42
    assert type(errors[0]) is LookupError and str(errors[0]) == "no 7"
    assert type(errors[1]) is ds.errors.DeadlineExceeded
    assert errors[1].partial == ("first", 7) and errors[1].run_id
    assert "in stuck() in pool_work.py" in str(errors[1]), errors[1]
    with context.Pool(1) as pool:
        assert pool.apply(gives, [21])[1] == 42
    assert ds.start(lambda: 2, show=False).result(60) == 2
    print("done")
"""


@pytest.mark.long
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_run_work_and_hand_back_results_and_errors(method: str) -> None:
    """Results, the work's own error, and a deadline with its partial result cross the border."""
    done = finished(POOL.format(method=method), "-W", "ignore::DeprecationWarning")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
