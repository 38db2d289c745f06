"""Progress as a line, on a real terminal and in a real pipe."""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TextIO

import pytest

from docsum_nb.events import RunState, Warned, fold
from docsum_nb.records import Usage
from docsum_nb.run import Pace, Snapshot
from docsum_nb.views import LineView, line

HALF = RunState(
    stage="summarizing",
    queued=10,
    done=10,
    calls=10,
    usage=Usage(10, 900, 100, 0.5),
    started_at=1000.0,
    ended_at=1003.0,
)
DONE = replace(HALF, queued=0, done=20, outcome="done")


class Terminal:
    """A pseudo-terminal: what is written to ``stream`` can be read back."""

    def __init__(self, columns: int) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.stream = os.fdopen(slave, "w", encoding="utf-8")

    def read(self) -> str:
        """Close the stream and return everything that was written."""
        self.stream.close()
        written = b""
        with suppress(OSError):  # at the end, a terminal whose other side is closed has an error
            while piece := os.read(self._master, 1 << 16):
                written += piece
        os.close(self._master)
        return written.decode()


@pytest.fixture(params=[120, 0], ids=["wide", "unknown width"])
def terminal(request: pytest.FixtureRequest) -> Terminal:
    """Open a terminal, also one that does not tell its width."""
    return Terminal(request.param)


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """Open a pipe: a stream to write to, and a function that closes and reads it."""
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w", encoding="utf-8")

    def read() -> str:
        stream.close()
        with os.fdopen(reader, encoding="utf-8") as end:
            return end.read()

    yield stream, read
    if not stream.closed:
        read()


def test_a_terminal_gets_one_line_that_stays(terminal: Terminal) -> None:
    """The line is redrawn in place, ends with one line feed, and shows counts and cost."""
    view = LineView("Summarize", terminal.stream)
    view.update(Snapshot(HALF))
    view.close(Snapshot(DONE), None)
    written = terminal.read()

    assert written.count("\n") == 1
    assert written.endswith("\n")
    last = written.rstrip().split("\r")[-1]
    assert "Summarize, done" in last
    assert "20/20" in last
    assert "10 calls, 1,000 tokens, $0.5000, 3 s" in last


def test_a_narrow_terminal_is_never_wrapped() -> None:
    """A line that is longer than the terminal is cut, so that it can be redrawn in place."""
    terminal = Terminal(40)
    view = LineView("Summarize " * 20, terminal.stream)
    view.update(Snapshot(HALF))
    view.close(Snapshot(DONE), None)

    assert all(len(part.rstrip()) <= 40 for part in re.split(r"[\r\n]", terminal.read()))


@pytest.mark.parametrize("columns", [200, 120, 100, 80, 60, 40, 30, 24, 20])
def test_cost_and_time_are_on_the_line_however_narrow(columns: int) -> None:
    """The pace goes first; what is left ends with cost and time, whole, and fits."""
    terminal = Terminal(columns)
    view = LineView("summarize", terminal.stream)
    state = replace(HALF, retried=5, failed=1, started_at=time.time() - 3, ended_at=None)
    view.update(Snapshot(state, pace=Pace(2.5, 33.0)))
    view.close(Snapshot(DONE, pace=Pace()), None)
    lines = [line.rstrip() for line in re.split(r"[\r\n]", terminal.read()) if line.strip()]

    assert all(re.search(r"\$0\.5000, \d+ s$", line) for line in lines), lines
    assert all(len(line) <= columns for line in lines)
    assert ("chunks/s" in lines[0]) == (columns == 200)
    assert ("1,000 tokens" in lines[0]) == (columns >= 100)


def test_a_pipe_gets_a_line_for_each_tenth_and_one_at_the_end(
    pipe: tuple[TextIO, Callable[[], str]],
) -> None:
    """A hundred updates are ten lines, without a carriage return."""
    stream, read = pipe
    view = LineView("Summarize", stream)
    for done in range(101):
        view.update(Snapshot(replace(HALF, queued=100 - done, done=done)))
    view.close(Snapshot(replace(DONE, done=100)), None)
    written = read()

    assert "\r" not in written
    assert re.findall(r"(\d+)/100", written) == [str(n) for n in range(10, 101, 10)]
    assert "done · 100/100 chunks" in written.splitlines()[-1]


