"""summarize on a real Dask cluster: the same results, limits, errors and ledger as at home."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import docsum_nb as ds
from docsum_nb.errors import (
    BudgetExceeded,
    ClusterError,
    DeadlineExceeded,
    InputError,
    RunCancelled,
)
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.cluster.cluster_samples import (
    KEY,
    Gate,
    hide_package,
    marks,
    pretend,
    queues_of,
    start,
    tasks_of,
    texts,
    until,
)
from tests.support.dask_cluster import HANG_S, DaskCluster, dask_cluster

pytestmark = pytest.mark.long
PAGES = (
    *("json/counts.json", "json/identity.json", "info/main/workers.html", "info/main/logs.html"),
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), workers=2) as started:
        yield started


@pytest.fixture(scope="module")
def client(cluster: DaskCluster) -> Iterator[Any]:
    with cluster.client() as connected:
        yield connected


def test_the_result_is_that_of_home_and_is_stored(
    client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """Every chunk is asked for once; another run pays nothing, with a cluster or without."""
    first = start(server, client, 40, tmp_path).result(HANG_S)
    assert set(marks(server).values()) == {1}
    asked = len(server.calls)
    again = start(server, client, 40, tmp_path).result(HANG_S)
    home = start(server, None, 40, tmp_path).result(HANG_S)
    assert len(server.calls) == asked
    assert first.text == again.text == home.text
    assert first.usage.calls == asked
    assert again.usage.calls == home.usage.calls == 0
    assert [each.name for each in first.documents] == list(texts(40))


def test_limits_and_bounds_hold_over_all_workers(
    client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """Not once for each worker: requests in flight, and requests in all."""
    server.script = lambda call: Reply(delay=0.05)
    run = start(server, client, 30, tmp_path, limits={"max_concurrency": 3}, max_calls=20)
    with pytest.raises(BudgetExceeded):
        run.result(HANG_S)
    run.join(HANG_S)
    assert server.most_in_flight <= 3
    assert len(server.calls) <= 20


def test_a_pause_that_the_provider_asks_for_holds_for_all_workers(
    client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """The first calls are turned away: none comes before the time that the answer names."""
    refused: list[float] = []

    def script(call: Call) -> Reply:
        if len(refused) < 2:
            refused.append(time.monotonic())
            return Reply("slow down", status=429, headers={"retry-after": "3"})
        return Reply()

    server.script = script
    start(server, client, 20, tmp_path, limits={"max_concurrency": 2}).result(HANG_S)
    later = [call.at for call in server.calls if call.at > refused[1] + 0.001]
    assert min(later) - refused[0] >= 2.9
    assert set(marks(server).values()) <= {1, 2, 3}


def test_the_first_error_cancels_everywhere_and_is_that_of_home(
    client: Any, cluster: DaskCluster, server: ScriptedServer, tmp_path: Path
) -> None:
    """200 chunks are out; one is refused, and the others are cancelled at all workers."""
    gate = Gate()

    async def script(call: Call) -> Reply:
        if "MARK-007" in call.prompt:
            await gate.opened()
            return Reply(f"Incorrect API key provided: {KEY}", status=401)
        return Reply(hang=True)

    server.script = script
    run = start(server, client, 200, tmp_path, max_concurrency=200)
    until(lambda: server.in_flight == 200)
    gate.open()
    with pytest.raises(Exception, match="Incorrect API key") as caught:
        run.result(HANG_S)
    until(lambda: server.in_flight == 0)
    assert type(caught.value).__name__ == "AuthenticationError"
    notes = "\n".join(caught.value.__notes__)
    assert "doc-007" in notes
    assert run.id in notes
    assert "on the Dask worker tcp://127.0.0.1:" in notes
    assert KEY not in f"{caught.value}{caught.value!r}{notes}{cluster.logs()}"
    assert len(server.calls) == 200


def test_cancel_stops_the_calls_at_the_workers_and_what_was_answered_is_kept(
    client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """The rest is asked for when the run is resumed, here with another client of the cluster."""
    server.script = lambda call: Reply(hang=_number(call) >= 10)
    run = start(server, client, 30, tmp_path)
    until(lambda: run.state.done == 10 and server.in_flight == 20)
    run.cancel()
    with pytest.raises(RunCancelled):
        run.result(HANG_S)
    run.join(HANG_S)
    until(lambda: server.in_flight == 0)
    server.script = lambda call: Reply()
    before = marks(server)
    with client.__class__(client.scheduler.address, set_as_default=False) as other:
        ds.resume(run.id, ledger=tmp_path / "ledger.db", client=other, show=False).result(HANG_S)
    assert before == dict.fromkeys(texts(30), 1)
    repeated = [name for name, count in marks(server).items() if count > 1]
    assert repeated == list(texts(30))[10:]


def _number(call: Call) -> int:
    """Return the number of the document that a call is about; -1 for a merge."""
    return next((i for i in range(300) if f"MARK-{i:03}" in call.prompt), -1)


def test_keys_and_texts_are_on_no_page_and_in_no_log(
    client: Any, cluster: DaskCluster, server: ScriptedServer, tmp_path: Path
) -> None:
    """While calls are in flight: pages of the scheduler, its tasks and events, all logs."""
    server.script = lambda call: Reply(hang=True)
    run = start(server, client, 8, tmp_path)
    until(lambda: server.in_flight == 8)
    port = client.scheduler_info()["services"]["dashboard"]
    seen = [str(client.get_events()), str(client.call_stack()), str(client.story()), cluster.logs()]
    seen.append(client.run_on_scheduler(tasks_of))
    seen += [page_of(port, page) for page in PAGES]
    run.cancel()
    run.join(HANG_S)
    assert "docsum_nb-batch" in seen[4]
    assert any(seen[5:])
    assert [each for each in seen if KEY in each or "MARK-00" in each] == []
    assert all(headers["Authorization"] == f"Bearer {KEY}" for headers in server.headers)


def page_of(port: int, page: str) -> str:
    """Return a page of the scheduler; empty if it has none of that name without a dashboard."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/{page}") as answer:
            return str(answer.read().decode())
    except HTTPError:
        return ""


