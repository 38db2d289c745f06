"""A warm process whose children rename a name of CrewAI's or LiteLLM's, and try what works then.

The process imports the two libraries, and of docsum_nb what does not look at their names. In a
child the name is renamed as a release would rename it, wherever that can be done in the loaded
code: the library itself goes on with the new name. Then the child imports the rest of docsum_nb,
which looks the names up at its import, and does its trial.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.support.forking import WarmProcess, running, serve

__all__ = ["Renamer", "running_renamer"]


class Renamer(WarmProcess):
    """The warm process; each job has the ``kind`` and ``path`` of a name, and a ``trial``."""

    def ask(self, **job: Any) -> dict[str, Any]:
        """Return the outcome of a trial."""
        return super().ask(**job) or {"outcome": "died"}


@contextmanager
def running_renamer() -> Iterator[Renamer]:
    """Start the warm process, and end it."""
    with running("tests.support.renamed", Renamer) as renamer:
        yield renamer


# --- in the warm process --------------------------------------------------------------------------


def _prepare() -> None:
    import docsum_nb.entry
    import docsum_nb.pipeline  # noqa: F401
    from docsum_nb.documents.tokens import token_counter

    # As docsum_nb.models does, whose own look at the names must come after they have moved.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import crewai
        import crewai.tasks.llm_guardrail
        import litellm
        import litellm.litellm_core_utils.logging_worker
        import litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation
        import litellm.proxy._types  # noqa: F401
        import openai.resources  # noqa: F401
    assert crewai.Crew is not None
    assert token_counter("openai/x")("warm") > 0, "a vocabulary takes longer than a trial"
    assert "docsum_nb.crew" not in sys.modules
    _index_functions()


def _try(job: dict[str, Any]) -> dict[str, Any]:
    """Rename the job's name, and do its trial."""
    try:
        if job.get("late"):
            _pass_the_check()
        rename(job["kind"], job["path"])
        return TRIALS[job["trial"]](job)
    except BaseException as error:  # noqa: BLE001  # it is what is looked at
        return {"outcome": type(error).__name__, "text": str(error)}


def _pass_the_check() -> None:
    """Make the first check of a guard pass: the name is renamed after it."""
    from docsum_nb.crew.crewai_names import TABLE

    vars(TABLE)["lost"] = lambda *among: ()


# --- renaming -------------------------------------------------------------------------------------

NEW = "_as_renamed"


def rename(kind: str, path: str) -> None:
    """Rename what a name of the table stands for, as a release would."""
    if not path:
        return
    if kind == "parameter":
        function, _, name = path.rstrip(")").partition("(")
        _in_code(_function(_resolved(function)), "co_varnames", name)
    elif kind == "call":
        function, _, name = path.partition(" > ")
        _past_the_object(_function(_resolved(function)), name)
    elif kind == "condition":
        _condition(path)
    elif path.endswith(":"):
        vars(sys)["modules"][path[:-1]] = None
    else:
        owner, _, name = path.rpartition("." if "." in path.partition(":")[2] else ":")
        _moved(_resolved(owner), name)


def _resolved(path: str) -> Any:
    from docsum_nb.upstream import resolve

    return resolve(path)


def _function(value: Any) -> FunctionType:
    import inspect

    function = value.__dict__["__init__"] if isinstance(value, type) else inspect.unwrap(value)
    assert isinstance(function, FunctionType), value
    return function


def _in_code(function: FunctionType, names_in: str, name: str, new: str = "") -> None:
    new = new or name + NEW
    names = tuple(new if each == name else each for each in getattr(function.__code__, names_in))
    changed: dict[str, Any] = {names_in: names}
    function.__code__ = function.__code__.replace(**changed)


def _past_the_object(function: FunctionType, name: str) -> None:
    """Make a function call something else than an object's attribute of a name."""
    import crewai

    code = function.__code__
    if name in code.co_consts:
        _in_code(function, "co_consts", name)
        return
    if name.isupper():  # a point where hooks are called: one where the guard has none
        _in_code(function, "co_names", name, "OUTPUT")
        return
    _in_code(function, "co_names", name)
    for kind in (crewai.Task, crewai.Crew, crewai.Agent):
        if hasattr(kind, name):
            type.__setattr__(kind, name + NEW, getattr(kind, name))


def _condition(path: str) -> None:
    owner, _, name = path.rpartition(".")
    if " > " in path:  # of a wrapper of CrewAI's own: it calls something else
        wrapper, _, name = path.partition(" > ")
        _in_code(_resolved(wrapper), "co_names", name)
    elif name == "_crewai_rate_limit_wrapped":
        delattr(_resolved(owner), name)
    else:
        kind = _resolved(owner)
        own = kind.__init__

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            own(self, *args, **kwargs)
            if hasattr(self, name):
                setattr(self, name + NEW, getattr(self, name))
                delattr(self, name)

        kind.__init__ = init


def _moved(owner: Any, name: str) -> None:
    """Move an attribute of a module or class; its library goes on with the new name, if private."""
    if isinstance(owner, ModuleType) and hasattr(owner, "__getattr__"):
        getattr(owner, name)
        vars(owner)["__getattr__"] = partial(_not_found, vars(owner)["__getattr__"], name)
    classes = owner.__mro__ if isinstance(owner, type) else (owner,)
    for kind in classes:
        for holder in ("__annotations__", "__pydantic_fields__", "_member_map_"):
            (vars(kind).get(holder) or {}).pop(name, None)
        private = vars(kind).get("__private_attributes__") or {}
        if name in private:
            private[name + NEW] = private.pop(name)
        if name in vars(kind):
            value = vars(kind)[name]
            deleted = type.__delattr__ if isinstance(kind, type) else delattr
            deleted(kind, name)
            set_to = type.__setattr__ if isinstance(kind, type) else setattr
            set_to(kind, name + NEW, value)
        own = vars(kind).get("__init__") if isinstance(kind, type) else None
        if isinstance(own, FunctionType):
            _in_code(own, "co_names", name)
    if name.startswith("_") or name.isupper():
        for function in _FUNCTIONS.get(name, ()):
            function.__code__ = _deep(function.__code__, name)


