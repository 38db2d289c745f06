"""The tables of plans, libraries, what a search found, and runs: what stands in their cells.

Knows the records by their fields only. Invariant: every string that leaves here is clean.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from docsum_nb.render.formats import cost_text, count_text
from docsum_nb.render.highlight import marked_line
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Cell, Column, Fold, Part, Row, Table, end_part, part

if TYPE_CHECKING:
    from docsum_nb.ledger import RunRecord
    from docsum_nb.records import Added, Hit, Omission, Plan, PlannedDocument, Usage, UsageRow

__all__ = ["added_table", "hits_table", "library_table", "plan_table", "runs_table", "usage_table"]

_MOST_RUNS = 200
_MOST_HITS = 100
_MOST_USES = 100
_MOST_OMITTED = 20
_MOST_DOCUMENTS = 50
_MOST_GONE = 20
_PASSAGE_CHARS = 700
_STATES: Mapping[str, Any] = {"done": "good", "failed": "problem", "interrupted": "warning"}


def plan_table(plan: Plan) -> Table:
    """Lay out what a run will do."""
    columns = (
        *(Column(head, "number") for head in ("documents", "chunks", "calls", "levels")),
        *(Column(head, "number") for head in ("tokens at most", "cost at most")),
        Column("model"),
    )
    numbers = [f"{n:,}" for n in (plan.documents, plan.chunks, plan.calls, plan.depth, plan.tokens)]
    cost = cost_text(plan.cost_usd) if plan.tokens else "free"
    said = [one_line(each, max_chars=400) for each in (*plan.warnings, plan.no_key or "")]
    if plan.tokens and plan.cost_usd is None:
        said.append("Give Model(..., prices=...) to know what it costs.")
    return Table(
        "What the run will do",
        columns,
        (Row((*_cells([*numbers, cost]), (part(plan.model, max_chars=80),))),),
        notes=tuple(filter(None, said)),
        folds=(*_contents(plan.contents), *_omitted("Left out", plan.omitted)),
    )


def added_table(added: Added) -> Table:
    """Lay out what adding to a library changed."""
    heads = ("added", "updated", "unchanged", "passages written")
    numbers = (added.added, added.updated, added.unchanged, added.passages)
    return Table(
        "What changed in the library",
        tuple(Column(head, "number") for head in heads),
        (Row(_cells([f"{number:,}" for number in numbers])),),
        notes=(*_gone(added.gone), *_named("Removed, as no longer in the folder", added.removed)),
        folds=_omitted("Not read", added.omitted),
    )


def _gone(names: Sequence[str]) -> tuple[str, ...]:
    listed = _named("No longer in the folder, still in the library", names)
    if not listed:
        return ()
    how = f"library.remove({names[0]!r})" if len(names) == 1 else "library.remove(NAME) for each"
    return (*listed, one_line(f"Remove with {how}, or add again with prune=True.", max_chars=300))


def _named(what: str, names: Sequence[str]) -> tuple[str, ...]:
    shown = ", ".join(one_line(name, max_chars=80) for name in names[:_MOST_GONE])
    more = "".join(_more(len(names) - _MOST_GONE, "more"))
    return (f"{what} ({len(names):,}): {shown} {more}".rstrip(),) if names else ()


def hits_table(hits: Sequence[Hit], query: str) -> Table:
    """Lay out what a search found.

    Args:
        hits: Best first.
        query: What was searched for; empty where that is not known.
    """
    sought = f" for “{one_line(query, max_chars=80)}”" if query else ""
    return Table(
        "What the library holds",
        (Column("", "number"), Column("document"), Column("place"), Column("score", "number")),
        tuple(_hit(number, hit) for number, hit in enumerate(hits[:_MOST_HITS], start=1)),
        headline=f"{count_text(len(hits), 'document')} found{sought}",
        notes=_more(len(hits) - _MOST_HITS, "more"),
    )


def library_table(
    path: str,
    documents: Sequence[Mapping[str, Any]] = (),
    *,
    count: int = 0,
    passages: int = 0,
    problem: str = "",
) -> Table:
    """Lay out what a library holds.

    Args:
        path: Its folder.
        documents: The first of its documents by name, each with ``document``, ``path`` and
            ``pages``.
        count: Documents in all.
        passages: Passages in all.
        problem: Why it cannot be read; empty where it can.
    """
    size = f"{count_text(count, 'document')}, {count_text(passages, 'passage')}"
    what = one_line(problem, max_chars=400) or (size if count else "nothing was added yet")
    rows = [
        ((part(each["document"], "name"),), (part(each["path"] or ""),), *_cells([_pages(each)]))
        for each in documents
    ]
    return Table(
        "Documents of the library",
        (Column("document"), Column("file"), Column("pages", "number")),
        tuple(Row(cells) for cells in rows),
        headline=f"Library {one_line(path)}: {what}",
        notes=_more(count - len(documents), "more"),
    )


def runs_table(records: Sequence[RunRecord], place: str) -> Table:
    """Lay out the runs of a ledger.

    Args:
        records: In the order in which they are shown.
        place: Where they come from.
    """
    return Table(
        "Runs",
        (
            *(Column("id", "label"), Column("began", "label"), Column("what"), Column("model")),
            *(Column("state", "label"), Column("chunks", "number"), Column("calls", "number")),
            Column("cost", "number"),
        ),
        tuple(map(_run, records[:_MOST_RUNS])),
        notes=_more(len(records) - _MOST_RUNS, "older ones")
        if records
        else (f"no runs in {one_line(place)}",),
    )


def usage_table(rows: Sequence[UsageRow], total: Usage) -> Table:
    """Lay out what a run took, by task and agent.

    Args:
        rows: In the order in which they are shown.
        total: Their sum.
    """
    numbers = ("calls", "unanswered", "prompt tokens", "answer tokens", "cost")
    notes = _more(len(rows) - _MOST_USES, "more rows")
    if total.counted:
        notes += (
            f"Tokens of {count_text(total.counted, 'call')} are counted here, approximately: no "
            "usage was reported.",
        )
    shown = [_use(row.task, row.agent, row.usage, row.unanswered) for row in rows[:_MOST_USES]]
    if len(rows) > 1:
        shown.append(_use("all", "", total, sum(row.unanswered for row in rows)))
    return Table(
        "What the run took",
        (Column("task"), Column("agent"), *(Column(head, "number") for head in numbers)),
        tuple(shown),
        notes=notes if rows else ("no model was asked",),
    )


def _use(task: str, agent: str, usage: Usage, unanswered: int) -> Row:
    numbers = (
        f"{usage.calls:,}",
        f"{unanswered:,}" if unanswered else "",
        f"{usage.prompt_tokens:,}",
        f"{usage.completion_tokens:,}",
        cost_text(usage.cost_usd),
    )
    names = ((part(task, "name", max_chars=60),), (part(agent, max_chars=40),))
    return Row((*names, *_cells(numbers)))


def _run(record: RunRecord) -> Row:
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started_at))
    numbers = (
        f"{record.done:,}/{record.chunks:,}" if record.chunks else "",
        f"{record.calls:,}",
        cost_text(record.cost_usd),
    )
    below = (
        part(f"Question: {record.question}" if record.question else "", "muted", max_chars=200),
        part(record.error or "", "muted", max_chars=400),
    )
    what = part(record.what, max_chars=60)
    if record.sources:
        what = end_part(", ".join(record.sources), max_chars=60)
    return Row(
        (
            *_cells([record.id, began]),
            (what,),
            (part(record.model, max_chars=40),),
            (part(record.state, _STATES.get(record.state, "")),),
            *_cells(numbers),
        ),
        below=tuple(each for each in below if each.spans),
    )


def _hit(number: int, hit: Hit) -> Row:
    below = (
        part(f"Why: {hit.why}" if hit.why else "", max_chars=600),
        Part(marked_line(hit.passage, hit.marks, max_chars=_PASSAGE_CHARS), "quote"),
    )
    name, place = part(hit.name, "name"), part(_place(hit.metadata), "muted")
    return Row(
        (*_cells([str(number)]), (name,), (place,), *_cells([f"{hit.score:.3g}"])),
        below=tuple(each for each in below if each.spans),
    )


def _place(metadata: Mapping[str, Any]) -> str:
    """Tell page and innermost heading; whatever else is under these names is not for here."""
    page, headings = metadata.get("page"), metadata.get("headings")
    parts = [f"page {page}"] if isinstance(page, int) else []
    if isinstance(headings, list | tuple) and headings:
        parts.append(one_line(str(headings[-1]), max_chars=80))
    return ", ".join(parts)


def _pages(document: Mapping[str, Any]) -> str:
    return f"{len(document['pages']):,}" if document["pages"] else ""


def _cells(texts: Sequence[str]) -> tuple[Cell, ...]:
    return tuple((part(text),) for text in texts)


def _more(hidden: int, what: str) -> tuple[str, ...]:
    return (f"… and {hidden:,} {what}",) if hidden > 0 else ()


def _omitted(title: str, omitted: Sequence[Omission]) -> tuple[Fold, ...]:
    if not omitted:
        return ()
    lines = [
        f"{one_line(item.what) or '(no name)'}: {one_line(item.reason, max_chars=400)}"
        for item in omitted[:_MOST_OMITTED]
    ]
    lines += _more(len(omitted) - _MOST_OMITTED, "more")
    return (Fold(f"{title} ({len(omitted):,})", tuple(lines)),)


def _contents(contents: Sequence[PlannedDocument]) -> tuple[Fold, ...]:
    if not contents:
        return ()
    lines = [
        f"{one_line(each.name) or '(no name)'}: {count_text(each.characters, 'character')} in "
        f"{count_text(each.chunks, 'chunk')}"
        for each in contents[:_MOST_DOCUMENTS]
    ]
    lines += _more(len(contents) - _MOST_DOCUMENTS, "more")
    return (Fold(f"Documents ({len(contents):,})", tuple(lines)),)
