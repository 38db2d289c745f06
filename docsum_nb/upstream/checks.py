"""The checks of single names of another package: present, with the members and calls relied on.

Each check returns what is wrong as a text, empty if nothing is; it takes microseconds and changes
nothing. A function that cannot be looked into, because a wrapper hides it, counts as present.
"""

from __future__ import annotations

import dis
import importlib
import inspect
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

__all__ = [
    "call_fault",
    "condition_fault",
    "dotted",
    "member_fault",
    "mention_fault",
    "parameter_fault",
    "path_fault",
    "resolve",
]


def resolve(path: str) -> Any:
    """Return the object that a path names; ``None`` if it is absent."""
    module, _, names = path.partition(":")
    try:
        value: Any = importlib.import_module(module)
        for name in filter(None, names.split(".")):
            value = getattr(value, name)
    except Exception:  # noqa: BLE001  # a module that fails at import counts as absent
        return None
    return value


def dotted(path: str) -> str:
    """Return a path as it stands in messages, with dots only."""
    return path.replace(":", ".")


def path_fault(path: str) -> str:
    """Return what is wrong with a path; empty if it can be resolved."""
    return f"{dotted(path)} is missing" if resolve(path) is None else ""


_NO_CODE = compile("", "", "exec")


def member_fault(path: str) -> str:
    """Return that a class has no such method, field, private attribute or ``__init__`` name."""
    owner, _, name = path.rpartition(".")
    kind = resolve(owner)
    if kind is None:
        return f"{dotted(owner)} is missing"
    holders = ("__annotations__", "__private_attributes__", "__pydantic_fields__")
    classes = getattr(kind, "__mro__", (type(kind),))
    known = any(
        name in vars(each)
        or any(name in (vars(each).get(holder) or ()) for holder in holders)
        or name in getattr(vars(each).get("__init__"), "__code__", _NO_CODE).co_names
        for each in classes
    )
    return "" if known else f"{dotted(path)} is missing"


def parameter_fault(path: str, name: str) -> str:
    """Return that a function takes no parameter of a name; empty if it may take it."""
    function = resolve(path)
    if function is None:
        return f"{dotted(path)} is missing"
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ""
    # A wrapper accepts anything; what it passes on cannot be seen.
    kinds = {each.kind for each in parameters.values()}
    wrapper = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds
    return "" if wrapper or name in parameters else f"{dotted(path)} takes no {name}"


def call_fault(path: str, method: str) -> str:
    """Return that a function does not call a method on an object; empty if it may."""
    function = resolve(path)
    if function is None:
        return f"{dotted(path)} is missing"
    code = _code_of(function)
    if code is None or _calls(code, method):
        return ""
    return f"{dotted(path)} does not call {method} on the object"


def mention_fault(path: str, text: str) -> str:
    """Return that a function's code does not hold a text; empty if it may."""
    function = resolve(path)
    if function is None:
        return f"{dotted(path)} is missing"
    code = _code_of(function)
    if code is None or text in code.co_names or text in code.co_consts:
        return ""
    return f"{dotted(path)} does not read {text!r}"


def _code_of(function: Any) -> CodeType | None:
    """Return the code of a function, beneath its wrappers; ``None`` if it cannot be seen."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code if isinstance(code, CodeType) else None


@lru_cache(maxsize=256)
def _calls(code: CodeType, method: str) -> bool:
    """Check whether a function reads a method of something that is in a variable."""
    variable = False
    for step in dis.get_instructions(code):
        if variable and step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval == method:
            return True
        variable = step.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME"))
    return False


def condition_fault(fault: Callable[[], str]) -> str:
    """Return what a check reports; an error that it raises is a fault as well."""
    try:
        return fault()
    except Exception as error:  # noqa: BLE001  # any error means that it does not work
        return f"{type(error).__name__}: {error}"
