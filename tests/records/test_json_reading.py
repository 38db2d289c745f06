"""A Summary made from its JSON again."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from docsum_nb.errors import InputError
from docsum_nb.records import Chunk, ChunkSummary, Citation, DocumentSummary, Hit, Omission, Usage
from docsum_nb.results import Summary
from tests.results.result_samples import HOSTILE, ORDINARY

TEXT = st.text(st.characters(), max_size=20)  # lone surrogates included
WHOLE = st.integers(-(10**6), 10**6)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
USAGE = st.builds(Usage, WHOLE, WHOLE, WHOLE, st.none() | NUMBER)
HEADINGS = st.lists(TEXT, max_size=3).map(tuple)
CHUNK = st.builds(
    *(Chunk, TEXT, WHOLE, TEXT, WHOLE, WHOLE, WHOLE),
    headings=HEADINGS,
    page=st.none() | WHOLE,
    syntax=st.sampled_from(["markdown", "plain"]),
)
CITATION = st.builds(
    *(Citation, WHOLE, WHOLE, WHOLE, TEXT, TEXT, WHOLE, WHOLE, NUMBER),
    page=st.none() | WHOLE,
    headings=HEADINGS,
)
HIT = st.builds(
    *(Hit, TEXT, TEXT, NUMBER, st.dictionaries(TEXT, PLAIN, max_size=2), st.none() | TEXT),
    marks=st.lists(st.tuples(WHOLE, WHOLE), max_size=2).map(tuple),
)


def some(strategy: Any) -> Any:
    return st.lists(strategy, max_size=2).map(tuple)


SUMMARY = st.builds(
    *(Summary, TEXT, TEXT),
    citations=some(CITATION),
    documents=some(
        st.builds(
            *(DocumentSummary, TEXT, TEXT, WHOLE, TEXT),
            path=st.none() | TEXT,
            usage=USAGE,
            sha256=TEXT,
        )
    ),
    chunks=some(st.builds(ChunkSummary, CHUNK, TEXT, TEXT, cached=st.booleans(), usage=USAGE)),
    related=some(HIT),
    data=PLAIN,
    usage=USAGE,
    omitted=some(st.builds(Omission, TEXT, TEXT)),
    question=st.none() | TEXT,
    run_id=TEXT,
    seconds=NUMBER,
)


@given(SUMMARY)
def test_what_is_read_is_what_was_written(summary: Summary) -> None:
    """Any result comes back from its JSON equal in every field, whatever is in its texts."""
    assert Summary.from_json(summary.to_json()) == summary


@pytest.mark.parametrize("summary", [ORDINARY, HOSTILE])
def test_samples_come_back_and_can_be_shown(summary: Summary) -> None:
    """A result that was read is a result in every way."""
    read = Summary.from_json(summary.to_json())
    assert read == summary
    assert read.to_markdown() == summary.to_markdown()
    assert isinstance(read.citations[0].headings, tuple)


@pytest.mark.parametrize(
    ("kind", "strategy"), [(Summary, SUMMARY), (Chunk, CHUNK), (Citation, CITATION), (Hit, HIT)]
)
def test_every_field_of_every_record_is_drawn(kind: Any, strategy: Any) -> None:
    """A field that is added to a record and forgotten here would go untested."""
    found: set[str] = set()

    @given(strategy)
    def draw(record: Any) -> None:
        found.update(item.name for item in fields(record) if _is_set(record, item))

    draw()
    assert found == {item.name for item in fields(kind)}


def _is_set(record: Any, item: Any) -> bool:
    default = item.default_factory() if callable(item.default_factory) else item.default
    return bool(getattr(record, item.name) != default)


class Risk(BaseModel):
    level: str
    since: date
    amounts: tuple[int, ...]


def test_data_is_plain_unless_its_class_is_given() -> None:
    """Data comes back as JSON has it, or as the model class that is named."""
    risk = Risk(level="high", since=date(2026, 1, 2), amounts=(1, 2))
    text = replace(ORDINARY, data=risk).to_json()

    # What JSON has no word for is written as it reads.
    assert Summary.from_json(text).data["level"] == "high"
    assert Summary.from_json(text, response_model=Risk).data == risk
    assert Summary.from_json(ORDINARY.to_json(), response_model=Risk).data is None


@pytest.mark.parametrize("kind", [int, "Risk", Risk(level="a", since=date.min, amounts=())])
def test_what_is_no_model_class_is_refused(kind: Any) -> None:
    """Only a pydantic model class can be asked for."""
    with pytest.raises(InputError, match="pydantic model class"):
        Summary.from_json(replace(ORDINARY, data={"a": 1}).to_json(), response_model=kind)


def test_data_that_does_not_fit_is_refused() -> None:
    """The error names the class and what is wrong."""
    with pytest.raises(InputError, match=r"does not fit Risk: (?s:.*)level"):
        Summary.from_json(replace(ORDINARY, data={"x": 1}).to_json(), response_model=Risk)


def test_numbers_json_has_no_word_for_come_back_as_none_at_all() -> None:
    """A score that was not a number is not a number again; an unknown price stays unknown."""
    summary = replace(ORDINARY, related=(Hit("n", "p", math.nan),), usage=Usage(cost_usd=None))
    read = Summary.from_json(summary.to_json())
    assert math.isnan(read.related[0].score)
    assert read.usage.cost_usd is None


def test_json_of_an_earlier_version_is_read() -> None:
    """What was written before a field was there has its default."""
    value = json.loads(ORDINARY.to_json())
    for document in value["documents"]:
        del document["usage"]
    del value["related"][0]["marks"]
    read = Summary.from_json(json.dumps(value))
    assert read.documents == ORDINARY.documents
    assert read.related[0].marks == ()


def broken(path: str, value: Any) -> str:
    """Write the ordinary result with something wrong in one place."""
    whole = inner = json.loads(ORDINARY.to_json())
    *way, last = path.split(".")
    for step in way:
        inner = inner[int(step) if step.isdigit() else step]
    inner[last] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("null", "Summary is of type dict"),
        ("{}", "'text' is missing"),
        ('{"text": "a", "model": "b", "colour": 1}', "does not know"),
        (broken("text", 7), "Summary.text is of type str"),
        (broken("citations", {}), "Summary.citations is of type list"),
        (broken("citations.0.page", "3"), r"Summary.citations\[0\].page is of type int"),
        (broken("citations.0.number", [1]), r"citations\[0\].number is of type int"),
        (broken("related.0.score", "best"), r"related\[0\].score is a number"),
        (broken("related.0.marks", [[1, 2, 3]]), r"marks\[0\] has 3 items, not 2"),
        (broken("chunks.0.chunk", {"document": "a"}), r"chunks\[0\].chunk is no Chunk"),
        (broken("usage", None), "Summary.usage is of type dict"),
    ],
)
def test_rubbish_is_refused_by_name(text: str, said: str) -> None:
    """Whatever is wrong is an input error of one line that names the place."""
    with pytest.raises(InputError, match=said) as caught:
        Summary.from_json(text)
    assert "\n" not in str(caught.value)


def test_bytes_are_refused() -> None:
    """JSON is a text."""
    with pytest.raises(InputError, match="not bytes"):
        Summary.from_json(b"{}")  # type: ignore[arg-type]


@given(st.recursive(st.none() | st.booleans() | WHOLE | TEXT, lambda x: st.lists(x)) | PLAIN)
def test_any_other_json_is_an_input_error(value: Any) -> None:
    """No JSON of something else raises anything but an input error."""
    with pytest.raises(InputError):
        Summary.from_json(json.dumps(value))
