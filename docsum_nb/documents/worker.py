"""The process in which files are read that cannot be trusted to end.

Run as ``python -P -m docsum_nb.documents.worker``: each line of standard input is a JSON object
with the kind and path of a file, the bytes of memory that it may take and the folder for pictures
of its pages (or null). It is answered by one line, a ``WorkerAnswer`` as JSON. Ends with its
standard input, and on Linux with the thread that started it. Prints nothing else to standard
output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from docsum_nb.documents.reading import Reading, read_by
from docsum_nb.errors import LoadError, described

__all__ = ["WorkerAnswer", "end_with_parent", "main"]

_PARENT = "DOCSUM_NB_PARENT"
_PR_SET_PDEATHSIG = 1
_SPARE_BYTES = 512 * 2**20
"""Of address space, for the interpreter and its libraries."""
_FILE_BYTES = 64 * 2**20
"""That the process and what it starts may write to a file."""
_LOOK_S = 1.0


@dataclass(frozen=True)
class WorkerAnswer:
    """What became of a file."""

    reading: Reading | None = None
    """``None`` if it cannot be read."""
    error: str = ""
    """Why it cannot be read; empty if memory ran out."""


def main() -> None:
    """Answer each line of standard input until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    # What a library prints must not be taken for an answer.
    os.dup2(2, 1)
    end_with_parent()
    if sys.platform != "linux" and os.name == "posix":
        threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    if os.environ.pop(_PARENT, str(os.getppid())) != str(os.getppid()):
        os._exit(0)  # it ended before this was set
    asked: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        answers.write(json.dumps(asdict(_answer(json.loads(asked.get())))) + "\n")
        answers.flush()


def _listen(asked: SimpleQueue[str]) -> None:
    """Pass on what is asked; end the process, busy as it may be, when nobody is left to ask."""
    for line in sys.stdin:
        asked.put(line)
    os._exit(0)


def end_with_parent() -> None:
    """Make the system kill this process when the thread that started it ends; on Linux only."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch_parent(parent: int) -> None:
    # A forked copy of the parent may hold the other end of our input, so that it does not end.
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(0)


def _answer(asked: dict[str, Any]) -> WorkerAnswer:
    _bound_memory(asked["memory"])
    try:
        pictures = asked.get("pictures")
        folder = None if pictures is None else Path(pictures)
        return WorkerAnswer(read_by(asked["kind"], Path(asked["path"]), folder))
    except LoadError as error:
        return WorkerAnswer(error=error.reason)
    except MemoryError:
        return WorkerAnswer()
    except OSError as error:
        return WorkerAnswer(error=f"cannot be read ({error.strerror or error})")
    except RecursionError:
        return WorkerAnswer(error="is nested too deeply to be read; open it and save it again")
    except Exception as error:  # noqa: BLE001  # parsers raise what they like
        return WorkerAnswer(error=f"cannot be read ({described(error)}); open it and save it again")


def _bound_memory(most: int) -> None:
    if sys.platform != "linux":
        return  # elsewhere the limit is not kept; the parent watches
    import resource

    limits = {
        resource.RLIMIT_AS: most + _SPARE_BYTES,
        resource.RLIMIT_FSIZE: _FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (soft, hard))


if __name__ == "__main__":
    main()
