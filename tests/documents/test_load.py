from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from lxml import etree

from docsum_nb.documents import notebook as notebooks
from docsum_nb.documents.load import load
from docsum_nb.documents.reading import Reading
from docsum_nb.errors import InputError, LoadError
from docsum_nb.records import Document, Omission
from tests.documents.document_samples import docx, notebook, pdf


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", "/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.replace("__", "/")).write_text(text)


def _names(source: object) -> list[str]:
    return [document.name for document in load(source).documents]


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Return a folder of a good file, two bad ones and an empty one."""
    (tmp_path / "a.txt").write_text("good")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 rubbish")
    (tmp_path / "c.docx").write_bytes(b"rubbish")
    (tmp_path / "d.md").write_text(" \n")
    return tmp_path


def test_every_format_is_read(tmp_path: Path) -> None:
    """A folder of all formats gives their texts, in order of name, with file and pages."""
    (tmp_path / "a.pdf").write_bytes(pdf(["Page one.", "Page two."]))
    (tmp_path / "b.DOCX").write_bytes(docx(("Heading1", "Word"), ("", "text")))
    (tmp_path / "c.html").write_text("<h1>Web</h1>text")
    (tmp_path / "d.ipynb").write_text(notebook({"cell_type": "markdown", "source": "# Note"}))
    (tmp_path / "e.md").write_bytes(b"# Plain\r\n")
    (tmp_path / "README").write_text("no suffix")
    documents = {document.name: document for document in load(tmp_path).documents}
    assert list(documents) == ["README", "a.pdf", "b.DOCX", "c.html", "d.ipynb", "e.md"]
    assert documents["a.pdf"].text == "Page one.\n\nPage two."
    assert documents["a.pdf"].page_at(11) == 2
    assert documents["b.DOCX"].text == "# Word\n\ntext"
    assert documents["c.html"].text == "# Web\n\ntext"
    assert documents["d.ipynb"].text == "# Note"
    assert documents["e.md"].text == "# Plain\n"
    assert documents["e.md"].path == str(tmp_path / "e.md")


def test_the_first_bad_file_is_raised(bad: Path) -> None:
    """By default the first bad file raises, in one line that names it."""
    with pytest.raises(LoadError, match=r"^\S+b\.pdf: is damaged[^\n]*$") as caught:
        load(bad)
    assert caught.value.path == str(bad / "b.pdf")


def test_all_bad_files_are_collected(bad: Path) -> None:
    """With "collect" all files are tried, and the errors are raised together."""
    with pytest.raises(ExceptionGroup, match="2 of 3 documents cannot be read") as caught:
        load(bad, on_error="collect")
    assert [type(error) for error in caught.value.exceptions] == [LoadError, LoadError]


def test_a_single_bad_file_is_a_group_too(bad: Path) -> None:
    """With "collect" one error comes as a group as well."""
    with pytest.raises(ExceptionGroup, match="1 of 1 documents"):
        load(bad / "c.docx", on_error="collect")


def test_bad_files_are_skipped_and_named(bad: Path) -> None:
    """With "skip" each bad file is an omission, as an empty one always is."""
    loaded = load(bad, on_error="skip")
    assert [document.name for document in loaded.documents] == ["a.txt"]
    assert [Path(omission.what).name for omission in loaded.omitted] == ["b.pdf", "c.docx", "d.md"]
    assert loaded.omitted[2] == Omission("d.md", "holds no text")


def test_a_file_that_a_parser_stumbles_over_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a parser raises, the file is named, and the others are read."""

    def stumble(*_: Any) -> str:
        raise IndexError("a fault of the library")

    monkeypatch.setattr(etree, "HTMLParser", stumble)
    (tmp_path / "good.txt").write_text("Good text.")
    odd = tmp_path / "odd.html"
    odd.write_text("<p>x</p><hr>")
    loaded = load(tmp_path, on_error="skip")
    assert len(loaded.documents) == 1
    (omission,) = loaded.omitted
    assert omission.what == str(odd)
    assert "open it and save it again" in omission.reason


def test_scanned_pages_are_omissions(tmp_path: Path) -> None:
    """Pages that are pictures among pages of text are named in what was left out."""
    (tmp_path / "mixed.pdf").write_bytes(pdf(["A page of much text.", None]))
    assert [omission.what for omission in load(tmp_path).omitted] == ["mixed.pdf, page(s) 2"]


