"""How far an add is, as a person sees it."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest

from docsum_nb.library import Library
from docsum_nb.library import progress as progress_module
from tests.support.kernels import running_kernel

TEXTS = {f"note {at}": f"Note {at} tells of harbors and of ships." for at in range(5)}


def embedded(texts: Sequence[str]) -> list[list[float]]:
    """Return a vector for each text."""
    return [[1.0, float(len(each))] for each in texts]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show progress from the beginning."""
    monkeypatch.setattr(progress_module, "DELAY_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_terminal_shows_a_bar_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a bar for the texts and one for the vectors; nothing of them is left."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with os.fdopen(slave, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        Library(tmp_path / "notes", embedder=embedded).add(TEXTS)
        monkeypatch.undo()
        written = os.read(master, 1 << 16).decode()
    os.close(master)
    assert "adding to notes: " in written
    assert "indexing notes: " in written
    assert "\n" not in written


@pytest.mark.usefixtures("at_once")
def test_a_pipe_gets_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Library(tmp_path / "notes", embedder=embedded).add(TEXTS)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("at_once")
def test_a_stream_that_is_closed_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    assert Library(tmp_path / "notes").add(TEXTS).added == len(TEXTS)


def test_a_cell_keeps_what_was_done(tmp_path: Path) -> None:
    """An add that is short shows nothing; a longer one changes one output in place."""
    with running_kernel() as kernel:
        first, second = str(tmp_path / "first"), str(tmp_path / "<second>")
        cell = kernel.run(
            "import docsum_nb as ds\nfrom docsum_nb.library import progress\n"
            f"progress.DELAY_S = 3600.0\ntexts = {TEXTS!r}\n_ = ds.Library({first!r}).add(texts)"
        )
        assert (cell.status, cell.displays) == ("ok", [])
        cell = kernel.run(f"progress.DELAY_S = 0.0\n_ = ds.Library({second!r}).add(texts)")
        assert cell.status == "ok", cell.traceback
    last = cell.displays[-1]
    assert "adding to &lt;second&gt;: 5 documents in " in last["text/html"]
    assert "adding to <second>: 5 documents in " in last["text/plain"]
    assert "<progress" in cell.displays[0]["text/html"]
    assert "<progress" not in last["text/html"]
