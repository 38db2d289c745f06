"""Symbolic links in folders and globs, files that are no files, and files that change."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.documents import copies
from docsum_nb.documents.load import Loaded, load
from docsum_nb.errors import InputError, LoadError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX links and pipes")

TEXT = "Whales are mammals that live in the sea."
SECRET = "The key of the safe lies under the mat."  # a text, no secret


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder to be given, with one text, and one beside it."""
    inside, outside = tmp_path / "given", tmp_path / "other"
    for folder in (inside / "deep", outside / "more"):
        folder.mkdir(parents=True)
    (inside / "a.md").write_text(TEXT)
    (outside / "secret.txt").write_text(SECRET)
    (outside / "more" / "far.md").write_text(SECRET)
    return inside, outside


def _names(loaded: Loaded) -> list[str]:
    return [document.name for document in loaded.documents]


def _omitted(loaded: Loaded) -> dict[str, str]:
    return {each.what: each.reason for each in loaded.omitted}


def test_links_that_lead_out_of_a_folder_are_not_followed(places: tuple[Path, Path]) -> None:
    """Links to folders, files, devices and the root are omissions, and nothing behind them is."""
    inside, outside = places
    targets = {"all": "/", "up": "..", "z.txt": "/dev/zero", "gone.md": "/no"}
    targets |= {"pictures": str(outside), "deep/key.txt": str(outside / "secret.txt")}
    for name, target in targets.items():
        (inside / name).symlink_to(target)
    loaded = load(inside)
    assert _names(loaded) == ["a.md"]
    omitted = _omitted(loaded)
    assert sorted(omitted) == sorted(targets)
    for reason in omitted.values():
        assert "outside of the folder; follow_links=True" in reason


@pytest.mark.parametrize("pattern", ["*", "**/*", "**", "*/*.txt", "*/*.md", "p*/more/*.md"])
def test_globs_follow_no_links_out_of_their_folder(places: tuple[Path, Path], pattern: str) -> None:
    """What a glob matches through a link is an omission; alone, there is nothing to read."""
    inside, outside = places
    (inside / "key.txt").symlink_to(outside / "secret.txt")
    (inside / "pictures").symlink_to(outside)
    try:
        loaded = load([str(inside / pattern), str(inside / "a.md")])
    except InputError as error:
        assert "holds no file that is read" in str(error)  # noqa: PT017  # one of two ends
    else:
        assert _names(loaded) == ["a.md"]


def test_links_are_followed_if_asked_for(places: tuple[Path, Path]) -> None:
    """Everywhere but to a folder that contains the given one; each folder and file once."""
    inside, outside = places
    (inside / "all").symlink_to("/")
    (inside / "linked").symlink_to(outside)
    (inside / "twice").symlink_to(outside)
    (inside / "key.txt").symlink_to(outside / "secret.txt")
    (outside / "back").symlink_to(inside)
    loaded = load(inside, follow_links=True)
    assert _names(loaded) == ["a.md", "key.txt", "linked/more/far.md", "linked/secret.txt"]
    assert sorted(_omitted(loaded)) == ["all", "linked/back", "twice"]
    assert _names(load(str(inside / "*.txt"), follow_links=True)) == ["key.txt"]


def test_a_link_that_is_given_itself_is_followed(places: tuple[Path, Path]) -> None:
    """The caller named it: as a folder, a file, a part of a list, the fixed part of a glob."""
    inside, outside = places
    (inside / "linked").symlink_to(outside)
    (inside / "key.txt").symlink_to(outside / "secret.txt")
    assert _names(load(inside / "linked")) == ["more/far.md", "secret.txt"]
    assert _names(load([inside / "key.txt"])) == ["key.txt"]
    assert _names(load(str(inside / "linked" / "*.txt"))) == ["secret.txt"]


def test_links_inside_are_followed_once(places: tuple[Path, Path]) -> None:
    """A file is read by its own name; one that only a link shows is read by the link's."""
    inside, _ = places
    (inside / ".data").mkdir()
    (inside / ".data" / "hidden.md").write_text(SECRET)
    (inside / "a-link.md").symlink_to("a.md")
    (inside / "shown.md").symlink_to(".data/hidden.md")
    (inside / "shown-too.md").symlink_to(".data/hidden.md")
    (inside / "loop").symlink_to(".")
    (inside / "deep" / "loop").symlink_to("../deep")
    loaded = load(inside)
    assert _names(loaded) == ["a.md", "shown-too.md"]
    assert sorted(_omitted(loaded)) == ["a-link.md", "deep/loop", "loop", "shown.md"]


def test_hard_links_are_files(places: tuple[Path, Path]) -> None:
    """Two names of one file are two files."""
    inside, outside = places
    (inside / "key.md").hardlink_to(outside / "secret.txt")
    assert _names(load(inside)) == ["a.md", "key.md"]


def test_the_same_holds_for_every_way_in(places: tuple[Path, Path], tmp_path: Path) -> None:
    """A plan, a summary and a library leave out the same, and take the same option."""
    inside, outside = places
    (inside / "linked").symlink_to(outside)
    plan = ds.plan(inside)
    assert [each.name for each in plan.contents] == ["a.md"]
    assert plan.contents[0].characters == len(TEXT)
    assert "a.md: 40 characters in 1 chunk" in plan.to_text()
    assert "linked: is a symbolic link to" in plan.to_text()
    assert len(ds.plan(inside, follow_links=True).contents) == 3
    for links, documents in ((False, 1), (True, 3)):
        summary = ds.summarize(inside, follow_links=links, ledger=False, show=False).result(100)
        assert len(summary.documents) == documents
    library = ds.Library(tmp_path / "library")
    assert library.add(inside).added == 1
    assert library.add(inside, follow_links=True).added == 2


