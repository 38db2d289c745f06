"""The warm process: it imports CrewAI and LiteLLM, starts no thread, and forks what is asked for.

It ends when its standard input is closed, and kills what a client that is gone has left.
"""

from __future__ import annotations

import gc
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.warm_python import switches

__all__ = ["serve"]

_USUAL = ("lance_namespace", "IPython.terminal.ipapp", "jupyter_client", "zmq.asyncio")
"""What many children import besides, as far as it starts no thread: most of LanceDB, which a crew
or flow with a memory imports, and most of a kernel; not ipykernel, of which tests have two."""
_ASKED_FOR = dict(os.environ)
"""Before anything is imported that adds to it."""


@dataclass(frozen=True)
class _Job:
    """What a client asks for.

    Attributes:
        command: As it would come after ``python``.
        environment: All of it.
        folder: The working folder.
        streams: Standard input, output and error.
    """

    command: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]

    @property
    def fits(self) -> bool:
        """Whether a process that has imported everything can do it."""
        plain = self.command[:1] in (["-c"], ["-m"]) or not self.command[0].startswith("-")
        return plain and switches(self.environment) == switches(_ASKED_FOR)


def serve() -> None:
    """Import everything and fork a child for each job; returns in no process."""
    _import()
    path = sys.argv[1]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen(64)
    Path(f"{path}.new").rename(path)  # whoever sees it there can connect
    # Objects that no collection looks at stay in memory that the children share.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = _Server(listener).next_job()
    if job is None:
        os._exit(0)
    _become(job)


def _import() -> None:
    from docsum_nb.documents.tokens import token_counter
    from docsum_nb.models import Model, open_model
    from docsum_nb.pipeline.requests import RequestBuilder

    assert callable(RequestBuilder)  # importing it has imported CrewAI
    # Opening a model imports LiteLLM.
    open_model(Model("openai/x", base_url="http://127.0.0.1:1"))
    for name in ("openai/x", "openai/gpt-4o"):
        assert token_counter(name)("warm") > 0  # a vocabulary takes half a second
    for name in _USUAL:
        with suppress(ImportError):
            import_module(name)
    assert threading.active_count() == 1, "a process with threads must not be forked"


class _Server:
    """Waits for jobs, for the ends of children, and for clients that are gone.

    Args:
        listener: Where clients connect.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(0, selectors.EVENT_READ, None)
        self._children: dict[int, socket.socket] = {}

    def next_job(self) -> _Job | None:
        """Serve; returns in each child with its job, and ``None`` in the server at its end."""
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    for pid in self._children:
                        os.kill(pid, signal.SIGKILL)
                    return None
                job: _Job | None = key.data(key.fileobj)
                if job is not None:
                    return job

    def _accept(self, listener: socket.socket) -> _Job | None:
        client, _ = listener.accept()
        job = _received(client)
        if not job.fits:
            client.sendall(b"null\n")
            client.close()
        elif pid := os.fork():
            client.sendall(f"{pid}\n".encode())
            self._children[pid] = client
            self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, self._ended)
            self._selector.register(client, selectors.EVENT_READ, self._left)
        else:
            self._close(client)
            return job
        for stream in job.streams:
            os.close(stream)
        return None

    def _close(self, client: socket.socket) -> None:
        """Close, in a child, what is the server's."""
        watched = {key.fd for key in self._selector.get_map().values()} - {0}
        sockets = (self._listener, client, *self._children.values())
        for each in watched | {other.detach() for other in sockets}:
            os.close(each)
        self._selector.close()

    def _ended(self, pidfd: int) -> None:
        ended = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
        assert ended is not None
        self._selector.unregister(pidfd)
        os.close(pidfd)
        exited = ended.si_code == os.CLD_EXITED
        client = self._children.pop(ended.si_pid)
        if client in self._selector.get_map():
            self._selector.unregister(client)
            client.sendall(f"{ended.si_status if exited else -ended.si_status}\n".encode())
        client.close()

    def _left(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        for pid, other in self._children.items():
            if other is client:
                os.kill(pid, signal.SIGKILL)


def _received(client: socket.socket) -> _Job:
    size, streams, _, _ = socket.recv_fds(client, 8, 3)
    content = b""
    while len(content) < int.from_bytes(size, "big"):
        content += client.recv(1 << 20)
    return _Job(**json.loads(content), streams=streams)


def _become(job: _Job) -> None:
    """Do in this process what Python does with a command."""
    os.setsid()
    for number, stream in enumerate(job.streams):
        os.dup2(stream, number)
        os.close(stream)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())
    added = {name: value for name, value in os.environ.items() if name not in _ASKED_FOR}
    os.environ.clear()
    os.environ.update({**added, **job.environment})
    if "JPY_PARENT_PID" in os.environ:
        # A kernel ends when its parent does.
        os.environ["JPY_PARENT_PID"] = str(os.getppid())
    tempfile.tempdir = None  # an import has asked for it, under the server's environment
    os.chdir(job.folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _run(job.command)


def _run(command: list[str]) -> None:
    own = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    given = _ASKED_FOR["PYTHONPATH"]
    sys.path[:] = [each for each in sys.path if each not in ("", given)]
    sys.path[:0] = [each for each in own if each]
    kind = command[0]
    main: dict[str, Any] = sys.modules["__main__"].__dict__
    if kind == "-m":
        sys.argv = command[1:]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = ["-c", *command[2:]]
        sys.path.insert(0, "")
        main.pop("serve", None)
        exec(compile(command[1], "<string>", "exec"), main)
    else:
        sys.argv = command
        sys.path.insert(0, str(Path(kind).resolve().parent))
        main.pop("serve", None)
        main["__file__"] = kind
        exec(compile(Path(kind).read_bytes(), kind, "exec"), main)
