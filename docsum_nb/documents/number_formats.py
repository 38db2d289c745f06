"""Write the numbers of spreadsheets as they are shown: dates, times, percentages, decimals.

Decides by the format's code what kind of number it is. Dates are written as ``2020-05-31``, which
reads alike everywhere. Refuses nothing: a number whose format is not understood is written plainly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

__all__ = ["shown"]

BUILT_IN = {
    **{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00"},
    **{14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss"},
    **{20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 45: "mm:ss", 46: "[h]:mm:ss"},
    **dict.fromkeys((37, 38), "#,##0"),
    **dict.fromkeys((39, 40, 43, 44), "#,##0.00"),
    **dict.fromkeys(range(27, 37), "yyyy-mm-dd"),
    **dict.fromkeys(range(50, 59), "yyyy-mm-dd"),
    47: "mm:ss",
    48: "0.00E+00",
}
_LONGEST_CODE = 255
_QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_BRACKETS = re.compile(r"\[(?:\$([^\[\]-]*+)[^\[\]]*+|[^\[\]]*+)\]")
_CONDITION = re.compile(r"\[[<>=]")
_ELAPSED = re.compile(r"\[(?:h++|m++|s++)\]", re.IGNORECASE)
_DIGITS = re.compile(r"[#0?][#0?,. ]*")
_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)
_DAY = re.compile(r"[yd]", re.IGNORECASE)
_MOST_THOUSANDS = 10
_LARGEST_SERIAL = 2_958_466


@dataclass(frozen=True)
class _Format:
    kind: str
    """``"general"``, ``"date"``, ``"time"``, ``"elapsed"``, ``"scientific"`` or ``"number"``."""
    decimals: int = 0
    grouped: bool = False
    percent: bool = False
    thousands: int = 0
    """How often a number is divided by 1,000 before it is shown."""
    before: str = ""
    after: str = ""


def shown(value: str, code: str, *, from_1904: bool = False) -> str:
    """Return a number as a spreadsheet shows it.

    Args:
        value: The stored number.
        code: Its format, such as ``"0.0%"``; empty if it has none.
        from_1904: Whether days are counted from 1904 rather than from 1900.
    """
    try:
        number = float(value[:400])
    except ValueError:
        return value
    if number != number or number in (float("inf"), float("-inf")):
        return value
    form = _parsed(code[:_LONGEST_CODE])
    if form.kind in ("date", "time", "elapsed"):
        return _moment(number, form.kind, from_1904=from_1904)
    if form.kind == "general" or abs(number) >= 1e15:
        return _plain(number)
    if form.kind == "scientific":
        return f"{number:.{form.decimals}E}"
    scaled = abs(number) * (100 if form.percent else 1) / 1000**form.thousands
    digits = f"{scaled:{',' if form.grouped else ''}.{form.decimals}f}"
    sign = "-" if number < 0 and any(each in "123456789" for each in digits) else ""
    return f"{sign}{form.before}{digits}{'%' if form.percent else ''}{form.after}"


def _plain(number: float) -> str:
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.15g}"


def _moment(number: float, kind: str, *, from_1904: bool) -> str:
    if abs(number) >= 1e15:
        return _plain(number)
    if kind == "elapsed" or not 0 <= number < _LARGEST_SERIAL:
        seconds = round(abs(number) * 86_400)
        sign = "-" if number < 0 else ""
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    # A day that never was, 29 February 1900, is counted.
    days = number + (1462 if from_1904 else 1 if number < 60 else 0)
    try:
        moment = datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return _plain(number)
    time = f"{moment:%H:%M}" + (f":{moment:%S}" if moment.second else "")
    if kind == "time":
        return time if number < 1 else f"{moment.date().isoformat()} {time}"
    return moment.date().isoformat() + ("" if number == int(number) else f" {time}")


@lru_cache(maxsize=1024)
def _parsed(code: str) -> _Format:
    # The parts after the first are those for negative numbers, zero and text.
    first = _first_part(code)
    if not first or first.strip().lower() in ("general", "@", "standard"):
        return _Format("general")
    if _CONDITION.search(code):
        # Which of its parts is meant depends on the number.
        return _Format("general")
    if _ELAPSED.search(first):
        return _Format("elapsed")
    bare = _QUOTED.sub("", _BRACKETS.sub("", first))
    bare = bare.replace("AM/PM", "h").replace("A/P", "h")
    if _DATE.search(bare.lower().replace("general", "")) and not _DIGITS.search(
        bare.replace(".0", "").replace(".00", "")
    ):
        return _Format("date" if _DAY.search(bare) or "mmm" in bare else "time")
    digits = _DIGITS.search(bare)
    if digits is None or "?/" in bare or "/" in bare:
        return _Format("general")
    pattern = digits.group().strip()
    decimals = sum(each in "0#?" for each in pattern.rpartition(".")[2]) if "." in pattern else 0
    if "E+" in bare.upper() or "E-" in bare.upper():
        return _Format("scientific", decimals)
    spelled = _QUOTED.sub(_literal, _BRACKETS.sub(_currency, first))
    place = _DIGITS.search(spelled)
    before = spelled[: place.start()] if place else ""
    after = spelled[place.start() + len(place.group().rstrip()) :] if place else ""
    return _Format(
        "number",
        decimals,
        "," in pattern.partition(".")[0].rstrip(","),
        "%" in bare,
        min(len(pattern) - len(pattern.rstrip(",")), _MOST_THOUSANDS),
        before.replace("%", "").replace("(", "").lstrip(" -+"),
        after.replace("%", "").replace(")", "").rstrip(),
    )


def _first_part(code: str) -> str:
    """Return what stands before the first semicolon that is not quoted."""
    quoted = False
    for at, character in enumerate(code):
        if character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            return code[:at]
    return code


def _literal(match: re.Match[str]) -> str:
    # Signs that would be taken for digits are of no use in a text before or after a number.
    return (match[1] or match[2] or "").translate({ord(each): None for each in "#0?"})


def _currency(match: re.Match[str]) -> str:
    return match[1] or ""
