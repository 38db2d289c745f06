"""Find what a source names: files, texts, and what is not read.

Decides order and names: folders are read recursively, sorted by relative path, and a document is
called by that path; hidden files are passed over. Which links are followed is decided in
``folders.py``. Opens no document, except to see whether a file without suffix is text. Refuses
sources of unknown type, values that are not text, and folders with nothing to read.
"""

from __future__ import annotations

import math
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from docsum_nb.documents.addresses import Addresses, Remote, is_address, local_path, shown_address
from docsum_nb.documents.copies import start_of
from docsum_nb.documents.folders import Met, matches, walk
from docsum_nb.documents.path_hints import hint_at, hint_at_neighbor, shown_path
from docsum_nb.documents.sniff import OLD_OFFICE
from docsum_nb.documents.text import SAMPLE, looks_like_text
from docsum_nb.errors import InputError, LoadError
from docsum_nb.paths import user_path, visible
from docsum_nb.records import Document, Omission

__all__ = [
    "ARCHIVE",
    "KINDS",
    "MAIL",
    "MAILBOX",
    "MOST_PATH",
    "NOT_TEXT",
    "VISION_HINT",
    "WITH_PICTURES",
    "Content",
    "Found",
    "Item",
    "check_no_paths",
    "find",
    "is_missing",
]

