from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.quantities import quantities
from docsum_nb.documents.quantity_set import Quantities, share_of_alike

SAME = [
    ("25 %", "twenty-five percent"),
    ("25%", "25 per cent"),
    ("25 %", "٢٥٪"),
    ("25 %", "２５％"),
    ("1.2 million", "1,200,000"),
    ("1.2 million", "1.200.000"),
    ("1.2 million", "1 200 000"),
    ("1.2 million", "1'200'000"),
    ("1.2 million", "one point two million"),
    ("1.2 million", "1,234,567"),  # rounded
    ("$1.2M", "1.2 million dollars"),
    ("€5bn", "5 billion euros"),
    ("1,5 Mio. Euro", "€1.5 million"),
    ("12 %", "12.4 %"),
    ("1998", "nineteen ninety-eight"),
    ("250", "two hundred and fifty"),
    ("123,400", "one hundred twenty-three thousand four hundred"),
    ("12,34,567", "1234567"),
    ("12 March 2021", "2021-03-12"),
    ("March 12, 2021", "12.03.2021"),
    ("March 2021", "12 March 2021"),
    ("12. März 2021", "March 12th, 2021"),
    ("12 March 2021", "2021年3月12日"),
    ("2021", "on 12 March 2021"),
    ("250,000", "25万"),
    ("a dozen eggs", "12 eggs"),
    ("about 250 people", "247 people"),
    ("10:30", "at 10:30 sharp"),
    ("12.5 euros", "twelve and a half euros"),
    ("12.50 euros", "twelve fifty"),
    ("2.5 million", "two and a half million"),
    ("45 minutes", "in forty - five minutes"),  # as transcripts have it
    ("100 %", "our fift uh hundred per cent profit"),
]
OTHER = [
    ("177,185 tweets", "about 177,000 users"),
    ("about 177,185 tweets", "177,301 tweets"),
    ("25 %", "26 %"),
    ("25 %", "twenty-four percent"),
    ("1.2 million", "1,300,000"),
    ("1.2 million", "1.2 billion"),
    ("$5", "5 euros"),
    ("5 km", "5 miles"),
    ("2004", "2000"),
    ("250 people", "247 people"),
    ("12 March 2021", "2021-03-13"),
    ("12 March 2021", "12 March 2020"),
    ("March 2021", "April 2021"),
    ("10:30", "10:45"),
    ("19 people", "COVID-19"),
    ("45 people", "forty - odd houses"),
]


@pytest.mark.parametrize(("sentence", "source"), SAME)
def test_one_quantity_however_it_is_written(sentence: str, source: str) -> None:
    (asked,) = quantities(sentence)
    assert Quantities(quantities(source)).holds(asked)


@pytest.mark.parametrize(("sentence", "source"), OTHER)
def test_other_quantities_are_not_taken_for_it(sentence: str, source: str) -> None:
    (asked,) = quantities(sentence)
    assert not Quantities(quantities(source)).holds(asked)


@pytest.mark.parametrize(
    "text", ["COVID-19 and GPT-4", "v1.2", "A1", "it may rain", "²³", "9" * 50]
)
def test_a_number_in_a_name_is_none(text: str) -> None:
    assert quantities(text) == ()


def test_a_writers_own_count_is_marked() -> None:
    """A source rarely says that it has three reasons; with a unit, the number is a fact."""
    assert [each.counted for each in quantities("three reasons, three meters, 3 reasons")] == [
        *(True, False, False),
    ]


@given(
    st.text(
        alphabet=st.sampled_from("0123456789.,:' -%$€mk月年日万 May12thtwofivepoint\n"), max_size=60
    )
)
def test_spans_are_within_the_text_and_apart(text: str) -> None:
    last = 0
    for each in quantities(text):
        assert last <= each.start < each.end <= len(text)
        assert bool(each.values) != bool(each.dates)
        last = each.end
    # Whatever is found in a text is held by it.
    source = Quantities(quantities(text))
    assert all(map(source.holds, quantities(text)))


@pytest.mark.parametrize("text", ["Covid-19 and Senseval-3 were named", "1) first (2) then"])
def test_numbers_of_names_and_lists_are_no_quantities(text: str) -> None:
    assert all(each.counted for each in quantities(text))


def test_a_number_of_many_digits_is_hardly_there_by_chance() -> None:
    found = quantities("The 3 mills of the 5 towns made 4,711 tons in 1999.")
    values = [value for each in found for value in each.values]
    assert share_of_alike(Decimal(4711), values) < 0.01 < 0.2 < share_of_alike(Decimal(3), values)


def test_a_range_has_one_unit() -> None:
    found = quantities("8-30% of it, 5 to 6 km, two or three hours; 7 and then 9 kg")
    assert [each.unit for each in found] == ["%", "%", "km", "km", "hour", "hour", "", "kg"]
