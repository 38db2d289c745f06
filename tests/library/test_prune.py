"""Documents whose files are no longer in the folder that they came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.cli import main
from docsum_nb.errors import InputError
from docsum_nb.library import Library


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of three documents, beside another one, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("handbook/a.md", "handbook/b.md", "handbook/old/c.md", "other/d.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The document {name} speaks of whales.")
    return tmp_path / "handbook"


@pytest.fixture
def library(source: Path, place: str) -> Library:
    """Fill a library with both folders, and with a text that came from no file."""
    library = Library(place)
    added = library.add(["handbook/", "other/", {"note": "A note on whales."}])
    assert (added.added, added.gone, added.removed) == (5, (), ())
    return library


def names(library: Library) -> list[str]:
    return sorted(hit.name for hit in library.search("whales"))


def test_deleted_file_is_told_of_and_stays(library: Library, source: Path) -> None:
    """Adding the folder again names what it no longer has, with what to do; nothing is removed."""
    (source / "b.md").unlink()
    (source / "old" / "c.md").unlink()
    (source.parent / "other" / "d.md").unlink()

    added = library.add("handbook/")

    assert added.gone == ("b.md", "old/c.md")
    assert added.removed == ()
    assert "still in the library (2): b.md, old/c.md" in added.to_text()
    assert "prune=True" in added.to_text()
    assert "b.md" in added.to_html()
    assert len(library) == 5
    # However the folder is written.
    assert library.add(str(source)).gone == ("b.md", "old/c.md")


def test_prune_removes_what_the_folder_no_longer_has(library: Library, source: Path) -> None:
    """Only what came from this folder goes; the rest, and what came from no file, stays."""
    (source / "b.md").unlink()
    (source.parent / "other" / "d.md").unlink()

    added = library.add("handbook/", prune=True)

    assert (added.gone, added.removed) == ((), ("b.md",))
    assert "Removed, as no longer in the folder (1): b.md" in added.to_text()
    assert names(library) == ["a.md", "d.md", "note", "old/c.md"]
    assert library.add("handbook/", prune=True).removed == ()


def test_document_that_is_there_is_never_gone(library: Library, source: Path) -> None:
    """One that cannot be read, or came back from elsewhere under its name, stays."""
    (source / "a.md").write_bytes(b"")
    (source / "b.md").unlink()

    added = library.add(["handbook/", {"b.md": "Whales, as a text."}], prune=True)

    assert (added.updated, added.removed) == (1, ())
    assert names(library) == ["a.md", "b.md", "d.md", "note", "old/c.md"]


def test_folder_that_cannot_be_looked_into_loses_nothing(library: Library, source: Path) -> None:
    """What may still be there is not gone: here behind a link that leads to itself."""
    (source / "old").rename(source.parent / "elsewhere")
    (source / "old").symlink_to("old")
    added = library.add("handbook/", on_error="skip", prune=True)
    assert (added.gone, added.removed) == ((), ())
    assert [each.what for each in added.omitted] == ["handbook/old"]


def test_folder_with_nothing_left_is_an_error_and_loses_nothing(
    library: Library, source: Path
) -> None:
    """A disk that is not mounted leaves an empty folder."""
    for path in ("a.md", "b.md", "old/c.md"):
        (source / path).unlink()
    with pytest.raises(InputError, match="holds no file"):
        library.add("handbook/", prune=True)
    assert len(library) == 5


@pytest.mark.parametrize("given", [{"x": "A text."}, "handbook/*.md", "handbook/a.md"])
def test_prune_without_a_folder_is_refused(library: Library, given: object) -> None:
    """It would do nothing; the error says what to give."""
    with pytest.raises(InputError, match="prune=True needs a folder"):
        library.add(given, prune=True)
    assert len(library) == 5


def test_command_line_tells_and_prunes(
    library: Library, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``add`` names what is gone on standard error; ``--prune`` removes it."""
    (source / "b.md").unlink()
    place = str(library.path)
    assert main(["add", "handbook", "--library", place]) == 0
    assert "gone: b.md: still in the library; --prune removes it" in capsys.readouterr().err
    assert main(["add", "handbook", "--library", place, "--prune"]) == 0
    assert "removed: b.md" in capsys.readouterr().out
    assert len(library) == 4
    assert main(["add", "handbook/a.md", "--library", place, "--prune"]) == 2
