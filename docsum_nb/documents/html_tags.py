"""Tags of HTML within Markdown: which of them are markup, and what is left without them.

Decides by name and form: a tag is markup if HTML has an element of that name and the tag has
attributes, is closed in the same paragraph, or needs no end. Everything else in angle brackets is
text: ``<name>``, ``Foo<Bar>``, ``/triggers/<id>``, ``swap <a> and <b>``. Takes linear time.
Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

__all__ = ["is_element", "markup_tags", "plain_html", "plain_references", "taken_for_markup"]

_NAMES = """
a abbr address area article aside audio b base bdi bdo big blink blockquote body br button canvas
caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed
fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr
html i iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr
noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script
search section select slot small source span strike strong style sub summary sup svg table tbody td
template textarea tfoot th thead time title tr track tt u ul var video wbr
"""
_BLOCK_NAMES = """
p div br hr li ul ol dl dt dd h1 h2 h3 h4 h5 h6 summary details td th tr table blockquote section
article header footer main nav aside figure figcaption center pre form
"""
_KNOWN = frozenset(_NAMES.split())
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_EMPTY = frozenset(("br", "hr", "wbr"))
_NEED_NO_END = frozenset(("p", "li", "td", "th", "tr", "dt", "dd", "option", "thead", "tbody"))
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,30}+)"
    r"((?:\s++[a-zA-Z_:@][\w:.-]{0,60}+(?:\s{0,9}+=\s{0,9}+(?:\"[^\"]{0,4000}+\"|'[^']{0,4000}+'"
    r"|[^\s\"'=<>`]{1,2000}+))?+){0,50}+)\s{0,999}+/?>"
)
_COMPONENT = re.compile(
    r"^[ \t]{0,9}</?(?:[A-Z][\w.]{0,60}|[a-z]+-[\w-]{1,60})(?:\s[^<>\n]{0,2000})?>\s*$", re.M
)
_HIDING = re.compile(r"<!--|<(script|style|pre|table|svg)(?:\s[^<>]{0,2000})?>", re.IGNORECASE)
# What swallows all that follows, or is taken for a component if it stands alone on its line.
_HTML_BEGINS = re.compile(
    r"<[!?]|</?(?:script|style|pre|textarea|table|svg)\b"
    r"|^[ \t]{0,9}(</?[A-Za-z][^<>\n]{0,2000}>)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")


def is_element(name: str) -> bool:
    """Return whether HTML has an element of a name."""
    return name.lower() in _KNOWN


def markup_tags(tags: Sequence[str], befores: Sequence[str]) -> dict[int, str]:
    """Find which of the pieces of one paragraph are markup.

    Args:
        tags: A tag each, or an empty text for a piece that is none.
        befores: The character before each piece; empty if there is none.

    Returns:
        What stands in the place of each that is markup, by its index: mostly nothing.
    """
    found: dict[int, str] = {}
    opened: dict[str, list[int]] = {}
    for at, tag in enumerate(tags):
        match = _TAG.fullmatch(tag) if tag else None
        name = match[2].lower() if match else ""
        if tag.startswith("<!--"):
            found[at] = ""
        elif match is None or name not in _KNOWN:
            continue
        elif match[1]:
            _close(name, at, opened, found)
        else:
            if _stands_alone(name, match[3], after_word=befores[at].isalnum()):
                found[at] = _left(name, closing=False)
            opened.setdefault(name, []).append(at)
    # The exponent of a number must not become its last digit.
    for at in found:
        if (tag := tags[at][:4].lower()) == "<sup":
            found[at] = "^"
        elif tag == "</su":
            found[at] = ""
    return found


def taken_for_markup(text: str) -> list[int]:
    """Return where the signs ``<`` stand that a paragraph of Markdown would lose or begin HTML by.

    Others, as in ``a<b>`` or ``<name>``, are read as text and need no mark before them.
    """
    matches = list(_TAG.finditer(text))
    befores = [text[max(0, match.start() - 1) : match.start()] for match in matches]
    markup = markup_tags([match.group() for match in matches], befores)
    found = {matches[at].start() for at in markup}
    begins = {match.start(match.lastindex or 0) for match in _HTML_BEGINS.finditer(text)}
    return sorted(found | begins)


def _close(name: str, at: int, opened: dict[str, list[int]], found: dict[int, str]) -> None:
    if starts := opened.get(name):
        found[starts.pop()] = _left(name, closing=False)
        found[at] = _left(name, closing=True)
    elif name in _NEED_NO_END:
        found[at] = _left(name, closing=True)


def _stands_alone(name: str, attributes: str, *, after_word: bool) -> bool:
    """Check whether an opening tag is markup even if it is never closed."""
    return name in _EMPTY or "=" in attributes or (name in _NEED_NO_END and not after_word)


def _left(name: str, *, closing: bool) -> str:
    if name in ("br", "hr") or (name in _BLOCKS and not closing):
        return "\n" if name == "br" else "\n\n"
    return "\n\n" if name in _BLOCKS else ""


def plain_html(content: str) -> str:
    """Return a piece of HTML without its tags and everything that is not running text.

    Returns:
        The text, with a blank line wherever a block begins or ends.
    """
    bare = _COMPONENT.sub("\n", _without_hidden(content))
    matches = list(_TAG.finditer(bare))
    befores = [bare[max(0, match.start() - 1) : match.start()] for match in matches]
    found = markup_tags([match.group() for match in matches], befores)
    parts: list[str] = []
    last = 0
    for at, match in enumerate(matches):
        if at in found:
            parts += (bare[last : match.start()], found[at])
            last = match.end()
    return plain_references("".join(parts) + bare[last:])


def _without_hidden(content: str) -> str:
    """Drop comments and elements that hold no running text; one without an end is text."""
    lowered = content.lower()
    endless: set[str] = set()
    parts: list[str] = []
    last = 0
    for match in _HIDING.finditer(content):
        end = f"</{match[1].lower()}" if match[1] else "-->"
        if match.start() < last or end in endless:
            continue
        stop = lowered.find(end, match.end())
        if stop < 0:
            endless.add(end)
            continue
        closed = lowered.find(">", stop)
        parts += (content[last : match.start()], "\n\n")
        last = len(content) if closed < 0 else closed + 1
    return "".join(parts) + content[last:]


def plain_references(text: str) -> str:
    """Replace character references (``&amp;``, ``&#38;``) by the characters that they name."""
    if "&" not in text:
        return text
    # Python refuses to read a number of thousands of digits.
    return unescape(_LONG_REFERENCE.sub("\ufffd", text))
