"""Numbers and dates of a text, in one form for comparing, however they are written.

"25 %", "twenty-five percent" and "25 per cent" are one quantity; so are "1.2 million" and
"1,200,000", "12 March 2021" and "2021-03-12". What can be read in two ways ("1.234", "03/04/2021")
has both readings. A number in a name ("COVID-19") is part of the name, not a quantity.

Words for small counts ("three reasons") are marked: a writer counts what a source does not number.
Refuses nothing; the numerals of other languages than English are not known. Linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile, zip_longest

from docsum_nb.documents.quantity_words import (
    APPROXIMATE,
    MONTHS,
    NUMERALS,
    SCALES,
    UNIT_SIGNS,
    UNITS,
)

__all__ = ["Date", "Quantity", "quantities"]

Date = tuple[int | None, int | None, int | None]
"""Year, month, day; ``None`` for what is not named."""


@dataclass(frozen=True)
class Quantity:
    """A number or a date."""

    start: int
    end: int
    values: tuple[Decimal, ...] = ()
    """The readings of a number; empty for a date."""
    dates: tuple[Date, ...] = ()
    """The readings of a date; empty for a number."""
    unit: str = ""
    """The one name of its unit; empty if none is known."""
    counted: bool = False
    """Whether it is a numeral up to ten without a unit: rather a count of the writer's own."""
    half_step: Decimal = Decimal(0)
    """Half of its last digit's place, in which numbers are rounded to it; 0 if none are."""


_MOST_DIGITS = 30
_LETTER = "A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
_GROUP = "['’\u00a0\u202f\u2009 ]"
_SIGNS = re.escape(UNIT_SIGNS)
_DIGITS = re.compile(
    rf"(?<![{_LETTER}\d_])(?<![A-Z][-\u2010\u2011])(?<!\d[.,:])"
    rf"(?P<sign>[{_SIGNS}][^\S\n]?)?"
    rf"(?P<digits>\d{{1,3}}(?:{_GROUP}\d{{3}})++(?!\d)(?:[.,]\d++)?|\d++(?:[.,:]\d++)*+)"
)
# The beginning of a name that ends with a number: "Covid-19", "Senseval-3".
_NAMED = re.compile(rf"(?<![{_LETTER}\d_])[A-ZÀ-ÖØ-Þ][{_LETTER}]{{1,24}}+[-\u2010\u2011]\Z")
_REFERENCE_CHARS = 40
# Before the year of a work.
_REFERENCE = re.compile(
    r"\bet al\b\.?,?[ ]\(?\Z|[(;][ ]?[A-Z][\w'’-]{1,15}[ ](?:and|&)[ ][A-Z][\w'’-]{1,15},?[ ]\Z"
)
_HALF = re.compile(r"[ -]and[ -]a[ -]half\b", re.IGNORECASE)
_NUMERAL = "|".join(sorted(NUMERALS, key=len, reverse=True))
_ONE = "|".join(word for word, value in NUMERALS.items() if 0 < value < 10)
_BIG = "hundred|thousand|million|billion|trillion"
_SPOKEN = re.compile(
    rf"(?<![{_LETTER}\d_'’-])(?:an?[ ](?:{_BIG}|dozen)|{_NUMERAL}|hundred(?=[ ]per[ ]?cent))"
    # Transcripts have blanks around hyphens: "forty - five".
    rf"(?:(?:[ ]and[ ]|[ \u00a0]|-|(?<=ty)[ ]-[ ](?=(?:{_ONE})(?![{_LETTER}])))"
    rf"(?:{_NUMERAL}|{_BIG}|dozen|point)){{0,12}}+(?![{_LETTER}\d_])",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"(?:[ \u00a0\u202f-]?(?P<scale>[{_LETTER}]{{1,9}}|[百千万萬億亿兆])(?![{_LETTER}])\.?)?"
    rf"(?:[ \u00a0\u202f-]?(?P<unit>per[ ]cent|[%％٪{_SIGNS}元円]"
    rf"|[{_LETTER}]{{1,12}}(?![{_LETTER}])))?"
)
# Between the two numbers of a range, of which the second alone may have a unit and a scale.
_RANGE = re.compile(r"\s?(?:[-\u2010-\u2014]|to|or|and)\s?")
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_NOT_IN = rf"(?<![{_LETTER}\d_])"
_YEAR = r"(?:,?\s{1,2}(?:de\s|of\s)?(?P<y>[12]\d{3})(?!\d))"
_DATES = (
    re.compile(
        rf"{_NOT_IN}(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|er|º)?\s{{1,2}}(?:of\s|de\s)?"
        rf"(?P<month>{_MONTH})(?![{_LETTER}])\.?{_YEAR}?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_NOT_IN}(?P<month>{_MONTH})(?![{_LETTER}])\.?\s{{1,2}}"
        rf"(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.:,]\d|\d){_YEAR}?"
        r"|(?P<only>[12]\d{3})(?!\d))",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d-])(?P<y>[12]\d{3})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?![\d-])"),
    re.compile(r"(?<![\d./])(?P<one>\d{1,2})(?P<by>[./])(?P<two>\d{1,2})(?P=by)(?P<y>\d{4})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})[年년]\s?(?P<m>\d{1,2})[月월](?:\s?(?P<d>\d{1,2})[日일])?"),
)
_SEPARATORS = re.compile(_GROUP)
_PARTS, _MARKS = re.compile("[.,:]"), re.compile("[.,]")
_FILLING = ("a", "an", "and")
_TIMES = {"hundred": 100, "dozen": 12}
_WORD = re.compile(rf"[{_LETTER}]++")


