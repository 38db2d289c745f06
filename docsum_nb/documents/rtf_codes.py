"""The words of Rich Text Format: signs, encodings, and what holds no text."""

from __future__ import annotations

import codecs

__all__ = ["CHARSETS", "LEFT_OUT", "SIGNS", "SKIPPED", "codec"]

SIGNS = {
    "~": " ",
    "_": "-",
    "-": "",
    "tab": "\t",
    "line": "\n",
    "softline": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
}
"""Control words and symbols that stand for characters."""

SKIPPED = {
    "pict": "pictures",
    "objdata": "objects",
    **dict.fromkeys(
        (
            *("colortbl", "info", "filetbl", "listtable", "listoverridetable", "revtbl", "rsidtbl"),
            *("generator", "fldinst", "nonshppict", "xmlnstbl", "themedata", "datastore"),
            *("colorschememapping", "latentstyles", "pnseclvl", "bkmkstart", "bkmkend", "xe", "tc"),
            *("atnid", "atnauthor", "atntime", "atnref", "atndate", "atnicn", "atnparent"),
            *("ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "objclass", "objname"),
            *("falt", "panose", "template", "mmathPr", "private", "do", "blipuid", "picprop"),
        ),
        "",
    ),
}
"""Destinations that hold no text, and what to count; the empty text for nothing."""

LEFT_OUT = {
    "pictures": "{} picture(s)",
    "objects": "{} embedded object(s), such as files of other programs",
    "heads": "running heads and feet of {} word(s)",
    "comments": "comments of {} word(s)",
    "hidden": "hidden text of {} word(s)",
    "deleted": "deleted text of {} word(s), of changes that are tracked",
    "binary": "{} byte(s) of binary data outside of pictures, or longer than the file",
}

CHARSETS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk"},
    **{136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256"},
    **{186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437"},
    **{78: "cp932", 79: "cp949", 80: "gbk", 81: "cp950"},
}
"""Encodings by the number of a font's character set."""

_CODEPAGES = {10000: "mac_roman", 10007: "mac_cyrillic", 936: "gbk", 65001: "utf-8", 708: "cp720"}


def codec(number: int | None) -> str | None:
    """Return the name of the encoding of a code page; ``None`` if it is not known."""
    name = _CODEPAGES.get(number or 0, f"cp{number or 0}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
