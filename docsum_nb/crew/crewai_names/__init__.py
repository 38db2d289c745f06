"""Every name of CrewAI's that this package depends on and that CrewAI may move, in one place.

When CrewAI renames something, this is the package to edit: each entry says what the name is used
for and which promise does not hold without it. ``TABLE.lost()`` checks all of them in milliseconds,
when a guard is made and when the doctor is called. Importing this package never fails because a
single name is missing, so ``summarize``, which needs few of them, works without the others.

To add a name:

* a class or function: ``X = TABLE.kind("module:X", "what for", PROMISE)`` or ``TABLE.value(...)``,
  and import ``X`` from its module;
* a private attribute: ``X = TABLE.attribute("module:Class._x", "what for", PROMISE)``, and write
  ``X.of(crew)``, ``X.set(crew, value)`` or ``X.replace(crew, method)``;
* fields of events, hooks' contexts or results that are read directly: ``TABLE.members(...)``;
* that a function of CrewAI's calls the method that ``replace`` has set: ``TABLE.call(...)``.

A new promise is a ``Promise`` in ``table.py``; ``money=True`` if a call that should not be made is
paid for.
``tests/test_upstream_names.py`` finds names of CrewAI's that are used elsewhere and are not here,
``tests/crew/test_crewai_names.py`` simulates the loss of each one.
"""

from __future__ import annotations

from docsum_nb.crew.crewai_names import executions, flows, llm_calls, reports
from docsum_nb.crew.crewai_names.table import TABLE

__all__ = ["TABLE", "executions", "flows", "llm_calls", "reports"]
