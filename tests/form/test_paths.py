"""Choosing a path: what is proposed, and the browsing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docsum_nb.form.paths import PathField
from tests.form.form_samples import until

FieldMaker = Callable[..., PathField]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with folders and files in it."""
    for folder in ("b folder", "a", ".hidden", "a/inner"):
        (tmp_path / "here" / folder).mkdir(parents=True, exist_ok=True)
    for file in ("z.md", ".secret", "a/inner/deep.md"):
        (tmp_path / "here" / file).write_text("text")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def field_of(place: Path) -> Iterator[FieldMaker]:
    """Make fields; none of them may let an error through."""
    errors: list[Exception] = []
    yield lambda value="", **options: PathField(
        "Path", value=value, placeholder="", failed=errors.append, **options
    )
    assert errors == []


def shown(field: PathField) -> list[str]:
    return [label for label, _ in field.list.options]


def test_typing_proposes_what_is_there(field_of: FieldMaker) -> None:
    """What is in the folder that was typed is proposed, folders first; hidden things are not."""
    field = field_of()

    field.control.value = "a"
    until(lambda: field.control.options == ("a", "b folder", "z.md"))
    field.control.value = "a/"
    until(lambda: field.control.options == ("a/inner",))
    field.control.value = "no/such/"
    until(lambda: field.control.options == ())


def test_browsing_leads_up_and_down_and_takes_what_was_chosen(
    field_of: FieldMaker, place: Path
) -> None:
    """The list starts at what the field names; Open, Up and Use do what they say."""
    field = field_of("a")
    field.toggle.value = True
    until(lambda: shown(field) == ["inner/"])
    assert field.list.description == f"In {place / 'a'}"
    assert field.into.disabled

    field.up.click()
    until(lambda: shown(field) == ["a/", "b folder/", "z.md"])
    field.list.index = 1
    assert (field.into.disabled, field.use.description) == (False, "Use what is chosen")
    field.into.click()
    until(lambda: shown(field) == [])
    field.use.click()

    assert field.typed == str(place / "b folder")
    assert field.chooser.layout.display == "none"


def test_a_file_can_be_chosen_and_is_no_folder(field_of: FieldMaker, place: Path) -> None:
    """A file is used, not opened; a field for folders shows none."""
    field = field_of("nothing like this")
    field.toggle.value = True
    until(lambda: shown(field) == ["a/", "b folder/", "z.md"])
    field.list.index = 2
    assert field.into.disabled
    field.use.click()
    assert field.typed == str(place / "z.md")

    folders = field_of("", folders_only=True)
    folders.toggle.value = True
    until(lambda: shown(folders) == ["a/", "b folder/"])


@pytest.mark.parametrize("value", ["\0", "x" * 5000, "~nobody-of-this-name/", "/root/../../.."])
def test_rubbish_proposes_nothing_and_browses_from_somewhere(
    value: str, field_of: FieldMaker
) -> None:
    """A path that no file system takes is no error of the form."""
    field = field_of()

    field.control.value = value
    field.toggle.value = True

    until(lambda: field.list.description.startswith("In "))
    until(lambda: bool(field.list.options))