ARCHIVE, MAIL, MAILBOX = "archive", "mail", "mailbox"
"""The kinds of files that hold further files."""
KINDS = {
    **dict.fromkeys((".txt", ".text", ".log"), "text"),
    **dict.fromkeys((".md", ".markdown", ".mdx", ".qmd", ".rmd"), "text"),
    ".rst": "rst",
    **dict.fromkeys((".adoc", ".asciidoc"), "adoc"),
    **dict.fromkeys((".tex", ".ltx"), "tex"),
    ".org": "org",
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json_text"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".pdf": "pdf",
    **dict.fromkeys((".docx", ".docm", ".dotx", ".dotm"), "docx"),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), "pptx"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), "xlsx"),
    **dict.fromkeys((".odt", ".ott", ".ods", ".ots", ".odp", ".otp"), "odf"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "delimited"),
    ".rtf": "rtf",
    **dict.fromkeys((".srt", ".vtt"), "subtitles"),
    **dict.fromkeys((".doc", ".dot", ".xls", ".xlt", ".ppt", ".pps"), OLD_OFFICE),
    ".ipynb": "notebook",
    ".epub": "epub",
    **dict.fromkeys((".xml", ".dbk", ".docbook", ".nxml", ".jats", ".tei", ".fb2", ".svg"), "xml"),
    **dict.fromkeys((".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"), ARCHIVE),
    **dict.fromkeys((".eml", ".msg", ".mht", ".mhtml"), MAIL),
    **dict.fromkeys((".mbox", ".mbx"), MAILBOX),
}
WITH_PICTURES = {**KINDS, **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff"), "pictures")}
"""The kinds if a model reads pictures."""
NOT_TEXT = "not a kind of file that is read (no suffix, not text)"
_READ = (
    "PDF, Word, PowerPoint, Excel, OpenDocument, RTF, HTML, Jupyter notebooks, tables, mail, text "
    "and archives of these"
)
_ACCEPTED = (
    "give a path of a file or folder, a glob such as 'docs/**/*.md', an address such as "
    "'https://host/paper.pdf', a list of those, a Document, a DataFrame, a mapping or Series of "
    "name -> text, bytes, an open file, or an iterator of these"
)
VISION_HINT = "; to read a picture, give vision= a model that reads pictures"
_MAGIC = frozenset("*?[")
MOST_PATH = 4_096
"""Characters of a path that systems take."""
_NAMED = 3
"""Files that an error names."""


@dataclass(frozen=True)
class Found:
    """A file that shall be read."""

    path: Path
    name: str
    """What to call it, unless another is called so too."""
    kind: str
    """The module that reads it."""
    links: bool = False
    """Whether its path may be a symbolic link: the caller named it, or asked to follow links."""
    named: bool = False
    """Whether the caller named this very file."""


@dataclass(frozen=True)
class Content:
    """What a file would hold, as bytes."""

    name: str
    """What to call it; its suffix, if it has one that is known, says of what kind it is."""
    data: bytes = field(repr=False)


Item = Found | Remote | Content | Document | Omission | LoadError
"""What a source comes to; a ``LoadError`` is a value here, for the caller to raise or to keep."""


def find(
    source: object,
    *,
    follow_links: bool = False,
    addresses: Addresses | None = None,
    kinds: Mapping[str, str] = KINDS,
) -> Iterator[Item]:
    """Find what a source names, in order.

    Args:
        source: As for ``load``.
        follow_links: Whether to follow symbolic links that lead out of a folder, or out of the part
            of a glob without wildcards.
        addresses: Finds what is at addresses, for one loading; ``None`` for a loading of its own.
        kinds: The readers of files by their suffixes.

    Raises:
        InputError: The source is of no accepted type, empty, holds a value that is not text, is a
            folder or glob with nothing that is read, or an address that cannot be read here.
    """
    addresses = addresses or Addresses(threading.Event())
    if isinstance(source, Document):
        yield _checked(source)
    elif isinstance(source, Content):
        yield source
    elif isinstance(source, str) and is_address(source):
        yield from _at_address(source, addresses, kinds, follow_links=follow_links)
    elif isinstance(source, str | os.PathLike):
        yield from _named(os.fspath(source), kinds, follow_links=follow_links)
    elif isinstance(source, list | tuple):
        if not source:
            raise InputError(f"the list of sources is empty; {_ACCEPTED}")
        for part in source:
            yield from find(part, follow_links=follow_links, addresses=addresses, kinds=kinds)
    elif callable(getattr(source, "items", None)) and not isinstance(source, type):
        yield from _texts(source)
    else:
        raise InputError(f"cannot load documents from {_type(source)}; {_ACCEPTED}")


def _type(value: object) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _checked(document: Document) -> Document:
    if not isinstance(document.name, str):
        raise InputError(f"a document's name is {_type(document.name)}; give a str")
    if not isinstance(document.text, str):
        raise InputError(f"{document.name}: its text is {_type(document.text)}; give a str")
    return document


def _texts(source: Any) -> Iterator[Document]:
    pairs = list(source.items())
    if not pairs:
        raise InputError(f"the {type(source).__name__} of texts is empty; {_ACCEPTED}")
    for key, text in pairs:
        if is_missing(text):
            raise InputError(f"the value of {key!r} is missing; drop it (dropna) or give its text")
        if not isinstance(text, str):
            raise InputError(
                f"the value of {key!r} is of type {type(text).__name__}, not text; give its text"
                + ("; paths go in a list, without names" if isinstance(text, os.PathLike) else "")
            )
    check_no_paths([text for _, text in pairs], f"the {type(source).__name__}")
    yield from (Document(name=str(key), text=text) for key, text in pairs)


def check_no_paths(texts: Sequence[Any], where: str) -> None:
    """Refuse texts that are all paths of files there are, or addresses: their files were meant.

    Args:
        texts: The texts; only the first is looked at if it is no path.
        where: What holds them, for people.

    Raises:
        InputError: They are.
    """
    if all(map(_is_place, texts)):
        raise InputError(
            f"the texts of {where} are paths or addresses, such as {shown_path(texts[0])!r}; to "
            "read what lies there, give them in a list, without names"
        )


def _is_place(text: object) -> bool:
    return (
        isinstance(text, str)
        and 0 < len(text) <= MOST_PATH
        and "\n" not in text
        and ((is_address(text) and " " not in text) or os.path.lexists(text))
    )


def is_missing(value: object) -> bool:
    """Check whether this is one of the missing values of Python, NumPy and pandas."""
    not_a_number = isinstance(value, float) and math.isnan(value)
    return value is None or not_a_number or type(value).__name__ in ("NAType", "NaTType")


def _named(given: str | bytes, kinds: Mapping[str, str], *, follow_links: bool) -> Iterator[Item]:
    if isinstance(given, bytes) or not given.strip() or "\0" in given:
        raise InputError(f"{given!r} is not the path of a file or folder; {_ACCEPTED}")
    path = user_path(given)
    try:
        if path.is_dir():
            found = _folder(path, kinds, follow_links=follow_links)
            yield from _with_something(found, given, "folder")
            return
        exists = path.exists() or path.is_symlink()
    except OSError as error:
        # A whole text given as a path is too long a name; a folder above may be closed.
        yield LoadError(shown_path(given), f"{error.strerror}{hint_at(given)}")
        return
    if exists:
        yield _explicit(path, kinds)
    elif _MAGIC.intersection(given) and "\n" not in given:
        found = _glob(path, given, kinds, follow_links=follow_links)
        yield from _with_something(found, given, "glob")
    else:
        hint = hint_at(given) or hint_at_neighbor(path)
        where = "" if path.is_absolute() else f" (looked in {Path.cwd()})"
        yield LoadError(shown_path(given), f"no such file or folder{where}{hint}")


def _at_address(
    given: str, addresses: Addresses, kinds: Mapping[str, str], *, follow_links: bool
) -> Iterator[Item]:
    path = local_path(given)
    if path is not None:
        yield from _named(path, kinds, follow_links=follow_links)
        return
    found = list(addresses.find(given))
    items = [_remote(each, kinds) if isinstance(each, Remote) else each for each in found]
    yield from _with_something(items, shown_address(given), "folder")


def _remote(remote: Remote, kinds: Mapping[str, str]) -> Item:
    """Return a file at an address: of an unknown kind, it is read if the caller named it."""
    suffix = remote.suffix
    if suffix in kinds:
        return replace(remote, kind=kinds[suffix])
    if suffix and not remote.named:
        return Omission(remote.name, f"not a kind of file that is read ({suffix})")
    return remote


def _with_something(items: Iterable[Item], given: str, what: str) -> Iterator[Item]:
    """Pass items on, and refuse if none of them can become a document."""
    promising = False
    passed: list[Omission] = []
    for item in items:
        if isinstance(item, Omission):
            passed.append(item)
        else:
            promising = True
        yield item
    if not promising:
        # A question is a glob, by its mark.
        hint = hint_at(given) if what == "glob" else ""
        more = hint + _passed_over(passed)
        raise InputError(f"{given}: the {what} holds no file that is read; {_READ} are{more}")


def _passed_over(passed: Sequence[Omission]) -> str:
    """Return what was passed over, and why, as the end of a sentence."""
    shown = "; ".join(f"{each.what}: {each.reason}" for each in passed[:_NAMED])
    more = f"; and {len(passed) - _NAMED} more" if len(passed) > _NAMED else ""
    return f". Passed over: {shown}{more}" if passed else ""


def _explicit(path: Path, kinds: Mapping[str, str]) -> Item:
    """Return a file the caller named: of an unknown kind, it is read if it looks like text."""
    shown = visible(str(path))
    try:
        if not path.exists():
            return LoadError(shown, "is a symbolic link to a file that does not exist")
        if not path.is_file():
            return LoadError(shown, "is not a regular file; copy its content to one")
        if path.suffix.lower() not in kinds and not _is_text(path, links=True):
            hint = VISION_HINT if path.suffix.lower() in WITH_PICTURES else ""
            return LoadError(shown, f"is not a kind of file that is read; {_READ} are{hint}")
    except OSError as error:
        return LoadError(shown, f"cannot be read ({error.strerror})")
    except LoadError as error:
        return error
    kind = kinds.get(path.suffix.lower(), "text")
    return Found(path, visible(path.name), kind, links=True, named=True)


def _met(met: Met, kinds: Mapping[str, str]) -> Item:
    """Return a file that was met in a folder or by a glob: others' files may be there as well."""
    name, path = visible(met.name), met.path
    suffix = path.suffix.lower()
    if suffix and suffix not in kinds:
        return Omission(name, f"not a kind of file that is read ({visible(suffix)})")
    try:
        # It may have been replaced since its folder was listed.
        mode = path.stat(follow_symlinks=met.links).st_mode
        if not stat.S_ISREG(mode):
            return Omission(name, "not a regular file")
        if not suffix and not _is_text(path, links=met.links):
            return Omission(name, NOT_TEXT)
    except OSError as error:
        return LoadError(visible(str(path)), f"cannot be read ({error.strerror})")
    except LoadError as error:
        return error
    return Found(path, name, kinds.get(suffix, "text"), links=met.links)


def _is_text(path: Path, *, links: bool) -> bool:
    return looks_like_text(start_of(path, SAMPLE, links=links))


def _folder(root: Path, kinds: Mapping[str, str], *, follow_links: bool) -> Iterator[Item]:
    for item in walk(root, follow_links=follow_links):
        yield _met(item, kinds) if isinstance(item, Met) else item


def _glob(
    path: Path, given: str, kinds: Mapping[str, str], *, follow_links: bool
) -> Iterator[Item]:
    # A folder may have such a character in its name.
    magic = (
        i
        for i, part in enumerate(path.parts)
        if _MAGIC.intersection(part) and not Path(*path.parts[: i + 1]).exists()
    )
    if (fixed := next(magic, None)) is None:
        yield LoadError(shown_path(given), f"no such file or folder (looked in {Path.cwd()})")
        return
    base, pattern = Path(*path.parts[:fixed]), Path(*path.parts[fixed:])
    if pattern.name == "**":
        pattern /= "*"
    try:
        # Path.glob, unlike glob.glob, does not follow links to folders below "**".
        found = list(base.glob(pattern.as_posix()))
    except (ValueError, OSError) as error:
        raise InputError(f"{given}: not a usable glob ({error}); {_ACCEPTED}") from error
    for item in matches(base, found, follow_links=follow_links):
        yield _met(item, kinds) if isinstance(item, Met) else item
