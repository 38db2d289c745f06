"""Which field an error concerns, and the line that is shown there.

An error of the package does not name an argument. The form finds out as a person would: by trying
the arguments one after the other on a text that is surely fine. Nothing is asked of a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docsum_nb as ds
from docsum_nb.errors import InputError, LibraryError, LoadError, for_users
from docsum_nb.form.form_values import FieldError, FormValues
from docsum_nb.render.one_line import one_line

__all__ = ["fault_of", "line_of"]

_FINE = {"text": "A text that is surely fine."}
_MOST_CHARS = 600


def fault_of(error: Exception, asked: FormValues) -> FieldError:
    """Tell which field an error of ``plan`` concerns; blocks as long as ``plan`` may."""
    return FieldError(_field(error, asked), line_of(error))


def line_of(error: BaseException) -> str:
    """Write an error on one line, cleaned but not escaped."""
    if isinstance(error, ExceptionGroup):
        return one_line(f"{error.message}: {line_of(error.exceptions[0])}", max_chars=_MOST_CHARS)
    said = " ".join([for_users(error), *getattr(error, "__notes__", ())])
    return one_line(said, max_chars=_MOST_CHARS)


def _field(error: Exception, asked: FormValues) -> str:
    if isinstance(error, LoadError | ExceptionGroup):
        return "source"
    if isinstance(error, LibraryError):
        return "library"
    if not isinstance(error, InputError):
        return ""
    for field in _at_fault(asked):
        return field
    return "source"


def _at_fault(asked: FormValues) -> Iterator[str]:
    model, asked_for = {"model": asked.model}, asked.planned()
    trials: dict[str, dict[str, Any]] = {
        **{name: model | {name: value} for name, value in asked_for.items()},
        "": asked_for,
    }
    for field, arguments in trials.items():
        try:
            ds.plan(_FINE, **arguments)
        except Exception:  # noqa: BLE001  # whatever is wrong, it is wrong with these arguments
            yield field
