"""Switches, signal handlers and folders: what was decided before the first crew was made.

CrewAI and LiteLLM read their switches when they are imported. ``import docsum_nb`` sets those that
the user has not set, which is too late once the two are imported.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from docsum_nb import environment
from docsum_nb.findings import Finding
from docsum_nb.ledger import default_path

__all__ = ["switch_findings"]

_TELEMETRY_OFF = ("CREWAI_DISABLE_TELEMETRY", "CREWAI_DISABLE_TRACKING", "OTEL_SDK_DISABLED")
_YES = ("true", "1", "yes", "on")
_EARLIER = "restart the kernel and import docsum_nb first."


def switch_findings() -> Iterator[Finding]:
    """Examine the switches in the environment, the signal handlers and the ledger's folder."""
    yield _order()
    yield _telemetry()
    yield _tracing()
    yield _signals()
    yield _cost_map()
    yield _ledger()


def _flag(name: str) -> str:
    return os.environ.get(name, "").strip().lower()


def _order() -> Finding:
    late = environment.late_switches()
    if not late:
        return Finding("ok", "import-order", "switches", "set before CrewAI and LiteLLM read them")
    return Finding(
        "warning",
        "import-order",
        ", ".join(late),
        "set by docsum_nb when the library that reads it at import had been imported already",
        "CrewAI has replaced signal handlers by then, LiteLLM has asked the network for prices.",
        f"Import docsum_nb before crewai and litellm: {_EARLIER}",
    )


def _telemetry() -> Finding:
    if any(_flag(name) in _YES for name in _TELEMETRY_OFF):
        return Finding("ok", "telemetry", "CrewAI's telemetry", "off")
    return Finding(
        "note",
        "telemetry",
        "CrewAI's telemetry",
        "on: none of its switches is set to true",
        "Importing crewai replaces the handlers of Ctrl-C and SIGTERM, and crews report to a host "
        "that a firewall may make them wait for.",
        f"os.environ['CREWAI_DISABLE_TELEMETRY'] = 'true' before the first import; {_EARLIER}",
    )


def _tracing() -> Finding:
    value = _flag("CREWAI_TRACING_ENABLED")
    if value in ("false", "0"):
        return Finding("ok", "tracing", "CrewAI's tracing", "off")
    if value in ("true", "1"):
        return Finding(
            "warning",
            "tracing",
            "CrewAI's tracing",
            "on: CREWAI_TRACING_ENABLED=true, set here or in a .env file of this folder",
            "Prompts and answers are sent to CrewAI's service.",
            "To switch it off: os.environ['CREWAI_TRACING_ENABLED'] = 'false', or remove the line "
            "from the .env file.",
        )
    return Finding(
        "warning",
        "tracing",
        "CrewAI's tracing",
        "not set: CrewAI collects traces on the first run in every new folder",
        "Each agent of that run may wait 5 s for an event that some models never send.",
        f"os.environ['CREWAI_TRACING_ENABLED'] = 'false'; {_EARLIER}",
    )


def _signals() -> Finding:
    replaced = [
        number.name
        for number in (signal.SIGINT, signal.SIGTERM)
        if str(getattr(signal.getsignal(number), "__module__", "")).startswith("crewai")
    ]
    if not replaced:
        return Finding("ok", "signals", "Ctrl-C and SIGTERM", "not handled by CrewAI")
    return Finding(
        "warning",
        "signals",
        " and ".join(replaced),
        "handled by CrewAI, which passes them on or ends the process",
        "With its telemetry on, importing crewai replaces these handlers.",
        "os.environ['CREWAI_DISABLE_TELEMETRY'] = 'true' before crewai is imported: " + _EARLIER,
    )


def _cost_map() -> Finding:
    if _flag("LITELLM_LOCAL_MODEL_COST_MAP") == "true":
        return Finding("ok", "cost-map", "LiteLLM's price list", "the one that came with it")
    return Finding(
        "note",
        "cost-map",
        "LiteLLM's price list",
        "fetched from the network when litellm is imported",
        "Without a network the import waits 5 s, and prices change from one day to the next.",
        f"os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True' before the import; {_EARLIER}",
    )


def _ledger() -> Finding:
    path = default_path()
    reason = _unwritable(path)
    if reason is None:
        return Finding("ok", "ledger", "the ledger of answers", f"can be written at {path}")
    return Finding(
        "problem",
        "ledger",
        "the ledger of answers",
        f"{path} cannot be written: {reason}",
        "summarize keeps every paid answer there and refuses to begin without it.",
        "Give ledger=PATH for another place, or ledger=False to keep no answers.",
    )


def _unwritable(path: Path) -> str | None:
    """Return why a file cannot be written, without creating it; ``None`` if it can be."""
    if path.exists():
        if not path.is_file():
            return "it is not a file"
        return None if os.access(path, os.W_OK) else "it is read-only"
    folder = next(each for each in path.parents if each.exists())
    if not folder.is_dir():
        return f"{folder} is not a folder"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} is read-only"
