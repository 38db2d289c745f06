"""What must be decided before CrewAI, LiteLLM and LanceDB are imported: switches, a slow import.

They read the environment at import: CrewAI replaces signal handlers and waits for tracing, LiteLLM
fetches its price list from the network, LanceDB's core logs to stderr. Only switches that the user
has not set are set here, and none that would move the user's data (CrewAI's storage folder) or keep
a ``.env`` file from being read. A grammar that chromadb's import of jsonschema would compile, for a
second and more of CPU, is compiled when it is first used.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

__all__ = ["late_switches", "prepare", "redirected_by_dotenv"]

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
    _defer_grammar()


def _defer_grammar() -> None:
    """Put a module in place of ``rfc3987_syntax`` that becomes it when it is first used.

    The package compiles a grammar for checks of internationalized addresses as it is imported,
    which jsonschema does whether or not a schema has such a check.
    """
    name = "rfc3987_syntax"
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        return
    loader, module, lock = spec.loader, module_from_spec(spec), threading.RLock()

    def load() -> None:
        with lock:
            if vars(module).pop("__getattr__", None):
                loader.exec_module(module)

    def is_valid_syntax(term: str, value: str) -> Any:
        load()
        return module.is_valid_syntax(term, value)

    def attribute(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        load()
        return getattr(module, name)

    vars(module).update(is_valid_syntax=is_valid_syntax, __getattr__=attribute)
    sys.modules[name] = module


def late_switches() -> tuple[str, ...]:
    """Return the switches that were set after their library had been imported."""
    return tuple(_late)


def redirected_by_dotenv(provider: str, key: str | None) -> tuple[str, str, Path] | None:
    """Return the address that a ``.env`` file sets for a provider whose key is not from that file.

    CrewAI and LiteLLM read such files without being asked: ``.env`` in the working folder, or in
    one above it or above their own, as of a folder that somebody else has made.

    Args:
        provider: As LiteLLM names it.
        key: The key that was given; ``None`` for that of the environment.

    Returns:
        The variable, its value and the file; ``None`` if there is no such address, or no key that
        would be sent there, or both are from the file.
    """
    own = os.environ.get(f"{provider.upper()}_API_KEY")
    sent = key or own
    names = [f"{provider.upper()}_{suffix}" for suffix in ("BASE_URL", "API_BASE")]
    if not sent or not any(os.environ.get(name) for name in names):
        return None
    from dotenv import dotenv_values

    for path in _dotenv_files():
        try:
            values = dotenv_values(path, interpolate=False)
        except (OSError, ValueError):
            continue
        if sent in values.values():
            continue
        for name in names:
            address = os.environ.get(name)
            if address and values.get(name) == address:
                return name, address, path
    return None


def _dotenv_files() -> Iterator[Path]:
    begins = [Path.cwd()]
    for name in ("crewai", "litellm"):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file:
            begins.append(Path(file).parent)
    folders = dict.fromkeys(folder for begin in begins for folder in (begin, *begin.parents))
    yield from (path for folder in folders if (path := folder / ".env").is_file())
