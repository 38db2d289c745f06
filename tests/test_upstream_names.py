"""Names of CrewAI's and LiteLLM's that may move are used through one table for each."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from docsum_nb.crew.crewai_names import TABLE as CREWAI
from docsum_nb.models.litellm_api import loaded
from docsum_nb.models.litellm_names import TABLE as LITELLM
from docsum_nb.upstream import TESTED, Table, untested
from tests.support.source import parsed

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "docsum_nb"
MODULES = sorted(PACKAGE.rglob("*.py"))
TABLES = {
    *(PACKAGE / "crew" / "crewai_names").glob("*.py"),
    PACKAGE / "models" / "litellm_names.py",
}
OF_PYTHON = {"_asdict", "_current_frames", "_getframe", "_nest_patched", "_replace"}
NEAR = ("crew", "models", "pipeline", "entry", "diagnosis", "form")
"""The parts that hold objects of the two libraries; others have other private names to do with."""
READERS = {"getattr", "hasattr", "setattr", "delattr"}


@pytest.fixture(scope="module", autouse=True)
def litellm() -> None:
    """LiteLLM's names can be looked up."""
    loaded()


@pytest.mark.parametrize("table", [CREWAI, LITELLM], ids=lambda table: table.library)
def test_all_names_are_there(table: Table) -> None:
    """With what is installed no promise is lost; if one is, the message names it."""
    assert [str(lost) for lost in table.lost()] == []
    paths = [(name.kind, name.path, name.use) for name in table.names]
    assert len(paths) == len(set(paths))
    assert all(name.use and name.promises for name in table.names)


def test_what_was_tested_is_what_is_declared() -> None:
    """The oldest is pyproject's lower bound, the newest the one that is locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {Requirement(each).name: Requirement(each).specifier for each in
                project["dependencies"]}  # fmt: skip
    locked = (ROOT / "requirements.lock").read_text().splitlines()
    for library, (oldest, newest) in TESTED.items():
        assert f">={oldest}" in str(declared[library]).split(",")
        assert SpecifierSet(str(declared[library])).contains(newest)
        assert f"{library}=={newest}" in locked


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.15.30", ""),
        ("1.15.29", ""),
        ("1.15.41", "crewai 1.15.41 is newer than 1.15.30, the newest tested"),
        ("1.16.0", "crewai 1.16.0 is newer than 1.15.30, the newest tested"),
        ("1.15.30.post1", "crewai 1.15.30.post1 is newer than 1.15.30, the newest tested"),
        ("1.15.30rc1", ""),
        ("1.14.0", "crewai 1.14.0 is older than 1.15.29, the oldest tested"),
        ("odd", "crewai odd was not tested"),
    ],
)
def test_versions_that_were_not_tested_are_known(
    monkeypatch: pytest.MonkeyPatch, version: str, text: str
) -> None:
    """Patch releases after the newest that was tested count, as they move modules."""
    monkeypatch.setattr("docsum_nb.upstream.table.version_of", lambda library: version)
    assert untested("crewai") == text


# --- where they are used --------------------------------------------------------------------------


NEAR_MODULES = [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in NEAR]


@pytest.mark.parametrize("path", NEAR_MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_names_are_used_through_their_table(path: Path) -> None:
    """No other module imports from inside the two libraries, or reads what is private there."""
    if path in TABLES:
        return
    tree = parsed(path)
    inner = [name for name in _imported(tree) if _is_inside(name)]
    assert not inner, f"register {inner} in the table of names"
    unknown = {name for name, own in _private(tree) if name not in _own_names() and not own}
    unknown |= {name for name, own in _private(tree) if name in _THEIRS and not own}
    assert not unknown, f"{unknown} is not of this package: register it in the table of names"


def test_attributes_of_contexts_and_events_are_in_the_table() -> None:
    """What hooks are handed, and what events say, is looked up by name before a run."""
    members = {name.path.rpartition(".")[2] for name in CREWAI.names if ":" in name.path}
    used = {
        (node.value.id, node.attr)
        for path in (PACKAGE / "crew").glob("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in ("context", "event") and path not in TABLES
    }
    of_others = {"event.place", "event.stage", "context.run"}  # of this package's, of Python's
    unknown = {f"{owner}.{name}" for owner, name in used if name not in members}
    assert unknown - of_others == set()


def test_attributes_of_litellm_are_in_the_table() -> None:
    """What is read of the module itself is looked up by name when it is imported."""
    known = {name.path.partition(":")[2].partition("(")[0] for name in LITELLM.names}
    known |= {name.path.rpartition(" > ")[2] for name in LITELLM.names}
    used = {
        node.attr
        for path in (PACKAGE / "models").glob("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("litellm", "loaded()")
    }
    assert used - known == set()


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_inside(module: str) -> bool:
    return module.startswith(("crewai.", "litellm."))


def _private(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield private names that are read or set, and whether on an object of the class's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            own = _is_name(node.value, "self", "cls")
            yield node.attr, own and node.attr in _own_names()
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in READERS or called.endswith(("__setattr__", "__getattribute__")):
                for each in node.args:
                    if isinstance(each, ast.Constant) and _is_private(str(each.value)):
                        yield str(each.value), False


def _is_name(node: ast.expr, *names: str) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _is_private(name: str) -> bool:
    own = name.startswith(("__", "_docsum_nb")) or name in OF_PYTHON
    return name.startswith("_") and not own


@cache
def _own_names() -> set[str]:
    """List the private names that this package defines."""
    found = set()
    for path in MODULES:
        if path in TABLES:
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign | ast.AugAssign)
                else []
            )
            for target in targets:
                for each in ast.walk(target):
                    if isinstance(each, ast.Name):
                        found.add(each.id)
                    if isinstance(each, ast.Attribute) and _is_name(each.value, "self"):
                        found.add(each.attr)
    return {name for name in found if _is_private(name)}


_THEIRS = {
    name.path.rpartition(".")[2]
    for table in (CREWAI, LITELLM)
    for name in table.names
    if name.kind == "member"
}
