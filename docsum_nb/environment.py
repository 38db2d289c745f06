"""Switches of CrewAI, LiteLLM and LanceDB that must be set before any of them is imported.

They read the environment at import: CrewAI replaces signal handlers and waits for tracing, LiteLLM
fetches its price list from the network, LanceDB's core logs to stderr. Only what the user has not
set is set here, and nothing that would move the user's data (CrewAI's storage folder) or keep a
``.env`` file from being read.
"""

from __future__ import annotations

import os
import sys

__all__ = ["late_switches", "prepare"]

_DEFAULTS = {
    # With telemetry on, importing crewai replaces the handlers of SIGINT and SIGTERM.
    "CREWAI_DISABLE_TELEMETRY": "true",
    # First-run trace collection makes every agent wait 5 s for an event.
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # LanceDB's native core logs to stderr, some lines once for each query.
    "LANCEDB_LOG": "error",
}


_late: dict[str, None] = {}


def prepare() -> None:
    """Set the switches; called when docsum_nb is imported, before any of the three can be."""
    for name, value in _DEFAULTS.items():
        if name not in os.environ and name.partition("_")[0].lower() in sys.modules:
            _late[name] = None
        os.environ.setdefault(name, value)


def late_switches() -> tuple[str, ...]:
    """Name the switches that were set when their library had been imported already."""
    return tuple(_late)