@pytest.mark.parametrize("make", [lambda: Terminal(80), None], ids=["terminal", "pipe"])
def test_a_short_run_without_chunks_prints_nothing(
    make: Callable[[], Terminal] | None, pipe: tuple[TextIO, Callable[[], str]]
) -> None:
    """A generic run that ends at once leaves no trace on the stream."""
    terminal = make() if make else None
    view = LineView("start", terminal.stream if terminal else pipe[0])
    state = RunState(stage="working", started_at=time.time())
    view.update(Snapshot(state))
    view.close(
        Snapshot(replace(state, outcome="done", ended_at=(state.started_at or 0) + 0.3)), None
    )

    if terminal:
        terminal.stream.write("!")  # a terminal that was not written to cannot be read
        assert terminal.read() == "!"
    else:
        assert pipe[1]() == ""


def test_a_long_run_without_chunks_shows_stage_and_time(terminal: Terminal) -> None:
    """Without chunks there is neither bar nor count."""
    view = LineView("start", terminal.stream)
    state = RunState(stage="working", started_at=1.0, ended_at=8.0)
    view.update(Snapshot(state))
    view.close(Snapshot(replace(state, outcome="done")), None)
    parts = [part.strip() for part in re.split(r"[\r\n]", terminal.read()) if part.strip()]

    assert parts[0].startswith("start: working · 7 s")
    assert parts[-1].startswith("start: done · 7.0 s")


def test_a_failed_run_says_so(pipe: tuple[TextIO, Callable[[], str]]) -> None:
    """The last line names outcome and error, without the error's own control characters."""
    view = LineView("Summarize\x1b[2J", pipe[0])
    view.close(Snapshot(replace(DONE, outcome="failed", error="Boom: \x1b[31m\nsecond line")), None)

    assert pipe[1]() == (
        "Summarize␛[2J: failed · 20/20 chunks · 10 calls · 1,000 tokens · $0.5000 · 3.0 s"
        " · Boom: ␛[31m second line\n"
    )


def test_the_error_is_left_to_a_waiter(pipe: tuple[TextIO, Callable[[], str]]) -> None:
    """The waiter gets it, so a log would have it twice; an amended line leaves it out, too."""
    failed = Snapshot(replace(DONE, outcome="failed", error="Boom: no"), waited="blocking")
    view = LineView("summarize", pipe[0])
    assert not view.close(failed, None)
    view.amend(replace(failed, waited=None))
    view.amend(replace(failed, state=replace(failed.state, calls=11), waited=None))

    first, second = pipe[1]().splitlines()
    assert first.startswith("summarize: failed · ")
    assert "11 calls" in second
    assert "Boom" not in first + second


def test_a_log_shows_merges(pipe: tuple[TextIO, Callable[[], str]]) -> None:
    """All chunks are done, and a line comes for each tenth of the merges."""
    view = LineView("summarize", pipe[0])
    merging = replace(DONE, outcome=None, ended_at=None, stage="combining", merges=40)
    for merged in range(40):
        view.update(Snapshot(replace(merging, merged=merged)))

    lines = pipe[1]().splitlines()
    assert len(lines) == 9
    assert lines[0].startswith("summarize: combining, 4 of 40 merges · 20/20 chunks")


