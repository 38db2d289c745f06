"""Every option of ``summarize``, once: what it means on a command line, in a ledger and in a form.

``Options`` is that table, a field for each. Derived from it: which options ``plan``, ``resume`` and
``SummaryFlow`` take, the flow's state, the arguments that a ledger stores, the flags of the command
line and of ``%summarize``, and the fields of the form. The signatures of public functions are
written out, for help and type checkers; a test compares each of them with the table.

Invariant: an ``Options`` that exists can be used; everything that can be known without reading or
asking has been checked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from docsum_nb.budget import Budget
from docsum_nb.errors import InputError, check_follow_links, check_on_error
from docsum_nb.option_kinds import (
    DETAIL,
    ON_ERROR,
    STRATEGIES,
    DetailLevel,
    Group,
    OnError,
    Option,
    Strategy,
    StrPath,
    ToolLike,
    about,
)

if TYPE_CHECKING:
    import argparse

    from docsum_nb.events import Event
    from docsum_nb.models.model import Model
    from docsum_nb.prompts import Wishes

__all__ = [
    "SETTLE_S",
    "DetailLevel",
    "Group",
    "OnError",
    "Option",
    "Options",
    "StrPath",
    "Strategy",
    "ToolLike",
    "about",
    "add_flags",
    "given_by_flags",
    "options_of",
    "without_password",
]

SETTLE_S = 5.0
"""How long calls in flight may still land, and be stored, after a run was stopped."""

_WISHES = ("question", "language", "audience", "focus")
_BY_WRITERS = ("language", "audience")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The arguments of ``summarize``, whose docstring explains them.

    The name of a model is made a ``Model``; that of ``vision``, if it has the same provider as
    ``model``, one that is called like it. A source in memory, such as a table, is made documents,
    and its columns ``text`` and ``name`` are ``None`` from then on.

    Raises:
        InputError: if one of them cannot be used; nothing has been read or asked by then.
    """

    source: Any = field(default=None, metadata=about("object", Group.ASKED))
    model: Model = field(  # type: ignore[assignment]  # a name is made a Model below
        default="extractive",
        metadata=about("object", Group.ASKED, "default: extractive", metavar="M"),
    )
    vision: Model | None = field(
        default=None,
        metadata=about(
            "object",
            Group.ASKED,
            "a model that reads scanned pages and pictures; default: tesseract, if installed",
            metavar="M",
            form=(
                "Model for scanned pages",
                "tesseract, if installed",
                "Reads pages that are pictures, and picture files: one request a page.",
            ),
        ),
    )
    text: str | None = field(default=None, metadata=about("text", Group.ASKED, in_state=False))
    name: str | None = field(default=None, metadata=about("text", Group.ASKED, in_state=False))
    library: Any = field(
        default=None,
        metadata=about(
            "path",
            Group.ASKED,
            "find what this library says on the matter",
            metavar="DIR",
            given_again=True,
            form=(
                "Library",
                "none, else its folder or address",
                "Your own documentation: the summary then says what it holds on the matter.",
            ),
        ),
    )
    question: str | None = field(
        default=None,
        metadata=about(
            "text",
            Group.ASKED,
            "what the summary should answer",
            metavar="TEXT",
            form=("Question", "none: a summary of everything", "What the summary is to answer."),
        ),
    )
    length: int | None = field(
        default=None,
        metadata=about(
            "whole",
            Group.ASKED,
            "of the summary; default: 300",
            metavar="WORDS",
            least=10,
            form=("Length, in words", "300", "Of the final summary."),
        ),
    )
    deadline: float | None = field(
        default=None,
        metadata=about(
            "number",
            Group.CALL,
            "seconds until it must be done",
            metavar="S",
            form=("Deadline, in seconds", "none", "The run is over by then, finished or not."),
        ),
    )
    detail: DetailLevel = field(
        default="medium",
        metadata=about("choice", Group.ASKED, "default: medium", choices=DETAIL),
    )
    strategy: Strategy = field(
        default="auto",
        metadata=about("choice", Group.ASKED, "default: auto", choices=STRATEGIES),
    )
    language: str | None = field(
        default=None,
        metadata=about("text", Group.ASKED, "to write in; default: that of the text", metavar="L"),
    )
    audience: str | None = field(
        default=None, metadata=about("text", Group.ASKED, "who is to read it", metavar="WHO")
    )
    focus: str | None = field(
        default=None, metadata=about("text", Group.ASKED, "what to dwell on", metavar="TEXT")
    )
    ask_citations: bool = field(
        default=False,
        metadata=about("switch", Group.ASKED, "ask the model which passages its sentences rest on"),
    )
    on_error: OnError = field(
        default="raise",
        metadata=about(
            "choice",
            Group.ASKED,
            "default: raise",
            choices=ON_ERROR,
            form=("If something fails", "", "A document, or a request to the model."),
        ),
    )
    follow_links: bool = field(
        default=False, metadata=about("switch", Group.ASKED, "symbolic links out of a folder, too")
    )
    max_concurrency: int = field(
        default=32,
        metadata=about(
            "whole", Group.WORK, "chunks in work at once; default: 32", metavar="N", least=1
        ),
    )
    ledger: StrPath | bool | None = field(
        default=None,
        metadata=about(
            "path", Group.CALL, "where answers are kept; 'none' for nowhere", metavar="FILE"
        ),
    )
    chunk_tokens: int | None = field(
        default=None,
        metadata=about(
            "whole", Group.ASKED, "longest chunk, in tokens; default: 6000", metavar="N"
        ),
    )
    prompts: StrPath | None = field(
        default=None,
        metadata=about(
            "path",
            Group.ASKED,
            "a folder with texts that replace the built-in ones",
            metavar="DIR",
        ),
    )
    max_cost: float | None = field(
        default=None,
        metadata=about(
            "number",
            Group.BOUND,
            "to be paid at most",
            metavar="USD",
            form=(
                "Most to pay, in US dollars",
                "no bound",
                "No request is sent that might exceed it.",
            ),
        ),
    )
    max_calls: int | None = field(
        default=None,
        metadata=about(
            "whole",
            Group.BOUND,
            "requests to be sent at most",
            metavar="N",
            least=1,
            form=("Most requests to send", "no bound", "Those that fail are counted, too."),
        ),
    )
    max_tokens: int | None = field(
        default=None,
        metadata=about(
            "whole",
            Group.BOUND,
            "of prompts and answers together at most",
            metavar="N",
            least=1,
            form=("Most tokens", "no bound", "Of prompts and answers together."),
        ),
    )
    response_model: Any = field(default=None, metadata=about("object", Group.ASKED))
    on_event: Callable[[Event], object] | None = field(
        default=None, metadata=about("object", Group.CALL, in_state=False)
    )
    client: Any = field(default=None, metadata=about("object", Group.CALL, in_state=False))
    show: bool = field(default=True, metadata=about("switch", Group.CALL, in_state=False))

    def __post_init__(self) -> None:
        from docsum_nb.cluster.dask_client import check_client
        from docsum_nb.documents.given import sources_in
        from docsum_nb.models.model import as_model, vision_of

        object.__setattr__(self, "model", as_model(self.model))
        if self.vision is not None:
            object.__setattr__(self, "vision", vision_of(self.vision, beside=self.model))
        check_client(self.client)
        check_on_error(self.on_error)
        check_follow_links(self.follow_links)
        self.budget()
        for each in options_of(type(self)):
            value = getattr(self, each.name)
            if each.kind == "whole" and each.least is not None and value is not None:
                _check_whole(each, value)
        self._check_paths()
        object.__setattr__(self, "library", without_password(self.library))
        self._check_wishes()
        if self.response_model is not None:
            self._check_response_model()
        # Last: an iterator can be read only once.
        object.__setattr__(self, "source", sources_in(self.source, text=self.text, name=self.name))
        object.__setattr__(self, "text", None)
        object.__setattr__(self, "name", None)

    def budget(self, *, within: Budget | None = None) -> Budget:
        """Create the budget of one run.

        Args:
            within: The budget of a run around this one, whose bounds hold as well.
        """
        return Budget(
            max_calls=self.max_calls,
            max_tokens=self.max_tokens,
            max_cost=self.max_cost,
            within=within,
        )

    @property
    def wishes(self) -> Wishes:
        """What the reader asked for, in words."""
        from docsum_nb.prompts import Wishes

        return Wishes(**{name: getattr(self, name) for name in _WISHES})

    def _check_wishes(self) -> None:
        for name in _WISHES:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise InputError(
                    f"{name} is a text, not {value!r}; leave it out to summarize everything"
                    if name == "question"
                    else f"{name} is a text, not {value!r}; leave it out for none"
                )
            if value is not None and name in _BY_WRITERS and self.model.embedded:
                raise InputError(_needs_writer(name))
        for name, choices in (("detail", DETAIL), ("strategy", STRATEGIES)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in choices:
                raise InputError(f"{name} is one of {', '.join(choices)}, not {value!r}")
        if not isinstance(self.ask_citations, bool):
            raise InputError(f"ask_citations is True or False, not {self.ask_citations!r}")
        if self.ask_citations and self.model.embedded:
            raise InputError(_needs_writer("ask_citations=True"))
        if self.strategy == "refine" and self.model.embedded:
            raise InputError(_needs_writer("strategy='refine'"))
        if self.strategy == "single" and self.chunk_tokens is not None:
            raise InputError("strategy='single' reads each document whole: leave out chunk_tokens")

    def _check_paths(self) -> None:
        if self.ledger is not False and not _is_path(self.ledger):
            raise InputError(
                "ledger is a path, None for the default place, or False for none, not "
                f"{self.ledger!r}"
            )
        if not _is_path(self.prompts):
            raise InputError(f"prompts is the path of a folder, not {self.prompts!r}")

    def _check_response_model(self) -> None:
        from docsum_nb.models import check_schema

        check_schema(self.response_model)
        if self.model.embedded:
            raise InputError(_needs_writer("response_model"))


def without_password(library: Any) -> Any:
    """Return a library as it may be kept and shown: of an address, the process keeps the password.

    Raises:
        InputError: If it is an address of a server that cannot be read.
    """
    if not isinstance(library, str) or "://" not in library:
        return library
    from docsum_nb.library.postgres.address import address_of, is_postgres

    return address_of(library).shown if is_postgres(library) else library


def _needs_writer(what: str) -> str:
    return (
        f"{what} needs a language model, such as model='openai/gpt-4o-mini': the extractive one "
        "only quotes"
    )


def _is_path(value: object) -> bool:
    return value is None or isinstance(value, str | os.PathLike)


def _check_whole(each: Option, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < (each.least or 0):
        unit = " (words)" if each.metavar == "WORDS" else ""
        raise InputError(
            f"{each.name}{unit} is a whole number of at least {each.least:g}, not {value!r}"
        )


def options_of(table: type[Options] = Options) -> tuple[Option, ...]:
    """Return all options, in the order of the table."""
    return tuple(
        replace(each.metadata["option"], name=each.name, default=each.default)
        for each in fields(table)
    )


# --- on a command line -------------------------------------------------------------------------


def add_flags(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add a flag for each option that can be written on a line."""
    for each in options:
        flag = f"--{each.name.replace('_', '-')}"
        if not each.flag:
            continue
        if each.kind == "switch":
            parser.add_argument(flag, action="store_true", help=each.flag)
        elif each.kind == "choice":
            parser.add_argument(
                flag, choices=tuple(each.choices), default=each.default, help=each.flag
            )
        else:
            read = {"whole": int, "number": float}.get(each.kind, each.read)
            parser.add_argument(
                flag, type=read, default=each.default, metavar=each.metavar, help=each.flag
            )


def given_by_flags(parsed: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    """Return the values of the flags that ``add_flags`` added, by the names of their options."""
    return {each.name: getattr(parsed, each.name) for each in options if each.flag}
