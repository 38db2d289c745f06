"""The caller's side of a cluster: calls go out in batches, answers come back one by one.

A run has a connection of its own to the scheduler, on the loop of the package, so it does not
matter whether the user's client is asynchronous, on which loop it is, or whether that is blocked.
Calls that come within a few milliseconds are a batch, which is one task of Dask's; its calls and
its answers go through queues of the scheduler, in order. A batch is taken at most once: if its
worker is lost, its calls that were not answered fail with ``WorkerLost``, which is retried like a
cut connection. When the run is stopped, batches that no worker has taken are withdrawn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from docsum_nb.cluster.dask_client import (
    CLOSE_S,
    closed_on_error,
    create_queue,
    own_client,
    quietly,
)
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
    error_of,
    packed,
    unpacked,
)
from docsum_nb.cluster.worker import begin_imports, stop_calls
from docsum_nb.errors import ClusterError, described
from docsum_nb.events import Warned
from docsum_nb.models import ChatModel, Model
from docsum_nb.records import Answer
from docsum_nb.run import Control, Stopping

__all__ = ["Connection", "WorkerLost"]

_GATHER_S, _MOST_GATHER_S, _GATHER_SHARE = 0.02, 0.25, 0.05
"""How long calls are gathered, at least and at most, and as a share of the time that calls take."""
_FEW_CALLS, _MOST_CALLS = 8, 64
"""Of a batch. A few are not divided: a batch costs the scheduler more than a call costs anyone."""
_LOOK_S, _BUSY_S = 1.0, 10.0
"""How often the workers are counted; after which a batch that none has taken is reported."""


class WorkerLost(ConnectionError):  # noqa: N818  # named as Dask names it
    """A worker was lost with a call that may have been answered."""


@dataclass(eq=False)
class _Pending:
    """A call without an answer so far."""

    model: ChatModel
    method: str
    args: tuple[Any, ...]
    options: Mapping[str, Any]
    show: Callable[[str], None] | None
    answer: asyncio.Future[Answer]
    number: int = 0


@dataclass(eq=False)
class _Sent:
    """A batch that was given to the scheduler."""

    numbers: tuple[int, ...]
    inbox: Any
    at: float
    worker: str = ""
    """The address of the worker that has taken it; empty until then."""
    withdrawn: bool = False
    error: BaseException | None = None
    """Dask's, if its task failed."""