@pytest.mark.parametrize("given", [1, None, "yes"])
def test_the_option_is_a_truth_value(given: object) -> None:
    """Anything else is refused before anything is read."""
    with pytest.raises(InputError, match="follow_links is True or False"):
        ds.plan({"a": TEXT}, follow_links=given)  # type: ignore[arg-type]


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("become", [_fifo, _socket, _folder, _link])
def test_what_takes_the_place_of_a_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, become: Callable[[Path], None]
) -> None:
    """A FIFO, socket, folder or link that is there when the file is opened is one clear error."""
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.chdir(short)  # the name of a socket is short
        Path("a.md").write_text(TEXT)
        become(Path("b.md"))
        with pytest.raises((LoadError, OSError)) as caught:
            copies.copy_file(Path("b.md"), tmp_path / "copy", links=False)
    assert not (tmp_path / "copy").exists() or not (tmp_path / "copy").read_bytes()
    if become in (_fifo, _folder):
        assert "not a file; copy its content" in str(caught.value)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/stdin", "/dev/null", "/dev/tty"])
def test_devices_are_refused(name: str) -> None:
    """Named by the caller, each is one error and none is waited for."""
    with pytest.raises(InputError):
        load([name])


def test_a_file_that_goes_on_changing_is_reported(tmp_path: Path) -> None:
    """It is copied as it was, and the note says so; one that no longer changes has none."""
    path, copy = tmp_path / "growing.log", tmp_path / "copy"
    path.write_text((TEXT + "\n") * 500_000)
    stop = threading.Event()

    def grow() -> None:
        with path.open("a") as file:
            while not stop.is_set():
                file.write(TEXT + "\n")
                file.flush()

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        note = copies.copy_file(path, copy, links=False)
    finally:
        stop.set()
        writer.join()
    assert "changed while it was read" in note
    assert path.read_bytes().startswith(copy.read_bytes())
    assert copies.copy_file(path, copy, links=False) == ""
    assert copy.read_bytes() == path.read_bytes()


def test_names_are_shown_escaped(tmp_path: Path) -> None:
    """Line breaks, escape sequences, marks of direction and broken bytes are visible."""
    odd = [
        b"a\nb.md",
        b"\x1b[31mred.md",
        b"caf\xe9.md",
        "\u202egpj.md".encode(),
        "日本 é.md".encode(),
    ]
    for name in odd:
        (tmp_path / os.fsdecode(name)).write_text(TEXT)
    names = _names(load(tmp_path))
    assert sorted(names) == sorted(
        ["a\\nb.md", "\\x1b[31mred.md", "caf\\xe9.md", "\\u202egpj.md", "日本 é.md"]
    )
    assert all("\udce9" not in (each.path or "") for each in load(tmp_path).documents)


def test_names_that_are_alike_when_escaped_are_numbered(tmp_path: Path) -> None:
    """A file whose name is written like another's escaped one is a document of its own."""
    (tmp_path / "a\nb.md").write_text(TEXT)
    (tmp_path / "a\\nb.md").write_text(SECRET)
    assert len(set(_names(load(tmp_path)))) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_one_error(tmp_path: Path) -> None:
    """The rest of the folder is read."""
    (tmp_path / "a.md").write_text(TEXT)
    (tmp_path / "closed").mkdir(mode=0)
    loaded = load(tmp_path, on_error="skip")
    assert _names(loaded) == ["a.md"]
    assert "Permission denied" in str(loaded.omitted)


def test_a_file_that_has_vanished_is_an_error(tmp_path: Path) -> None:
    """It was there when the folder was listed, and is not when it is opened."""
    with pytest.raises(FileNotFoundError):
        copies.copy_file(tmp_path / "gone.md", tmp_path / "copy", links=False)


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is such a place: disks take long to remove many folders."""
    memory = Path("/dev/shm")  # the folder in it has a name of its own
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


def test_deep_folders_end(quick_folder: Path) -> None:
    """Folders 10,000 deep end in one omission; what lies above is read."""
    (quick_folder / "a.md").write_text(TEXT)
    here = os.open(quick_folder, os.O_RDONLY)
    try:
        for _ in range(10_000):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)
    try:
        loaded = load(quick_folder)
    finally:
        # Python's own way to remove folders goes as deep as they do.
        subprocess.run(["/bin/rm", "-rf", str(quick_folder / "d")], check=True)
    assert _names(loaded) == ["a.md"]
    assert "200 folders deep" in loaded.omitted[0].reason


@pytest.mark.parametrize("pattern", ["", "*", "k*.txt"])
def test_a_source_of_links_alone_names_them_in_its_error(tmp_path: Path, pattern: str) -> None:
    """What was not followed is in the message, as there is no result that could say it."""
    other, given = tmp_path / "other", tmp_path / "given"
    for folder in (other, given):
        folder.mkdir()
    (other / "secret.txt").write_text("Words of another folder.")
    (given / "key.txt").symlink_to(other / "secret.txt")
    with pytest.raises(InputError, match=r"key\.txt: is a symbolic link to .*secret\.txt, outside"):
        load(given / pattern if pattern else given)
