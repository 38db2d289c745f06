"""The rules of the house, as tests."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pickle
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import docsum_nb
from docsum_nb import errors
from tests.support.source import parsed

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "docsum_nb"

LAYERS = [
    {"__main__"},
    {"cli", "magics"},
    {"diagnosis", "evaluation", "flow", "form", "shell_words"},
    {"entry", "pipeline"},
    {"options"},
    {"crew", "library"},
    {"recognition", "cluster"},
    {"models", "views", "plots", "testing", "trust"},
    {"documents", "prompts"},
    {"run", "ledger", "budget"},
    {"events", "environment", "upstream", "results", "findings"},
    {"records", "paths", "private_folder", "provider_errors"},
    {"render", "argument_hints"},
    {"errors", "option_kinds"},
    {"secrets", "characters", "own_code", "wording"},
]

HEAVY = ("crewai", "litellm", "openai", "ipywidgets", "lancedb", "numpy", "chromadb", "IPython")


def part_of(module: str) -> str:
    """Name the part of the package that a dotted module belongs to."""
    return [*module.split("."), "__init__"][1]


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@cache
def imports_of(path: Path) -> frozenset[str]:
    """List the package's own modules that a file imports, also in functions and for types only."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names if each.name.startswith("docsum_nb.")}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("docsum_nb"):
            names = {f"{node.module}.{each.name}" for each in node.names}
            found |= {name if name in MODULES else node.module or "" for name in names}
    return frozenset(found - {"docsum_nb"})


def level(part: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if part in layer)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports_point_downward(path: Path) -> None:
    """A module imports its own part and those below it; siblings do not know each other."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    parts = {part_of(module) for module in imports_of(path)} - {own}
    upward = {part for part in parts if level(part) <= level(own)}
    assert not upward, f"{own} imports {upward}"


def in_circles() -> list[str]:
    """Return the modules that import themselves by others, and those above them."""
    imports = {name: imports_of(path) for name, path in MODULES.items() if name != "docsum_nb"}
    while leaves := {name for name, used in imports.items() if not used & imports.keys()}:
        imports = {name: used for name, used in imports.items() if name not in leaves}
    return sorted(imports)


def test_no_module_imports_itself_by_others() -> None:
    """No circle of modules, whether at import, within functions or for types only."""
    assert in_circles() == []


def test_the_map_shows_the_layers() -> None:
    """Every part is on the map of the architecture page, never above one that imports it."""
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = page.partition("## The map")[2].partition("\n## ")[0].splitlines()

    def row_of(part: str) -> int:
        named = re.compile(rf"(^|\s){part}(/|\s{{2}})")
        return next(number for number, row in enumerate(rows) if named.search(row))

    layers = [[row_of(part) for part in layer] for layer in LAYERS if layer != {"__main__"}]
    for upper, lower in itertools.pairwise(layers):
        assert max(upper) <= min(lower)


@pytest.mark.parametrize("name", ["", ".errors", ".events", ".plots"])
def test_completion_shows_public_names_only(name: str) -> None:
    """TAB after a public module shows what it is for, and not what it imports."""
    module = importlib.import_module(f"docsum_nb{name}")
    assert set(dir(module)) - {"__version__"} == set(module.__all__)


_ALSO_FOR_THE_FORM = (
    "docsum_nb.views.widgets",
    "docsum_nb.ledger",  # the type of what runs() lists
)


def test_the_form_uses_what_everyone_can_use() -> None:
    """It drives the public names only; what else it takes of the package shows things."""
    for path in (PACKAGE / "form").rglob("*.py"):
        used = {
            node.attr
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("ds", "docsum_nb")
        }
        assert used <= set(docsum_nb.__all__), path
        for module in imports_of(path):
            allowed = part_of(module) in (
                *(
                    "form",
                    "options",
                    "render",
                    "errors",
                    "secrets",
                    "private_folder",
                    "argument_hints",
                ),
            )
            assert allowed or module.startswith(_ALSO_FOR_THE_FORM), (path, module)


@pytest.mark.parametrize(("library", "home"), [("crewai", "crew"), ("litellm", "models")])
def test_one_part_only_imports_each_of_the_two(library: str, home: str) -> None:
    """CrewAI is imported in crew/ alone, LiteLLM in models/ alone."""
    importers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(name.partition(".")[0] == library for name in names):
                importers.add(path.relative_to(PACKAGE).parts[0])
    assert importers == {home}


def test_import_is_light() -> None:
    """Importing the package loads none of the heavy libraries and opens no connection."""
    script = (
        "import sys, socket\n"
        "def no(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = no\n"
        "import docsum_nb\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=150, check=True
    )
    assert done.stdout.strip() == "[]"


def test_public_names_are_what_they_are() -> None:
    """The public surface is written out; every name is there and documented."""
    assert sorted(docsum_nb.__all__) == [
        "Document",
        "Hit",
        "Library",
        "LibraryKnowledge",
        "LibrarySearchTool",
        "Model",
        "Plan",
        "Question",
        "Run",
        "Summary",
        "SummaryFlow",
        "allow_nested_asyncio",
        "app",
        "compare",
        "doctor",
        "errors",
        "evaluate",
        "evaluate_library",
        "events",
        "forget",
        "get_run",
        "kickoff",
        "plan",
        "plots",
        "resume",
        "run_with_deadline",
        "runs",
        "start",
        "summarize",
        "testing",
    ]
    for name in docsum_nb.__all__:
        assert inspect.getdoc(getattr(docsum_nb, name)), name
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'$"):
        getattr(docsum_nb, "nothing")  # noqa: B009  # a type checker would report it
    with pytest.raises(AttributeError, match=r"'summarise'; did you mean 'summarize'\?$"):
        getattr(docsum_nb, "summarise")  # noqa: B009
    assert (docsum_nb.__doc__ or "").split("\n")[2].strip() == "import docsum_nb as ds"


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_are_in_one_tree_and_can_be_pickled(name: str) -> None:
    """Every error is a DocsumError and survives a process boundary with what it carries."""
    kind = getattr(errors, name)
    assert issubclass(kind, errors.DocsumError)
    assert name in (errors.__doc__ or "")
    arguments: dict[str, Any] = {"run_id": "r", "step": "s", "task": "t", "partial": [1]}
    if issubclass(kind, errors.RunError):
        error = kind("message", **arguments)
    elif kind is errors.LoadError:
        error = kind("file.pdf", "broken")
    else:
        error = kind("message")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_environment_yml_says_what_pyproject_says() -> None:
    """Conda users get the same ranges."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert f"python{project['requires-python']}" in conda
    assert [entry for entry in conda if isinstance(entry, dict)] == [
        {"pip": project["dependencies"]}
    ]


def test_lock_pins_every_dependency_and_names_no_index() -> None:
    """The lock has one version of each, all of pyproject's, and no address."""
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--" not in lock
    pinned = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for wanted in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        name = wanted.partition(">")[0].strip().lower()
        assert name.replace("_", "-") in {each.lower() for each in pinned}, name


def test_every_module_says_what_it_decides() -> None:
    """Every module of the package opens with a docstring."""
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(parsed(path)), path


EXAMPLES = [
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", EXAMPLES)
def test_docstrings_examples_hold(module: str) -> None:
    """The examples in the docstrings print what they say."""
    import doctest

    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
