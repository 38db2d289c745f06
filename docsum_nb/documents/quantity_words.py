"""Words that numbers, units and dates are written with.

Decides which words are numerals of English, scales ("million", "Mrd."), units and months of the
languages that documents are mostly in. A word that is not listed is no numeral: the numbers of
other languages count if they are written in digits. Holds data only.
"""

from __future__ import annotations

from typing import TypeVar

__all__ = ["APPROXIMATE", "MONTHS", "NUMERALS", "SCALES", "UNITS", "UNIT_SIGNS"]


T = TypeVar("T", int, str)


def _all(words: str, value: T) -> dict[str, T]:
    return dict.fromkeys(words.split(), value)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

NUMERALS: dict[str, int] = {
    **{word: value for value, word in enumerate(_ONES.split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), start=2)},
    "fourty": 40,
}
"""English numerals below a hundred."""

SCALES: dict[str, int] = {
    **_all("hundred 百", 10**2),
    **_all("thousand tausend tsd mille mil k 千", 10**3),
    **_all("万 萬", 10**4),
    "lakh": 10**5,
    **_all("million millions mln mio mn m millionen millón millones milhão milhões milioni", 10**6),
    "crore": 10**7,
    **_all("億 亿", 10**8),
    **_all("billion billions bn b mrd milliarde milliarden milliard milliards miliardi", 10**9),
    **_all("trillion trillions tn 兆", 10**12),
    "dozen": 12,
}
"""What a number is multiplied by if one of these follows it."""

UNITS: dict[str, str] = {
    **_all("% ％ ٪ percent pct prozent procent", "%"),
    **_all("$ usd dollar dollars us$", "$"),
    **_all("€ eur euro euros", "€"),
    **_all("£ gbp pounds sterling", "£"),
    **_all("¥ ￥ yen jpy cny rmb yuan 元 円", "¥"),
    **_all("₹ inr rupees", "₹"),
    **_all("km kilometer kilometers kilometre kilometres", "km"),
    **_all("meter meters metre metres", "meter"),
    **_all("mile miles", "mile"),
    **_all("feet ft foot", "foot"),
    **_all("kg kilogram kilograms kilo kilos", "kg"),
    **_all("ton tons tonne tonnes", "ton"),
    **_all("second seconds sec secs", "second"),
    **_all("minute minutes min mins", "minute"),
    **_all("hour hours hrs hr", "hour"),
    **_all("day days tage tagen", "day"),
    **_all("week weeks", "week"),
    **_all("month months", "month"),
    **_all("year years", "year"),
    **_all("mw megawatt megawatts", "MW"),
    **_all("gw gigawatt gigawatts", "GW"),
    **_all("mb megabytes", "MB"),
    **_all("gb gigabytes", "GB"),
}
"""The one name of each unit."""

UNIT_SIGNS = "$€£¥￥₹"
"""Units that stand before their number."""

APPROXIMATE = _words("""
    about around almost approximately circa nearly over roughly some under ca ungefähr etwa
    rund environ unos cerca
""")
"""Words before a rounded number."""

_MONTHS = (
    "january jan januar janvier enero januari",
    "february feb februar février febrero februari",
    "march mar märz mars marzo maart",
    "april apr avril abril aprile",
    "may mai mayo maggio mei",
    "june jun juni juin junio giugno",
    "july jul juli juillet julio luglio",
    "august aug août agosto augustus",
    "september sep sept septembre septiembre settembre",
    "october oct oktober octobre octubre ottobre",
    "november nov novembre noviembre",
    "december dec dezember décembre diciembre dicembre",
)
MONTHS: dict[str, int] = {
    word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()
}
"""From a month's name or abbreviation, in lower case, to its number."""
