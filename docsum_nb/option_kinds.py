"""What an option of ``summarize`` is: its kind of value, its group, and what forms and flags need.

Decides nothing about a particular option, but for the values of those that are a choice. ``about``
makes the metadata of a field of ``Options``. Refuses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol, TypeAlias

__all__ = [
    "DETAIL",
    "ON_ERROR",
    "STRATEGIES",
    "DetailLevel",
    "Group",
    "OnError",
    "Option",
    "StrPath",
    "Strategy",
    "ToolLike",
    "about",
]

OnError = Literal["raise", "collect", "skip"]
DetailLevel = Literal["low", "medium", "high"]
Strategy = Literal["auto", "tree", "refine", "single", "per-document"]
StrPath: TypeAlias = "str | os.PathLike[str]"


class ToolLike(Protocol):
    """A CrewAI tool."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""


Kind = Literal["text", "whole", "number", "switch", "choice", "path", "object"]


class Group(Enum):
    """What an option decides."""

    ASKED = "what is read and asked: the plan depends on it"
    WORK = "how the work is done"
    BOUND = "what may be paid; a run that is resumed may be given new bounds"
    CALL = "belongs to one call: it is not stored with the arguments of a run"


@dataclass(frozen=True, kw_only=True)
class Option:
    """One argument of ``summarize``."""

    name: str = ""
    default: Any = None
    kind: Kind
    """Its values. A ``"whole"`` number, ``"number"`` or ``"text"`` may be ``None`` if that is the
    default; an ``"object"`` is one that JSON may not hold whole, so ``resume`` can be given it."""
    group: Group
    flag: str = ""
    """Its help on the command line; empty if it cannot be written there."""
    metavar: str = ""
    least: float | None = None
    """The least number; ``None`` if something else checks it."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The values of a ``"choice"``, each with its meaning for a person."""
    given_again: bool = False
    """Whether ``resume`` can be given it for another reason: its value may be a function."""
    in_state: bool = True
    """Whether the state of a flow holds it."""
    form: tuple[str, str, str] | None = None
    """Its field in the form: the label, what an empty field means, and the line below it; ``None``
    if it has none."""

    @property
    def resumable(self) -> bool:
        """Whether ``resume`` takes it."""
        by_kind = self.kind == "object" or self.given_again
        return by_kind or self.group in (Group.BOUND, Group.CALL)

    def read(self, text: str) -> Any:
        """Return the value that a text on a command line stands for.

        Raises:
            ValueError: if it stands for none.
        """
        match self.kind:
            case "whole":
                return int(text)
            case "number":
                return float(text)
            case "path" if self.name == "ledger" and text == "none":
                return False
        return text


def about(kind: Kind, group: Group, flag: str = "", **more: Any) -> Mapping[str, Option]:
    """Return the metadata of an option's field; ``more`` is what else ``Option`` knows of it."""
    return {"option": Option(kind=kind, group=group, flag=flag, **more)}


ON_ERROR = {
    "raise": "stop at the first error",
    "collect": "finish the rest, then report all errors",
    "skip": "leave it out, and say so in the summary",
}
"""The values of ``on_error``."""
DETAIL = {
    "low": "fewer and longer chunks, shorter summaries on the way",
    "medium": "chunks of 6,000 tokens",
    "high": "more and shorter chunks, longer summaries on the way",
}
"""The values of ``detail``."""
STRATEGIES = {
    "auto": "choose, and say why in the plan",
    "tree": "summarize chunks at the same time, merge their summaries level by level",
    "refine": "read a document chunk by chunk, rewriting one summary",
    "single": "each document whole, in one request",
    "per-document": "a summary of each document, and none of all",
}
"""The values of ``strategy``."""
