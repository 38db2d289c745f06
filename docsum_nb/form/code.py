"""The call that does what the form does, as Python to copy.

Invariant: it runs unchanged for every text that can be typed, and holds no secret: it asks for a
key when it runs. A comment names each setting of a model that cannot be written as code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from docsum_nb.form.form_values import FormValues
from docsum_nb.secrets import NO_KEY, SECRET_NAME, masked

if TYPE_CHECKING:
    from docsum_nb import Model

__all__ = ["code_of"]

_LONGEST_LINE = 88
_NO_SECRETS = ("requests_per_minute", "tokens_per_minute")


def code_of(asked: FormValues, *, uploads: str | None = None) -> str:
    """Return the call as Python.

    Args:
        asked: Its arguments.
        uploads: The folder of uploaded files, if one of the sources; ``None`` for none.

    Returns:
        Lines for a notebook's cell: the imports, the call with what differs from its defaults, and
        the summary's name to show it.
    """
    model = _Written()
    shown = [model.source(asked.paths)]
    for name, value in asked.arguments().items():
        shown.append(f"{name}={model.of(value) if name == 'model' else repr(value)}")
    lines = ["import docsum_nb as ds", ""]
    if model.asks:
        lines.insert(0, "from getpass import getpass\n")
    if uploads is not None:
        lines.append(f"# Uploaded files are in {uploads!r} until this form or its kernel ends.")
    lines += [f"# Give the model its {what} as well." for what in model.left_out]
    return "\n".join([*lines, *_call("summary = await ds.summarize", shown), "summary"])


def _call(function: str, shown: list[str]) -> Iterator[str]:
    line = f"{function}({', '.join(shown)})"
    if len(line) <= _LONGEST_LINE:
        yield line
        return
    yield f"{function}("
    yield from (f"    {each}," for each in shown)
    yield ")"


class _Written:
    """The source and the model as code."""

    def __init__(self) -> None:
        self.asks = False
        """Whether it asks for a secret."""
        self.left_out: list[str] = []

    def source(self, paths: str | list[str]) -> str:
        """Write the source; an address that may hold a secret is asked for."""
        if isinstance(paths, str):
            return self._setting("source", paths)
        return f"[{', '.join(self._setting('source', each) for each in paths)}]"

    def of(self, model: str | Model) -> str:
        """Return a model as code, by its name alone if it has no other setting."""
        if isinstance(model, str):
            return repr(model)
        settings = [
            f"{each.name}={self._setting(each.name, getattr(model, each.name))}"
            for each in fields(model)[1:]
            if getattr(model, each.name) != _default(each)
            and self._can_be_written(each.name, getattr(model, each.name))
        ]
        return f"ds.Model({', '.join([repr(model.name), *settings])})"

    def _setting(self, name: str, value: Any) -> str:
        if name == "fallbacks":
            return f"[{', '.join(map(self.of, value))}]"
        if _is_secret(name, value):
            self.asks = True
            return f"getpass({f'{name}: '!r})"
        if isinstance(value, Mapping):
            items = (f"{key!r}: {self._setting(str(key), value[key])}" for key in value)
            return f"{{{', '.join(items)}}}"
        return repr(value)

    def _can_be_written(self, name: str, value: Any) -> bool:
        if name == "fallbacks":
            return True
        try:
            ast.literal_eval(repr(dict(value) if isinstance(value, Mapping) else value))
        except (ValueError, SyntaxError):
            self.left_out.append(name)
            return False
        return True


def _default(field: Any) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _is_secret(name: str, value: Any) -> bool:
    if not isinstance(value, str) or name in _NO_SECRETS or value == NO_KEY:
        return False
    # An address may hold a user's name and password, or a key in its query.
    address = "://" in value and ("@" in value or "?" in value)
    return bool(SECRET_NAME.search(name)) or address or masked(value) != value
