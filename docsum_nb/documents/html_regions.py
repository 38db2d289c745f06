"""Which parts of a page are its text: the regions that its markup names, and the choice among them.

Decides by running text. ``<main>`` or ``role="main"`` is the text if it holds at least three tenths
of it, else all ``<article>`` together if they hold half; else everything is but menus, page
headers, footers and side bars. Hidden parts and cookie notices are left out. No part is left out
that holds more running text than all that stays, and the page's title always stays. Takes linear
time. Refuses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Region", "choose"]

_MAIN_SHARE = 0.3
_ARTICLE_SHARE = 0.5
_NOTICE_SHARE = 0.3
_SMALL_FORM = 300
"""Characters of a form that asks for a search or a mail address."""
_WORTH_READING = 150
"""Characters of text for browsers without scripts that say more than "switch scripts on"."""
_TEXT = ("main", "article", "section")
_LARGE = ("menu", "header", "footer", "aside", "form", "noscript", "nav")
"""Kinds that are left out unless they hold the text."""
_AROUND = "menus, page headers, footers, side bars and forms around the text"
_HIDDEN = "parts that the page hides"
_NOTICES = "cookie notices"
_NO_SCRIPTS = "text for browsers without scripts"


@dataclass(slots=True)
class Region:
    """A part of a page."""

    kind: str
    """``"page"``, ``"main"``, ``"article"``, ``"section"``, ``"title"`` for an ``<h1>``,
    ``"hidden"``, ``"cookie"``, or one of those that are left out unless they hold the text."""
    parent: int
    """The index of the region around it; its own for the page."""
    own_prose: int = 0
    """Characters of running text outside inner regions, without links."""
    own_total: int = 0
    """Characters outside inner regions, links included."""
    own_links: int = 0
    headings: int = 0
    """Of the first and second level, outside inner regions."""
    prose: int = 0
    total: int = 0
    titles: int = 0
    text: int = 0
    """Characters with inner regions, but without menus and hidden parts."""
    links: int = 0
    within: str = ""
    """The kind of the innermost region around it that holds text."""
    left_out: str = ""
    """What it belongs to that is left out; empty if it is kept."""

    def count(self, total: int, links: int, *, running: bool) -> None:
        """Count the characters of a block, and those of them in links."""
        links = min(links, total)
        self.own_total += total
        self.own_links += links
        if running and 2 * links < total:
            self.own_prose += total - links

    def is_links(self) -> bool:
        """Return whether most of it is links, apart from its menus."""
        return 2 * self.links >= self.text


def choose(regions: Sequence[Region]) -> None:
    """Decide for each region whether it is kept.

    Args:
        regions: The page first, every other after the one around it. All but what is their own is
            set.
    """
    _sum_up(regions)
    root = _root(regions)
    hidden_is_read = _is_mostly_hidden(regions)
    inside = [not root] * len(regions)
    for at, region in enumerate(regions[1:], 1):
        outer = regions[region.parent]
        inside[at] = inside[region.parent] or region.kind == root
        region.within = outer.kind if outer.kind in _TEXT else outer.within
        region.left_out = _reason(region, outer, regions[0], rooted=root == region.kind)
        if region.left_out == _HIDDEN and hidden_is_read and region.prose:
            region.left_out = ""
    if root:
        for at, region in enumerate(regions):
            if not inside[at]:
                region.left_out = region.left_out or _AROUND
    _keep_what_is_most(regions)
    _keep_title(regions)


def _sum_up(regions: Sequence[Region]) -> None:
    for region in regions:
        region.prose, region.total = region.own_prose, region.own_total
        region.text, region.links = region.own_total, region.own_links
        region.titles = int(region.kind == "title")
    for region in reversed(regions[1:]):
        outer = regions[region.parent]
        outer.prose += region.prose
        outer.total += region.total
        outer.titles += region.titles
        if region.kind not in ("nav", "menu", "hidden", "cookie", "form"):
            outer.text += region.text
            outer.links += region.links


def _is_mostly_hidden(regions: Sequence[Region]) -> bool:
    """Return whether a script would have shown the text, such as the one of several tabs."""
    hidden = [False] * len(regions)
    prose = 0
    for at, region in enumerate(regions[1:], 1):
        hidden[at] = hidden[region.parent] or region.kind == "hidden"
        prose += region.own_prose if hidden[at] else 0
    return 2 * prose > regions[0].prose


def _root(regions: Sequence[Region]) -> str:
    """Return the kind of region that holds the text; empty if none does."""
    prose = {"main": 0, "article": 0, "": 0}
    total = dict(prose)
    within = [""] * len(regions)
    aside = [False] * len(regions)
    for at, region in enumerate(regions):
        around = region.kind in _LARGE and region.kind != "form"
        aside[at] = aside[region.parent] or around or region.kind in ("hidden", "cookie")
        within[at] = within[region.parent]
        if region.kind == "main" or (region.kind == "article" and not within[at]):
            within[at] = region.kind
            aside[at] = False
        if not aside[at]:
            prose[within[at]] += region.own_prose
            total[within[at]] += region.own_total
    counted = prose if any(prose.values()) else total
    everything = sum(counted.values())
    if total["main"] and counted["main"] >= _MAIN_SHARE * everything:
        return "main"
    return "article" if counted["article"] > _ARTICLE_SHARE * everything else ""


def _reason(region: Region, outer: Region, page: Region, *, rooted: bool) -> str:
    """Return what a region belongs to that is left out; empty if it is kept."""
    if outer.left_out in (_HIDDEN, _NOTICES) or (outer.left_out and not rooted):
        return outer.left_out
    kind = region.kind
    if kind == "hidden":
        # If most of a page is hidden, a script would have shown it.
        return _HIDDEN if 2 * region.total <= page.total else ""
    if kind == "cookie":
        return _NOTICES if region.total <= _NOTICE_SHARE * page.total else ""
    if kind == "noscript":
        return "" if region.prose > _WORTH_READING else _NO_SCRIPTS
    if kind == "form":
        small = region.total <= min(_SMALL_FORM, _NOTICE_SHARE * page.total)
        return _AROUND if small else ""
    if kind in ("header", "footer", "aside", "menu", "nav"):
        return "" if _is_read(region) else _AROUND
    return ""


def _is_read(region: Region) -> bool:
    """Return whether what stands beside the text of most pages is text here."""
    if region.kind == "header":
        named = region.within or region.titles
        return region.within in ("main", "article") or (bool(named) and not region.is_links())
    if region.kind == "menu" or region.within in ("main", "article"):
        return region.kind != "nav" and not region.is_links()
    return region.kind == "footer" and region.within == "section" and not region.is_links()


def _keep_what_is_most(regions: Sequence[Region]) -> None:
    """Keep every part that holds more running text than all that would stay without it."""
    large = [at for at, region in enumerate(regions) if region.kind in _LARGE]
    large.sort(key=lambda at: regions[at].prose, reverse=True)
    stays = sum(region.own_prose for region in regions if not region.left_out)
    for at in large:
        region = regions[at]
        if region.prose <= stays:
            break
        if region.left_out and region.left_out not in (_HIDDEN, _NOTICES):
            stays += _keep(regions, at)
    if not any(region.own_total for region in regions if not region.left_out):
        for region in regions:
            if region.left_out not in (_HIDDEN, _NOTICES):
                region.left_out = ""


def _keep(regions: Sequence[Region], at: int) -> int:
    """Keep a region and what is text in it; return the characters of running text gained."""
    kept = {at}
    regions[at].left_out = ""
    gained = regions[at].own_prose
    for inner, region in enumerate(regions[at + 1 :], at + 1):
        if region.parent not in kept:
            continue
        if region.kind in ("title", "header", *_TEXT):
            kept.add(inner)
            region.left_out = ""
            gained += region.own_prose
    return gained


def _keep_title(regions: Sequence[Region]) -> None:
    titles = [region for region in regions if region.kind == "title" and region.own_total]
    if any(not title.left_out for title in titles):
        return
    title = next((title for title in titles if title.left_out == _AROUND), None)
    if title:
        title.left_out = ""