def test_a_log_is_never_silent_for_long(
    pipe: tuple[TextIO, Callable[[], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that counts nothing is named again after a while."""
    view = LineView("summarize", pipe[0])
    loading = Snapshot(RunState(stage="loading", started_at=1000.0, ended_at=1003.0))
    view.update(loading)
    monkeypatch.setattr(line, "_SILENT_S", 0.0)
    view.update(loading)
    assert pipe[1]() == "summarize: loading · 3 s\n"


def test_a_closed_stream_ends_the_view_only() -> None:
    """Nothing is raised when the stream is closed before, between or after updates."""
    terminal = Terminal(80)
    live = LineView("t", terminal.stream)
    live.update(Snapshot(HALF))
    terminal.read()
    live.update(Snapshot(HALF))
    live.close(Snapshot(DONE), None)

    closed = io.StringIO()
    closed.close()
    plain = LineView("t", closed)
    plain.update(Snapshot(HALF))
    plain.close(Snapshot(DONE), None)


def test_a_broken_pipe_ends_the_view_only() -> None:
    """A reader that went away is no error of the run."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    view = LineView("t", stream)
    view.update(Snapshot(HALF))
    view.close(Snapshot(DONE), None)

    with pytest.raises(BrokenPipeError):
        stream.close()


def test_a_stream_in_ascii_gets_what_it_can_write() -> None:
    """Characters the stream cannot encode are replaced, not raised."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    LineView("Übersicht", stream).close(Snapshot(DONE), None)

    assert raw.getvalue().startswith(b"?bersicht: done ? 20/20 chunks")


def test_a_terminal_without_a_file_is_written_to() -> None:
    """As IDLE's: it says that it is a terminal, and has no number to ask for its width."""

    class Window(io.StringIO):
        def isatty(self) -> bool:
            return True

    window = Window()
    live = LineView("t", window)
    live.update(Snapshot(HALF))
    live.close(Snapshot(DONE), None)

    assert "20/20" in window.getvalue()


def test_no_stderr_is_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stderr, as under pythonw, the view shows nothing and does not fail."""
    monkeypatch.setattr("sys.stderr", None)
    view = LineView("t")
    view.update(Snapshot(HALF))
    view.close(Snapshot(DONE), None)


def test_a_log_is_told_once_of_imports_that_take_long() -> None:
    """In a log, nothing else would be written for ten seconds and more."""
    log = io.StringIO()
    view = LineView("summarize", log)
    imports = RunState(stage="importing", started_at=time.time() - 1)
    for _ in range(3):
        view.update(Snapshot(imports))
    assert log.getvalue() == "summarize: importing CrewAI and LiteLLM, once in a process\n"


def test_a_pipe_gets_each_warning_when_it_comes_and_its_count_at_the_end(
    pipe: tuple[TextIO, Callable[[], str]],
) -> None:
    """Nine equal warnings are one line, and one more with the count and the task."""
    stream, read = pipe
    view = LineView("crew", stream)
    state = HALF
    for _ in range(9):
        state = fold(state, Warned("tool 'look' failed: \x1b[2Jdisk gone", "part 1", "expert"))
        view.update(Snapshot(state))
    view.close(Snapshot(replace(state, outcome="done")), None)
    lines = [line for line in read().splitlines() if "warning" in line]

    said = "crew: warning: tool 'look' failed: ␛[2Jdisk gone (task 'part 1', agent 'expert'"
    assert lines == [f"{said})", f"{said}, 9 times)"]


def test_a_terminal_gets_a_warning_above_its_line(terminal: Terminal) -> None:
    """The line is redrawn below the warning, and counts it."""
    view = LineView("crew", terminal.stream)
    view.update(Snapshot(HALF))
    warned = fold(HALF, Warned("memory could not be read"))
    view.update(Snapshot(warned))
    view.close(Snapshot(replace(warned, queued=0, done=20, outcome="done")), None)
    lines = terminal.read().rstrip().split("\n")

    assert len(lines) == 2
    assert lines[0].rstrip().endswith("crew: warning: memory could not be read")
    assert "1 warning" in lines[1].split("\r")[-1]


def test_a_flood_of_warnings_is_counted(pipe: tuple[TextIO, Callable[[], str]]) -> None:
    """A thousand different warnings do not fill the log."""
    stream, read = pipe
    view = LineView("crew", stream)
    state = HALF
    for number in range(1000):
        state = fold(state, Warned(f"warning {number}"))
    view.update(Snapshot(state))
    view.close(Snapshot(replace(state, outcome="done")), None)
    written = read()

    assert written.count("\n") < 30
    assert "980 other warnings: see run.state.warnings" in written
