"""Read EPUB books as Markdown: their chapters in the order of reading.

Decides the order by the book's spine, and the heading of a chapter without one by the table of
contents. Title, author and date come first. Tables of contents and pictures are not text; what is
missing or stands outside the order is named. Refuses books that are protected against copying,
damaged ones, and those that unpack to more than a real book does.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lxml import etree

from docsum_nb.documents.encodings import decoded
from docsum_nb.documents.html import Page, to_page
from docsum_nb.documents.html_parse import declared_encoding
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.zipped import Container
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lxml.etree import _Element as Element

__all__ = ["read"]

_MAX_PART = 16 * 1024 * 1024
_MAX_UNPACKED = 128 * 1024 * 1024
_MOST_CHAPTERS = 10_000
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
# Fonts may be scrambled in a book that is not protected.
_FONTS = ("embedding", "enc#RC")
_SHOWN = ("title", "creator", "date", "publisher")
_HEADING = re.compile(r"^#{1,6} ", re.M)


@dataclass(frozen=True)
class _Book:
    """What a book says of itself."""

    metadata: Mapping[str, tuple[str, ...]]
    chapters: tuple[str, ...]
    """Names of the members, in the order of reading."""
    missing: int
    """How many entries of the spine name no member."""
    others: tuple[str, ...]
    """Pages that are not in the order of reading, without the table of contents."""
    pictures: int
    titles: Mapping[str, str]
    """Of the members, by the table of contents."""


def read(path: Path) -> Reading:
    """Read an EPUB book.

    Raises:
        LoadError: The file is protected, damaged, no EPUB, or unpacks to too much.
        OSError: The file cannot be opened or read.
    """
    with Container(path, kind="EPUB book", max_unpacked=_MAX_UNPACKED) as container:
        _check_unprotected(path, container)
        book = _book(path, container)
        left_out: Counter[str] = Counter()
        texts = [_front(book)]
        for name in book.chapters:
            page = _page(container, name)
            left_out.update(page.left_out)
            heading = "" if _HEADING.search(page.text) else book.titles.get(name, "")
            texts.append("\n\n".join(filter(None, (heading and f"## {heading}", page.text))))
    text = "\n\n".join(each for each in texts if each)
    if not any(texts[1:]):
        if book.missing:
            reason = f"names {book.missing:,} chapter(s) that are not in the file; get it again"
            raise LoadError(str(path), reason)
        text = ""
    known = {key: "; ".join(values) for key, values in book.metadata.items()}
    return Reading(text, omitted=tuple(_omissions(book, left_out)), metadata=known)


def _front(book: _Book) -> str:
    title = " ".join(book.metadata.get("title", ())[:1])
    rest = (", ".join(book.metadata.get(key, ())) for key in _SHOWN[1:])
    return "\n\n".join(filter(None, (title and f"# {title}", *rest)))


def _omissions(book: _Book, left_out: Mapping[str, int]) -> Iterator[Omission]:
    for what, count in left_out.items():
        yield Omission(what, f"left out ({count:,} words)")
    if book.pictures:
        yield Omission(f"{book.pictures:,} picture(s)", "not read; their captions are")
    if book.others:
        shown = ", ".join(book.others[:3])
        yield Omission(f"{len(book.others):,} page(s)", f"not in the order of reading ({shown})")
    if book.missing:
        yield Omission(f"{book.missing:,} chapter(s)", "named by the book but not in it")


def _check_unprotected(path: Path, container: Container) -> None:
    protected = "META-INF/rights.xml" in container
    if "META-INF/encryption.xml" in container:
        root = _tree(container, "META-INF/encryption.xml")
        methods = () if root is None else root.iter("{*}EncryptionMethod")
        used = [each.get("Algorithm", "") for each in methods]
        protected = protected or any(not method.endswith(_FONTS) for method in used)
    if protected:
        raise LoadError(
            str(path), "is protected against copying (DRM); give a copy without protection"
        )


def _tree(container: Container, name: str) -> Element | None:
    """Return the tree of a part; ``None`` if its XML cannot be read at all."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root: Element | None = etree.fromstring(container.read(name, most=_MAX_PART), parser)
    except etree.XMLSyntaxError:
        return None
    return root


