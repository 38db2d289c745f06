"""What the fields ask for: the arguments of one call, and which of them the plan depends on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from docsum_nb import Model

__all__ = ["FieldError", "FormValues"]

_FOR_THE_PLAN = ("model", "library", "question", "length", "on_error")


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
    library: str | None = None
    question: str | None = None
    length: int | None = None
    deadline: float | None = None
    max_cost: float | None = None
    max_calls: int | None = None
    on_error: Literal["raise", "collect", "skip"] = "raise"

    @property
    def paths(self) -> str | list[str]:
        """The source as ``summarize`` takes it."""
        return self.source if isinstance(self.source, str) else list(self.source)

    @property
    def bounded(self) -> bool:
        """Whether what it may cost is bounded by the user."""
        return self.max_cost is not None or self.max_calls is not None

    def arguments(self) -> dict[str, Any]:
        """Return what differs from the defaults, without the source, in the order of fields."""
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name != "source" and getattr(self, each.name) != each.default
        }

    def planned(self) -> dict[str, Any]:
        """Return the arguments that ``plan`` takes, without the source."""
        return {name: getattr(self, name) for name in _FOR_THE_PLAN}

    def has_plan_of(self, other: FormValues) -> bool:
        """Tell whether the plan of another one holds for this one, too."""
        return self.source == other.source and self.planned() == other.planned()