def test_parts_of_a_file_are_documents_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part has a name below its file's, unique, and its omissions are named like it."""
    part = Reading("Part.", (0,), (Omission("page 1", "a picture"),), syntax="plain")
    whole = Reading(" ", omitted=(Omission("", "cut off"),), parts=(("p", part), ("p", part)))
    monkeypatch.setattr(notebooks, "read", lambda _path: whole)
    (tmp_path / "mail.ipynb").write_text("x")
    loaded = load(tmp_path / "mail.ipynb")
    assert [document.name for document in loaded.documents] == ["mail.ipynb/p", "mail.ipynb/p (2)"]
    assert {(each.pages, each.syntax) for each in loaded.documents} == {((0,), "plain")}
    assert loaded.omitted[:2] == (
        Omission("mail.ipynb", "cut off"),
        Omission("mail.ipynb/p, page 1", "a picture"),
    )


def test_equal_names_get_more_of_their_paths(tmp_path: Path) -> None:
    """Files of the same name are distinguished by their folders; other names stay short."""
    _write(tmp_path, a__x__r="1", b__x__r="2", b__y__r="3", b__y__s="4")
    sources: list[Any] = [tmp_path / "a/x/r", tmp_path / "b/x/r", tmp_path / "b/y"]
    assert _names(sources) == ["a/x/r", "b/x/r", "y/r", "s"]


def test_a_file_named_twice_is_loaded_once(tmp_path: Path) -> None:
    """A folder and a file in it give the file one place, that of the folder."""
    _write(tmp_path, r="1", s="2")
    assert _names([tmp_path, tmp_path / "s", str(tmp_path / "*")]) == ["r", "s"]


def test_a_file_makes_way_for_a_given_name(tmp_path: Path) -> None:
    """A file whose name is that of a given document is called by more of its path."""
    _write(tmp_path, r="1")
    assert _names([Document("r", "given"), tmp_path / "r"]) == ["r", f"{tmp_path.name}/r"]


def test_given_names_must_differ() -> None:
    """Two given documents of one name are refused by an error with the name."""
    with pytest.raises(InputError, match="2 documents are named 'x'"):
        load([Document("x", "1"), Document("y", "2"), Document("x", "3")])
    with pytest.raises(InputError, match="2 documents are named '1'"):
        load({1: "a", "1": "b"})


def test_mappings_and_records_are_taken_as_they_are() -> None:
    """The text of mappings and documents is not changed, and blank ones are omissions."""
    given = Document("own", "a\r\nb", metadata={"k": 1})
    loaded = load([{"one": "x\r\n", "blank": " "}, given])
    assert loaded.documents == (Document("one", "x\r\n"), given)
    assert loaded.omitted == (Omission("blank", "holds no text"),)


def test_nothing_but_blank_text_is_refused(tmp_path: Path) -> None:
    """A source that comes to no document raises, with the reason of the first omission."""
    (tmp_path / "a.md").write_text("")
    with pytest.raises(InputError, match=r"no text to work on \(a\.md: holds no text\)"):
        load(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "missing", on_error="skip")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """A file above 512 MB is refused by its size, before it is read."""
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(600 * 1024 * 1024)
    with pytest.raises(LoadError, match=r"huge\.txt: has 600 MB, more than 512 MB"):
        load(tmp_path)


@pytest.fixture
def _not_root() -> Iterator[None]:
    """Drop the right to read everything, if the tests run with it."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
@pytest.mark.usefixtures("_not_root")
def test_a_file_that_may_not_be_read_is_refused() -> None:
    """Missing permission, for a file or a folder, is a LoadError that names it."""
    with TemporaryDirectory() as given:
        folder = Path(given)
        _write(folder, closed__a="x")
        (folder / "b.txt").write_text("y")
        (folder / "b.txt").chmod(0)
        (folder / "closed").chmod(0)
        with pytest.raises(ExceptionGroup) as caught:
            load(folder, on_error="collect")
        (folder / "closed").chmod(0o700)
    assert [str(error) for error in caught.value.exceptions] == [
        f"{folder / name}: cannot be read (Permission denied)" for name in ("closed", "b.txt")
    ]


def test_an_unknown_policy_is_refused() -> None:
    """A misspelt policy is an error at once."""
    policy: Any = "ignore"
    with pytest.raises(InputError, match="'raise', 'collect' or 'skip', not 'ignore'"):
        load("x", on_error=policy)


@pytest.mark.parametrize("policy", ["raise", "collect", "skip"])
def test_wrong_use_is_raised_under_every_policy(
    policy: Literal["raise", "collect", "skip"],
) -> None:
    """What is no source raises InputError whatever shall happen to bad files."""
    with pytest.raises(InputError, match="cannot load documents from None"):
        load(None, on_error=policy)


def test_many_files_keep_their_order(tmp_path: Path) -> None:
    """Files are read several at a time, but come in order."""
    names = [f"{n:03}.txt" for n in range(200)]
    for name in names:
        (tmp_path / name).write_text(name)
    assert [document.text for document in load(os.fspath(tmp_path)).documents] == names
