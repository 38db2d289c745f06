"""Write the formulas of a page (MathML) on one line.

Decides the notation: the TeX that most pages carry along, between dollars; else that of a formula
typed on a keyboard, such as ``x^2`` and ``(a+b)/c``. Refuses nothing: what is not known is written
as its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["Formula"]

_DEEPEST = 60
_WRAPPED = re.compile(r"\{\\(?:displaystyle|textstyle)\s?(.*)\}", re.S)
_ATOM = re.compile(r"[\w.,′'∞]+|.")
_SKIPPED = ("annotation", "annotation-xml")


class Formula:
    """A ``<math>`` element that is being read."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self._tex = attributes.get("alttext", "") if "\\" in attributes.get("alttext", "") else ""
        self._block = attributes.get("display") == "block"
        self._open: list[tuple[str, list[str]]] = [("math", [])]
        self._skipped = ""
        """The encoding of the annotation that is being read."""
        self._annotation: list[str] = []
        self._too_deep = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if self._skipped:
            return
        if name in _SKIPPED:
            self._skipped = attributes.get("encoding", "") or "unknown"
        elif len(self._open) < _DEEPEST:
            self._open.append((name, []))
        else:
            self._too_deep += 1

    def end(self, name: str) -> None:
        """Close the innermost open element."""
        if self._skipped:
            if name in _SKIPPED:
                if self._skipped.lower().endswith("tex"):
                    self._tex = "".join(self._annotation)
                self._skipped = ""
                self._annotation.clear()
        elif self._too_deep:
            self._too_deep -= 1
        elif len(self._open) > 1:
            name, parts = self._open.pop()
            self._open[-1][1].append(_written(name, parts))

    def data(self, text: str) -> None:
        """Add a piece of text."""
        if self._skipped:
            self._annotation.append(text)
        elif text.strip():
            self._open[-1][1].append(" ".join(text.split()))

    def text(self) -> str:
        """Return the formula."""
        if tex := self._tex.strip():
            if wrapped := _WRAPPED.fullmatch(tex):
                tex = wrapped[1]
            mark = "$$" if self._block else "$"
            return f"{mark}{' '.join(tex.split())}{mark}"
        while len(self._open) > 1:
            self.end("")
        return "".join(self._open[0][1])


def _written(name: str, parts: list[str]) -> str:
    if name in ("msup", "mover") and len(parts) == 2:
        return f"{_grouped(parts[0])}^{_grouped(parts[1])}"
    if name in ("msub", "munder") and len(parts) == 2:
        return f"{_grouped(parts[0])}_{_grouped(parts[1])}"
    if name in ("msubsup", "munderover") and len(parts) == 3:
        return f"{_grouped(parts[0])}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if name == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if name == "msqrt":
        return f"√({''.join(parts)})"
    if name == "mroot" and len(parts) == 2:
        return f"√[{parts[1]}]({parts[0]})"
    if name == "mtr":
        return ", ".join(parts)
    if name == "mtable":
        return f"[{'; '.join(parts)}]"
    if name == "mtext":
        return f" {''.join(parts)} "
    return "".join(parts)


def _grouped(text: str) -> str:
    return text if not text or _ATOM.fullmatch(text) else f"({text})"