def _book(path: Path, container: Container) -> _Book:
    package = _package(path, container)
    root = _tree(container, package)
    if root is None:
        raise LoadError(str(path), f"is a damaged EPUB book: its part {package} cannot be read")
    base = posixpath.dirname(package)
    items: dict[str, tuple[str, str, str]] = {}
    spelled = {name.lower(): name for name in container.names()}
    for item in root.iterfind(".//{*}manifest/{*}item"):
        name = _member(base, item.get("href", ""))
        if name not in container:
            # As written on Windows, where "\\" divides folders, and capitals do not count.
            name = spelled.get(_member(base, item.get("href", "").replace("\\", "/")).lower(), name)
        items[item.get("id", "")] = (name, item.get("media-type", ""), item.get("properties", ""))
    spine = [ref.get("idref", "") for ref in root.iterfind(".//{*}spine/{*}itemref")]
    named = [items[ref] for ref in dict.fromkeys(spine[:_MOST_CHAPTERS]) if ref in items]
    contents = {name for name, _, properties in items.values() if "nav" in properties.split()}
    # A page may be listed by several identifiers; it is read once.
    chapters = tuple(
        dict.fromkeys(
            name
            for name, kind, _ in named
            if name in container and name not in contents and (kind in _PAGES or _is_page(name))
        )
    )
    pages = {name for name, kind, _ in items.values() if kind in _PAGES and name in container}
    return _Book(
        _metadata(root),
        chapters or tuple(sorted(pages - contents)),
        sum(name not in container for name, _, _ in named),
        tuple(sorted(pages - contents - set(chapters))) if chapters else (),
        sum(kind.startswith("image/") for _, kind, _ in items.values()),
        # Of several entries for one page, the first names it.
        dict(reversed(list(_titles(container, items.values())))),
    )


def _package(path: Path, container: Container) -> str:
    name = "META-INF/container.xml"
    root = _tree(container, name) if name in container else None
    files = () if root is None else root.iter("{*}rootfile")
    for file in files:
        if (found := unquote(file.get("full-path", ""))) in container:
            return found
    for name in container.names():
        if name.lower().endswith(".opf"):
            return name
    raise LoadError(str(path), "is not a whole EPUB book: it has no list of its chapters")


def _metadata(root: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for block in root.iterfind(".//{*}metadata"):
        for element in block.iter("{http://purl.org/dc/elements/1.1/}*"):
            text = " ".join("".join(element.itertext()).split())[:500]
            key = str(element.tag).rpartition("}")[2]
            if text and key in (*_SHOWN, "language", "identifier", "rights", "description"):
                found.setdefault(key, []).append(text)
    return {key: tuple(dict.fromkeys(values[:20])) for key, values in found.items()}


def _titles(container: Container, items: Any) -> Iterator[tuple[str, str]]:
    """Yield members and their titles by the tables of contents of both versions of EPUB."""
    for name, kind, properties in items:
        is_nav = "nav" in properties.split()
        if name not in container or not (is_nav or kind == "application/x-dtbncx+xml"):
            continue
        root = _tree(container, name)
        if root is None:
            continue
        base = posixpath.dirname(name)
        if is_nav:
            for link in root.iter("{*}a"):
                yield _member(base, link.get("href", "")), _words(link)
        for point in root.iter("{*}navPoint"):
            content, label = point.find("{*}content"), point.find("{*}navLabel")
            if content is not None and label is not None:
                yield _member(base, content.get("src", "")), _words(label)


def _words(element: Element) -> str:
    return " ".join("".join(str(text) for text in element.itertext()).split())[:200]


def _member(base: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(base, unquote(address.partition("#")[0])))


def _is_page(name: str) -> bool:
    return name.lower().endswith((".xhtml", ".html", ".htm", ".xml"))


def _page(container: Container, name: str) -> Page:
    data = container.read(name, most=_MAX_PART)
    found = decoded(data, declared=declared_encoding(data))
    return to_page(found.text, titled=False, book=True) if found else Page("", "", {})
