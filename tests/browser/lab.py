"""A real JupyterLab server for tests: on loopback, with nothing of the user's, and no network.

The server and its kernels are a process group of their own, which is ended as a whole.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.support.warm_python import warm_kernels

__all__ = ["LONG_S", "Lab", "running_lab"]

LONG_S = 120.0
_ROOT = Path(__file__).parent.parent.parent
_SECRETS = ("KEY", "TOKEN", "SECRET")


class Lab:
    """The server, as its REST interface shows it.

    Attributes:
        url: Its address, without a slash at the end.
        token: What it takes for a password.
        root: The folder it serves.
        log: Where it writes what it has to say.
    """

    def __init__(self, url: str, token: str, folder: Path) -> None:
        self.url = url
        self.token = token
        self.root = folder / "root"
        self.log = folder / "log"
        self._runtime = folder / "runtime"
        self._http = httpx.Client(
            base_url=f"{url}/api/",
            headers={"Authorization": f"token {token}"},
            trust_env=False,
            timeout=LONG_S,
        )

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def kernels(self) -> dict[str, str]:
        """Return all kernels by id, and what each does: ``busy``, ``idle``, ``starting``."""
        return {each["id"]: each["execution_state"] for each in self._ask("GET", "kernels")}

    def start_kernel(self) -> str:
        """Start a kernel that no notebook has, and return its id."""
        return str(self._ask("POST", "kernels", {"name": "python3"})["id"])

    def attach(self, path: str, kernel: str) -> None:
        """Attach a kernel to a notebook before it is opened; another notebook loses it."""
        about = {"path": path, "name": path, "type": "notebook"}
        for session in self._sessions(kernel):
            self._ask("PATCH", f"sessions/{session['id']}", about)
            return
        self._ask("POST", "sessions", {**about, "kernel": {"id": kernel}})

    def shut_down(self, kernel: str) -> None:
        """End a kernel and the session that has it, as "Shut Down Kernel" does."""
        for session in self._sessions(kernel):
            self._ask("DELETE", f"sessions/{session['id']}")
        if kernel in self.kernels():
            self._ask("DELETE", f"kernels/{kernel}")

    def connection_file(self, kernel: str) -> Path:
        """Return the file by which another client connects to a kernel."""
        return self._runtime / f"kernel-{kernel}.json"

    def _sessions(self, kernel: str) -> list[dict[str, Any]]:
        return [each for each in self._ask("GET", "sessions") if each["kernel"]["id"] == kernel]

    def _ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        answer = self._http.request(method, path, json=content)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab with all its folders below one, and end it with its kernels.

    Args:
        folder: Empty, with a short path: kernels make sockets in it.
    """
    token = secrets.token_hex()
    _set_up(folder, token)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab"],
            cwd=folder / "root",
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        lab = Lab(_address(process, folder), token, folder)
        try:
            yield lab
            for kernel in lab.kernels():
                lab.shut_down(kernel)
        finally:
            lab.close()
    finally:
        _end(process)


def _set_up(folder: Path, token: str) -> None:
    server = {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": 0,
            "open_browser": False,
            "root_dir": str(folder / "root"),
            "allow_root": True,
            "terminals_enabled": False,
        },
        "IdentityProvider": {"token": token},
        "LabApp": {
            "news_url": None,
            "expose_app_in_browser": True,
            "extension_manager": "readonly",
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        },
        "JupyterNotebookApp": {"expose_app_in_browser": True},
        # Sockets of the file system: over TCP the kernel warns that it is not encrypted.
        "KernelManager": {"transport": "ipc"},
    }
    page = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    _write(folder / "config" / "jupyter_server_config.json", server)
    _write(folder / "config" / "labconfig" / "page_config.json", page)
    for name in ("root", "runtime"):
        (folder / name).mkdir(parents=True)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _environment(folder: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(_SECRETS) and not name.startswith(("JUPYTER", "IPYTHON"))
    }
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "XDG_DATA_HOME": "xdg",
    }
    # Kernels start in the notebook's folder and import the package and its tests from here.
    return {
        **kept,
        **{name: str(folder / each) for name, each in own.items()},
        "PYTHONPATH": str(_ROOT),
        "JUPYTER_PATH": warm_kernels(),
    }


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait until the server tells its address."""
    about = folder / "runtime" / f"jpserver-{process.pid}.json"
    give_up = time.monotonic() + LONG_S
    while True:
        log = (folder / "log").read_text(encoding="utf-8")
        assert process.poll() is None, f"JupyterLab ended\n{log}"
        assert time.monotonic() < give_up, f"JupyterLab did not start\n{log}"
        # The file may be there and not yet written.
        with suppress(OSError, ValueError):
            port = json.loads(about.read_text(encoding="utf-8"))["port"]
            address = f"http://127.0.0.1:{port}"
            if httpx.get(f"{address}/api", trust_env=False).is_success:
                return address
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(LONG_S / 2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        # Kernels are in groups of their own below the session; the server has ended them, or they
        # end themselves when their parent is gone. What is left of its own group goes here.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
