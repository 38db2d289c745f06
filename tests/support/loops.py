"""Run a coroutine where the package runs its own: clients of LiteLLM's stay bound to one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from docsum_nb.run.loop import current_loop

__all__ = ["on_loop"]

T = TypeVar("T")


def on_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the package's loop and wait for it."""
    return asyncio.run_coroutine_threadsafe(work, current_loop().loop).result(60)
