"""Finds calls that would block an event loop, in the source of a function.

Only the calls of an ``async def`` itself count: a function or lambda defined inside it is usually
passed to a thread. Without source, as for some notebooks' helpers, nothing is reported.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

__all__ = ["Blocking", "blocking_calls"]

_BLOCKING = {
    "time.sleep": "await asyncio.sleep(...)",
    "os.system": "await asyncio.create_subprocess_shell(...)",
    "input": "await asyncio.to_thread(input, ...)",
    "urllib.request.urlopen": "await asyncio.to_thread(urlopen, ...)",
    "asyncio.run": "await the coroutine itself",
}
_BLOCKING_MODULES = {
    "requests": {"get", "post", "put", "patch", "delete", "head", "request"},
    "httpx": {"get", "post", "put", "patch", "delete", "head", "request", "stream"},
    "subprocess": {"run", "call", "check_call", "check_output"},
}
_KICKOFFS = {"kickoff": "kickoff_async", "kickoff_for_each": "kickoff_for_each_async"}
_OWN = {"ds", "docsum_nb"}


class Blocking(NamedTuple):
    """A call that blocks the loop it is made on."""

    call: str
    """The call as written, without its arguments."""
    line: int
    """The line in its file, from 1."""
    instead: str
    """The line to write."""
    kickoff: bool
    """Whether it kicks off a crew, which fails on a loop instead of blocking it."""


def blocking_calls(function: Any) -> list[Blocking]:
    """Return the blocking calls in the body of an asynchronous function, in order."""
    function = inspect.unwrap(function)
    if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
        return []
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return []
    names = getattr(function, "__globals__", {})
    found = []
    for call in _own_calls(tree.body[0]):
        blocking = _judge(call, names)
        if blocking is not None:
            found.append(blocking._replace(line=first + call.lineno - 1))
    return found


def _own_calls(definition: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that the function makes itself and does not await."""
    for node in ast.iter_child_nodes(definition):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            # What is awaited does not block; its arguments may.
            for argument in (*node.value.args, *(each.value for each in node.value.keywords)):
                yield from _own_calls(ast.Expr(argument))
            continue
        if isinstance(node, ast.Call):
            yield node
        yield from _own_calls(node)


def _judge(call: ast.Call, names: dict[str, Any]) -> Blocking | None:
    written = ast.unparse(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr in _KICKOFFS:
        receiver = ast.unparse(call.func.value)
        if receiver.partition(".")[0] in _OWN:
            return None
        instead = f"await {receiver}.{_KICKOFFS[call.func.attr]}(...)"
        return Blocking(written, 0, instead, kickoff=True)
    name = _full_name(written, names)
    module, _, function = name.rpartition(".")
    if name in _BLOCKING:
        return Blocking(written, 0, _BLOCKING[name], kickoff=False)
    if function in _BLOCKING_MODULES.get(module, ()):
        return Blocking(written, 0, f"await asyncio.to_thread({written}, ...)", kickoff=False)
    return None


def _full_name(written: str, names: dict[str, Any]) -> str:
    """Resolve a name through the imports of its module: ``sleep`` to ``time.sleep``."""
    root, dot, rest = written.partition(".")
    known = names.get(root)
    if isinstance(known, ModuleType):
        return f"{known.__name__}{dot}{rest}"
    if known is not None and not rest and inspect.isroutine(known):
        module = str(getattr(known, "__module__", "") or "")
        return f"{module.removesuffix('.api')}.{known.__name__}"
    return written
