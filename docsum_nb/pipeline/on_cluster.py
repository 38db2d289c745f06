"""A source whose models are asked on a Dask cluster, if the user gave a client of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docsum_nb.options import Options
from docsum_nb.pipeline.preparation import Opened
from docsum_nb.run import Control

if TYPE_CHECKING:
    from docsum_nb.cluster.connection import Connection

__all__ = ["connect", "on_cluster"]


async def connect(options: Options, control: Control) -> Connection | None:
    """Connect to the cluster of the user's client; return ``None`` without one.

    Its workers begin to import what the models take, while the source is read.

    Raises:
        ClusterError: if the scheduler does not answer.
    """
    if options.client is None:
        return None
    from docsum_nb.cluster.connection import Connection

    connection = await Connection.open(options.client, control)
    connection.prepare((options.model, *([] if options.vision is None else [options.vision])))
    return connection


def on_cluster(opened: Opened, connection: Connection | None) -> Opened:
    """Return the source with models that are asked on the cluster; without one, unchanged."""
    if connection is None:
        return opened
    from docsum_nb.cluster.remote_model import remote_models

    models = remote_models(opened.models, connection)
    return replace(opened, models=models, vision=remote_models(opened.vision, connection))
