"""The clients of a Dask cluster: the user's is checked, and each run connects one of its own.

The user's client is checked without importing distributed. A run's own client is closed in any
case, also if the run is stopped while it connects.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from docsum_nb.errors import ClusterError, InputError, described

__all__ = ["CLOSE_S", "check_client", "closed_on_error", "create_queue", "own_client", "quietly"]

CLOSE_S = 2.0
"""How long each step of closing may take: the scheduler may be gone."""
_CONNECT_S = 30.0
_CLOSED = ("closed", "closing")


def check_client(client: Any) -> None:
    """Check an argument ``client``; ``None`` stands for none.

    Raises:
        InputError: if it is no client of Dask, or is not connected.
    """
    if client is None:
        return
    if not _is_client(client):
        hint = "; write Client(cluster)" if _is_of_dask(client) else ""
        raise InputError(
            "client is a dask.distributed.Client, such as Client('tcp://10.0.0.1:8786'), not "
            f"{type(client).__name__}{hint}"
        )
    if client.status in _CLOSED:
        raise InputError(
            "the Dask client is closed; connect again, with client = Client(ADDRESS), and give "
            "that one"
        )
    if client.scheduler is None:
        raise InputError(
            "the Dask client is not connected yet; await it first: "
            "client = await Client(ADDRESS, asynchronous=True)"
        )


async def own_client(client: Any) -> Any:
    """Return a client on the running loop, connected to the scheduler of a user's client.

    Raises:
        ClusterError: if the scheduler does not answer.
    """
    from distributed import Client

    address = str(client.scheduler.address)
    own = Client(
        address,
        security=client.security,
        asynchronous=True,
        set_as_default=False,
        timeout=_CONNECT_S,
        name="docsum_nb",
    )
    async with closed_on_error(own, address):
        await own
    return own


@contextlib.asynccontextmanager
async def closed_on_error(own: Any, address: str) -> AsyncIterator[None]:
    """Close a run's own client if the block fails or is cancelled.

    Raises:
        ClusterError: if the scheduler does not answer in the block.
    """
    try:
        yield
    except BaseException as error:
        await quietly(own.close(timeout=CLOSE_S))
        if not isinstance(error, OSError | TimeoutError):
            raise
        raise ClusterError(
            f"the Dask scheduler at {address} does not answer ({described(error)}); connect "
            "again, with client = Client(ADDRESS), or leave out client to work on this machine"
        ) from error


async def create_queue(name: str, client: Any) -> Any:
    """Create a queue of the scheduler, which is removed when all who have it have closed it.

    Expected: ``await Queue(...)`` does that. But Dask 2026.8 then counts it twice, once when it is
    made and once when it is awaited, and keeps it for good, with the texts and keys in it. It is
    removed as well if the waiter is cancelled.
    """
    from distributed import Queue

    queue = Queue(name, client=client)
    started = asyncio.ensure_future(getattr(queue, "_started", queue))
    try:
        await asyncio.shield(started)
    except BaseException:
        # Released before it is made, it would stay.
        await quietly(started)
        queue.close()
        raise
    return queue


def _is_client(value: object) -> bool:
    return any(
        each.__name__ == "Client" and each.__module__.startswith("distributed.")
        for each in type(value).__mro__
    )


def _is_of_dask(value: object) -> bool:
    modules = (each.__module__.partition(".")[0] for each in type(value).__mro__)
    return not isinstance(value, str) and any(name in ("distributed", "dask") for name in modules)


async def quietly(step: Any) -> None:
    """Await a step of closing, for a while; never fails."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(step, CLOSE_S)
