"""Write the numbers of lists, headings and notes in the formats of Office programs and pages.

Decides how each format counts on after its last letter: Office writes ``bb`` where a page writes
``ab``. Refuses nothing: a format that is not known, and a number too large for one, are written in
digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["numeral"]

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST_ROMAN = 4_999
_MOST_LETTERS = 20
_LETTERS = {
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lowerGreek": "αβγδεζηθικλμνξοπρστυφχψω",
    "russianLower": "абвгдежзиклмнопрстуфхцчшщэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ",
    "aiueoFullWidth": "アイウエオカキクケコサシスセソタチツテト",
    "aiueo": "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ",
    "iroha": "ｲﾛﾊﾆﾎﾍﾄﾁﾘﾇﾙｦﾜｶﾖﾀﾚｿﾂﾈﾅﾗﾑｳヰﾉｵｸﾔﾏｹﾌｺｴﾃｱｻｷﾕﾒﾐｼヱﾋﾓｾｽﾝ",
    "hebrew1": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "arabicAbjad": "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ",
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
}
_OF_PAGES = {
    **dict.fromkeys(("lower-alpha", "lower-latin"), "lowerLetter"),
    **dict.fromkeys(("upper-alpha", "upper-latin"), "upperLetter"),
    **{"lower-greek": "lowerGreek", "lower-russian": "russianLower"},
    **{"upper-russian": "russianUpper", "katakana": "aiueoFullWidth"},
}
_CHINESE = "〇一二三四五六七八九"
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CHICAGO = "*†‡§"


def numeral(value: int, kind: str) -> str:
    """Return a number in one of the formats of Office programs.

    Args:
        value: The number.
        kind: The format's name in Office Open XML (``"lowerRoman"``) or in style sheets
            (``"lower-roman"``); an unknown one is decimal.
    """
    if kind in ("none", "bullet", "disc", "circle", "square"):
        return ""
    if kind in _OF_PAGES:
        return _counted(value, _LETTERS[_OF_PAGES[kind]])
    if kind in _LETTERS:
        return _letters(value, _LETTERS[kind])
    write = _WRITERS.get(kind)
    return write(value) if write and value > 0 else str(value)


def _letters(value: int, letters: str) -> str:
    """Return a, b, ..., z, aa, bb, ...: as Word goes on after the last letter."""
    times, at = divmod(value - 1, len(letters))
    if value < 1 or times >= _MOST_LETTERS:
        return str(value)
    return letters[at] * (times + 1)


def _counted(value: int, letters: str) -> str:
    """Return a, b, ..., z, aa, ab, ...: as a browser goes on after the last letter."""
    if value < 1:
        return str(value)
    text = ""
    while value:
        value, at = divmod(value - 1, len(letters))
        text = letters[at] + text
    return text


def _roman(value: int) -> str:
    if value > _LARGEST_ROMAN:
        return str(value)
    text = ""
    for worth, sign in _ROMAN:
        times, value = divmod(value, worth)
        text += sign * times
    return text


def _suffix(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _cardinal(value: int) -> str:
    return _in_words(value, ordinal=False).capitalize()


def _ordinal_words(value: int) -> str:
    return _in_words(value, ordinal=True).capitalize()


def _circled(value: int) -> str:
    return chr(0x2460 + value - 1) if value <= _MOST_LETTERS else str(value)


def _full_width(value: int) -> str:
    return str(value).translate({ord("0") + n: 0xFF10 + n for n in range(10)})


def _chicago(value: int) -> str:
    return _CHICAGO[(value - 1) % 4] * min((value - 1) // 4 + 1, _MOST_LETTERS)


def _in_words(value: int, *, ordinal: bool) -> str:
    if value > 99:
        return f"{value}{_suffix(value)}" if ordinal else str(value)
    if value < 20:
        words = [_ONES[value]]
    else:
        tens, ones = divmod(value, 10)
        words = [_TENS[tens - 2], *([_ONES[ones]] if ones else [])]
    if ordinal:
        last = words[-1]
        regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
        words[-1] = _ORDINALS.get(last, regular)
    return "-".join(words)


def _chinese(value: int) -> str:
    if value > 99:
        return str(value)
    tens, ones = divmod(value, 10)
    text = ("" if tens < 2 else _CHINESE[tens]) + ("十" if tens else "")
    return text + (_CHINESE[ones] if ones or not tens else "")


_WRITERS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(("lowerRoman", "lower-roman"), _roman),
    **dict.fromkeys(("upperRoman", "upper-roman"), lambda value: _roman(value).upper()),
    "cardinalText": _cardinal,
    "ordinalText": _ordinal_words,
    "ordinal": lambda value: f"{value}{_suffix(value)}",
    **dict.fromkeys(("decimalZero", "decimal-leading-zero"), lambda value: f"{value:02d}"),
    "decimalFullWidth": _full_width,
    "chicago": _chicago,
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), _circled),
    **dict.fromkeys(
        (
            *("chineseCounting", "chineseCountingThousand", "ideographDigital"),
            *("taiwaneseCounting", "taiwaneseCountingThousand"),
            *("japaneseCounting", "koreanCounting", "cjk-ideographic", "cjk-decimal"),
        ),
        _chinese,
    ),
}
