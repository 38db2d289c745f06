"""What `make docs` has made already, for CI: notebooks and pages that need not be made twice."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["made"]


def made(name: str) -> Path | None:
    """Return a folder of the build that ``DOCSUM_NB_MADE`` names; ``None`` without one."""
    build = os.environ.get("DOCSUM_NB_MADE")
    if not build:
        return None
    folder = Path(build).resolve() / name
    assert folder.is_dir(), f"{folder} is missing: `make docs` makes it"
    return folder
