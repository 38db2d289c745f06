"""The numbers and dates of a source, to find others in: exactly, or more precisely than asked.

Decides when a source has a quantity: with the same unit or where one of both names none, within
the rounding of what is asked. Also how likely a number is to be there by chance. Refuses nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from decimal import Decimal

from docsum_nb.documents.quantities import Date, Quantity

__all__ = ["Quantities", "share_of_alike"]

_FIRST_YEAR, _YEARS = 1900, 100
_YEAR_FORM = (4, -1)
_MOST_ALIKE = 50  # numbers of a source that one may be rounded from


class Quantities:
    """The quantities of a source, to find others in.

    Args:
        found: Those of the source.
    """

    def __init__(self, found: Iterable[Quantity]) -> None:
        self._units: dict[Decimal, set[str]] = {}
        self._years: dict[tuple[int | None, int | None], set[int | None]] = {}
        """By month and day, and by month alone."""
        for each in found:
            for value in each.values:
                self._units.setdefault(value, set()).add(each.unit)
            for date in each.dates:
                year, month, day = date
                for key in {(month, day), (month, None)}:
                    self._years.setdefault(key, set()).add(year)
                # Its parts are numbers too: a summary may name the year alone.
                for part in date:
                    if part is not None:
                        self._units.setdefault(Decimal(part), set()).add("")
        self._sorted = sorted(self._units)

    def holds(self, quantity: Quantity) -> bool:
        """Return whether the source has a quantity, exactly or more precisely."""
        if quantity.dates:
            return any(map(self._has_date, quantity.dates))
        return any(self._has(value, quantity) for value in quantity.values)

    def _has(self, value: Decimal, quantity: Quantity) -> bool:
        low = bisect_left(self._sorted, value - quantity.half_step)
        high = bisect_right(self._sorted, value + quantity.half_step)
        return any(
            not quantity.unit or quantity.unit in units or "" in units
            for each in self._sorted[low : min(high, low + _MOST_ALIKE)]
            if (units := self._units[each])
        )

    def _has_date(self, date: Date) -> bool:
        year, month, day = date
        years = self._years.get((month, day), set())
        # A source names its year once, and then days alone.
        elsewhere = None in years and year is not None and Decimal(year) in self._units
        return bool(years) and (year is None or year in years or elsewhere)


def share_of_alike(value: Decimal, values: Iterable[Decimal]) -> float:
    """Return the share of all numbers that look like one which others make up.

    Args:
        value: The number.
        values: The others, none of them twice.

    Returns:
        0 to 1. Alike are numbers with as many digits and decimals, of years those of a century.
    """
    form = _form(value)
    count = sum(_form(each) == form for each in values)
    return min(1.0, count / (_YEARS if form == _YEAR_FORM else 9 * 10 ** (form[0] - 1)))


def _form(value: Decimal) -> tuple[int, int]:
    """Return the number of a value's digits and of its decimals; a year has a form of its own."""
    digits = value.as_tuple()
    decimals = max(0, -int(digits.exponent))
    if not decimals and _FIRST_YEAR <= value < _FIRST_YEAR + 2 * _YEARS:
        return _YEAR_FORM
    return len(digits.digits), decimals
