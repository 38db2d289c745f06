"""Classes of other packages that pydantic completes at their first use: completed in advance.

Pydantic deletes the schema of such a class while it completes it. A thread that uses the class at
that moment gets "Pydantic models should inherit from BaseModel, BaseModel cannot be instantiated
directly", and an answer that was paid for is lost: OpenAI's clients and LiteLLM defer the classes
of their answers, and the first answers of several tasks come at the same time.

Only classes that are defined when it is called are completed; a class that cannot be completed
is left alone, and fails at its use.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

__all__ = ["complete_classes"]

_lock = threading.Lock()
_completed: set[str] = set()
"""Modules and packages whose classes are complete."""


def complete_classes(*modules: str) -> None:
    """Complete the pydantic classes of modules or packages that are imported, once for each.

    Threads that call it meanwhile wait. It takes milliseconds for ten classes.
    """
    if all(name in _completed or name not in sys.modules for name in modules):
        return
    with _lock:
        missing = {name for name in modules if name in sys.modules} - _completed
        for kind in _subclasses(sys.modules["pydantic"].BaseModel):
            if not kind.__pydantic_complete__ and _belongs(kind.__module__, missing):
                kind.model_rebuild(raise_errors=False)
        _completed.update(missing)


def _subclasses(base: Any) -> list[Any]:
    """Return the class and all that are derived from it, each once."""
    found = {base: None}
    queue = [base]
    for kind in queue:
        new = [each for each in kind.__subclasses__() if each not in found]
        found.update(dict.fromkeys(new))
        queue += new
    return list(found)


def _belongs(module: str, packages: set[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)
