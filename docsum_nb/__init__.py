"""Summarize piles of long documents with CrewAI from a notebook, and guard any crew.

How the package is laid out; imports point downward only:

    cli         the command line                                          magics   %summarize
    diagnosis/  doctor: what to check by hand when a crew freezes
    form/       app: choose, plan, start, stop, resume, read
    flow/       SummaryFlow: summarize as a CrewAI Flow
    entry/      start, kickoff, run_with_deadline: the user's own work as a run
    pipeline/   summarize, plan, resume: where the steps meet
    options     every option of summarize: its meaning for signatures, flags, ledger, flow and form
    ---------------------------------------------------------------------------------------------
    crew/       the only importer of crewai: the lean and the evaluating agent, guard, examination
    library/    the private documentation and its search, in SQLite
    recognition/  the text of scanned pages, read by a model
    models/     the only importer of litellm; the extractive model; asking, limits, retries
    views/      the live line and panel               plots   timeline and costs, by matplotlib
    testing     a model server whose answers a test scripts
    ---------------------------------------------------------------------------------------------
    documents/  load, split, count, cite                                  prompts/  YAML texts
    run/        how work runs: one loop thread, Run, fan-out      ledger/   kept answers, and runs
                                                                  budget    bounds of a run
    ---------------------------------------------------------------------------------------------
    events      what happened, and the state it adds up to        environment   switches of CrewAI
    results/    Summary, Plan and what else displays itself       findings   what the doctor sees
    upstream    names of other packages that promises depend on
    records/    data only: documents, requests, answers, citations           paths   as users write
    provider_errors/     why a request failed, and what to change     private_folder   for copies
    render/     text, tables and HTML from clean lines; knows no record
    errors      what can go wrong, by who must act
    secrets     what must be seen nowhere            characters   what must reach no screen

Importing this module takes milliseconds: everything is imported when it is first used.
"""

from __future__ import annotations

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

__version__ = "0.1.0"

# CrewAI and LiteLLM read their switches when they are imported, which may be the next line.
environment.prepare()

_HOMES = {
    "Document": "docsum_nb.records",
    "Hit": "docsum_nb.records",
    "Library": "docsum_nb.library",
    "Model": "docsum_nb.models.model",
    "Plan": "docsum_nb.results",
    "Question": "docsum_nb.run",
    "Run": "docsum_nb.run",
    "Summary": "docsum_nb.results",
    "SummaryFlow": "docsum_nb.flow",
    "allow_nested_asyncio": "docsum_nb.entry",
    "app": "docsum_nb.form",
    "doctor": "docsum_nb.diagnosis",
    "forget": "docsum_nb.ledger",
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


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"docsum_nb.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'docsum_nb' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Register ``%summarize`` and ``%%summarize``, on ``%load_ext docsum_nb``."""
    import_module("docsum_nb.magics").register(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