def _not_found(own: Callable[[str], Any], moved: str, name: str) -> Any:
    if name == moved:
        raise AttributeError(name)
    return own(name)


def _deep(code: CodeType, name: str) -> CodeType:
    return code.replace(
        co_names=tuple(name + NEW if each == name else each for each in code.co_names),
        co_consts=tuple(
            _deep(each, name) if isinstance(each, CodeType) else each for each in code.co_consts
        ),
    )


_FUNCTIONS: dict[str, list[FunctionType]] = {}
"""The functions of CrewAI's modules and classes, by each name in their code.

Looked up, since a child that looks at each function copies the memory of all of them.
"""


def _index_functions() -> None:
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and str(each.__module__).startswith("crewai"):
            for name in each.__code__.co_names:
                _FUNCTIONS.setdefault(name, []).append(each)


# --- what is tried --------------------------------------------------------------------------------


def _promises(job: dict[str, Any]) -> dict[str, Any]:
    """Check what a guard checks when it is made, without the rest of it."""
    from docsum_nb.crew.guarantees import Guarantees
    from tests.support.controls import StandaloneControl

    events: list[Any] = []
    control = StandaloneControl(events)
    bounds = {name: name in job for name in ("max_calls", "max_cost", "deadline")}
    Guarantees(control, **bounds).check()
    return {"outcome": "made", "warnings": [event.message for event in events]}


def _guard(job: dict[str, Any]) -> dict[str, Any]:
    """Make a guard, as a run with bounds does."""
    from docsum_nb.entry.guarded_run import GuardOptions
    from tests.support.controls import StandaloneControl

    events: list[Any] = []
    control = StandaloneControl(events)
    bounds = {name: job[name] for name in ("max_calls", "max_cost") if name in job}
    GuardOptions(**bounds).guard(control, deadline=job.get("deadline"))
    return {"outcome": "made", "warnings": [event.message for event in events]}


def _crew(job: dict[str, Any]) -> dict[str, Any]:
    """Run a crew whose tasks share an agent, with inputs, on a model in this process."""
    import docsum_nb as ds
    from tests.crew.crew_samples import ScriptedLLM, field_crew

    asked: list[str] = []
    llm = ScriptedLLM(model="scripted", max_tokens=100)

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "ok"

    llm.answer = answer
    crew = field_crew(llm, parts=job.get("parts", 2))
    bounds = {name: job[name] for name in ("max_calls", "max_cost", "deadline") if name in job}
    prices = {"scripted": (1.0, 1.0)}
    run = ds.kickoff(crew, {"topic": "whales"}, show=False, prices=prices, **bounds)
    try:
        ended = {"outcome": "done", "text": str(run.result(60))}
    except Exception as error:  # noqa: BLE001  # it is what is looked at
        ended = {"outcome": type(error).__name__, "text": str(error)}
    unfilled = sum("{topic}" in prompt for prompt in asked)
    return {
        **ended,
        "warnings": list(run.state.warnings),
        "calls": len(asked),
        "unfilled": unfilled,
    }


def _summary(job: dict[str, Any]) -> dict[str, Any]:
    """Summarize a text in this process."""
    import docsum_nb as ds

    text = "Whales are mammals that live in the sea. They breathe air at the surface. "
    run = ds.summarize({"whales": text * 5}, ledger=False, show=False)
    summary = run.result(60)
    return {"outcome": "done", "text": summary.text, "warnings": list(run.state.warnings)}


def _both(job: dict[str, Any]) -> dict[str, Any]:
    """Run a crew, then summarize a text."""
    ran = _crew(job)
    try:
        summary = _summary(job)
    except Exception as error:  # noqa: BLE001  # it is what is looked at
        summary = {"outcome": type(error).__name__, "text": str(error)}
    return {**ran, "summary": summary}


def _names(job: dict[str, Any]) -> dict[str, Any]:
    """Return the names of both tables."""
    from docsum_nb.crew.crewai_names import TABLE as CREWAI
    from docsum_nb.models.litellm_names import TABLE as LITELLM

    return {
        table.library: [
            {
                "kind": name.kind,
                "path": name.path,
                "use": name.use,
                "promises": [promise.text for promise in name.promises],
                "money": any(promise.money for promise in name.promises),
            }
            for name in table.names
        ]
        for table in (CREWAI, LITELLM)
    }


def _open_model(job: dict[str, Any]) -> dict[str, Any]:
    """Open a model of LiteLLM's, as a run does before it asks it."""
    from docsum_nb.models import Model, lost_promises, open_model

    open_model(Model("openai/x", base_url="http://127.0.0.1:1"))
    return {"outcome": "opened", "lost": list(lost_promises(bounded=False))}


def _lost(job: dict[str, Any]) -> dict[str, Any]:
    """Return the lost promises of a library, with what is wrong."""
    import importlib

    home = {"crewai": "crew.crewai_names", "litellm": "models.litellm_names"}[job["library"]]
    table = importlib.import_module(f"docsum_nb.{home}").TABLE
    return {
        "outcome": "looked",
        "lost": [[each.promise.text, str(each)] for each in table.lost()],
    }


TRIALS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "names": _names,
    "lost": _lost,
    "open_model": _open_model,
    "promises": _promises,
    "guard": _guard,
    "crew": _crew,
    "summary": _summary,
    "both": _both,
}

if __name__ == "__main__":
    _prepare()
    serve(_try)
