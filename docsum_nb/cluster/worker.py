"""What a worker of the cluster does: takes a batch, makes its calls at once, sends what comes.

One task is one batch. It leaves the worker's pool of threads at once, so that it keeps no place
from other tasks while it waits for a provider. Its calls run on the process's loop of this package,
with their connections kept from batch to batch. Each batch can be taken once: a task that Dask
starts again elsewhere, after its worker was lost, finds nothing to do and reports that. What is
retried, limited, paid, checked and stored is decided by the caller.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from docsum_nb.cluster.messages import (
    Answered,
    Batch,
    Ended,
    Failed,
    Message,
    Piece,
    RemoteCall,
    Started,
    Versions,
    packed,
    packed_error,
    unpacked,
)
from docsum_nb.errors import ClusterError, InputError, described
from docsum_nb.models import ChatModel, Model, begin_import, open_model
from docsum_nb.run import in_thread
from docsum_nb.run.loop import current_loop
from docsum_nb.secrets import mask_logs

__all__ = ["begin_imports", "run_batch", "stop_calls"]

_GATHER_S = 0.01
"""How long answers are gathered before they are sent together."""
_MOST_MODELS = 32
"""That are kept open."""
_MOST_STOPPED = 1_000
"""Runs that are remembered as stopped: a batch of theirs may just begin."""

_lock = threading.Lock()
"""Held while calls are noted."""
_opening = threading.Lock()
_opened: list[tuple[Model, ChatModel]] = []
_running: dict[str, set[asyncio.Task[None]]] = {}
"""The calls in flight, by the run's queue."""
_stopped: deque[str] = deque(maxlen=_MOST_STOPPED)


def run_batch(name: str, outbox: str, version: str) -> None:
    """Make the calls of a batch, and send each answer as it comes; a task of Dask.

    Args:
        name: Of the queue that holds the batch.
        outbox: Of the queue that the caller reads.
        version: Of this package, at the caller's.

    Raises:
        ClusterError: if this worker has another version of this package.
    """
    from distributed import Queue, get_worker, secede

    secede()
    worker = str(get_worker().address)
    here = Versions.here()
    if here.docsum_nb != version:
        raise ClusterError(
            f"the Dask worker {worker} has docsum_nb {here.docsum_nb}, and this process "
            f"{version}; install the same version on the workers and here"
        )
    inbox = Queue(name)
    taken = inbox.get(batch=True)
    inbox.close()
    out = Queue(outbox)
    try:
        if taken:
            mask_logs()
            out.put(packed((Started(name, worker, here),)))
            _Pool(unpacked(taken[0]), worker, outbox).serve(out.put)
        # If nothing was there, a worker that is lost has taken it.
        out.put(packed((Ended(name),)))
    finally:
        out.close()


def begin_imports() -> None:
    """Begin to import LiteLLM on this worker, in the background."""
    begin_import(Model("openai/any"))


def stop_calls(outbox: str) -> None:
    """Cancel the calls of a run on this worker.

    Args:
        outbox: The name of the run's queue.
    """
    with _lock:
        _stopped.append(outbox)
        tasks = list(_running.get(outbox, ()))
    for task in tasks:
        task.get_loop().call_soon_threadsafe(task.cancel)


class _Pool:
    """The calls of one batch, all in flight at the same time."""

    def __init__(self, batch: Batch, worker: str, outbox: str) -> None:
        self._batch = batch
        self._worker = worker
        self._outbox = outbox
        self._came: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        """What is to be sent; ``None`` for a call that was cancelled."""

    def serve(self, send: Callable[[bytes], object]) -> None:
        """Make the calls; return when each was answered, failed or was cancelled."""
        loop = current_loop().loop
        for call in self._batch.calls:
            asyncio.run_coroutine_threadsafe(self._noted(call), loop)
        remaining = len(self._batch.calls)
        while remaining:
            came = [self._came.get()]
            time.sleep(_GATHER_S)
            while not self._came.empty():
                came.append(self._came.get())
            remaining -= sum(not isinstance(each, Piece) for each in came)
            messages = tuple(each for each in came if each is not None)
            try:
                if messages:
                    send(packed(messages))
            except Exception:
                # The scheduler is gone, and the caller with it.
                stop_calls(self._outbox)
                raise

    async def _noted(self, call: RemoteCall) -> None:
        """Make a call that ``stop_calls`` can cancel."""
        task = asyncio.current_task()
        assert task is not None
        result: Message | None = None
        try:
            with _lock:
                if self._outbox in _stopped:
                    return
                _running.setdefault(self._outbox, set()).add(task)
            result = Answered(call.number, await self._made(call))
        except Exception as error:  # noqa: BLE001  # it is raised at the caller's
            error.add_note(f"on the Dask worker {self._worker}")
            result = Failed(call.number, packed_error(error), described(error))
        finally:
            with _lock:
                running = _running.get(self._outbox, set())
                running.discard(task)
                if not running:
                    _running.pop(self._outbox, None)
            self._came.put(result)

    async def _made(self, call: RemoteCall) -> Any:
        settings = self._batch.models[call.model]
        model = _found(settings)
        if model is None:
            model = await in_thread(_open_once, settings)
        _check_address(model, self._batch.addresses[call.model])
        method = getattr(model, call.method)
        if call.method == "stream":
            return await method(*call.args, partial(self._show, call.number))
        return await method(*call.args, **call.options)

    def _show(self, number: int, text: str) -> None:
        self._came.put(Piece(number, text))


def _found(settings: Model) -> ChatModel | None:
    return next((model for known, model in _opened if known == settings), None)


def _open_once(settings: Model) -> ChatModel:
    """Open a model, unless another call has done so; blocks while LiteLLM is first imported.

    Raises:
        InputError: if the key is missing here.
    """
    with _opening:
        model = _found(settings)
        if model is None:
            try:
                model = open_model(settings)
            except InputError as error:
                error.add_note(
                    "keys come from the environment of the Dask workers, or from "
                    "Model(..., api_key=...)"
                )
                raise
            _opened.append((settings, model))
            del _opened[:-_MOST_MODELS]
        return model


def _check_address(model: ChatModel, address: tuple[str, ...]) -> None:
    """Check that the environment leads to the caller's server.

    Raises:
        InputError: if it leads to another one; nothing is sent there.
    """
    if model.account[:2] != address:
        raise InputError(
            f"{model.name} is at {address[1] or 'its own address'} for the caller and at "
            f"{model.account[1] or 'its own address'} for the worker: set the same variables in "
            "the environment of both, or give Model(..., base_url=...)"
        )
