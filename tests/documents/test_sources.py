from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from docsum_nb.documents.sources import Found, find
from docsum_nb.errors import InputError, LoadError
from docsum_nb.records import Document, Omission


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """Return a folder with files of several kinds, hidden ones among them."""
    for name in ["b.md", "a/c.txt", "a/z/d.rst", ".git/config.txt", ".hidden.md", "~$b.docx"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "plot.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "binary").write_bytes(b"\0\1")
    (tmp_path / "LICENSE").write_text("free")
    return tmp_path


def _found(source: object) -> list[str]:
    return [item.name for item in find(source) if isinstance(item, Found)]


def test_a_folder_is_read_by_relative_path(pile: Path) -> None:
    """Files come sorted by path below the folder; hidden ones are passed over, others named."""
    items = list(find(pile))
    assert _found(pile) == ["LICENSE", "a/c.txt", "a/z/d.rst", "b.md"]
    assert [item for item in items if isinstance(item, Omission)] == [
        Omission("binary", "not a kind of file that is read (no suffix, not text)"),
        Omission("plot.png", "not a kind of file that is read (.png)"),
    ]


def test_globs_go_through_folders(pile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are paths below the part of the glob that has no wildcard."""
    monkeypatch.chdir(pile)
    assert _found("*.md") == ["b.md"]
    assert _found("**/*.[tr][xs]t") == ["a/c.txt", "a/z/d.rst"]
    assert _found("a/**") == ["c.txt", "z/d.rst"]
    assert _found(str(pile / "**")) == ["LICENSE", "a/c.txt", "a/z/d.rst", "b.md"]


def test_a_file_with_wildcards_in_its_name_is_a_file(pile: Path) -> None:
    """An existing file is meant before a glob is."""
    (pile / "notes [1].md").write_text("text")
    assert _found(str(pile / "notes [1].md")) == ["notes [1].md"]


def test_a_named_file_is_read_whatever_its_suffix(pile: Path) -> None:
    """A file that is named is read if it looks like text, and refused if it does not."""
    (pile / "data.csv").write_text("a,b")
    assert _found([pile / "data.csv", str(pile / ".hidden.md")]) == ["data.csv", ".hidden.md"]
    [error] = find(pile / "plot.png")
    assert isinstance(error, LoadError)
    assert "plot.png: is not a kind of file that is read; PDF" in str(error)


def test_a_missing_path_tells_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the path and the current folder."""
    monkeypatch.chdir(tmp_path)
    [error] = find("reports/x.pdf")
    assert str(error) == f"reports/x.pdf: no such file or folder (looked in {tmp_path})"


_POSIX = pytest.mark.skipif(os.sep != "/", reason="a path of Windows is one there")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("A whole text.\nOf two lines.", 'in as {"name": text}'),
        ("word " * 2000, 'in as {"name": text}'),
        ("Whales are large and old.", 'in as {"name": text}'),
        ("Whales are large. Ships too", 'in as {"name": text}'),
        ("https:/example.org/a.pdf", "give it as a str, with two slashes"),
        pytest.param("C:\\Users\\me\\a.pdf", "no drives such as C:", marks=_POSIX),
        pytest.param("Q:/reports/a.pdf", "no drives such as Q:", marks=_POSIX),
        pytest.param("Q:a.pdf", "no drives such as Q:", marks=_POSIX),
        pytest.param("/cygdrive/q/a.pdf", "no drives such as /cygdrive/q", marks=_POSIX),
        pytest.param(r"\\wsl$\Debian\home\me", "within WSL, it is '/home/me'", marks=_POSIX),
        pytest.param(r"\\wsl.localhost\Debian", "within WSL, it is '/'", marks=_POSIX),
        (r"%USERPROFILE%\a.pdf", "%USERPROFILE% is not replaced by its value"),
        ("${DATA}/a.pdf", "${DATA} is not replaced by its value: write the folder itself"),
        ("$HOME/a.pdf", "'~' for your home folder"),
        ("\u201ca.pdf\u201d", "without what stands around it, it is 'a.pdf'"),
        ("'a.pdf'", "without what stands around it, it is 'a.pdf'"),
        ("www.example.org/a.pdf", "begin it with https://"),
        ("a{1,2}.pdf", "give a list of paths"),
        ("-", "standard input is not read"),
    ],
)
def test_what_is_no_path_gets_a_hint(given: str, hint: str) -> None:
    """A text or an address given as a path gives one short line that says what to do."""
    [error] = find(given)
    assert hint in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (" one.txt\n", "without what stands around it, it is 'one.txt'"),
        ("one.txt;two.txt", "several paths go in a list: ['one.txt', 'two.txt']"),
        ("one.txt\ntwo.txt\n", "several paths go in a list: ['one.txt', 'two.txt']"),
        ("onne.txt", "did you mean 'one.txt'?"),
        ("ntoes/tow.txt", "did you mean"),
    ],
)
def test_a_path_that_is_almost_there_is_named(
    given: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied with it, several in one text, and misspelled names."""
    monkeypatch.chdir(tmp_path)
    for name in ("one.txt", "two.txt", "notes/two.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("A text.", encoding="utf-8")
    [error] = find(given)
    assert hint in str(error)


@pytest.mark.parametrize("given", ["my report.pdf", "my reports/old", "reports"])
def test_a_path_that_is_not_there_gets_no_hint_of_texts(given: str) -> None:
    """A separator or a suffix makes it a path, whatever spaces it has."""
    [error] = find(given)
    assert str(error).endswith(f"(looked in {Path.cwd()})")


def test_a_question_that_passes_for_a_glob_gets_the_hint() -> None:
    """Its mark makes it a glob; the error says how to give a text."""
    with pytest.raises(InputError, match=r'in as \{"name": text\}'):
        list(find("Are whales large?"))


@pytest.mark.parametrize("pattern", ["*.md", "**/*", "x/*.txt", "[", "a**b/*", ""])
def test_nothing_to_read_is_refused(tmp_path: Path, pattern: str) -> None:
    """A folder or glob without a file that is read raises, and says what is read."""
    (tmp_path / "plot.png").write_bytes(b"\x89PNG\0")
    source = str(tmp_path / pattern) if pattern else tmp_path
    with pytest.raises(InputError, match=r"holds no file that is read; PDF|not a usable glob"):
        list(find(source))


@pytest.mark.parametrize(
    "value",
    [None, float("nan"), pd.NA, pd.NaT, 3, b"bytes", ["x"], Path("x"), pd.Series(["a", "b"])],
)
def test_a_value_that_is_not_text_is_refused(value: object) -> None:
    """The error names the key of a value that is not text."""
    with pytest.raises(InputError, match=r"the value of 'second' is (missing|.*, not text)"):
        list(find({"first": "text", "second": value}))


@pytest.mark.parametrize(
    "source",
    [None, 3, b"x", object(), {"a"}, dict, iter(()), True, 1.5, {}, [], (), [[]], "", "\0"],
)
def test_what_is_no_source_is_refused(source: object) -> None:
    """Other types, and empty sources, raise an InputError that lists what is accepted."""
    with pytest.raises(InputError, match="give a path of a file or folder, a glob"):
        list(find(source))


def test_a_document_without_text_or_name_is_refused() -> None:
    """A Document that was made with something else than text is named."""
    odd: Any = None
    with pytest.raises(InputError, match="odd: its text is None; give a str"):
        list(find(Document("odd", odd)))
    with pytest.raises(InputError, match="a document's name is None; give a str"):
        list(find(Document(odd, "text")))


def test_a_missing_file_of_a_folder_that_looks_like_a_glob_is_told(tmp_path: Path) -> None:
    """The folder is there, the file is not: no glob, and the usual error."""
    (tmp_path / "a[1]").mkdir()
    (error,) = find(str(tmp_path / "a[1]" / "missing.txt"))
    assert isinstance(error, LoadError)
    assert "no such file" in error.reason


class _Series:
    """Like a pandas Series: items() may repeat an index."""

    def items(self) -> list[tuple[int, str]]:
        return [(0, "a"), (1, "b")]


def test_anything_with_items_is_a_mapping() -> None:
    """A Series gives its values, named by their index."""
    assert list(find(_Series())) == [Document("0", "a"), Document("1", "b")]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX links and pipes")
def test_links_and_pipes_do_not_hang(pile: Path) -> None:
    """Loops of links end, broken links are errors, and a pipe is not opened."""
    (pile / "a/loop").symlink_to(pile)
    (pile / "self.md").symlink_to(pile / "self.md")
    (pile / "gone.md").symlink_to(pile / "nowhere.md")
    os.mkfifo(pile / "pipe.txt")
    items = list(find(pile))
    assert _found(pile) == ["LICENSE", "a/c.txt", "a/z/d.rst", "b.md"]
    assert _found(str(pile / "**")) == ["LICENSE", "a/c.txt", "a/z/d.rst", "b.md"]
    errors = [Path(item.path).name for item in items if isinstance(item, LoadError)]
    assert errors == ["gone.md", "self.md"]
    assert Omission("pipe.txt", "not a regular file") in items
    for name in ("gone.md", "self.md", "pipe.txt"):
        assert isinstance(next(find(pile / name)), LoadError)


def test_a_home_folder_of_nobody_is_an_input_error() -> None:
    """``~`` with a name that no user has is reported as that, not as a RuntimeError."""
    with pytest.raises(InputError, match="Write the path without '~'"):
        list(find("~nobody-of-this-name/reports"))
