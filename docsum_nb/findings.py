"""Findings of an examination, and the Diagnosis made of them.

A finding says what was seen, why it matters and what to do about it. It is made of texts alone, so
that it can be kept, compared and sent. Texts may hold names and errors of strangers: they are
stored unchanged, and made harmless by each rendering.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, ParamSpec, cast, get_args, overload

from docsum_nb.errors import described
from docsum_nb.records.json_form import to_json
from docsum_nb.render.displayed import Displayed
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Fold, Kind, Row, Table, clipped, part, table_html
from docsum_nb.render.wrapping import wrap

__all__ = ["LEVELS", "Diagnosis", "Finding", "Level", "examined"]

P = ParamSpec("P")

Level = Literal["problem", "warning", "note", "ok"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Worst first."""
_MAX_CHARS = 1200
_OK_COLUMNS = 88 - len("  ok  ")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    """``"problem"`` fails or loses something, ``"warning"`` will under some circumstances,
    ``"note"`` is worth knowing, ``"ok"`` is as it should be."""
    check: str
    """What kind of thing was looked at, such as ``"shared-agent"``: the same for all of its kind,
    for code that sorts findings."""
    subject: str
    """What it was seen in: a package, an agent, a task."""
    seen: str
    why: str = ""
    """What follows from it; empty if nothing does."""
    do: str = ""
    """What to do, or what ``docsum_nb`` does about it; empty if there is nothing to do."""


@dataclass(frozen=True, repr=False)
class Diagnosis(Displayed, Sequence[Finding]):
    """All findings, worst first; displays itself in a notebook cell and prints as a list."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Diagnosis:
        """Sort findings: worst first, those of a level in the order in which they were made."""
        return cls(tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))))

    @property
    def ok(self) -> bool:
        """Whether there is no problem; there may be warnings."""
        return all(finding.level != "problem" for finding in self.findings)

    def about(self, check: str) -> tuple[Finding, ...]:
        """Return the findings of one kind, such as ``"shared-agent"``."""
        return tuple(finding for finding in self.findings if finding.check == check)

    @overload
    def __getitem__(self, index: int) -> Finding: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...

    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def to_text(self) -> str:
        """Render as plain text for a terminal, wrapped at 88 columns."""
        return _text(self.findings)

    def to_html(self) -> str:
        """Render as HTML that needs no script and nothing from elsewhere."""
        return _html(self.findings)

    def to_json(self) -> str:
        """Render as JSON: ``ok``, and ``findings`` with every field of each."""
        return to_json({"ok": self.ok, "findings": self.findings})

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        counts = Counter(finding.level for finding in self.findings)
        return f"<Diagnosis: {', '.join(f'{counts[level]} {level}' for level in LEVELS)}>"


def examined(
    what: str, examine: Callable[P, Iterable[Finding]], *args: P.args, **kwargs: P.kwargs
) -> Iterator[Finding]:
    """Yield what an examination finds; its own failure is a finding, too.

    Packages and crews come in every state, and one that cannot be read must not hide the rest.

    Args:
        what: What it examines, for a person.
        examine: The examination.
        *args: For it.
        **kwargs: For it.
    """
    try:
        yield from examine(*args, **kwargs)
    except Exception as error:  # noqa: BLE001  # see the docstring
        yield Finding(
            "warning",
            "unexamined",
            what,
            f"could not be read to the end: {described(error)}",
            "What is wrong there, if anything, is not in this list.",
            "Look at what the error names; if it is nothing of yours, report it.",
        )


# --- the renderings ----------------------------------------------------------------------------


class _Row(NamedTuple):
    level: str
    subject: str
    seen: str
    why: str
    do: str


def _text(findings: Sequence[Finding]) -> str:
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


def _html(findings: Sequence[Finding]) -> str:
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