def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers and dates of a text, in order.

    Args:
        text: Any text.

    Returns:
        Dates, and the numbers outside of them.
    """
    if not any(map(str.isdigit, text)) and not _SPOKEN.search(text):
        return ()
    dates = _apart(each for pattern in _DATES for each in _dated(pattern, text))
    found = _apart([*dates, *_numbers(text)])
    return tuple(_as_begun(text, each, after) for each, after in zip_longest(found, found[1:]))


def _as_begun(text: str, quantity: Quantity, after: Quantity | None) -> Quantity:
    """Return a number with the unit and the scale of the one that ends its range: "8-30%"."""
    if after is None or quantity.unit or not (after.unit and quantity.values and after.values):
        return quantity
    if not _RANGE.fullmatch(text, quantity.end, after.start):
        return quantity
    return replace(quantity, unit=after.unit, counted=False)


def _apart(found: Iterable[Quantity]) -> list[Quantity]:
    """Return what does not overlap anything before it, in order of place."""
    kept: list[Quantity] = []
    taken: set[int] = set()
    for each in found:
        place = range(each.start, each.end)
        if taken.isdisjoint(place):
            taken.update(place)
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


def _dated(pattern: re.Pattern[str], text: str) -> Iterator[Quantity]:
    for match in pattern.finditer(text):
        parts = match.groupdict()
        name = parts.get("month")
        if name is not None and name.islower() and name in ("may", "mar", "dec", "set"):
            continue
        year = parts.get("y") or parts.get("only")
        day = parts.get("d")
        if "one" in parts:
            one, two = int(match["one"]), int(match["two"])
            months = [(two, one), (one, two)] if match["by"] == "/" else [(two, one)]
        else:
            month = MONTHS[name.lower()] if name else int(match["m"])
            months = [(month, int(day) if day else 0)]
        dates = tuple(
            (int(year) if year else None, month, day or None)
            for month, day in months
            if 1 <= month <= 12 and 0 <= day <= 31
        )
        if dates:
            yield Quantity(*match.span(), dates=dates)


def _numbers(text: str) -> Iterator[Quantity]:
    """Yield the numbers of a text, those in digits first."""
    for match in _DIGITS.finditer(text):
        digits = match["digits"]
        if len(digits) > _MOST_DIGITS:
            continue
        if _NAMED.search(text[max(0, match.start() - _MOST_DIGITS) : match.start()]):
            continue
        values, decimals = _readings(digits)
        found = _measured(text, match, values, decimals, (match["sign"] or "").strip())
        label = _is_label(text, match) or _is_reference(text, match)
        yield replace(found, counted=True) if label else found
    for match in _SPOKEN.finditer(text):
        for value, start, end in _spoken(match.group()):
            half = _HALF.match(text, match.start() + end)
            if half:
                value, end = value + Decimal("0.5"), half.end() - match.start()
            # A price: "twelve fifty".
            cents = (value / 100,) if 1000 < value < 10_000 and value % 100 >= 10 else ()
            yield _measured(text, match, (value, *cents), 0, "", (start, end))


def _is_label(text: str, match: re.Match[str]) -> bool:
    """Return whether a number labels an item of a list, as in "1) first, (2) then"."""
    start, end = match.span()
    return (
        end - start <= 2
        and text[end : end + 1] == ")"
        and (start == 0 or text[start - 1] == "(" or text[start - 1].isspace())
    )


def _is_reference(text: str, match: re.Match[str]) -> bool:
    """Return whether a year is part of the name of a work: "Yang et al 2003", "(A and B, 2005)"."""
    digits = match["digits"]
    before = text[max(0, match.start() - _REFERENCE_CHARS) : match.start()]
    is_year = len(digits) == 4 and digits.isdecimal() and digits[:2] in ("19", "20")
    return is_year and _REFERENCE.search(before) is not None


def _measured(
    text: str,
    match: re.Match[str],
    values: tuple[Decimal, ...],
    decimals: int,
    sign: str,
    span: tuple[int, int] | None = None,
) -> Quantity:
    """Return a number with the scale and the unit that stand behind it."""
    start = match.start() + (span[0] if span else 0)
    end = match.start() + span[1] if span else match.end()
    after = _AFTER.match(text, end)
    scale_word = (after["scale"] or "").lower() if after else ""
    unit_word = (after["unit"] or "").lower() if after else ""
    scale = 1
    if scale_word in SCALES and not (scale_word == "m" and span):
        scale = SCALES[scale_word]
    elif scale_word:
        # What is no scale may be the unit.
        unit_word = scale_word if scale_word != "per" else scale_word + " " + unit_word
    unit = UNITS.get(sign) or UNITS.get("percent" if unit_word == "per cent" else unit_word, "")
    scaled = tuple(dict.fromkeys(value * scale for value in values))
    step = Decimal(scale) / (2 * 10**decimals)
    if _is_approximate(text, start) and scaled[0]:
        step = max(step, min(_place(scaled[0]) / 2, scaled[0] / 40))
    rounded = scale > 1 or decimals or unit or step > 1
    return Quantity(
        start,
        end,
        # "5m" is five million or five meters.
        scaled if scale_word != "m" else (*scaled, *values),
        unit=unit,
        counted=span is not None and scale == 1 and not unit and values[0] <= 10,
        half_step=step
        if rounded and scaled[0] and step / scaled[0] <= Decimal("0.05")
        else Decimal(0),
    )


def _place(value: Decimal) -> Decimal:
    """Return the place of a number's last digit that is not 0: 100 of 3,400."""
    exponent = value.normalize().as_tuple().exponent
    return Decimal(10) ** int(exponent)


