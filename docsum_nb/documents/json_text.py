"""Read JSON and JSON Lines as Markdown: the texts that they hold, below the names of their fields.

Decides what is a text: a string of several words, a short one that ends like a sentence, or any
words in a field that is named as messages of chats are. A file with such a string is read with all
its values, a record a heading; values below 60 levels stand below the last heading, and long runs
of numbers are counted, not shown. A string is text, whatever Markdown would make of its signs; one
that is HTML is read as HTML. Equal keys are all kept. Lines that cannot be parsed are named.
Refuses nothing but bytes that are not text: what is no JSON is read as plain text, and so is what
nests deeper than it can be parsed, and both is said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.html import to_page
from docsum_nb.documents.markdown import as_markdown, heading, literal, written
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.text import decode_file, reading_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read", "to_markdown"]

_TEXT_WORDS = 6  # from which a string is a text
_ENDS = tuple(".!?…")
_SENTENCE_WORDS = 3  # from which a string that ends so is a text
_WIDE_ENDS = tuple("。！？।؟۔።")
_TEXT_FIELDS = frozenset({"text", "content", "message", "body", "comment", "utterance"})
_LONG = 80  # characters from which a value stands below its name, not beside it
_NUMBERS = 12  # numbers in a list that are shown
_DEEPEST = 60
_TITLES = ("title", "name", "headline", "subject", "id", "key", "url", "path")
_HTML = re.compile(
    r"<(?:p|div|h[1-6]|ul|ol|table|section|article|blockquote|html|!doctype)\b", re.I
)
_END_TAG = re.compile(r"</[a-zA-Z][a-zA-Z0-9]{0,20}>\Z")
_LONE = re.compile("[\0\ud800-\udfff]")  # of an escape: no character
_NAMED = 5  # lines that cannot be parsed

Pairs = list[tuple[str, Any]]


def read(path: Path) -> Reading:
    """Read a file of JSON or of JSON Lines as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    found = decode_file(path)
    try:
        parsed = to_markdown(found.text)
        note = "is no valid JSON, so it is read as plain text"
    except RecursionError:
        parsed, note = None, "nests too deep to be read as JSON, so it is read as plain text"
    if parsed is None:
        return reading_of(found.text, "plain", (*found.notes, note))
    text, notes = parsed
    return reading_of(text, "markdown", (*found.notes, *notes))


