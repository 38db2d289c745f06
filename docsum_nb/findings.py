"""What an examination finds, and the diagnosis that it adds up to.

A finding says what was seen, why it matters and what to do about it. It is made of texts alone, so
that it can be kept, compared and sent. Texts may hold names and errors of strangers: they are
stored as they are, and made harmless by each rendering.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, ParamSpec, get_args, overload

from docsum_nb.errors import described
from docsum_nb.render.displayed import Displayed

__all__ = ["LEVELS", "Diagnosis", "Finding", "Level", "examined"]

P = ParamSpec("P")

Level = Literal["problem", "warning", "note", "ok"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""Worst first."""


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
    """What follows from it; empty where nothing does."""
    do: str = ""
    """What to do, or what ``docsum_nb`` does about it; empty where nothing is to be done."""


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
        from docsum_nb.render.diagnosis import diagnosis_text

        return diagnosis_text(self.findings)

    def to_html(self) -> str:
        """Render as HTML that needs no script and nothing from elsewhere."""
        from docsum_nb.render.diagnosis import diagnosis_html

        return diagnosis_html(self.findings)

    def to_json(self) -> str:
        """Render as JSON: ``ok``, and ``findings`` with every field of each."""
        from docsum_nb.render import to_json

        return to_json({"ok": self.ok, "findings": self.findings})

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        counts = Counter(finding.level for finding in self.findings)
        return f"<Diagnosis: {', '.join(f'{counts[level]} {level}' for level in LEVELS)}>"


def examined(
    what: str, examine: Callable[P, Iterable[Finding]], *args: P.args, **kwargs: P.kwargs
) -> Iterator[Finding]:
    """Yield what an examination finds; where it fails itself, that is a finding.

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
