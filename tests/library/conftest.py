from __future__ import annotations

from pathlib import Path
from pydoc_data.topics import topics

import pytest

from docsum_nb.library import Library
from tests.library.library_samples import OFFICE


@pytest.fixture
def office(tmp_path: Path) -> Library:
    """Fill a library with three short documents."""
    library = Library(tmp_path / "office")
    library.add(OFFICE)
    return library


@pytest.fixture(scope="session")
def python_docs(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Fill a library with the documentation that comes with Python."""
    library = Library(tmp_path_factory.mktemp("python") / "library")
    library.add(topics)
    return library
