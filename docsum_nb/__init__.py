"""Summarize piles of long documents with CrewAI from a notebook, and guard any crew.

    import docsum_nb as ds

    summary = await ds.summarize("reports/")            # in a notebook cell
    summary = ds.summarize("reports/").result()         # anywhere else
    ds.plan("reports/", model="openai/gpt-4o-mini")     # calls, tokens, cost; nothing is sent
    ds.Library("handbook").add("docs/")                 # your own documentation, to search
    Agent(..., tools=[ds.LibrarySearchTool("handbook")])    # for the agents of your own crew
    ds.summarize("reports/", library="handbook", question="What changed?", max_cost=0.50)
    ds.resume()                                         # goes on after a crash or an error
    await ds.kickoff(my_crew, deadline=120)             # your own Crew or Flow, guarded
    ds.start(my_function, deadline=30).result()         # any function or coroutine
    ds.doctor(my_crew)                                  # what to check if a crew freezes
    ds.compare("reports/", models=["extractive", "openai/gpt-4o-mini"])   # side by side
    ds.app()                                            # all of it as a form

``ds.summarize?`` shows the arguments of a function, ``ds.errors?`` the errors. The default model,
``"extractive"``, needs no key and no network; the name of any model of LiteLLM is another.

Importing this module takes milliseconds: everything is imported when it is first used.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docsum_nb import environment

if TYPE_CHECKING:
    from docsum_nb import errors as errors
    from docsum_nb import events as events
    from docsum_nb import plots as plots
    from docsum_nb import testing as testing
    from docsum_nb.diagnosis import doctor as doctor
    from docsum_nb.entry import allow_nested_asyncio as allow_nested_asyncio
    from docsum_nb.entry import kickoff as kickoff
    from docsum_nb.entry import run_with_deadline as run_with_deadline
    from docsum_nb.entry import start as start
    from docsum_nb.entry.library_knowledge import LibraryKnowledge as LibraryKnowledge
    from docsum_nb.entry.library_tool import LibrarySearchTool as LibrarySearchTool
    from docsum_nb.evaluation import compare as compare
    from docsum_nb.evaluation import evaluate as evaluate
    from docsum_nb.evaluation import evaluate_library as evaluate_library
    from docsum_nb.flow import SummaryFlow as SummaryFlow
    from docsum_nb.form import app as app
    from docsum_nb.ledger import forget as forget
    from docsum_nb.ledger import runs as runs
    from docsum_nb.library import Library as Library
    from docsum_nb.models.model import Model as Model
    from docsum_nb.pipeline import plan as plan
    from docsum_nb.pipeline import resume as resume
    from docsum_nb.pipeline import summarize as summarize
    from docsum_nb.records import Document as Document
    from docsum_nb.records import Hit as Hit
    from docsum_nb.results import Plan as Plan
    from docsum_nb.results import Summary as Summary
    from docsum_nb.run import Question as Question
    from docsum_nb.run import Run as Run
    from docsum_nb.run import get_run as get_run

__version__ = "0.1.0"

# CrewAI and LiteLLM read their switches when they are imported, which may be the next line.
environment.prepare()

_HOMES = {
    "Document": "docsum_nb.records",
    "Hit": "docsum_nb.records",
    "Library": "docsum_nb.library",
    "LibraryKnowledge": "docsum_nb.entry.library_knowledge",
    "LibrarySearchTool": "docsum_nb.entry.library_tool",
    "Model": "docsum_nb.models.model",
    "Plan": "docsum_nb.results",
    "Question": "docsum_nb.run",
    "Run": "docsum_nb.run",
    "Summary": "docsum_nb.results",
    "SummaryFlow": "docsum_nb.flow",
    "allow_nested_asyncio": "docsum_nb.entry",
    "app": "docsum_nb.form",
    "compare": "docsum_nb.evaluation",
    "doctor": "docsum_nb.diagnosis",
    "evaluate": "docsum_nb.evaluation",
    "evaluate_library": "docsum_nb.evaluation",
    "forget": "docsum_nb.ledger",
    "get_run": "docsum_nb.run",
    "kickoff": "docsum_nb.entry",
    "plan": "docsum_nb.pipeline",
    "resume": "docsum_nb.pipeline",
    "run_with_deadline": "docsum_nb.entry",
    "runs": "docsum_nb.ledger",
    "start": "docsum_nb.entry",
    "summarize": "docsum_nb.pipeline",
}

_MODULES = ("errors", "events", "plots", "testing")

__all__ = [*_HOMES, *_MODULES]


if not TYPE_CHECKING:
    # Type checkers are to report a name that does not exist.
    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"docsum_nb.{name}")
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
        alike = get_close_matches(name.lower(), {each.lower() for each in __all__}, n=1)
        hint = next(
            (f"; did you mean {each!r}?" for each in __all__ if [each.lower()] == alike), ""
        )
        # With a name and no object, Python adds no suggestion of its own.
        error = AttributeError(f"module 'docsum_nb' has no attribute {name!r}{hint}", name=name)
        if not name.startswith("_"):
            from docsum_nb.errors import show_briefly

            show_briefly(error)
        raise error


def load_ipython_extension(shell: Any) -> None:
    """Register ``%summarize`` and ``%%summarize``, on ``%load_ext docsum_nb``."""
    import_module("docsum_nb.magics").register(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
