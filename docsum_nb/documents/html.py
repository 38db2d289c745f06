"""Read HTML as Markdown: what a reader of the page would read.

Decides what is content: scripts, navigation, page headers, footers and side bars are dropped, links
and pictures leave their words. Headings become ``#`` headings; a page without any gets its title.
Refuses nothing but bytes that are not text: markup that is broken is read as far as it goes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path

    from bs4 import BeautifulSoup, Tag

__all__ = ["read", "to_markdown"]

_DROPPED = ("script", "style", "nav", "footer", "aside", "template", "noscript", "svg")
# Elements whose end tag may be left out, and what the start of which ends them.
_ENDED_BY = {
    "li": ("li",),
    **dict.fromkeys(("dt", "dd"), ("dt", "dd")),
    **dict.fromkeys(("td", "th"), ("td", "th")),
    "tr": ("tr", "td", "th"),
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"), ("p",)),
}
# An XML declaration makes Beautiful Soup warn, though it is usual in XHTML.
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*){2,}")


def read(path: Path) -> str:
    """Read an HTML file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding, or its markup cannot be parsed.
        OSError: The file cannot be opened or read.
    """
    from bs4.dammit import EncodingDetector
    from bs4.exceptions import ParserRejectedMarkup

    data = path.read_bytes()
    declared = EncodingDetector.find_declared_encoding(data, is_html=True)
    html = decode(data, declared=declared)
    if html is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    try:
        return to_markdown(html)
    except ParserRejectedMarkup as error:
        raise LoadError(
            str(path), "its markup cannot be parsed; open it in a browser and save it again"
        ) from error


def to_markdown(html: str) -> str:
    """Turn HTML into Markdown with ``#`` headings."""
    from markdownify import MarkdownConverter

    # Without a new line, Beautiful Soup warns of a text that looks like an address.
    soup = _parser()(_DECLARATION.sub("", html, count=1) + "\n", "html.parser")
    title = _title(soup)
    _drop(soup)
    converter = MarkdownConverter(
        heading_style="ATX",
        bullets="-",
        strip=["a"],
        escape_asterisks=False,
        escape_underscores=False,
        code_language_callback=_language,
    )
    try:
        markdown = str(converter.convert_soup(soup))
    except RecursionError:
        # Markup nested some hundred levels deep has no structure that would be worth keeping.
        markdown = soup.get_text("\n")
    return title + _BLANK_LINES.sub("\n\n", markdown).strip()


def _title(soup: BeautifulSoup) -> str:
    """Take the page's title out; return it as a heading where the page has no heading."""
    title = soup.title.extract() if soup.title else None
    if title is None or soup.find(["h1", "h2"]) is not None:
        return ""
    words = " ".join(title.get_text().split())
    return f"# {words}\n\n" if words else ""


def _drop(soup: BeautifulSoup) -> None:
    for tag in soup(_DROPPED):
        tag.decompose()
    for header in soup("header"):
        # The header of an article holds its heading.
        if not header.decomposed and header.find_parent(["article", "main"]) is None:
            header.decompose()
    for image in soup("img"):
        image.replace_with(str(image.get("alt") or ""))


@lru_cache(maxsize=1)
def _parser() -> type[BeautifulSoup]:
    from bs4 import BeautifulSoup

    class EndingOpenTags(BeautifulSoup):
        """Ends the elements that a start tag ends; otherwise they would be nested."""

        def handle_starttag(self, name: str, *args: Any, **kwargs: Any) -> Tag | None:
            self.endData()
            while self.currentTag is not None and self.currentTag.name in _ENDED_BY.get(name, ()):
                self.popTag()
            return super().handle_starttag(name, *args, **kwargs)

    return EndingOpenTags


def _language(pre: object) -> str:
    """Name the language of a code block, as highlighters mark it: ``class="language-x"``."""
    found = re.search(r"\blanguage-([\w+#-]+)", str(pre)[:200])
    return found.group(1) if found else ""
