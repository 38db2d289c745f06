"""What the style sheets in a page say of its elements: which are hidden, which stand apart.

Decides by the simple rules, those that name an element, a class or an id alone, as they hold on a
screen; of two rules the more special one holds, then the later one. A rule that depends on where an
element stands, on a state or on the size of the window says nothing. Takes linear time. Refuses
nothing: what is no style sheet has no rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from docsum_nb.documents.html_names import HEADINGS, Attributes

__all__ = ["Styles"]

_LONGEST_SHEET = 1_000_000
_MOST_RULES = 20_000
_MOST_SELECTORS = 50
_DEEPEST = 10
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.S)
_BRACE = re.compile(r"[{}]")
_SIMPLE = re.compile(r"([a-zA-Z][\w-]{0,40}+)?((?:[.#]-?[a-zA-Z_][\w-]{0,100}+){0,5}+)")
_SCREEN = re.compile(r"@media\s+(?:only\s+)?(?:screen|all)\s*$|@(?:supports|layer)\b", re.I)
_HIDDEN = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_CLIPPED = re.compile(
    r"(?:^|[;\s])(?:clip\s*:\s*rect\(\s*[01](?:px)?\b"
    r"|clip-path\s*:\s*inset\(\s*(?:50|100)%|text-indent\s*:\s*-\d{3,5}|left\s*:\s*-\d{4,5}px)",
    re.I,
)
_SHOWN = re.compile(r"(?:^|[;\s])(?:display\s*:\s*(?!none)[a-z]|visibility\s*:\s*visible)", re.I)
_APART = re.compile(
    r"(?:^|[;\s])display\s*:\s*(?:block|flex|grid|table|list-item|table-row|table-cell)\b", re.I
)
_LONGEST_BLOCK = 5_000
_LONGEST_CLASSES = 2_000


class Styles:
    """The rules of a page's style sheets, as they are read one after the other."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[frozenset[str], str]] = {}
        """By an element's name, a class with its dot or an id with its sign: the other names that
        an element must have, and what the rule says."""
        self._left = _MOST_RULES

    def read(self, sheet: str) -> None:
        """Read one style sheet."""
        for selectors, block in _blocks(_COMMENT.sub(" ", sheet[:_LONGEST_SHEET])):
            said = _said(block[:_LONGEST_BLOCK])
            for selector in selectors.split(",")[:_MOST_SELECTORS] if said else ():
                if names := _names(selector.strip()):
                    self._left -= 1
                    if self._left < 0:
                        return
                    first = max(names, key=lambda name: ("#.".find(name[0]) == 0, name[0] == "."))
                    rules = self._rules.setdefault(first, {})
                    rules[frozenset(names)] = said

    def hides(self, name: str, attributes: Attributes) -> bool:
        """Return whether the style sheets hide an element that its own style does not show."""
        if not self._rules:
            return False
        said = self._of(name, attributes)
        if said == "clipped":
            # A heading that only screen readers read still names what stands below it.
            return name not in HEADINGS
        style = attributes.get("style", "")[:_LONGEST_CLASSES]
        return said == "hidden" and not _SHOWN.search(style)

    def sets_apart(self, name: str, attributes: Attributes) -> bool:
        """Return whether an element stands apart from the words beside it."""
        return self._of(name, attributes) == "apart"

    def _of(self, name: str, attributes: Attributes) -> str:
        if not self._rules or not (attributes or name in self._rules):
            return ""
        classes = attributes.get("class", "")[:_LONGEST_CLASSES].split()
        own = [name, *(f".{each}" for each in classes[:_MOST_SELECTORS])]
        if named := attributes.get("id", ""):
            own.append(f"#{named[:100]}")
        best, said = (-1, 0, 0), ""
        having = frozenset(own)
        for each in own:
            for names, rule in self._rules.get(each, {}).items():
                if names <= having and (weight := _weight(names)) >= best:
                    best, said = weight, rule
        return said


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield the selectors of each rule that holds on a screen, and what stands in its braces."""
    start = depth = skipped = 0
    selectors = ""
    for brace in _BRACE.finditer(sheet):
        before, start = sheet[start : brace.start()].strip(), brace.end()
        if brace[0] == "{":
            depth += 1
            selectors = before.rpartition(";")[2].strip()
            if not skipped and (selectors.startswith("@") and not _SCREEN.match(selectors)):
                skipped = depth
            if depth > _DEEPEST:
                return
            continue
        if selectors and not selectors.startswith("@") and not skipped:
            yield selectors, before
        selectors = ""
        depth = max(0, depth - 1)
        if depth < skipped:
            skipped = 0


def _names(selector: str) -> list[str]:
    """Return the names in a simple selector; none if it is not simple."""
    found = _SIMPLE.fullmatch(selector)
    if found is None or selector in ("html", "body", "main", "article"):
        return []
    rest = found[2].replace(".", " .").replace("#", " #").split()
    return [*([found[1].lower()] if found[1] else []), *rest]


def _weight(names: frozenset[str]) -> tuple[int, int, int]:
    kinds = [name[0] for name in names]
    return kinds.count("#"), kinds.count("."), len(kinds)


def _said(block: str) -> str:
    if _HIDDEN.search(block):
        return "hidden"
    if _CLIPPED.search(block):
        return "clipped"
    if _APART.search(block):
        return "apart"
    return "shown" if _SHOWN.search(block) else ""
