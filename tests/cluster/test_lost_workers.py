"""Workers that are killed and added, and a scheduler that is gone: nothing is paid for twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import ClusterError
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.cluster.cluster_samples import Gate, in_flight, marks, start, texts, until
from tests.support.dask_cluster import HANG_S, dask_cluster

pytestmark = pytest.mark.long
CHUNKS = 120


def test_only_the_calls_of_a_killed_worker_are_made_again(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Of four workers one is killed with its calls in flight, and one is added."""
    gate = Gate()

    async def script(call: Call) -> Reply:
        await gate.opened()
        return Reply()

    server.script = script
    with dask_cluster(tmp_path, workers=4) as cluster, cluster.client() as client:
        run = start(server, client, CHUNKS, tmp_path, max_concurrency=80)
        until(lambda: server.in_flight == 80)
        held: dict[str, int] = client.run(in_flight)
        victim, lost = max(held.items(), key=lambda each: each[1])
        os.kill(cluster.pids()[victim], signal.SIGKILL)
        until(lambda: victim not in client.nthreads())
        cluster.add(1)
        gate.open()
        summary = run.result(HANG_S)
    repeated = {name: count for name, count in marks(server).items() if count > 1}
    print(f"\nin flight by worker {sorted(held.values())}, lost {lost}, repeated {len(repeated)}")
    assert sum(held.values()) == 80
    assert len(summary.chunks) == CHUNKS
    assert len(marks(server)) == CHUNKS
    assert len(repeated) == lost
    assert set(repeated.values()) == {2}


def test_a_scheduler_that_is_gone_is_an_error_and_resume_pays_nothing_twice(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Killed while calls are in flight; a new scheduler with new workers does the rest."""
    gate = Gate()

    async def script(call: Call) -> Reply:
        if any(f"MARK-{i:03}" in call.prompt for i in range(40, CHUNKS)):
            await gate.opened()
        return Reply()

    server.script = script
    ledger = tmp_path / "ledger.db"
    with dask_cluster(tmp_path, workers=2) as cluster:
        client: Any = cluster.client()
        run = start(server, client, CHUNKS, tmp_path, max_concurrency=60)
        until(lambda: run.state.done == 40 and server.in_flight == 60)
        cluster.kill_scheduler()
        with pytest.raises(ClusterError, match="the connection to the Dask scheduler at tcp"):
            run.result(HANG_S)
        run.join(HANG_S)
        before = marks(server)
        gate.open()
        client.close()
        with pytest.raises(ValueError, match="the Dask client is closed"):
            ds.resume(run.id, ledger=ledger, client=client, show=False)
        cluster.start_scheduler()
        cluster.add(2)
        with cluster.client() as other:
            summary = ds.resume(run.id, ledger=ledger, client=other, show=False).result(HANG_S)
    after = marks(server)
    answered = list(texts(CHUNKS))[:40]
    print(f"\nanswered 40 and in flight {len(before) - 40} when the scheduler was killed")
    assert len(summary.chunks) == CHUNKS
    assert {after[name] for name in answered} == {1}
    assert sum(after.values()) - CHUNKS <= 60
