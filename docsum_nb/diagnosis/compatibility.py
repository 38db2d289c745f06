"""Whether the installed CrewAI and LiteLLM were tested, and which promises do not hold with them.

Their names are looked up only if the library is imported already: a look at the environment must
not import it. Each name and what depends on it is in ``crew/crewai_names`` and
``models/litellm_names.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

from docsum_nb.findings import Finding
from docsum_nb.upstream import TESTED, Lost, Table, untested, version_of

__all__ = ["promise_findings"]

_TABLES = {"crewai": "docsum_nb.crew.crewai_names", "litellm": "docsum_nb.models.litellm_names"}


def promise_findings() -> Iterator[Finding]:
    """Examine the installed versions of both libraries, as far as they are imported."""
    for library, module in _TABLES.items():
        if not version_of(library):
            continue  # its absence is another finding
        table: Table | None = import_module(module).TABLE if library in sys.modules else None
        lost = table.lost() if table is not None else ()
        yield _tested(library, table, lost)
        for each in lost:
            yield _lost(each)


def _tested(library: str, table: Table | None, lost: tuple[Lost, ...]) -> Finding:
    subject, (oldest, newest) = f"{library} {version_of(library)}", TESTED[library]
    new = untested(library)
    if table is None:
        names = f"its names are looked up once {library} is imported"
    elif lost:
        names = f"{len(lost)} promises do not hold with it"
    else:
        names = f"all {len(table.names)} names that promises depend on are there"
    if not new:
        return Finding("warning" if lost else "ok", "tested", subject, f"tested; {names}")
    return Finding(
        "warning" if lost else "note",
        "tested",
        subject,
        f"{new}; {names}",
        "A release may move names that promises depend on; each run looks them up when it begins.",
        f"pip install '{library}>={oldest},<={newest}' for a version that was tested.",
    )


def _lost(lost: Lost) -> Finding:
    newest = TESTED[lost.library.split()[0]][1]
    return Finding(
        "problem" if lost.promise.money else "warning",
        "lost-promise",
        lost.library,
        str(lost),
        "A run that relies on it is refused if calls might be paid for without it, and is warned "
        "otherwise.",
        f"pip install '{lost.library.split()[0]}=={newest}', or a newer docsum_nb.",
    )
