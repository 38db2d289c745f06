"""The process that a test starts and sees in place of one that is forked from the warm one.

Run with ``-I -S``, with the socket's path and a command of Python's. It passes signals on, ends as
the other ends, and the other is killed when this one is.
"""

import json
import os
import signal
import socket
import sys

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


def main() -> None:
    """Run the command in the warm process, and exit with its status."""
    path, *command = sys.argv[1:]
    pending: list[int] = []
    for each in _FORWARDED:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda number, frame: pending.append(number))
    job = {"command": command, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109  # pathlib takes longer
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        content = json.dumps(job).encode()
        socket.send_fds(server, [len(content).to_bytes(8, "big")], [0, 1, 2])
        server.sendall(content)
        answers = server.makefile("r")
        pid = json.loads(answers.readline())
        if pid is None:
            python = [sys.executable, *command]
            os.execv(sys.executable, python)

        def forward(number: int, frame: object) -> None:
            os.kill(pid, number)

        for each in _FORWARDED:
            if signal.getsignal(each) is not signal.SIG_IGN:
                signal.signal(each, forward)
        for number in pending:
            os.kill(pid, number)
        # The streams belong to the other: who reads its output waits for its end, not for ours.
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        status = json.loads(answers.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
        os.kill(os.getpid(), -status)
    os._exit(status)


main()