def _is_approximate(text: str, start: int) -> bool:
    before = _WORD.findall(text[max(0, start - 20) : start].lower())
    return bool(before) and before[-1] in APPROXIMATE


def _readings(digits: str) -> tuple[tuple[Decimal, ...], int]:
    """Return what digits with separators may mean, and the number of decimals of the first."""
    if ":" in digits:
        # A time, or a ratio: its parts as one number that no other is.
        parts = _PARTS.split(digits)
        return (sum((Decimal(part) / 1000**at for at, part in enumerate(parts)), Decimal(0)),), 0
    joined = _SEPARATORS.sub("", digits)
    grouped = joined != digits
    marks = {mark for mark in joined if mark in ".,"}
    last = max(joined.rfind("."), joined.rfind(","))
    if not marks:
        pieces = [Decimal(piece) for piece in _SEPARATORS.split(digits)] if " " in digits else []
        return (Decimal(joined), *pieces), 0
    groups = _MARKS.split(joined)
    if len(marks) == 2 or (grouped and len(groups) == 2):
        whole = _MARKS.sub("", joined[:last])
        return (Decimal(f"{whole}.{joined[last + 1 :]}"),), len(joined) - last - 1
    thousands = len(groups[0]) <= 3 and all(len(each) == 3 for each in groups[1:])
    if len(groups) > 2:
        indian = marks == {","} and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[1:-1])
        if thousands or indian:
            return (Decimal("".join(groups)),), 0
        # A version or a list: each of its numbers, and the first two as one.
        return (Decimal(f"{groups[0]}.{groups[1]}"), *map(Decimal, groups)), 0
    number = Decimal(f"{groups[0]}.{groups[1]}")
    if thousands and groups[0] != "0":
        first = Decimal("".join(groups))
        return ((first, number) if marks == {","} else (number, first)), 0
    return (number,), len(groups[1])


def _spoken(run: str) -> Iterator[tuple[Decimal, int, int]]:
    """Yield the numbers of a run of numerals, each with its span in it."""
    found = [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(run)]
    at = 0
    while at < len(found):
        value, taken = _first_number([word for word, _, _ in found[at:]])
        if taken:
            yield value, found[at][1], found[at + taken - 1][2]
        at += max(1, taken)


def _first_number(words: Sequence[str]) -> tuple[Decimal, int]:
    """Return the number that words begin with, and how many of them it takes."""
    total, group, taken, last = 0, 0, 0, 0
    for at, word in enumerate(words):
        if word in _FILLING:
            continue
        if word == "point" and taken and (digits := _digits(words[at + 1 :])):
            return _with_scale(Decimal(f"{total + group}.{digits}"), words, at + 1 + len(digits))
        if word in NUMERALS:
            value = NUMERALS[word]
            if taken and not _goes_on(last, value, total):
                break
            # "nineteen ninety-eight" is a year.
            group = group * 100 + value if 10 <= last < 100 and value >= 10 else group + value
            last = value
        elif word in _TIMES:
            group, last = max(1, group) * _TIMES[word], 100
        elif word in SCALES:
            total, group, last = total + max(1, group) * SCALES[word], 0, 1000
        else:
            break
        taken = at + 1
    return Decimal(total + group), taken


def _goes_on(last: int, value: int, total: int) -> bool:
    """Return whether a numeral belongs to the one before it."""
    ones = 0 < value < 10 and last >= 20 and last % 10 == 0
    year = 10 <= last < 100 and value >= 10 and not total
    return ones or year or last >= 100


def _digits(words: Sequence[str]) -> str:
    """Return the digits that numerals below ten spell out."""
    found = takewhile(lambda value: value < 10, (NUMERALS.get(each, 10) for each in words))
    return "".join(map(str, found))


def _with_scale(value: Decimal, words: Sequence[str], taken: int) -> tuple[Decimal, int]:
    scale = SCALES.get(words[taken], 1) if taken < len(words) else 1
    return value * scale, taken + (scale > 1)
