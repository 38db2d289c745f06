from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from docsum_nb.ledger import runs
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.documents.scans import CHECK, LINE, grey_of, reads, scan
from tests.support.ledger_samples import said
from tests.support.zygote import Zygote, running_zygote

DOCUMENTS, CHUNKS = 10, 200
KILLS, CONCURRENCY = 20, 8


def source() -> dict[str, str]:
    """Make documents whose paragraphs are a chunk each."""
    return {
        f"doc-{d:02}": "\n\n".join(
            f"Paragraph {p} of document {d} tells of ships. "
            + f"Harbor {d * 20 + p} has boats. " * 9
            for p in range(CHUNKS // DOCUMENTS)
        )
        for d in range(DOCUMENTS)
    }


class Killing:
    """A model that always answers the same question alike, and kills who asks at some requests."""

    def __init__(self, points: list[int] | None = None) -> None:
        self.points = points or []
        self.victim: int | None = None
        self.seen = 0

    def __call__(self, call: Call) -> Reply:
        self.seen += 1
        if self.victim is not None and self.points and self.seen >= self.points[0]:
            self.points.pop(0)
            os.kill(self.victim, signal.SIGKILL)
            self.victim = None
        mark = hashlib.sha256(call.prompt.encode()).hexdigest()[:8]
        number = call.prompt.rpartition("Harbor ")[2].partition(" ")[0]
        return Reply(f"Harbor {number} has boats. It is marked {mark}.", delay=0.005)


def job(
    server: ScriptedServer, folder: Path, name: str, *, resumed: bool = False
) -> dict[str, Any]:
    options = {"chunk_tokens": 90, "max_concurrency": CONCURRENCY}
    return {
        "source": None if resumed else source(),
        "options": options,
        "base_url": server.base_url,
        "ledger": str(folder / f"{name}.ledger"),
        "output": str(folder / f"{name}.json"),
    }


def done(zygote: Zygote, work: dict[str, Any]) -> dict[str, Any]:
    zygote.start(**work)
    assert zygote.wait() == 0
    result: dict[str, Any] = json.loads(Path(work["output"]).read_text())
    return result


def check_integrity(path: str) -> int:
    """Check the file and return the number of its answers."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(db.execute("SELECT count(*) FROM answers").fetchone()[0])


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
def test_twenty_kills_cost_no_more_than_what_was_in_flight(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Killed at 20 random requests and resumed each time, a run ends alike and pays hardly more."""
    with running_zygote() as zygote:
        server.script = undisturbed = Killing()
        expected = done(zygote, job(server, tmp_path, "undisturbed"))
        needed = undisturbed.seen
        assert len(expected["chunks"]) == CHUNKS
        assert expected["calls"] == needed > CHUNKS

        points = sorted(random.Random(7).sample(range(1, needed), KILLS))
        server.script = killing = Killing(points)
        work, kept = job(server, tmp_path, "killed"), 0
        while killing.points:
            killing.victim = zygote.start(**work)
            assert zygote.wait() == -signal.SIGKILL
            now = check_integrity(work["ledger"])
            assert now >= kept
            kept = now
            work = job(server, tmp_path, "killed", resumed=True)
        result = done(zygote, work)

    assert killing.seen <= needed + KILLS * CONCURRENCY
    for part in ("text", "documents", "citations", "omitted"):
        assert said(result, part) == said(expected, part), part
    assert [c["text"] for c in result["chunks"]] == [c["text"] for c in expected["chunks"]]
    [record] = runs(work["ledger"])
    assert (record.state, record.done) == ("done", CHUNKS)
    # Answers that were in flight at a kill are paid for, but no run got them.
    assert needed <= record.calls <= killing.seen


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_costs_only_the_page_in_flight(server: ScriptedServer, tmp_path: Path) -> None:
    """Killed while the second page is read and resumed by another process, all is paid once."""
    (paper := tmp_path / "paper.pdf").write_bytes(scan(LINE, 40, "Page three.", 90, 200))
    victim: Queue[int] = Queue()

    def script(call: Call) -> Reply:
        if call.number == 1:
            os.kill(victim.get(timeout=60), signal.SIGKILL)
        return reads(call)

    server.script = script
    work: dict[str, Any] = {
        "source": str(paper),
        # The name of the same provider is asked at the same address.
        "options": {"vision": "openai/eye", "max_concurrency": 1},
        "base_url": server.base_url,
        "ledger": str(tmp_path / "ledger"),
        "output": str(tmp_path / "summary.json"),
    }
    with running_zygote() as zygote:
        victim.put(zygote.start(**work))
        assert zygote.wait() == -signal.SIGKILL
        zygote.start(**{**work, "source": None})
        assert zygote.wait() == 0
    greys = [grey for call in server.calls if (grey := grey_of(call))]
    assert greys == [40, 90, 90, 200]
    result = json.loads(Path(work["output"]).read_text())
    assert ["paper.pdf, pages 2, 4 to 5", CHECK] in [[*each.values()] for each in result["omitted"]]
