"""What a run will do: known before its first call, shown as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, NoReturn

from docsum_nb.errors import NotARunError
from docsum_nb.records import Omission, PlannedDocument
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text, count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Row, Table, cells, folded, part
from docsum_nb.results.not_a_run import NotARun
from docsum_nb.results.summary import Summary

__all__ = ["Plan"]

_MOST_DOCUMENTS = 50
_IS_A_PLAN = "nothing was summarized; write summarize(...) with the same arguments"
_OF_SUMMARIES = frozenset((*dir(Summary), *(each.name for each in fields(Summary))))


@dataclass(frozen=True)
class Plan(NotARun, Tabled):
    """What a run will do, known before its first call; displays itself as a table."""

    documents: int
    chunks: int
    calls: int
    """Calls of the model if nothing is in the ledger yet: one a chunk, and the merges."""
    tokens: int
    """At most this many tokens, prompts and answers together."""
    depth: int
    """Levels of calls that wait for one another: 1 for the chunks, 1 for each level of merging."""
    cost_usd: float | None
    """At most this much, in US dollars; ``None`` if the model's price is unknown."""
    model: str
    omitted: tuple[Omission, ...] = ()
    warnings: tuple[str, ...] = ()
    """What looks wrong and does not stop a run, such as a model's name that may be misspelled."""
    no_key: str | None = None
    """How to provide the key that a run needs and that is missing; ``None`` if none is."""
    contents: tuple[PlannedDocument, ...] = field(default=(), repr=False)
    """The documents, in the order of the source: what would be read and sent. A page that a model
    is still to read counts with the longest text."""
    pages: int = 0
    """Pages that a model is to read first, a call each; with any, all figures are at most."""
    vision: str | None = None
    """The model that reads them; ``None`` if there are none."""

    strategy: str = ""
    """How the summary is made: ``"tree"``, ``"refine"``, ``"single"`` or ``"per-document"``."""
    why: str = ""
    """Why it is made like that, for a person."""
    search: str = ""
    """How related documents are searched, for a person; empty without a library."""
    queries: int = 0
    """Requests for the vectors of queries, which are among ``calls`` and counted in ``tokens`` and
    ``cost_usd``, at most; 0 without an embedding model."""

    def _table(self) -> Table:
        return _table(self)

    if not TYPE_CHECKING:

        def __await__(self) -> NoReturn:
            """Raise an error: ``summarize`` was meant, or no ``await`` is needed."""
            raise NotARunError(f"a plan cannot be awaited: {_IS_A_PLAN}, or leave out await")

    def _instead_of(self, name: str) -> str:
        if name in _OF_SUMMARIES:
            return f": {_IS_A_PLAN}"
        return super()._instead_of(name)

    def __str__(self) -> str:
        cost = f"at most {cost_text(self.cost_usd)}"
        if self.cost_usd is None:
            cost = "price not known (give Model(..., prices=...))"
        takes = f"at most {self.tokens:,} tokens, {cost}" if self.tokens else "free"
        most = "at most " if self.pages else ""
        model, said = one_line(self.model, max_chars=80), (*self.warnings, self.no_key)
        calls = f"{count_text(self.calls - self.pages - self.queries, 'call')} of {model}"
        if self.pages:
            vision = one_line(self.vision or "", max_chars=80)
            calls = f"{count_text(self.pages, 'call')} of {vision} to read pages, and {calls}"
        if self.queries:
            calls += f" and at most {count_text(self.queries, 'request')} for vectors"
        return (
            f"{count_text(self.documents, 'document')}, {most}{count_text(self.chunks, 'chunk')}: "
            f"{most}{calls} in {count_text(self.depth, 'level')}, {takes}"
            + (f"; related documents are searched {one_line(self.search)}" if self.search else "")
            + "".join(f"; {one_line(each, max_chars=400)}" for each in said if each)
        )


def _table(plan: Plan) -> Table:
    """Lay out what a run will do."""
    columns = (
        *(Column(head, "number") for head in ("documents", "chunks", "calls", "levels")),
        *(Column(head, "number") for head in ("tokens at most", "cost at most")),
        Column("model"),
    )
    numbers = [f"{n:,}" for n in (plan.documents, plan.chunks, plan.calls, plan.depth, plan.tokens)]
    cost = cost_text(plan.cost_usd) if plan.tokens else "free"
    said = [f"Strategy {plan.strategy}: {plan.why}."] if plan.strategy else []
    if plan.search:
        said.append(f"Related documents are searched {one_line(plan.search, max_chars=400)}.")
    if plan.queries:
        said.append(
            f"Among the calls are at most {count_text(plan.queries, 'request')} for vectors."
        )
    if plan.pages:
        vision = one_line(plan.vision or "", max_chars=80)
        said.append(
            f"All figures are at most: {vision} reads {count_text(plan.pages, 'page')} first, "
            "by a call each, and how much text they hold is not known before."
        )
    said += [one_line(each, max_chars=400) for each in (*plan.warnings, plan.no_key or "")]
    if plan.tokens and plan.cost_usd is None:
        said.append("Give Model(..., prices=...) to know what it costs.")
    return Table(
        "What the run will do",
        columns,
        (Row((*cells([*numbers, cost]), (part(plan.model, max_chars=80),))),),
        notes=tuple(filter(None, said)),
        folds=(
            *folded("Documents", _contents(plan.contents), most=_MOST_DOCUMENTS),
            *folded("Left out", [(each.what, each.reason) for each in plan.omitted]),
        ),
    )


def _contents(contents: Sequence[PlannedDocument]) -> list[tuple[str, str]]:
    return [
        (
            each.name,
            f"{count_text(each.characters, 'character')} in {count_text(each.chunks, 'chunk')}",
        )
        for each in contents
    ]
