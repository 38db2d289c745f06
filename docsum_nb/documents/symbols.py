"""Write the characters of symbol fonts, and those that Office files escape.

Decides for the fonts Symbol, Wingdings and their like, whose codes are not those of Unicode, and
for ``_x000D_``. A character that is not known becomes U+FFFD, so that it can be counted.
"""

from __future__ import annotations

import re

__all__ = ["plain", "symbol", "unescaped"]

UNKNOWN = "\ufffd"
_PRIVATE = 0xF000
# From 0x20 to 0x7E, and from 0xA0 to 0xFE.
_SYMBOL_LOW = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
)
_SYMBOL_HIGH = (
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…│─↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\ufffd〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_SYMBOL = {
    **{0x20 + at: character for at, character in enumerate(_SYMBOL_LOW)},
    **{0xA0 + at: character for at, character in enumerate(_SYMBOL_HIGH)},
}
_WINGDINGS = {
    **dict.fromkeys((0x6C, 0x6E, 0x77, 0x9F, 0xA7, 0xA8 - 1), "•"),
    **dict.fromkeys((0x6F, 0x70, 0x71, 0x72, 0xA8), "☐"),
    **dict.fromkeys((0x78, 0xFD, 0xFE - 1), "☒"),
    0xFE: "☑",
    0xFC: "✓",
    0xFB: "✗",
    0x4A: "☺",
    0x4C: "☹",
    0x28: "☎",
    0x2A: "✉",
    0xDF: "←",
    0xE0: "→",
    0xE1: "↑",
    0xE2: "↓",
    0xE8: "➔",
    0xD8: "➢",
    0xF0: "⇨",
    0xAB: "★",
    0x76: "❖",
    0x46: "☞",
    0xB6: "☆",
    0x22: "✂",
    0x21: "✏",
    0x36: "⌛",
}
_WINGDINGS_2 = {
    0x50: "✓",
    0x4F: "✗",
    0x51: "☒",
    0x52: "☑",
    0x53: "☒",
    0x54: "☒",
    0xA3: "☐",
    0x97: "•",
    0x98: "•",
}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
}


def symbol(code: int, font: str) -> str:
    """Return a character of a font as Unicode.

    Args:
        code: Its code, with or without the 0xF000 that Office programs add.
        font: The name of the font.
    """
    known = _FONTS.get(font.strip().lower())
    low = code - _PRIVATE if _PRIVATE <= code <= _PRIVATE + 0xFF else code
    if known is not None:
        return known.get(low, UNKNOWN)
    if low != code or not 0x20 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return UNKNOWN
    return chr(code)


def plain(text: str, font: str = "") -> str:
    """Return a text without soft hyphens, its symbols as Unicode."""
    if text.isascii() and font.lower() not in _FONTS:
        return text
    if font.lower() not in _FONTS:
        # Bullets of Symbol are pasted into texts of other fonts.
        font = "Symbol"
        return "".join(
            symbol(ord(each), font) if 0xF020 <= ord(each) <= 0xF0FF else each
            for each in text.replace("\u00ad", "")
        )
    return "".join(
        symbol(ord(each), font) if ord(each) < 0x100 or 0xF000 <= ord(each) <= 0xF0FF else each
        for each in text
    )


def unescaped(text: str) -> str:
    """Return a text of Excel or PowerPoint with the characters that XML cannot hold.

    They are written by their codes, ``_x000D_``, and so is a ``_`` that would be taken for that.
    """
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda match: _character(int(match[1], 16)), text)
    whole = found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n")


def _character(code: int) -> str:
    if code in (0x0B, 0x0C):
        return "\n"
    return chr(code) if code >= 0x20 or code in (0x09, 0x0A, 0x0D) else UNKNOWN
