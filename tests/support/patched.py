"""Prints which functions of CrewAI are replaced once a guard was made; run as a process of its own.

Those before and after are compared in all of CrewAI's loaded modules and classes, so that nothing
can be replaced unseen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any


def functions() -> Iterator[tuple[str, Any]]:
    """Yield what CrewAI's modules define, and what their classes do, by name."""
    for module in [
        each for name, each in sys.modules.items() if name.partition(".")[0] == "crewai"
    ]:
        for name, value in list(vars(module).items()) if module is not None else []:
            own = str(getattr(value, "__module__", "")).startswith("crewai")
            if isinstance(value, FunctionType) and value.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", value
            if isinstance(value, type) and own:
                for attribute, function in list(vars(value).items()):
                    if callable(function):
                        yield f"{value.__name__}.{attribute}", function


def main() -> None:
    """Run a crew under a guard, and print the names of what differs then."""
    import docsum_nb as ds
    from docsum_nb.crew.guard import Guard
    from tests.crew.crew_samples import ScriptedLLM, field_crew

    assert Guard is not None
    before = dict(functions())
    llm = ScriptedLLM(model="scripted")
    llm.answer = lambda prompt: "ok"
    ds.kickoff(field_crew(llm, parts=2), {"topic": "whales"}, show=False).result(60)
    after = dict(functions())
    print(json.dumps(sorted(name for name in before if after.get(name) is not before[name])))


if __name__ == "__main__":
    main()
