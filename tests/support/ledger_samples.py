"""What the tests of the ledger share: texts, runs of them, a file's soundness and what is in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import docsum_nb as ds
from docsum_nb.results import Summary
from docsum_nb.run import Run
from docsum_nb.testing import Reply, ScriptedServer

__all__ = [
    "LONG_S",
    "TEXTS",
    "failed_run",
    "failing_at",
    "holds",
    "is_sound",
    "model_of",
    "resume",
    "said",
    "summarize",
]

LONG_S = 60.0
TEXTS = {f"doc-{i}": f"Document {i} tells of ships and harbors. " * 3 for i in range(6)}


def said(result: dict[str, Any], part: str) -> Any:
    """Return a part of a result as JSON, without what was paid: that depends on who was first."""
    if part != "documents":
        return result[part]
    return [{**document, "usage": None} for document in result[part]]


def is_sound(path: str | Path) -> bool:
    """Check the whole file."""
    with closing(sqlite3.connect(path)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def holds(path: Path, text: str) -> bool:
    """Return whether the bytes of the file, its log or its index hold a text."""
    files = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
    return any(text.encode() in file.read_bytes() for file in files if file.exists())


def model_of(server: ScriptedServer, **options: Any) -> ds.Model:
    return ds.Model("openai/scripted", base_url=server.base_url, **options)


def summarize(source: Any, **options: Any) -> Run[Summary]:
    return ds.summarize(source, **{"show": False, **options})


def resume(run_id: str | None = None, **options: Any) -> Run[Summary]:
    return ds.resume(run_id, **{"show": False, **options})


def failing_at(number: int) -> Any:
    return lambda call: Reply("no", status=400) if call.number == number else Reply("A summary.")


def failed_run(server: ScriptedServer, ledger: Path, **options: Any) -> Run[Summary]:
    """Run until the fourth request, which is refused, and to the end of what is left of it."""
    server.script = failing_at(3)
    run = summarize(
        TEXTS, **{"model": model_of(server), "ledger": ledger, "max_concurrency": 1, **options}
    )
    assert run.exception(LONG_S) is not None
    assert run.join(LONG_S)
    return run
