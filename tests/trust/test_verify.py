"""Summary.verify, and the commands that verify and check: in Python and in a shell."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.cli import main
from docsum_nb.errors import InputError, LoadError
from docsum_nb.records import Citation
from docsum_nb.results import Summary, Verification

WHALES = "Whales are mammals that live in the sea. They come up to breathe air at the surface."
SHIPS = "Ships pay harbor dues by tonnage in every harbor. The dues were raised twice in 2021."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "whales.md").write_text(WHALES)
    (documents / "ships.txt").write_text(SHIPS)
    return documents


@pytest.fixture
def summary(folder: Path) -> Summary:
    return ds.summarize(folder, length=40, show=False, ledger=False).result()


def states(verification: Verification) -> dict[str, str]:
    return {each.name: each.state for each in verification.documents}


def test_unchanged_sources_are_verified(summary: Summary, folder: Path) -> None:
    for source in (
        folder,
        [*map(str, folder.iterdir())],
        {"whales.md": WHALES, "ships.txt": SHIPS},
    ):
        verification = summary.verify(source)
        assert verification.ok
        assert states(verification) == {"ships.txt": "unchanged", "whales.md": "unchanged"}
    assert sum(each.quotes for each in verification.documents) == len(summary.citations) > 0
    assert Summary.from_json(summary.to_json()).verify(folder) == summary.verify(folder)


def test_a_changed_word_is_found(summary: Summary, folder: Path) -> None:
    """Also where nothing was quoted; quotations that moved are named by their number."""
    (folder / "ships.txt").write_text(f"{SHIPS} Nobody knows why.")
    appended = summary.verify(folder)
    assert not appended.ok
    assert states(appended)["ships.txt"] == "changed"
    assert not any(each.misplaced for each in appended.documents)
    (folder / "ships.txt").write_text(f"Well: {SHIPS}")
    moved = next(each for each in summary.verify(folder).documents if each.name == "ships.txt")
    numbers = {each.number for each in summary.citations if each.document == "ships.txt"}
    assert set(moved.misplaced) == numbers
    assert "changed" in str(summary.verify(folder))


def test_a_missing_document_is_found_and_a_renamed_one_is_known(
    summary: Summary, folder: Path
) -> None:
    (folder / "whales.md").unlink()
    (folder / "ships.txt").rename(folder / "boats.txt")
    verification = summary.verify(folder)
    assert states(verification) == {"ships.txt": "unchanged", "whales.md": "missing"}
    assert verification.documents[0].found_as == "boats.txt"
    assert not verification.ok
    frame = verification.to_frame()
    assert list(frame["state"]) == ["unchanged", "missing"]


def test_forged_quotations_are_found(summary: Summary, folder: Path) -> None:
    first = summary.citations[0]
    forged: list[Citation] = [
        replace(first, passage="Whales are fish."),
        replace(first, source_start=first.source_start + 1),
        replace(first, source_start=-5, source_end=-1),
        replace(first, document="nowhere.txt"),
        replace(first, end=10**9),
        replace(first, passage="", source_start=3, source_end=3),
    ]
    for citation in forged:
        rest = summary.citations[1:]
        assert not replace(summary, citations=(citation, *rest)).verify(folder).ok, citation


def test_a_result_of_an_earlier_version_is_verified_by_its_quotations(
    summary: Summary, folder: Path
) -> None:
    older = json.loads(summary.to_json())
    for each in older["documents"]:
        del each["sha256"]
    read = Summary.from_json(json.dumps(older))
    verification = read.verify(folder)
    assert set(states(verification).values()) == {"unknown"}
    assert verification.ok
    assert "earlier version" in verification.unchecked[0]
    (folder / "ships.txt").write_text(f"Well: {SHIPS}")
    (folder / "whales.md").write_text(f"Well: {WHALES}")
    assert not read.verify(folder).ok


def test_a_source_that_does_not_exist_is_an_error(summary: Summary, tmp_path: Path) -> None:
    with pytest.raises((InputError, LoadError)):
        summary.verify(tmp_path / "nothing")
    with pytest.raises(InputError):
        summary.verify([])


def test_exit_codes(
    summary: Summary, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 as it was, 1 if something is wrong, 2 if there is nothing to read."""
    file = tmp_path / "summary.json"
    file.write_text(summary.to_json())
    assert main(["verify", str(file), str(folder)]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert main(["check", str(file)]) == 0
    assert "not a proof" in capsys.readouterr().out
    (folder / "ships.txt").write_text("Something else.")
    assert main(["verify", str(file), str(folder)]) == 1
    file.write_text(replace(summary, text="Penguins raise 17 young in colonies.").to_json())
    assert main(["check", str(file)]) == 1
    file.write_text("no JSON")
    assert main(["check", str(file)]) == 2
    assert main(["verify", str(tmp_path / "none.json"), str(folder)]) == 2
    assert "cannot be read" in capsys.readouterr().err