def test_a_client_of_a_loop_of_its_own_and_two_runs_at_once(
    cluster: DaskCluster, server: ScriptedServer, tmp_path: Path
) -> None:
    """An asynchronous client; two runs are awaited together, and share no answer by mistake."""

    async def both() -> list[Any]:
        async with cluster.client(asynchronous=True) as client:
            runs = [start(server, client, 10, tmp_path, question=each) for each in ("a?", "b?")]
            return list(await asyncio.gather(*runs))

    found = asyncio.run(both())
    assert [len(each.chunks) for each in found] == [10, 10]
    assert set(marks(server).values()) == {2}


def test_a_scheduler_keeps_no_queue_of_a_run(
    client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """Texts and keys were in them, and a cluster lives longer than its runs."""
    before = client.run_on_scheduler(queues_of)
    start(server, client, 12, tmp_path).result()
    until(lambda: not {*client.run_on_scheduler(queues_of)} - {*before})


def test_a_key_that_the_workers_lack_is_named(client: Any, tmp_path: Path) -> None:
    """Keys of the environment are not sent: the workers have their own, or there is none."""
    run = ds.summarize(
        texts(2), model="openai/gpt-4o-mini", client=client, ledger=False, show=False
    )
    with pytest.raises(InputError, match="OPENAI_API_KEY") as caught:
        run.result(HANG_S)
    assert any("environment of the Dask workers" in note for note in caught.value.__notes__)


def test_versions_that_differ_are_named(
    cluster: DaskCluster, client: Any, server: ScriptedServer, tmp_path: Path
) -> None:
    """Another Python is a warning, another docsum_nb an error before anything is sent."""
    client.run(pretend, ds.__version__, "3.99.1")
    run = start(server, client, 2, tmp_path)
    run.result(HANG_S)
    assert any("has Python 3.99.1, and this process 3." in each for each in run.state.warnings)
    sent = len(server.calls)
    client.run(pretend, "0.0.7", platform.python_version())
    other = start(server, client, 2, tmp_path, question="why?")
    try:
        with pytest.raises(ClusterError, match=rf"has docsum_nb 0\.0\.7, .*{ds.__version__}"):
            other.result(HANG_S)
    finally:
        client.run(pretend, ds.__version__, platform.python_version())
    assert len(server.calls) == sent


def test_workers_without_docsum_nb_stay_alive_and_the_error_says_what_to_install(
    tmp_path: Path,
) -> None:
    """The scheduler needs no docsum_nb; a worker without it fails the task, and goes on."""
    with dask_cluster(tmp_path, workers=1) as bare, bare.client() as client:
        options: dict[str, Any] = {"client": client, "ledger": False, "show": False}
        client.run_on_scheduler(hide_package)
        assert len(ds.summarize(texts(2), **options).result(HANG_S).documents) == 2
        client.run(hide_package)
        with pytest.raises(ClusterError, match=r"install docsum_nb\[dask\]==.* on all workers"):
            ds.summarize(texts(3), **options).result(HANG_S)
        assert client.submit(sum, [1, 2]).result(HANG_S) == 3


def test_without_workers_a_run_says_that_it_waits(server: ScriptedServer, tmp_path: Path) -> None:
    """It can be cancelled, and sends nothing later; with a worker that comes, another goes on."""
    with dask_cluster(tmp_path, workers=0) as empty, empty.client() as client:
        stopped = start(server, client, 3, tmp_path)
        until(lambda: any("no worker is connected" in each for each in stopped.state.warnings))
        stopped.cancel()
        assert stopped.join(HANG_S)
        options: dict[str, Any] = {"ledger": False, "show": False, "client": client}
        run = ds.summarize(texts(3), **options)
        until(lambda: any("no worker is connected" in each for each in run.state.warnings))
        empty.add(1)
        assert len(run.result(HANG_S).chunks) == 3
        client.retire_workers(list(empty.pids()), close_workers=True)
        until(lambda: not client.nthreads())
        with pytest.raises(DeadlineExceeded):
            ds.summarize(texts(3), deadline=3, **options).result(HANG_S)
    assert server.calls == []
