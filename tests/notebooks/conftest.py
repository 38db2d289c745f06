"""The example notebooks, each exported once for all tests; its script runs beside the next one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notebooks.export import export
from notebooks.exporting.pairing import texts
from tests.support.made import made
from tests.support.warm_python import warm_kernels, warm_python

__all__ = ["EACH", "LONG_S", "NAMES", "ROOT", "Exported", "Exporter"]

ROOT = Path(__file__).parent.parent.parent
NAMES = [path.stem for path in texts(ROOT / "notebooks")]
EACH = [
    pytest.param(name, marks=() if name == "quickstart" else pytest.mark.long) for name in NAMES
]
"""For tests that execute them."""
LONG_S = 500.0


class Exported:
    """What came of one notebook, in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.notebook = folder / f"{name}.ipynb"
        self.page = folder / f"{name}.html"
        self.script = folder / f"{name}-script.py"
        self._process: subprocess.Popen[bytes] | None = None

    def running(self) -> subprocess.Popen[bytes]:
        """Return the script's process, which begins when it is first asked for."""
        if self._process is None:
            self._process = _started(self.script)
        return self._process

    def end(self) -> None:
        """End the script."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


Exporter = Callable[[str], Exported]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """Export a notebook, the first time it is asked for."""
    folder = tmp_path_factory.mktemp("exported")
    if before := made("notebooks"):
        shutil.copytree(before, folder, dirs_exist_ok=True)
    done: dict[str, Exported] = {}

    def once(name: str) -> Exported:
        if name not in done:
            done[name] = Exported(folder, name)
            if not before:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setenv("JUPYTER_PATH", warm_kernels())
                    export(ROOT / "notebooks" / f"{name}.py", folder)
                done[name].running()  # beside the next export; more at once would be too slow
        return done[name]

    yield once
    for each in done.values():
        each.end()


def _started(script: Path) -> subprocess.Popen[bytes]:
    own = script.with_suffix("")
    own.mkdir()
    with (own / "stdout").open("w") as stdout, (own / "stderr").open("w") as stderr:
        return subprocess.Popen(
            [*warm_python(), script],
            cwd=own,
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(own)},
            stdout=stdout,
            stderr=stderr,
        )
