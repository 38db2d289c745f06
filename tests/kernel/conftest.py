"""Kernels for whole modules, of the ipykernel that is installed and of the last 6."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernels import OLD_IPYKERNEL, Kernel, running_kernel

KERNELS: dict[str, Path | None] = {"ipykernel": None, "ipykernel6": OLD_IPYKERNEL}


@pytest.fixture(
    scope="module", params=["ipykernel", pytest.param("ipykernel6", marks=pytest.mark.long)]
)
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """One kernel of each kind for all tests of a module: what one leaves behind, the next meets."""
    folder = KERNELS[request.param]
    if folder is not None and not folder.is_dir():
        assert os.environ.get("CI") != "true", "CI must have both kernels: make ipykernel6"
        pytest.skip("needs another ipykernel: make ipykernel6")
    # One module patches the event loop before anything is imported, and kills its kernel.
    warm = not request.module.__name__.endswith("test_life")
    with running_kernel(ipykernel=folder, warm=warm) as running:
        version = running.run("import ipykernel; print(ipykernel.__version__)").text
        assert folder is None or version.startswith("6."), version
        yield running
