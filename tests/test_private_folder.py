"""Private copies leave the disk with their process, also if it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from docsum_nb.private_folder import PrivateFolder, remove_abandoned

SECRET = "the private text of an upload"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test's own, also of processes that it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def texts_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_size]


def test_copies_of_a_killed_process_go_at_the_next_start(temporary: Path) -> None:
    """Those of a process that lives stay; so does what is not ours."""
    script = (
        "import sys\nfrom docsum_nb.form.uploads import Uploads\nuploads = Uploads()\n"
        "uploads.add('a.md', sys.argv[1].encode())\nprint('ready', flush=True)\nsys.stdin.read()"
    )
    holding = subprocess.Popen(
        [sys.executable, "-c", script, SECRET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holding.stdout is not None
    assert holding.stdout.readline() == "ready\n"
    stranger = temporary / "docsum_nb-notes"
    stranger.mkdir()
    (stranger / "mine.txt").write_text("not ours")
    os.utime(stranger, (0, 0))
    (temporary / "docsum_nb-link").symlink_to(stranger)
    remove_abandoned()
    assert sorted(texts_in(temporary)) == ["a.md", "mine.txt"], "its process lives"
    holding.send_signal(signal.SIGKILL)
    holding.communicate(timeout=60)
    assert "a.md" in texts_in(temporary)
    remove_abandoned()
    assert texts_in(temporary) == ["mine.txt"]
    assert {each.name for each in temporary.iterdir()} == {"docsum_nb-notes", "docsum_nb-link"}


def test_a_start_removes_them_and_an_end_removes_its_own(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of folders that were never locked, only empty ones of an hour ago go."""
    monkeypatch.setattr("docsum_nb.private_folder._swept.is_set", lambda: False)
    left, locked, fresh = (temporary / f"docsum_nb-{name}" for name in ("left", "locked", "fresh"))
    for each in (left, locked, fresh):
        each.mkdir()
    os.utime(left, (time.time() - 7200,) * 2)
    (locked / ".lock").touch()
    (locked / "files").mkdir()
    (locked / "files" / "a.txt").write_text(SECRET)
    folder = PrivateFolder()
    (folder.path / "b.txt").write_text(SECRET)
    assert not left.exists()
    assert not locked.exists()
    assert fresh.exists()
    remove_abandoned()
    assert texts_in(temporary) == ["b.txt"]
    folder.remove()
    assert texts_in(temporary) == []


def test_reading_an_archive_leaves_nothing(temporary: Path, tmp_path: Path) -> None:
    """Read to its end, and given up."""
    import docsum_nb as ds

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.txt", f"{SECRET} {number}")
    assert ds.plan(path).calls
    assert list(temporary.iterdir()) == []
