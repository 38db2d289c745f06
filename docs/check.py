"""Check the pages that were built: every link has a target, and every page can be reached.

Usage: python docs/check.py build/docs

Checks anchors, images, and links between pages. External addresses are not fetched.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

__all__ = ["broken_links", "unreachable"]

_MADE = {"genindex.html", "py-modindex.html", "search.html"}
"""Pages that Sphinx generates from the others."""


def broken_links(site: Path) -> list[str]:
    """Return the links, anchors and images without a target, each with its page."""
    pages = {page: _parsed(page) for page in _pages(site)}
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in pages.items()}
    broken = []
    for page, soup in pages.items():
        for link, target, anchor in _links(page, soup):
            exists = target in pages or (target.is_file() and not anchor)
            if not exists or (anchor and anchor not in anchors[target]):
                broken.append(f"{page.relative_to(site)}: {link}")
    return broken


def unreachable(site: Path) -> list[str]:
    """Return the pages that cannot be reached from the first one by links in the texts."""
    first = site.resolve() / "index.html"
    seen, waiting = {first}, deque([first])
    while waiting:
        page = waiting.popleft()
        text = _parsed(page).find("article") or BeautifulSoup("", "html.parser")
        for _, target, _ in _links(page, text):
            if target.suffix == ".html" and target.exists() and target not in seen:
                seen.add(target)
                waiting.append(target)
    return [str(page.relative_to(site.resolve())) for page in _pages(site) if page not in seen]


def _pages(site: Path) -> list[Path]:
    found = [page for page in site.resolve().rglob("*.html") if page.name not in _MADE]
    return sorted(page for page in found if "_static" not in page.parts)


def _parsed(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def _links(page: Path, soup: Tag) -> Iterator[tuple[str, Path, str]]:
    """Yield the links that stay on this site: as written, the file, the anchor or nothing."""
    for tag, name in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")):
        for found in soup.find_all(tag, attrs={name: True}):
            link = str(found[name])
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if target.name not in _MADE:
                yield link, target, unquote(parts.fragment)


def main() -> int:
    """Check the site named on the command line; return 1 if anything is wrong."""
    site = Path(sys.argv[1])
    wrong = [f"broken link: {link}" for link in broken_links(site)]
    wrong += [f"not linked from any page: {page}" for page in unreachable(site)]
    print("\n".join(wrong) or f"{site}: {len(_pages(site))} pages, no broken link")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
