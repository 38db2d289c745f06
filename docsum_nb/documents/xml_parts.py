"""Read the XML parts of Office files piece by piece, in memory that does not grow with the part.

Decides how much of a part is held at once: the innermost block that is being read, which has a
bound, and nothing of what was read before. Names are compared without their namespace, as the same
format has two of them. No entity is replaced and no address is fetched. Refuses XML that is broken,
that declares a document type, or whose single blocks are larger than those of a real document.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lxml import etree

from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Literal

    from lxml.etree import _Element as Element

    Event = tuple[Literal["open", "block", "close"], Element]

__all__ = ["MAX_TREE", "attribute", "children", "events", "local", "number", "parse"]

_MAX_BLOCK = 8 * 1024 * 1024
"""Bytes of XML in one paragraph or row; its tree takes up to 30 times as much."""
MAX_TREE = 16 * 1024 * 1024
"""Bytes of XML in a part that is read as a whole."""
_OPTIONS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,
}


def events(
    path: Path,
    chunks: Iterable[bytes],
    *,
    blocks: tuple[str, ...],
    containers: tuple[str, ...] = (),
) -> Iterator[Event]:
    """Parse a part and yield its outermost blocks, in order.

    Args:
        path: The file, for errors.
        chunks: The part.
        blocks: Local names of the elements to yield, in any context.
        containers: Those of them whose own blocks are yielded, between an ``"open"`` and a
            ``"close"``, unless they stand in a block themselves.

    Yields:
        ``"block"`` and the element with all that is in it, which is emptied afterwards; ``"open"``
        and ``"close"`` with a container.

    Raises:
        LoadError: The XML is broken, declares a document type, or one block is too large.
    """
    names = [f"{{*}}{name}" for name in blocks]
    parser = etree.XMLPullParser(events=("start", "end"), tag=names, **_OPTIONS)
    inside = depth = pending = 0
    for event, element, size in _parsed(path, parser, chunks):
        if element is None:
            pending += size
            if pending > _MAX_BLOCK:
                raise LoadError(
                    str(path), f"holds one block of more than {_MAX_BLOCK // 2**20} MB; split it"
                )
        elif event == "start":
            if not depth and local(element) in containers and inside < 1:
                inside += 1
                yield "open", element
            else:
                depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield "block", element
                _forget(element)
                pending = 0
        else:
            inside -= 1
            yield "close", element
            _forget(element)


def _parsed(
    path: Path, parser: Any, chunks: Iterable[bytes]
) -> Iterator[tuple[str, Element | None, int]]:
    """Yield the parser's events, and after each chunk its size without an element."""
    checked = False
    try:
        for chunk in chunks:
            parser.feed(chunk)
            for event, element in parser.read_events():
                if not checked:
                    _check_no_doctype(path, element)
                    checked = True
                yield event, element, 0
            yield "", None, len(chunk)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise _broken(path, error) from error


def _forget(element: Element) -> None:
    """Empty an element that was read, and remove all that stands before it."""
    element.clear(keep_tail=True)
    inner: Element | None = element
    while inner is not None:
        parent = inner.getparent()
        while parent is not None and inner.getprevious() is not None:
            del parent[0]
        inner = parent


def parse(path: Path, data: bytes) -> Element:
    """Parse a small part as a whole.

    Args:
        path: The file, for errors.
        data: The part.

    Raises:
        LoadError: The XML is broken, declares a document type, or has more than 16 MB.
    """
    if len(data) > MAX_TREE:
        raise LoadError(
            str(path), f"has a part of {len(data) // 2**20} MB that is read as a whole; split it"
        )
    try:
        root = etree.fromstring(data, etree.XMLParser(**_OPTIONS))
    except etree.XMLSyntaxError as error:
        raise _broken(path, error) from error
    _check_no_doctype(path, root)
    return root


def _broken(path: Path, error: Exception) -> LoadError:
    reason = str(error)[:200]
    return LoadError(str(path), f"is damaged: its XML is broken ({reason}); save it again")


def _check_no_doctype(path: Path, element: Element) -> None:
    # Entities are declared there, and no Office program writes one.
    if element.getroottree().docinfo.internalDTD is not None:
        raise LoadError(str(path), "declares a document type, which no Office program does")


def local(element: Element) -> str:
    """Return the name of an element without its namespace; empty for what is no element."""
    return _local(element.tag)


@lru_cache(maxsize=4096)
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Yield the direct children of some local names, or all of them if none are given."""
    if element is not None:
        yield from element.iterchildren(*_any_namespace(names))


@lru_cache(maxsize=1024)
def _any_namespace(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{{*}}{name}" for name in names) or ("*",)


def attribute(element: Element | None, name: str) -> str | None:
    """Return an attribute by its name without a namespace; ``None`` if it is not there."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def number(text: str | None, default: int = 0) -> int:
    """Return a whole number of at most nine digits; the default for everything else."""
    stripped = (text or "").strip()
    digits = stripped.lstrip("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        return -int(digits) if stripped.startswith("-") else int(digits)
    return default
