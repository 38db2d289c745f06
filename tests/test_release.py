"""What is handed out: the version in one place, and files beside the code that agree with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

import docsum_nb

ROOT = Path(__file__).parent.parent


def test_the_version_is_said_once_and_repeated_truly() -> None:
    """The package's version is the one that pyproject takes and the citation names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())

    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "docsum_nb/__init__.py"
    assert citation["version"] == docsum_nb.__version__


def test_the_public_workflow_calls_the_commands_that_everybody_has() -> None:
    """What a public forge runs is .ci/run and make, and nothing of its own."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    commands = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]

    assert any(".ci/run" in command for command in commands)
    assert all(".ci/run" in command or "make " in command for command in commands)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    for python in workflow["jobs"]["tests"]["strategy"]["matrix"]["python"]:
        assert f"Programming Language :: Python :: {python}" in declared
