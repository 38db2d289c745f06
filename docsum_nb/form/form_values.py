"""The arguments that the fields hold, and which of them an error concerns.

An error of the package does not name an argument. So the form tries the arguments one after the
other on a text without errors; no model is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docsum_nb as ds
from docsum_nb.errors import InputError, LibraryError, LoadError, for_users
from docsum_nb.options import Group, Option, Options, options_of, without_password
from docsum_nb.render.one_line import one_line

if TYPE_CHECKING:
    from docsum_nb import Model

__all__ = ["FIELDS", "FieldError", "FormValues", "fault_of", "fields_of", "line_of"]

_FINE = {"text": "A text that is surely fine."}
_MOST_CHARS = 600


def fields_of(table: type[Options] = Options) -> tuple[Option, ...]:
    """Return the options that have a field in the form, beside source and model."""
    return tuple(each for each in options_of(table) if each.form is not None)


FIELDS = fields_of()
_DEFAULTS = {each.name: each.default for each in FIELDS}


@dataclass(frozen=True)
class FieldError:
    """Something that is wrong with a field."""

    field: str
    """The field's name, that of the argument; ``""`` if it concerns none."""
    text: str
    """One line that says what to do."""


@dataclass(frozen=True, kw_only=True)
class FormValues:
    """The arguments of ``summarize``, as far as the form has a field for them."""

    source: str | tuple[str, ...]
    model: str | Model = "extractive"
    values: Mapping[str, Any] = field(default_factory=dict)
    """By the names of options that have a field; those that are missing have their defaults."""

    def __post_init__(self) -> None:
        if (library := self.values.get("library")) is not None:
            # What is displayed, copied as code and planned has no password in it. An address that
            # cannot be read is reported when the plan is made.
            with suppress(InputError):
                library = without_password(library)
            object.__setattr__(self, "values", {**self.values, "library": library})

    def __getitem__(self, name: str) -> Any:
        """Return the value of an option that has a field."""
        return self.values[name] if name in self.values else _DEFAULTS[name]

    @property
    def paths(self) -> str | list[str]:
        """The source as ``summarize`` takes it."""
        return self.source if isinstance(self.source, str) else list(self.source)

    @property
    def bounded(self) -> bool:
        """Whether the user has bounded what it may cost."""
        return any(self[each.name] is not None for each in FIELDS if each.group is Group.BOUND)

    def arguments(self) -> dict[str, Any]:
        """Return what differs from the defaults, without the source, in the order of fields."""
        given = {"model": self.model} if self.model != "extractive" else {}
        return given | {
            name: value for name, value in self.values.items() if value != _DEFAULTS.get(name)
        }

    def planned(self) -> dict[str, Any]:
        """Return the arguments that ``plan`` takes, without the source."""
        asked = {each.name: self[each.name] for each in FIELDS if each.group is Group.ASKED}
        return {"model": self.model, **asked}

    def has_plan_of(self, other: FormValues) -> bool:
        """Return whether the plan of another one holds for this one, too."""
        return self.source == other.source and self.planned() == other.planned()


# --- errors ------------------------------------------------------------------------------------


def fault_of(error: Exception, asked: FormValues) -> FieldError:
    """Return the field that an error of ``plan`` concerns; blocks as long as ``plan`` may."""
    return FieldError(_field(error, asked), line_of(error))


def line_of(error: BaseException) -> str:
    """Return an error on one line, cleaned but not escaped."""
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
    return next(_at_fault(asked), "source")


def _at_fault(asked: FormValues) -> Iterator[str]:
    model, asked_for = {"model": asked.model}, asked.planned()
    trials: dict[str, dict[str, Any]] = {
        **{name: model | {name: value} for name, value in asked_for.items()},
        "": asked_for,
    }
    for name, arguments in trials.items():
        try:
            ds.plan(_FINE, **arguments)
        except Exception:  # noqa: BLE001  # any error is one of these arguments
            yield name
