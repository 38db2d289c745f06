"""Mend XML that names entities which it does not declare, or holds signs that XML forbids.

Decides what such a sign was meant to be: an entity of HTML is its character, every other ampersand
that begins no reference is itself, and a control character is shown as U+FFFD. What stands in CDATA
is text already, and stays. Elements are not mended. Takes linear time. Refuses nothing.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

__all__ = ["mended"]

_DECLARATION = re.compile(r"<\?xml\s[^<>]{0,500}\?>")
_DECLARED = re.compile(r"<!ENTITY\s{1,20}([\w.-]{1,100})\s{1,20}[\"']")
_AMPERSAND = re.compile(r"&(?:(#\d{1,7};|#x[\da-fA-F]{1,6};)|([A-Za-z_][\w.-]{0,100});)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OWN = frozenset(("amp", "lt", "gt", "quot", "apos"))
_ENDS_CDATA = "]]>"


def mended(text: str) -> str:
    """Return XML whose references are all declared.

    Args:
        text: The file's text; what it says of its encoding is removed.
    """
    text = text.lstrip()
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    text = _FORBIDDEN.sub("\ufffd", text)
    known = _OWN.union(_DECLARED.findall(text))

    def reference(match: re.Match[str]) -> str:
        code, name = match.groups()
        if name in known:
            return match.group()
        character = html5.get(f"{name};", "") if name else html.unescape(match.group())
        if code and not _FORBIDDEN.search(character):
            return character if character not in "<>&" else match.group()
        return character if name and character else f"&amp;{match.group()[1:]}"

    first, *others = text.split("<![CDATA[")
    parts = [_AMPERSAND.sub(reference, first)]
    for each in others:
        inside, end, behind = each.partition(_ENDS_CDATA)
        parts += ("<![CDATA[", inside, end, _AMPERSAND.sub(reference, behind))
    return "".join(parts)
