"""A library on a server, when clients are killed and the server is slow, full or gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from docsum_nb.errors import LibraryError
from docsum_nb.library import Library
from tests.library.library_samples import OFFICE, execute, names, run, schema_of
from tests.support.postgres import Server


@pytest.fixture
def killed(server: Server) -> Iterator[Server]:
    """Return a server that may be stopped; it runs again afterwards."""
    yield server
    if server.process is None:
        server.start()


_ADD = """
import sys
from docsum_nb.library import Library
library = Library(sys.argv[1])
for number in range(10_000):
    library.add({f"{number}": f"zebra {number} " * 300, "shared": f"zebra {number}"})
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_client_loses_nothing_it_reported(on_server: str, seed: int) -> None:
    """Each document is there once and whole, and the next client is not kept waiting."""
    with subprocess.Popen([sys.executable, "-c", _ADD, on_server], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        last = [child.stdout.readline() for _ in range(2 + 3 * seed)][-1]
        child.kill()
        rest = child.stdout.read().split()
    reported = int((rest or [last])[-1])
    library = Library(on_server)
    library.add({"next": "zebra"})
    found = [hit.name for hit in library.search("zebra", 10_000)]
    assert len(found) == len(set(found)) == len(library)
    assert {*map(str, range(reported + 1)), "shared", "next"} <= set(found)
    with psycopg.connect(on_server.partition("&schema")[0]) as connection:
        connection.execute(f'SET search_path = "{schema_of(on_server)}"'.encode())
        rows = connection.execute(
            "SELECT name, count(*), max(last - first + 1) FROM documents JOIN passages "
            "ON document = documents.id GROUP BY name"
        ).fetchall()
    assert {name for name, *_ in rows} == set(found)
    assert all(count == wanted for _, count, wanted in rows)


def test_a_restarted_server_costs_one_clear_error_at_most(killed: Server, on_server: str) -> None:
    """While it is down, the error says so; afterwards the same library goes on."""
    library = Library(on_server)
    library.add(OFFICE)
    killed.stop(signal.SIGQUIT)
    for use in (lambda: len(library), lambda: library.add({"x": "y"})):
        with pytest.raises(LibraryError, match="cannot be reached"):
            use()
    killed.start()
    assert names(library, "late payments") == ["payments"]
    killed.stop()
    killed.start()
    assert library.add({"new": "A zebra."}).added == 1


def test_a_server_that_dies_during_an_add_is_reported(killed: Server, on_server: str) -> None:
    """What was reported as added is there, what was not is wholly there or not at all."""
    library = Library(on_server)
    library.add(OFFICE)

    def dies(snapshot: Any) -> int:
        killed.stop(signal.SIGQUIT)
        return int(snapshot.count())

    with pytest.raises(LibraryError, match=r"connection .* was lost"):
        library._store.read(dies)
    killed.start()
    assert len(library) == 3


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_server_that_does_not_answer_is_given_up(
    killed: Server, on_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is open, and one that is being opened, end after their limits."""
    library = Library(on_server)
    library.add(OFFICE)
    stopped: list[int] = []

    def hangs(snapshot: Any) -> int:
        ((backend,),) = snapshot._connection.execute("SELECT pg_backend_pid()").fetchall()
        stopped.extend((backend, killed.pid))
        for each in stopped:
            os.kill(each, signal.SIGSTOP)
        # Only now: a loaded machine may need longer for what is answered.
        snapshot._connection.limit_s = 0.5
        monkeypatch.setattr("docsum_nb.library.postgres.connection._NETWORK_S", 0.5)
        monkeypatch.setattr("docsum_nb.library.postgres.connection.CONNECT_S", 2)
        return int(snapshot.count())

    try:
        with pytest.raises(LibraryError, match="does not answer"):
            library._store.read(hangs)
        with pytest.raises(LibraryError, match="cannot be reached"):
            len(library)
    finally:
        for each in stopped:
            os.kill(each, signal.SIGCONT)
    monkeypatch.undo()
    assert len(library) == 3


def test_a_writer_that_waits_too_long_is_told_that_others_write(
    on_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is another's; the error says so, and nothing was changed."""
    library = Library(on_server)
    library.add(OFFICE)
    holds, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        def change(connection: Any) -> None:
            holds.set()
            assert may_end.wait(120)

        Library(on_server)._store._commit(change)  # type: ignore[attr-defined]

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(120)
    monkeypatch.setattr("docsum_nb.library.postgres.connection.WRITE_S", 0.3)
    try:
        with pytest.raises(LibraryError, match="in use for too long"):
            library.add({"new": "text"})
        assert len(library) == 3
    finally:
        may_end.set()
        thread.join()
    monkeypatch.undo()
    assert library.add({"new": "text"}).added == 1


_INTERRUPTED = """
import _thread, signal, sys, threading
from docsum_nb.library import Library
library = Library(sys.argv[1])
library.add({"a": "zebra"})
def sleeps(snapshot):
    threading.Timer(0.5, lambda: signal.raise_signal(signal.SIGINT)).start()
    snapshot._connection.execute("SELECT pg_sleep(300)")
try:
    library._store.read(sleeps)
except KeyboardInterrupt:
    print("interrupted", len(library))
"""


def test_ctrl_c_ends_a_statement(on_server: str) -> None:
    """It is cancelled on the server, and the library goes on."""
    done = run(_INTERRUPTED, on_server)
    assert (done.stdout.split(), done.stderr) == (["interrupted", "1"], "")


def test_a_full_disk_is_the_servers_error(server: Server, on_server: str) -> None:
    """The message has the server's words, and says whose matter it is."""
    library = Library(on_server)
    library.add(OFFICE)
    schema = schema_of(on_server)
    execute(
        server,
        f'CREATE FUNCTION "{schema}".full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
        "RAISE EXCEPTION 'could not extend file: No space left on device' "
        "USING ERRCODE = 'disk_full'; END $$",
        f'CREATE TRIGGER full_disk BEFORE INSERT ON "{schema}".passages FOR EACH STATEMENT '
        f'EXECUTE FUNCTION "{schema}".full_disk()',
    )
    with pytest.raises(LibraryError, match=r"server is full .*No space left"):
        library.add({"new": "text"})
    assert (len(library), names(library, "late payments")) == (3, ["payments"])


def lengths(texts: list[str]) -> list[list[float]]:
    """Return a vector for each text."""
    return [[1.0, float(len(each))] for each in texts]


def other(texts: list[str]) -> list[list[float]]:
    """Return a vector for each text, under another name."""
    return lengths(texts)


@pytest.mark.parametrize(
    ("step", "use"),
    [
        ("checked_format", lambda place: Library(place).search("late payments")),
        ("take_out", lambda place: Library(place).add({"new": "A zebra.", "travel": "None."})),
        ("take_out", lambda place: Library(place).remove("travel")),
        ("forget_all_vectors", lambda place: Library(place, embedder=other).embed()),
    ],
    ids=["search", "add", "remove", "embed"],
)
def test_a_connection_that_is_lost_in_the_middle_costs_one_clear_error(
    on_server: str, monkeypatch: pytest.MonkeyPatch, step: str, use: Any
) -> None:
    """Nothing of the change is there, nothing of before is lost, and the same call works again."""
    library = Library(on_server, embedder=lengths)
    library.add(OFFICE)

    def lost(connection: Any, *_: Any) -> None:
        monkeypatch.undo()
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(f"docsum_nb.library.postgres.store.{step}", lost)
    with pytest.raises(LibraryError, match=r"connection .* was lost .* try again"):
        use(on_server)
    assert (library.stats()["documents"], library.stats()["vectors"]) == (3, 3)
    assert library.search("journeys by train", 1)[0].name == "travel"
    use(on_server)
