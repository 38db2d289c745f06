"""Write the equations of Office files (OMML) as linear text.

Decides the notation, which is that of a formula typed on a keyboard: ``x^2``, ``a_(n+1)``,
``(a+b)/c``, ``√(x)``, ``∑_(i=1)^n``. No word or sign of an equation is lost: what is not known is
written as its content. Refuses nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.documents.xml_parts import attribute, children, local

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

__all__ = ["equation"]

_ATOM = re.compile(r"[\w.,′'∞]+|\([^()]*\)|\[[^\[\]]*\]|.")
_COMBINING = {
    "^": "\u0302",
    "\u02c6": "\u0302",
    "~": "\u0303",
    "\u02dc": "\u0303",
    "\u00af": "\u0305",
    "\u203e": "\u0305",
    "\u02d9": "\u0307",
    "\u00a8": "\u0308",
    "\u2192": "\u20d7",
}


def equation(element: Element) -> str:
    """Return an equation (``m:oMath`` or ``m:oMathPara``) on one line."""
    if local(element) == "oMathPara":
        return "; ".join(filter(None, map(equation, children(element, "oMath"))))
    return " ".join(_content(element).split())


def _content(element: Element | None) -> str:
    return "".join(map(_part, children(element)))


def _part(element: Element) -> str:
    name = local(element)
    if name.endswith("Pr"):
        return ""
    if name == "t":
        return element.text or ""
    if name in ("br", "tab"):
        return " "
    if name in ("del", "moveFrom"):
        return ""
    write = _WRITERS.get(name)
    return write(element) if write else _content(element)


def _of(element: Element, name: str) -> str:
    return "".join(map(_content, children(element, name))).strip()


def _property(element: Element, name: str) -> str | None:
    """Return a property's value; ``None`` if it is not given."""
    for properties in children(element, f"{local(element)}Pr"):
        for each in children(properties, name):
            return attribute(each, "val") or ""
    return None


def _grouped(text: str) -> str:
    return text if not text or _ATOM.fullmatch(text) else f"({text})"


def _fraction(element: Element) -> str:
    top, bottom = _of(element, "num"), _of(element, "den")
    if _property(element, "type") == "noBar":
        return f"({top} ¦ {bottom})"
    return f"{_grouped(top)}/{_grouped(bottom)}"


def _scripts(element: Element) -> str:
    sub, sup = _of(element, "sub"), _of(element, "sup")
    scripts = f"{'_' if sub else ''}{_grouped(sub)}{'^' if sup else ''}{_grouped(sup)}"
    if local(element) == "sPre":
        return f"{scripts}{_of(element, 'e')}"
    return f"{_base(_of(element, 'e'))}{scripts}"


def _base(text: str) -> str:
    return text if text[-1:].isalnum() or text[-1:] in ")]}|" else _grouped(text)


def _root(element: Element) -> str:
    degree = "" if _property(element, "degHide") in ("1", "on", "true", "") else _of(element, "deg")
    return f"√{f'[{degree}]' if degree else ''}({_of(element, 'e')})"


def _n_ary(element: Element) -> str:
    sign = _property(element, "chr")
    sub, sup = _of(element, "sub"), _of(element, "sup")
    limits = f"{'_' if sub else ''}{_grouped(sub)}{'^' if sup else ''}{_grouped(sup)}"
    return f"{'∫' if sign is None else sign}{limits} {_of(element, 'e')}"


def _delimited(element: Element) -> str:
    begin, end, between = (_property(element, name) for name in ("begChr", "endChr", "sepChr"))
    parts = [_without_brackets(each) for each in children(element, "e")]
    inner = ("|" if between is None else between).join(parts)
    return f"{'(' if begin is None else begin}{inner}{')' if end is None else end}"


def _without_brackets(element: Element) -> str:
    """Return what stands in brackets; a matrix alone needs none of its own."""
    inner = [each for each in children(element) if not local(each).endswith("Pr")]
    if len(inner) == 1 and local(inner[0]) == "m":
        return _matrix(inner[0])[1:-1]
    return _content(element).strip()


def _function(element: Element) -> str:
    name, argument = _of(element, "fName"), _of(element, "e")
    return f"{name} {argument}" if _ATOM.fullmatch(argument) else f"{name}({argument})"


def _matrix(element: Element) -> str:
    rows = (
        ", ".join(_content(cell).strip() for cell in children(row, "e"))
        for row in children(element, "mr")
    )
    return f"[{'; '.join(rows)}]"


def _rows(element: Element) -> str:
    return "; ".join(_content(row).strip() for row in children(element, "e"))


def _accent(element: Element) -> str:
    sign, base = _property(element, "chr"), _of(element, "e")
    sign = "\u0302" if sign is None else _COMBINING.get(sign, sign)
    return f"{base}{sign}" if len(base) == 1 else f"({base}){sign}"


def _bar(element: Element) -> str:
    base = _of(element, "e")
    sign = "\u0305" if _property(element, "pos") == "top" else "\u0332"
    return f"{base}{sign}" if len(base) == 1 else f"({base}){sign}"


def _limit(element: Element) -> str:
    sign = "_" if local(element) == "limLow" else "^"
    return f"{_of(element, 'e')}{sign}{_grouped(_of(element, 'lim'))}"


def _phantom(element: Element) -> str:
    return "" if _property(element, "show") in ("0", "off", "false") else _of(element, "e")


_WRITERS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSub": _scripts,
    "sSup": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts,
    "rad": _root,
    "nary": _n_ary,
    "d": _delimited,
    "func": _function,
    "m": _matrix,
    "eqArr": _rows,
    "acc": _accent,
    "bar": _bar,
    "limLow": _limit,
    "limUpp": _limit,
    "phant": _phantom,
}
