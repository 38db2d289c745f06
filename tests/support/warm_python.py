"""Python that has imported CrewAI and LiteLLM already, for tests that start many processes.

``warm_python()`` is a command that takes the place of ``sys.executable``: what it runs is forked
from a process that has done the imports, and is otherwise a process like any other: with its own
arguments, environment, folder, standard streams, signals, exit code and end.

It is not for tests about an import, about Python's own options, or about what a killed process
leaves behind: those need ``sys.executable``. A command with options, or with other switches in its
environment than this process has, is run by ``sys.executable`` without being asked.
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

__all__ = ["share_warm_python", "switches", "warm_commands", "warm_kernels", "warm_python"]

ROOT = Path(__file__).parents[2]
_SHARED = "WARM_PYTHON_SOCKET"
"""In the environment of processes that share one: where it listens."""
_HANG_S = 300.0
_SWITCHES = ("CREWAI_", "LITELLM_", "LANCEDB_", "OTEL_", "PYTHON")


def switches(environment: dict[str, str]) -> dict[str, str]:
    """Return what is read when Python starts or when one of the libraries is imported."""
    own = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_SWITCHES) and name not in own
    }


@cache
def warm_python() -> list[str]:
    """Start the warm process, if none is shared and the first time, and return the command.

    Where processes cannot be forked and watched (macOS, Windows), it is ``sys.executable``.
    """
    if not _can_watch():
        return [sys.executable]
    socket = Path(os.environ.get(_SHARED) or _started())
    give_up = time.monotonic() + _HANG_S
    while not socket.exists():
        assert time.monotonic() < give_up, "the warm process has not begun to listen"
        time.sleep(0.05)
    client = ROOT / "tests" / "support" / "warm_client.py"
    return [sys.executable, "-I", "-S", str(client), str(socket)]


def share_warm_python() -> None:
    """Start the warm process for all processes that this one will start, without waiting for it."""
    if _can_watch() and _SHARED not in os.environ:
        os.environ[_SHARED] = _started()


def _can_watch() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _started() -> str:
    """Start the warm process, which ends with this one, and return where it will listen."""
    # Not pytest's own folder: sockets have short paths.
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    socket = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.support.warm_server import serve; serve()", socket],
        stdin=subprocess.PIPE,
        cwd=folder.name,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    def end() -> None:
        process.communicate(timeout=_HANG_S)
        folder.cleanup()

    atexit.register(end)
    return socket


@cache
def warm_kernels() -> str:
    """Return a folder for ``JUPYTER_PATH``: the kernel ``python3`` in it is a warm one."""
    folder = tempfile.TemporaryDirectory(prefix="warm-kernels-")
    atexit.register(folder.cleanup)
    spec = {
        "argv": [*warm_python(), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        "metadata": {"debugger": True},
    }
    path = Path(folder.name) / "kernels" / "python3" / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(spec), encoding="utf-8")
    return folder.name


@cache
def warm_commands() -> str:
    """Return a folder for ``PATH``: the commands ``python`` and ``docsum-nb`` in it are warm."""
    folder = tempfile.TemporaryDirectory(prefix="warm-commands-")
    atexit.register(folder.cleanup)
    own = Path(sys.executable).parent / "docsum-nb"
    for name, run in (("python", warm_python()), ("docsum-nb", [*warm_python(), str(own)])):
        command = Path(folder.name) / name
        command.write_text(f'#!/bin/sh\nexec {shlex.join(run)} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
    return folder.name
