"""The arguments that the fields hold, and which of them the plan depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docsum_nb.options import Group, Option, Options, options_of

if TYPE_CHECKING:
    from docsum_nb import Model

__all__ = ["FIELDS", "FieldError", "FormValues", "fields_of"]


def fields_of(table: type[Options] = Options) -> tuple[Option, ...]:
    """Return the options that have a field in the form, beside source and model."""
    return tuple(each for each in options_of(table) if each.form is not None)


FIELDS = fields_of()
_DEFAULTS = {each.name: each.default for each in FIELDS}


@dataclass(frozen=True)
class FieldError:
    """Something that is wrong with a field."""

    field: str
    """The field's name, that of the argument; ``""`` where it concerns none."""
    text: str
    """One line that says what to do."""


@dataclass(frozen=True, kw_only=True)
class FormValues:
    """The arguments of ``summarize``, as far as the form has a field for them."""

    source: str | tuple[str, ...]
    model: str | Model = "extractive"
    values: Mapping[str, Any] = field(default_factory=dict)
    """By the names of options that have a field; those that are missing have their defaults."""

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