def to_markdown(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return JSON as Markdown, and what is to be said of what is not in it.

    Returns:
        ``None`` if the text is neither JSON nor JSON Lines. A blank text if it holds no text.

    Raises:
        RecursionError: It nests deeper than Python's parser goes.
    """
    notes: list[str] = []
    value = _parsed(text)
    if isinstance(value, _Broken):
        value = _lines(text, notes)
        if value is None:
            return None
    writer = _Writer()
    writer.value("", value, 0)
    if not writer.texts:
        return "", (*notes, f"holds no text, only {writer.values:,} short values")
    if writer.numbers:
        notes.append(f"{writer.numbers:,} numbers in long lists are counted, not shown")
    notes += [f"{what}: left out ({n:,} words)" for what, n in writer.left_out.items()]
    return "\n".join(writer.out).strip() + "\n", tuple(notes)


class _Broken:
    """Stands for what is no JSON."""


def _parsed(text: str) -> Any:
    """Parse JSON: objects as lists of pairs, within ``_Object``, since keys may be equal."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
    except ValueError:
        return _Broken()


class _Number(str):
    """A number as it is written: 1.10 is another version than 1.1."""


class _Object:
    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs


def _lines(text: str, notes: list[str]) -> list[Any] | None:
    """Parse JSON Lines; ``None`` if fewer than half of the lines are JSON."""
    values: list[Any] = []
    broken: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value = _parsed(line)
            if isinstance(value, _Broken):
                broken.append(number)
            else:
                values.append(value)
    if len(broken) > len(values) or not any(isinstance(v, _Object | list) for v in values):
        return None
    if broken:
        named = ", ".join(map(str, broken[:_NAMED])) + (", …" if len(broken) > _NAMED else "")
        notes.append(f"lines that are no JSON are not read: {len(broken):,} (line {named})")
    return values


class _Writer:
    """Writes values as Markdown."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.texts = self.values = self.numbers = 0
        self.left_out: Counter[str] = Counter()
        """Words of HTML that are not read, by what they are."""

    def value(self, name: str, value: Any, level: int) -> None:
        """Write a value below its name."""
        if level > _DEEPEST:
            self._flat(name, value)
        elif isinstance(value, _Object):
            self._object(value, level)
        elif isinstance(value, list):
            self._list(name, value, level)
        else:
            self._scalar(name, value)

    def _flat(self, name: str, value: Any) -> None:
        """Write what is nested too deep for headings: its short values, in order."""
        waiting = [(name, value)]
        while waiting:
            name, value = waiting.pop()
            if isinstance(value, _Object):
                waiting += reversed(value.pairs)
            elif isinstance(value, list):
                waiting += [("", each) for each in reversed(value[1:])]
                waiting += [(name, each) for each in value[:1]]
            else:
                self._scalar(name, value)

    def _object(self, value: _Object, level: int) -> None:
        # Short values first: what stands below a heading belongs to it.
        nested = [pair for pair in value.pairs if isinstance(pair[1], _Object | list)]
        for key, each in value.pairs:
            if not isinstance(each, _Object | list):
                self._scalar(key, each)
        for key, each in nested:
            if isinstance(each, _Object):
                self._heading(key, level)
            self.value(key, each, level + 1)

    def _list(self, name: str, values: list[Any], level: int) -> None:
        if len(values) > _NUMBERS and all(isinstance(v, _Number | bool) for v in values):
            self.out += ("", f"{as_markdown(name)}: [{len(values):,} numbers]", "")
            self.numbers += len(values)
            self.values += len(values)
            return
        if name and any(isinstance(each, _Object | list) for each in values):
            self._heading(name, level)
        for number, each in enumerate(values, 1):
            if isinstance(each, _Object):
                self._heading(_title(each) or f"{name or 'record'} {number}", level + 1)
                self.value("", each, level + 1)
            elif isinstance(each, list):
                self.value("", each, level + 1)
            else:
                self._scalar(name if number == 1 else "", each)

    def _heading(self, title: str, level: int) -> None:
        self.out += ("", heading(level + 1, written(literal(title[:200]), titles=True)), "")

    def _scalar(self, name: str, value: Any) -> None:
        self.values += 1
        if value is None or value == "":
            return
        words = _shown(value)
        self.texts += type(value) is str and _is_text(words, of=name)
        name = as_markdown(name)
        if _HTML.match(words) and _END_TAG.search(words[-_LONG:]):
            page = to_page(words, titled=False)
            words = page.text
            self.left_out.update(page.left_out)
        else:
            words = as_markdown(words)
        if len(words) >= _LONG or "\n" in words:
            self.out += (*(("", f"**{name}**") if name else ()), "", words, "")
        else:
            self.out += ("", f"{name}: {words}" if name else words)


def _is_text(words: str, *, of: str) -> bool:
    if of.lower() in _TEXT_FIELDS and any(map(str.isalpha, words)):
        return True
    count = len(words.split())
    if count >= _TEXT_WORDS or (count >= _SENTENCE_WORDS and words.endswith(_ENDS)):
        return True
    return words.endswith(_WIDE_ENDS) or (not words.isascii() and len(words) > _LONG // 4)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value).strip()
    return json.dumps(value)


def _title(value: _Object) -> str:
    """Return the title of a record; empty if it has none that is short."""
    known = {key.lower(): each for key, each in value.pairs if isinstance(each, str | int)}
    found = (str(known[key]) for key in _TITLES if str(known.get(key, "")).strip())
    title = next(found, "")
    return title if len(title) <= 120 else ""
