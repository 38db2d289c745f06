"""The client of a Dask cluster, checked without importing distributed, and its queues."""

from __future__ import annotations

from typing import Any

from docsum_nb.errors import InputError

__all__ = ["check_client", "create_queue"]

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


async def create_queue(name: str, client: Any) -> Any:
    """Create a queue of the scheduler, which is removed when all who have it have closed it.

    Expected: ``await Queue(...)`` does that. But Dask 2026.8 then counts it twice, once when it is
    made and once when it is awaited, and keeps it for good, with the texts and keys in it.
    """
    from distributed import Queue

    queue = Queue(name, client=client)
    await getattr(queue, "_started", queue)
    return queue


def _is_client(value: object) -> bool:
    return any(
        each.__name__ == "Client" and each.__module__.startswith("distributed.")
        for each in type(value).__mro__
    )


def _is_of_dask(value: object) -> bool:
    modules = (each.__module__.partition(".")[0] for each in type(value).__mro__)
    return not isinstance(value, str) and any(name in ("distributed", "dask") for name in modules)
