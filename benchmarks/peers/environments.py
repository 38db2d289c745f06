"""The environment of each side: made once by uv under ``build/peers``, with pinned versions.

LiteLLM and aiohttp have the versions of ``requirements.lock``, docsum_nb is measured in the
environment that runs the benchmark. What cannot be installed raises ``SideFailed``, which names the
side; the others are measured without it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

__all__ = ["OURS", "PACKAGES", "SideFailed", "python_of", "versions_of"]

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENTS = ROOT / "build" / "peers"
LOCK = ROOT / "requirements.lock"
_INSTALL_S = 900
_VERSION = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"

OURS = ("docsum_nb without ledger", "docsum_nb")
PACKAGES: dict[str, tuple[str, ...]] = {
    "aiohttp": ("aiohttp",),
    "LiteLLM": ("litellm",),
    "LangChain": ("langchain-openai==1.7.4", "langchain-core==1.8.3"),
    "LlamaIndex": ("llama-index-llms-openai-like==0.8.1", "llama-index-core==0.14.25"),
    **dict.fromkeys(OURS, ()),
}
"""By side, what its environment needs, the first of them named in the report; without a version,
that of the lock file. Without any, it is the environment of this process."""


class SideFailed(Exception):  # noqa: N818  # an outcome of the benchmark, not an error in it
    """A side that cannot be set up or measured, and why."""


def python_of(side: str) -> str:
    """Return the interpreter of a side's environment, which is made if it is not there.

    Raises:
        SideFailed: if its packages cannot be installed.
    """
    packages = [_pinned(package) for package in PACKAGES[side]]
    if not packages:
        return sys.executable
    folder = ENVIRONMENTS / side.lower()
    interpreter = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready, wanted = folder / ".ready", " ".join([sys.version, *packages])
    if not ready.exists() or ready.read_text() != wanted:
        _install(folder, interpreter, packages, held=packages != list(PACKAGES[side]))
        ready.write_text(wanted)
    return str(interpreter)


def versions_of(side: str, python: str) -> str:
    """Return the names and versions of what a side is made of."""
    names = [package.partition("==")[0] for package in PACKAGES[side]] or ["crewai", "litellm"]
    return ", ".join(f"{name} {_run([python, '-c', _VERSION, name]).strip()}" for name in names)


def _install(folder: Path, interpreter: Path, packages: list[str], *, held: bool) -> None:
    """Make an environment; where uv fails, pip, which also reads mirrors from its own settings.

    Args:
        folder: Of the environment.
        interpreter: In it.
        packages: With their versions.
        held: Whether everything else has the version of the lock file, too.
    """
    wanted = [*(["--constraint", str(LOCK)] if held else []), *packages]
    uv = [sys.executable, "-m", "uv"]
    _run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    try:
        _run([*uv, "pip", "install", "--quiet", "--python", str(interpreter), *wanted])
    except SideFailed:
        pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", *wanted])


def _pinned(package: str) -> str:
    """Return a package with its version, by default that of the lock file."""
    if "==" in package:
        return package
    found = re.search(rf"^{package}==[^\s;]+", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise SideFailed(f"{LOCK.name} has no {package}")
    return found[0]


def _run(command: list[str]) -> str:
    """Return what a command printed; raise ``SideFailed`` with the end of its errors."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=_INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SideFailed(str(error)) from None
    if done.returncode:
        raise SideFailed(" ".join(done.stderr.split())[-400:])
    return done.stdout
