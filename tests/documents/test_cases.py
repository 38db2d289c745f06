"""Every case of ``cases/``: files as people have them, read right."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.documents.case import Case, check
from tests.documents.cited import check_citations

MODULES = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*.py"))
CASES = [
    pytest.param(case, id=f"{module}-{case.name}")
    for module in MODULES
    for case in import_module(f"tests.documents.cases.{module}").CASES
]


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case, tmp_path: Path) -> None:
    """It is read as the case says, and what is cited of it stands where the citation says."""
    loaded = check(case, tmp_path)
    for document in loaded.documents if loaded else ():
        check_citations(document)


def test_names_are_unique() -> None:
    names = [param.id for param in CASES]
    assert len(set(names)) == len(names)
