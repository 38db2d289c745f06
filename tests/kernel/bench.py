"""A kernel and a model server in which one way to end after the other is played.

Times are taken where things happen: the server's answer and the press of a button in this process,
a raise in the kernel, the end of a cell or the last update of a panel when the kernel sends it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.kernel.ends import CREW, FORMS, End, Form
from tests.support.kernels import LONG_S, Cell, Kernel, Shown

__all__ = ["Bench", "Ended"]

PARTS = 4
_DEADLINE_S = 2.0


@dataclass(frozen=True)
class Ended:
    """What was seen of one way to end."""

    cell_error: str
    """The type of the cell's error; empty where it had none."""
    run_error: str
    told: str
    """The error and its notes, as the cell or the panel shows them."""
    seconds: float
    """From what ended the run to the end of the cell, or to the panel's last update."""
    cell_s: float
    """How long the cell took."""
    next_s: float
    """How long the kernel took to answer the next cell."""
    late_requests: int
    """Requests after the end, although all that hung was let go then."""
    threads_left: tuple[str, ...]
    """Threads that are there afterwards and were not before."""
    again: str
    """How a run that works ended in the same form, before anything that was stuck was let go."""


@dataclass(frozen=True)
class _Seen:
    """The end of a run as a person sees it."""

    cell: Cell
    told: str
    at: float
    acted_at: float
    """When this process pressed a button; 0 where it did not."""


class Bench:
    """Plays the rows of the table in one kernel, any number of times.

    Args:
        kernel: A kernel that has done nothing yet.
        server: A model server.
        folder: For named pipes.
    """

    def __init__(self, kernel: Kernel, server: ScriptedServer, folder: Path) -> None:
        self._kernel, self._server, self._folder = kernel, server, folder
        self._answered_at = 0.0
        self._released = threading.Event()
        self._run("from tests.kernel.in_kernel import *")
        self.ipykernel = self._run("import ipykernel; print(ipykernel.__version__)")
        self._subshell = kernel.make_subshell() if self.ipykernel >= "7" else ""
        # What is imported or made when first needed is no part of any figure.
        self._run("release.set()\nfor work in (Blocked(), blocked): ds.start(work).result()")
        for form in FORMS:
            self._again(form, CREW)

    def play(self, form: Form, end: End) -> Ended:
        """Play one way to end in one form."""
        self._released.clear()
        wanted = len(self._server.calls) + PARTS
        self._server.script = lambda call: self._answer(call, end, wanted)
        self._run("forget(); threads = Threads()")
        seen = self._to_the_end(form, end)
        asked = time.monotonic()
        assert self._run("print(6 * 7)") == "42"
        next_s = time.monotonic() - asked
        requests = len(self._server.calls)
        run_error = self._run(f"ended = run; print(type(ended.exception({LONG_S})).__name__)")
        again = self._again(form, end.again)
        self._let_go()
        wanted = PARTS + 1 if end.again == CREW else 0
        return Ended(
            cell_error=seen.cell.error.split(":")[0],
            run_error=run_error,
            told=seen.told + self._run("print(*getattr(ended.exception(), '__notes__', ()))"),
            seconds=seen.at - self._ended_at(end, seen.acted_at),
            cell_s=seen.cell.ended_at - float(self._run("print(marks['began'])")),
            next_s=next_s,
            late_requests=len(self._server.calls) - requests - wanted,
            threads_left=self._threads_left(end),
            again=again,
        )

    def _run(self, code: str) -> str:
        cell = self._kernel.run(code)
        assert cell.status == "ok", cell.traceback
        return cell.text.strip()

    # --- a run that ends -------------------------------------------------------------------------

    def _answer(self, call: Call, end: End, wanted: int) -> Reply | Awaitable[Reply]:
        if end.since == "answer" and "part 2" in call.prompt:
            return self._refuse(wanted)
        return self._late() if end.hangs else Reply("fine")

    async def _refuse(self, wanted: int) -> Reply:
        # What was sent before the refusal and arrives after it is no request too many.
        while len(self._server.calls) < wanted:
            await asyncio.sleep(0.01)
        self._answered_at = time.time()
        return Reply("refused here", status=403)

    async def _late(self) -> Reply:
        while not self._released.is_set():
            await asyncio.sleep(0.01)
        return Reply("late")

    def _to_the_end(self, form: Form, end: End) -> _Seen:
        kernel, requests, shown = self._kernel, len(self._server.calls), len(self._kernel.shown)
        run = end.work.format(url=self._server.base_url)
        pipe = self._folder / uuid.uuid4().hex
        if end.act == "cancel":
            os.mkfifo(pipe)
            run = f"{run}\ncancel_when_told(run, {str(pipe)!r})"
        sent = kernel.send("marks['began'] = time.time()\n" + FORMS[form].format(run=run))
        returned = kernel.wait(sent) if form == "panel" else None
        acted_at = 0.0
        if end.act:
            while len(self._server.calls) < requests + PARTS:
                time.sleep(0.01)
            acted_at = self._act(form, end, pipe)
        if returned is not None:
            last = kernel.wait_shown(_is_final, since=shown)
            return _Seen(returned, str(last.data["text/plain"]), last.at, acted_at)
        cell = kernel.wait(sent)
        return _Seen(cell, cell.traceback + cell.error, cell.ended_at, acted_at)

    def _act(self, form: Form, end: End, pipe: Path) -> float:
        """Do what a person does, and tell when."""
        if end.act == "cancel":
            with pipe.open("w"):
                return 0.0
        if form == "panel" and end.act == "interrupt":
            # No cell is there to be interrupted: the run goes on until it is cancelled.
            self._kernel.interrupt()
            assert self._run("print(run.done)") == "False"
        at = time.time()
        if form != "panel" and end.act == "interrupt":
            self._kernel.interrupt()
        else:
            # A blocked main shell cannot handle it; JupyterLab sends clicks on a subshell.
            self._kernel.click(subshell=self._subshell if form == "result" else "")
        return at

    def _ended_at(self, end: End, acted_at: float) -> float:
        """Return when there was a reason for the run to end."""
        if end.since == "answer":
            return self._answered_at
        if end.since == "deadline":
            return float(self._run("print(marks['began'])")) + _DEADLINE_S
        return acted_at or float(self._run(f"print(marks[{end.since!r}])"))

    # --- and what comes after it -----------------------------------------------------------------

    def _again(self, form: Form, work: str) -> str:
        """Run work that succeeds; returns how it ended."""
        shown = len(self._kernel.shown)
        self._server.script = lambda call: Reply("fine")
        run = work.format(url=self._server.base_url)
        cell = self._kernel.run(FORMS[form].format(run=run))
        if form == "panel":
            self._kernel.wait_shown(_is_final, since=shown)
        return cell.error or self._run("print(run.result())")

    def _let_go(self) -> None:
        """Free all that hangs or is stuck, and wait until the run is over."""
        self._released.set()
        self._run("release.set()")
        while self._server.in_flight:
            time.sleep(0.01)
        assert self._run(f"print(ended.join({LONG_S}))") == "True"

    def _threads_left(self, end: End) -> tuple[str, ...]:
        within = 0 if end.keeps_threads else LONG_S / 4
        names = self._run(f"print(*threads.new({within}), sep='|')")
        return tuple(names.split("|")) if names else ()


def _is_final(shown: Shown) -> bool:
    text = str(shown.data.get("text/plain", ""))
    return any(f": {outcome} · " in text for outcome in ("done", "failed", "cancelled"))