class Connection:
    """The connection of one run to the scheduler of a Dask cluster; create it by ``open``."""

    def __init__(self, client: Any, control: Control) -> None:
        self._client = client
        self._control = control
        self._address = str(client.scheduler.address)
        self._name = f"docsum_nb-{control.run_id}-{uuid4().hex[:8]}"
        self._versions = Versions.here()
        self._outbox: Any = None
        self._numbers, self._call_s = 0, 0.0
        """Of calls; how long they take, a moving average."""
        self._pending: dict[int, _Pending] = {}
        self._waiting: list[_Pending] = []
        """Calls that go out with the next batches."""
        self._batches: dict[str, _Sent] = {}
        self._workers = 1
        self._warned: set[str] = set()
        self._failure = ""
        """Why the cluster cannot be used any more; empty as long as it can."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, client: Any, control: Control) -> Connection:
        """Connect to the scheduler of a user's client.

        Raises:
            ClusterError: if it does not answer.
        """
        own = await own_client(client)
        connection = cls(own, control)
        async with closed_on_error(own, connection._address):
            connection._outbox = await create_queue(connection._name, own)
        for work in (connection._read(), connection._watch_workers()):
            connection._begin(work)
        loop = connection._loop
        control.when_stopped(lambda: loop.call_soon_threadsafe(connection._withdraw_all))
        return connection

    def prepare(self, models: Iterable[Model]) -> None:
        """Make the workers that are there begin to import what these models take."""
        if not all(each.embedded for each in models):
            self._begin(quietly(self._client.run(begin_imports, on_error="ignore")))

    async def close(self) -> None:
        """Cancel what is in flight on the workers, and disconnect; never fails."""
        if not self._failure and self._batches:
            await quietly(self._client.run(stop_calls, self._name, on_error="ignore"))
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for sent in self._batches.values():
            sent.inbox.close()
        self._outbox.close()
        await quietly(self._client.close(timeout=CLOSE_S))

    async def call(
        self,
        model: ChatModel,
        method: str,
        *args: Any,
        show: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Answer:
        """Make one call of a model on a worker.

        Args:
            model: The model, opened in this process.
            method: ``"answer"``, ``"complete"`` or ``"stream"``.
            *args: Of the method.
            show: Called with the pieces of the answer while it is written; ``None`` without.
            **options: Of the method.

        Raises:
            WorkerLost: if the worker was lost before the answer came.
            ClusterError: if the cluster cannot be used.
            Stopping: if the run was stopped before a worker took the call.
            Exception: what the method raises on the worker.
        """
        self._check()
        call = _Pending(model, method, args, options, show, self._loop.create_future())
        self._numbers += 1
        call.number = self._numbers
        self._pending[call.number] = call
        self._waiting.append(call)
        if len(self._waiting) == 1:
            gather_s = max(_GATHER_S, min(_GATHER_SHARE * self._call_s, _MOST_GATHER_S))
            self._loop.call_later(gather_s, self._send_waiting)
        began = self._loop.time()
        try:
            return await call.answer
        finally:
            self._call_s += (self._loop.time() - began - self._call_s) / _MOST_CALLS
            del self._pending[call.number]

    # --- out -----------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _check(self) -> None:
        if self._failure:
            # One object raised in many tasks would gather all their frames.
            raise ClusterError(self._failure)

    def _send_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        calls = [call for call in waiting if not call.answer.done()]
        size = min(_MOST_CALLS, max(_FEW_CALLS, -(-len(calls) // max(1, self._workers))))
        for start in range(0, len(calls), size):
            self._begin(self._send(calls[start : start + size]))

    async def _send(self, calls: list[_Pending]) -> None:
        """Send a batch, and wait for the end of its task."""
        name = f"docsum_nb-batch-{uuid4().hex}"
        numbers = tuple(call.number for call in calls)
        try:
            inbox = await create_queue(name, self._client)
            sent = self._batches[name] = _Sent(numbers, inbox, time.monotonic())
            await inbox.put(packed(_batch_of(calls)))
            if self._control.stopped_by() is not None:
                await self._withdraw(sent)
            task = self._client.submit(exec, self._code(name), key=name, pure=False)
            sent.error = await task.exception()
            if task.status != "finished":
                # Behind the answers that the worker had sent before.
                await self._outbox.put(packed((Ended(name),)))
        except Exception as error:  # noqa: BLE001  # however it shows: the scheduler is gone
            self._break(error)

    def _code(self, name: str) -> str:
        """Return the code of the task that makes the calls of a batch.

        Expected: a worker on which the function of a task cannot be imported fails that task. But
        Dask 2026.8 reads a task in the worker's connection to the scheduler, and the worker ends,
        then the next one. So the function is imported by the task, and the scheduler needs none.
        """
        arguments = (name, self._name, self._versions.docsum_nb)
        return f"from docsum_nb.cluster.worker import run_batch; run_batch(*{arguments!r})"

    def _withdraw_all(self) -> None:
        for sent in self._batches.values():
            if not sent.worker and not sent.withdrawn:
                sent.withdrawn = True
                self._begin(self._withdraw(sent))

    async def _withdraw(self, sent: _Sent) -> None:
        """Remove a batch that no worker has taken."""
        sent.withdrawn = True
        try:
            taken = await sent.inbox.get(batch=True)
        except Exception as error:  # noqa: BLE001  # however it shows: the scheduler is gone
            self._break(error)
            return
        if taken:
            self._fail(sent.numbers, Stopping)

    # --- in ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Receive what the workers send, until the connection is closed or breaks."""
        try:
            while True:
                came = [await self._outbox.get(), *await self._outbox.get(batch=True)]
                for message in (each for data in came for each in unpacked(data)):
                    self._receive(message)
        except Exception as error:  # noqa: BLE001  # however it shows: the scheduler is gone
            self._break(error)

    def _receive(self, message: Message) -> None:
        match message:
            case Answered(number, answer):
                self._settle(number, answer)
            case Failed(number):
                self._fail([number], lambda: error_of(message))
            case Piece(number, text):
                call = self._pending.get(number)
                if call is not None and call.show is not None:
                    call.show(text)
            case Started(batch, worker, versions):
                if batch in self._batches:
                    self._batches[batch].worker = worker
                self._compare(worker, versions)
            case Ended(batch) if batch in self._batches:
                sent = self._batches.pop(batch)
                sent.inbox.close()
                self._fail(sent.numbers, lambda: _error_of_task(sent))

    def _settle(self, number: int, answer: Answer) -> None:
        call = self._pending.get(number)
        if call is not None and not call.answer.done():
            call.answer.set_result(answer)

    def _fail(self, numbers: Iterable[int], error: Callable[[], Exception]) -> None:
        for number in numbers:
            call = self._pending.get(number)
            if call is not None and not call.answer.done():
                call.answer.set_exception(error())

    def _break(self, error: Exception) -> None:
        """Fail all calls, now and from now on: the scheduler cannot be reached."""
        if not self._failure:
            self._failure = (
                f"the connection to the Dask scheduler at {self._address} is lost "
                f"({described(error)}); what was answered is stored: start the scheduler again "
                "and run this again with a new client, or leave out client"
            )
        self._fail(list(self._pending), lambda: ClusterError(self._failure))

    # --- what is reported ----------------------------------------------------------------------

    async def _watch_workers(self) -> None:
        """Count the workers, and report that a batch waits for one."""
        while not self._failure:
            try:
                self._workers = len(await self._client.nthreads())
            except Exception as error:  # noqa: BLE001  # however it shows: the scheduler is gone
                self._break(error)
                return
            waits = [each for each in self._batches.values() if not each.worker]
            if waits and not self._workers:
                self._warn(
                    f"no worker is connected to the Dask scheduler at {self._address}: the run "
                    "waits for one; add workers, or cancel it"
                )
            elif any(time.monotonic() - each.at > _BUSY_S for each in waits):
                self._warn(
                    f"all workers at {self._address} are busy with other tasks: the run waits for "
                    "a free thread"
                )
            await asyncio.sleep(_LOOK_S)

    def _compare(self, worker: str, versions: Versions) -> None:
        """Warn of a worker whose versions differ from the caller's."""
        for name, there, here in (
            ("LiteLLM", versions.litellm, self._versions.litellm),
            ("Python", versions.python, self._versions.python),
        ):
            if there != here:
                self._warn(
                    f"the Dask worker {worker} has {name} {there}, and this process {here}: "
                    "requests and prices may differ; install the same version"
                )

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            self._control.emit(Warned(message))


def _batch_of(calls: list[_Pending]) -> Batch:
    models = list({id(call.model): call.model for call in calls}.values())
    return Batch(
        tuple(model.settings for model in models),
        tuple(model.account[:2] for model in models),
        tuple(
            RemoteCall(
                call.number,
                next(index for index, model in enumerate(models) if model is call.model),
                call.method,
                call.args,
                call.options,
            )
            for call in calls
        ),
    )


def _error_of_task(sent: _Sent) -> Exception:
    """Return the error of the calls that a batch has left without an answer."""
    error = sent.error
    # Dask gives up a task whose workers were killed several times.
    if error is None or type(error).__name__ == "KilledWorker":
        where = f" {sent.worker}" if sent.worker else ""
        return WorkerLost(f"the Dask worker{where} was lost before the answer came")
    return ClusterError(_reason(error))


def _reason(error: BaseException) -> str:
    """Return why no worker can take a batch, and what to do."""
    if isinstance(error, ClusterError):
        return str(error)
    if isinstance(error, ImportError):
        return (
            f"a Dask worker cannot run docsum_nb ({described(error)}): install "
            f"docsum_nb[dask]=={Versions.here().docsum_nb} on all workers"
        )
    return f"a task on the Dask cluster failed: {described(error)}"
