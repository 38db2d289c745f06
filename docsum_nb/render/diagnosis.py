"""A diagnosis as text and as HTML: what is wrong in full, what is fine in a line each.

Knows the findings by their fields only. Invariant: every text is clean, and escaped in HTML; names
of tasks and errors of providers are strangers' texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Fold, Kind, Row, Table, clipped, part, table_html
from docsum_nb.render.text_form import wrap

if TYPE_CHECKING:
    from docsum_nb.findings import Finding

__all__ = ["diagnosis_html", "diagnosis_text"]

_MAX_CHARS = 1200
_OK_COLUMNS = 88 - len("  ok  ")


class _Row(NamedTuple):
    level: str
    subject: str
    seen: str
    why: str
    do: str


def diagnosis_text(findings: Sequence[Finding]) -> str:
    """Render as plain text.

    Args:
        findings: In the order in which to show them.

    Returns:
        Lines of at most 88 columns, without terminal escapes; no line feed at the end.
    """
    rows = [_row(finding) for finding in findings]
    blocks = [wrap(_headline(rows))]
    blocks += [list(_row_lines(row)) for row in rows if row.level != "ok"]
    fine = [f"  ok  {clipped(_short(row), _OK_COLUMNS)}" for row in rows if row.level == "ok"]
    return "\n\n".join("\n".join(block) for block in [*blocks, fine] if block)


def diagnosis_html(findings: Sequence[Finding]) -> str:
    """Render as an HTML fragment.

    Args:
        findings: In the order in which to show them.

    Returns:
        One ``div`` of class ``docsum`` with its own style; complete without JavaScript.
    """
    rows = [_row(finding) for finding in findings]
    fine = tuple(_short(row, max_chars=240) for row in rows if row.level == "ok")
    return table_html(
        Table(
            "What the doctor found",
            (Column("level", "label"), Column("what is seen"), Column("what to do")),
            tuple(_table_row(row) for row in rows if row.level != "ok"),
            headline=_headline(rows),
            folds=(Fold(f"{count_text(len(fine), 'check')} fine", fine),) if fine else (),
        )
    )


def _table_row(row: _Row) -> Row:
    seen = (part(row.seen, max_chars=_MAX_CHARS), part(row.why, "muted", max_chars=_MAX_CHARS))
    return Row(
        (
            (part(row.level, cast("Kind", row.level)),),
            (part(row.subject, "name"), *(each for each in seen if each.spans)),
            (part(row.do, max_chars=_MAX_CHARS),),
        )
    )


def _row(finding: Finding) -> _Row:
    texts = (finding.seen, finding.why, finding.do)
    return _Row(
        finding.level,
        one_line(finding.subject, max_chars=120),
        *(one_line(text, max_chars=_MAX_CHARS) for text in texts),
    )


def _row_lines(row: _Row) -> Iterator[str]:
    yield from wrap(f"{row.level.upper()}: {row.subject}", indent="    ", first="")
    yield from wrap(row.seen, indent="    ")
    if row.why:
        yield from wrap(row.why, indent="    ")
    if row.do:
        yield from wrap(row.do, first="    -> ", indent="       ")


def _short(row: _Row, *, max_chars: int = _OK_COLUMNS) -> str:
    return one_line(f"{row.subject}: {row.seen}", max_chars=max_chars)


def _headline(rows: Sequence[_Row]) -> str:
    counts = Counter(row.level for row in rows)
    worse = [
        count_text(counts[level], level)
        for level in ("problem", "warning", "note")
        if counts[level]
    ]
    fine = f"{count_text(counts['ok'], 'check')} fine"
    return f"docsum_nb doctor: {', '.join([*worse, fine])}."
