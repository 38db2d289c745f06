from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger
from docsum_nb.models.answer_writer import AnswerWriter
from docsum_nb.models.cache import AnswerCache
from docsum_nb.records import Answer, Usage
from tests.support.loops import on_loop

ANSWER = Answer("A summary.", "openai/first", Usage(1, 10, 5, 0.25), ended="stop")
TOO_LARGE = replace(ANSWER, usage=Usage(1, 2**70, 5))
"""No integer of SQLite's."""
MANY = 200

_started: list[int] = []
"""The threads that were started, as of the first use of ``starts``."""


def _note_start(event: str, _: object) -> None:
    if event == "_thread.start_new_thread":
        _started.append(1)


@pytest.fixture(scope="module")
def starts() -> list[int]:
    """Return a list that grows with each thread that is started in this process."""
    sys.addaudithook(_note_start)
    return _started


class Counted(Ledger):
    """A ledger that notes how many answers each transaction had, and in which thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.sizes: list[int] = []
        self.threads: set[int] = set()
        self.writing = threading.Event()

    def put_all(self, answers: Sequence[tuple[str, Answer]], *, run_id: str = "") -> None:
        self.writing.set()
        super().put_all(answers, run_id=run_id)
        self.sizes.append(len(answers))
        self.threads.add(threading.get_ident())


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Keep others from writing until the block is left, or the connection is rolled back."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def stored(path: Path) -> set[str]:
    """Return the keys that another connection finds."""
    with closing(sqlite3.connect(path)) as db:
        return {key for (key,) in db.execute("SELECT key FROM answers")}


def written(counts: list[int], ledger: Ledger) -> AnswerWriter:
    return AnswerWriter(ledger, "run", counts.append)


def test_answers_that_land_during_a_write_are_stored_by_the_next_one(tmp_path: Path) -> None:
    """One thread, two transactions for 200 answers; all are durable before any waiter goes on."""
    ledger, counts = Counted(tmp_path / "l"), list[int]()
    writer = written(counts, ledger)

    async def write(key: str) -> bool:
        await writer.write(key, ANSWER)
        return key in stored(ledger.path)

    async def write_all() -> list[bool]:
        with held(ledger.path) as other:
            tasks = [asyncio.create_task(write(str(number))) for number in range(MANY)]
            await asyncio.sleep(0)
            assert await asyncio.to_thread(ledger.writing.wait, 60)
            other.execute("ROLLBACK")
            return await asyncio.gather(*tasks)

    assert all(on_loop(write_all()))
    assert sum(ledger.sizes) == sum(counts) == MANY
    assert len(ledger.sizes) <= 2
    assert len(ledger.threads) == 1


def test_a_thread_for_each_answer_is_not_needed(tmp_path: Path, starts: list[int]) -> None:
    """Answers one after the other, each stored before the next is known, share a thread."""
    cache = AnswerCache(Ledger(tmp_path / "l"), run_id="run", warn=print)

    async def keep_all() -> int:
        before = len(starts)
        for number in range(MANY):
            await cache.keep(str(number), ANSWER)
            assert str(number) in stored(tmp_path / "l")
        return len(starts) - before

    # On a machine that stands still for a second, the thread ends and a new one begins.
    assert on_loop(keep_all()) < MANY / 4


def test_an_answer_that_cannot_be_stored_costs_no_other_one(tmp_path: Path) -> None:
    """Of one transaction that fails, each answer is tried alone; the error is of the one."""
    ledger = Counted(tmp_path / "l")
    writer = written([], ledger)

    async def write_all() -> list[BaseException | None]:
        with held(ledger.path) as other:
            answers = [TOO_LARGE if number == 7 else ANSWER for number in range(20)]
            tasks = [
                asyncio.create_task(writer.write(str(number), answer))
                for number, answer in enumerate(answers)
            ]
            await asyncio.sleep(0)
            assert await asyncio.to_thread(ledger.writing.wait, 60)
            other.execute("ROLLBACK")
            return await asyncio.gather(*tasks, return_exceptions=True)

    errors = {number: error for number, error in enumerate(on_loop(write_all())) if error}
    assert list(errors) == [7]
    assert isinstance(errors[7], LedgerError)
    assert stored(ledger.path) == {str(number) for number in range(20)} - {"7"}


def test_an_answer_is_stored_although_its_waiter_is_cancelled(tmp_path: Path) -> None:
    """It is paid for: a run that is stopped while it is written has it all the same."""
    ledger = Counted(tmp_path / "l")
    writer = written([], ledger)

    async def write_and_cancel() -> None:
        with held(ledger.path) as other:
            waiter = asyncio.create_task(writer.write("paid", ANSWER))
            await asyncio.sleep(0)
            assert await asyncio.to_thread(ledger.writing.wait, 60)
            waiter.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiter
            other.execute("ROLLBACK")
        # Behind it, so that it has been written when this is.
        await writer.write("next", ANSWER)

    on_loop(write_and_cancel())
    assert stored(ledger.path) == {"paid", "next"}


def test_what_could_not_be_stored_is_tried_again_with_the_next_that_can(tmp_path: Path) -> None:
    """Meanwhile it is found in memory and reported as missing; the warning comes once."""
    warnings: list[str] = []
    ledger = Ledger(tmp_path / "l")
    cache = AnswerCache(ledger, run_id="run", warn=warnings.append)

    async def keep_while_full() -> None:
        with ledger.file.reading() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count={pages}")
        long = replace(ANSWER, text="word " * 20_000)
        for name in ("a", "b"):
            await cache.keep(name, long)
        assert await cache.find(["a", "b"]) == {"a": long, "b": long}

    on_loop(keep_while_full())
    (omission,) = cache.omissions()
    assert omission.what == "2 answers"
    assert len(warnings) == 1

    with ledger.file.reading() as db:
        db.execute("PRAGMA max_page_count=1000000")
    on_loop(cache.keep("c", ANSWER))
    assert cache.omissions() == ()
    assert stored(tmp_path / "l") == {"a", "b", "c"}


def test_answers_to_one_key_in_one_transaction_are_as_one_after_the_other(tmp_path: Path) -> None:
    """The first stays, unless it does not say why it ended and a later one does."""
    ledger = Ledger(tmp_path / "l")
    old, new = replace(ANSWER, text="old", ended=None), replace(ANSWER, text="new")
    ledger.put_all([("a", old), ("a", new), ("b", new), ("b", ANSWER)])
    found = ledger.find(["a", "b"])
    assert {key: answer.text for key, answer in found.items()} == {"a": "new", "b": "new"}
