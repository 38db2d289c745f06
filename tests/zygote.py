"""A warm process that forks a child for each job: a kernel that can be killed, without its imports.

Run as a process of its own: it imports CrewAI and LiteLLM, starts no thread, and then forks a child
for each line of JSON on its standard input. A child summarizes or resumes and writes its result
into a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

__all__ = ["Zygote", "running_zygote"]


class Zygote:
    """The warm process, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, **job: Any) -> int:
        """Fork a child for a job; returns its process id, as soon as it is there."""
        assert self._process.stdin is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        return int(self._told()["pid"])

    def wait(self) -> int:
        """Wait for the child's end and return its exit status, negative for a signal."""
        return int(self._told()["status"])

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


@contextmanager
def running_zygote() -> Iterator[Zygote]:
    """Start the warm process, and end it."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield Zygote(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)
        process.stdout.close() if process.stdout else None


def _serve() -> None:
    import threading

    from docsum_nb.models import Model, open_model
    from docsum_nb.pipeline.requests import RequestBuilder

    assert callable(RequestBuilder)  # importing it has imported CrewAI
    # Opening a model imports LiteLLM.
    open_model(Model("openai/x", base_url="http://127.0.0.1:1"))
    assert threading.active_count() == 1, "a process with threads must not be forked"
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _work(json.loads(line))
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


def _work(job: dict[str, Any]) -> None:
    """Do a job and end the process, whatever happens."""
    try:
        Path(job["output"]).write_text(json.dumps(_done(job)))
    except BaseException:  # noqa: BLE001  # the child must not go on as the zygote
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _done(job: dict[str, Any]) -> dict[str, Any]:
    import docsum_nb as ds

    if "before" in job:
        # A named pipe: opening it waits for whoever opens the other end.
        Path(job["before"]).open().close()
    common = {"ledger": job["ledger"], "show": False}
    model = ds.Model("openai/scripted", base_url=job["base_url"])
    if job["source"] is None:
        run = ds.resume(**common)
    else:
        run = ds.summarize(job["source"], model=model, **common, **job["options"])
    summary = json.loads(run.result(120).to_json())
    kept = ("text", "documents", "citations", "chunks", "omitted")
    return {"calls": run.state.calls, **{name: summary[name] for name in kept}}


if __name__ == "__main__":
    _serve()
