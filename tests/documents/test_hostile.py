"""Every hostile file of ``hostile_inputs/``: loaded or refused clearly, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.documents.hostile import Hostile, Outcome, try_it

MODULES = sorted(path.stem for path in (Path(__file__).parent / "hostile_inputs").glob("*.py"))
INPUTS = [
    pytest.param(hostile, id=f"{module}-{hostile.name}")
    for module in MODULES
    for hostile in import_module(f"tests.documents.hostile_inputs.{module}").INPUTS
]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    found: dict[str, Outcome] = {}
    yield found
    if found:
        loaded = sum(outcome.loaded for outcome in found.values())
        slowest = max(found, key=lambda name: found[name].seconds)
        largest = max(found, key=lambda name: found[name].peak_mb)
        print(
            f"\nhostile files: {len(found)} tried, {loaded} loaded, {len(found) - loaded} refused; "
            f"slowest {found[slowest].seconds:.1f} s ({slowest}), "
            f"most memory {found[largest].peak_mb:.0f} MB ({largest})"
        )


@pytest.mark.long
@pytest.mark.timeout(900)  # more than those of a hang
@pytest.mark.parametrize("hostile", INPUTS)
def test_hostile(
    hostile: Hostile,
    tmp_path: Path,
    outcomes: dict[str, Outcome],
    request: pytest.FixtureRequest,
) -> None:
    outcomes[request.node.callspec.id] = try_it(hostile, tmp_path)
