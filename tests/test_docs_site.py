"""The documentation as a site: it builds without a warning, and nothing public is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

import docsum_nb as ds
from docs.check import broken_links, unreachable
from docsum_nb import errors, events, records
from tests.support.made import made
from tests.support.pages import ROOT

INTERNAL = {"Answer", "OWN_CITATIONS", "Price", "Request", "SourceSpan", "SourceText", "Syntax"}
"""Records that only the package's own parts hand to one another."""
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built with warnings as errors; a name that leads nowhere is one."""
    if before := made("docs"):
        return before
    built = tmp_path_factory.mktemp("docs") / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", "html"]
    done = subprocess.run(
        [*command, ROOT / "docs", built], capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return built


@pytest.mark.long
def test_every_link_leads_somewhere(site: Path) -> None:
    """No page, anchor or picture that a page links to is missing."""
    assert broken_links(site) == []


@pytest.mark.long
def test_every_page_can_be_come_upon(site: Path) -> None:
    """A chain of links in the texts leads from the first page to every other."""
    assert unreachable(site) == []


@pytest.mark.long
def test_every_public_name_is_in_the_reference(site: Path) -> None:
    """Public names, errors, events and records each have an entry, by the name users write."""
    described = names_described(site)
    public: dict[str, str] = {}
    for module in (ds, errors, events, records):
        for name in set(module.__all__) - INTERNAL:
            public.setdefault(name, f"{module.__name__}.{name}")
    assert set(public.values()) - described == set()


@pytest.mark.long
def test_fields_of_a_result_are_in_the_reference(site: Path) -> None:
    """What a user reads off a result, a run or a state is described, not just named."""
    described = names_described(site)
    for name in ("Summary.citations", "Run.partial", "Model.prices", "events.RunState.cost_usd"):
        assert f"docsum_nb.{name}" in described


def names_described(site: Path) -> set[str]:
    from sphinx.util.inventory import InventoryFile

    found = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    inventory = cast("dict[str, dict[str, object]]", found.data)
    return {name for kind, names in inventory.items() if kind[:3] == "py:" for name in names}


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """The check itself can fail: on a page, an anchor and a picture that are not there."""
    there = "<article><a href='other.html#here'>x</a><a href='https://x.test/'>x</a></article>"
    gone = "<a href='none.html'>x</a><a href='#none'>x</a><img src='none.png'>"
    (tmp_path / "index.html").write_text(there + gone)
    (tmp_path / "other.html").write_text("<p id='here'>x</p>")
    (tmp_path / "lonely.html").write_text("x")
    links = [f"index.html: {link}" for link in ("none.html", "#none", "none.png")]
    assert broken_links(tmp_path.resolve()) == links
    assert unreachable(tmp_path) == ["lonely.html"]
