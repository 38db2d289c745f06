"""A model that is asked for its sources: its marks are read, verified, removed and carried on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.documents.cite import cite
from docsum_nb.documents.source_marks import unmarked
from docsum_nb.errors import InputError
from docsum_nb.pipeline.sizes import MARK_TOKENS
from docsum_nb.records import Chunk, SourceSpan
from docsum_nb.results import Summary
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.ledger_samples import model_of, summarize

MILL = (
    "The mill at Riverton stands beside the upper weir and employs 140 people of the town. It made "
    "3.2 million tons of steel in 2021, more than in any year before. "
)
OWNERS = (
    "Its proprietors have refused several offers of late, and they told the council in spring that "
    "the works would stay in the family for as long as the furnace burns. "
)
ROAD = (
    "The road to the harbor was closed for nine weeks while the pipes below it were renewed, and "
    "the buses went round by the old bridge until the end of August. "
)
FILLER = "Some people of the town walk along the river in the evening, and others sit by it. " * 4
PARTS = [f"{each}{FILLER}\n\n" for each in (MILL, OWNERS, ROAD)]
TEXT = "".join(PARTS)
TRUE = "In 2021 the mill made 3.2 million tons of steel"
FREE = "A sale is ruled out by the proprietors"  # shares one word with its passage
GERMAN = "Im Jahr 2021 wurden dort 3,2 Millionen Tonnen erzeugt"


def places() -> tuple[SourceSpan, ...]:
    ends = [sum(map(len, PARTS[:at])) for at in range(4)]
    return tuple(SourceSpan("mill", a, b) for a, b in pairwise(ends))


def cited(answer: str) -> dict[str, str]:
    """Return the passages of an answer by its sentences."""
    found = unmarked(answer, places(), TEXT)
    chunk = Chunk("mill", 0, TEXT, 0, len(TEXT), len(TEXT) // 4)
    citations = cite(found.text, [chunk], found.marks)
    assert all(TEXT[each.source_start : each.source_end] == each.passage for each in citations)
    return {found.text[each.start : each.end]: each.passage for each in citations}


def test_a_mark_finds_what_words_alone_do_not() -> None:
    """In free words, and in another language, where numbers are all there is to verify it by."""
    assert cited(f"{FREE}. {GERMAN}.") == {}
    found = cited(f"{FREE} [#2]. {GERMAN} [#1].")
    assert "proprietors" in found[f"{FREE}."]
    assert "3.2 million" in found[f"{GERMAN}."]


@pytest.mark.parametrize(
    "answer",
    [
        f"{FREE} [#3].",
        "The mill made 4.7 million tons of steel in 2021 [#1].",
        "Tourists praise the beaches and the lovely wine [#1].",
        "The works were founded by Otto Krause [#2].",
        "Im Jahr 2021 wurden dort 7,9 Millionen Tonnen erzeugt [#1].",
        "Die Besitzer wollen es nicht verkaufen [#2].",
    ],
)
def test_a_mark_that_is_wrong_is_not_taken(answer: str) -> None:
    """Another passage, another number, another name, an invention, what nothing can verify."""
    assert cited(answer) == {}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda call: Reply(f"{TRUE}.")) as running:
        yield running


def asked(server: ScriptedServer, source: dict[str, str], ledger: Path) -> Summary:
    settings = {"model": model_of(server), "length": 60, "ask_citations": True}
    return summarize(source, ledger=ledger, **settings).result()


def test_marks_are_asked_for_and_taken_out_and_wrong_ones_counted(
    server: ScriptedServer, tmp_path: Path
) -> None:
    prompts: list[str] = []

    def script(call: Call) -> Reply:
        prompts.append(call.prompt)
        return Reply(f"{TRUE} [#1]. {FREE} [#2]. Penguins raise their young [#1]. It rained [#77].")

    server.script = script
    summary = asked(server, {"mill": TEXT}, tmp_path / "ledger")
    assert summary.text == f"{TRUE}. {FREE}. Penguins raise their young. It rained."
    assert "[#1] The mill" in prompts[0]
    assert "[#3] The road" in prompts[0]
    assert [summary.text[each.start : each.end] for each in summary.citations] == [
        f"{TRUE}.",
        f"{FREE}.",
    ]
    (reason,) = [each.reason for each in summary.omitted]
    assert reason.startswith("not used: 1 of 3 name a passage that does not support")
    assert "1 number of no passage" in reason
    check = summary.check()
    assert any("1 of 3" in each for each in check.unchecked)
    assert [each.cited for each in check.sentences] == [True, True, False, False]
    assert [each.kind for each in check.findings] == ["unsupported", "unsupported"]
    again = asked(server, {"mill": TEXT}, tmp_path / "ledger")  # from the ledger
    assert (again.text, again.citations) == (summary.text, summary.citations)
    assert len(prompts) == 1


def test_marks_are_carried_through_merges(server: ScriptedServer, tmp_path: Path) -> None:
    """Under the numbers of the merge; a summary's own marks are in its text no more."""
    merges: list[str] = []

    def script(call: Call) -> Reply:
        if "Merge them" not in call.prompt:
            own = FREE if "proprietors" in call.prompt else "The bridge served the buses"
            return Reply(f"{own} [#1].")
        merges.append(call.prompt)
        number = re.search(re.escape(FREE) + r" \[(#\d)\]", call.prompt)
        assert number is not None
        return Reply(f"{FREE} [{number[1]}].")

    server.script = script
    sources = {"road": ROAD + FILLER, "owners": OWNERS + FILLER}
    summary = asked(server, sources, tmp_path / "ledger")
    assert len(merges) == 1
    assert summary.text == f"{FREE}."
    assert {each.text for each in summary.documents} == {
        f"{FREE}.",
        "The bridge served the buses.",
    }
    (citation,) = summary.citations
    assert citation.document == "owners"
    assert citation.passage in OWNERS
    assert not summary.omitted


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (f"{TRUE}.", f"{TRUE}."),  # as if nothing had been asked
        (f"{TRUE} (1).", f"{TRUE}."),
        (" ", None),
    ],
)
def test_a_model_that_does_otherwise_still_works(
    server: ScriptedServer, tmp_path: Path, answer: str, text: str | None
) -> None:
    """What is no summary is asked for again, and then an error, as without marks."""
    server.script = lambda call: Reply(answer)
    if text is None:
        with pytest.raises(Exception, match=r"empty|no text|blank|nothing"):
            asked(server, {"mill": TEXT}, tmp_path / "ledger")
        return
    summary = asked(server, {"mill": TEXT}, tmp_path / "ledger")
    assert summary.text == text
    assert len(summary.citations) == 1


def test_marks_alone_are_no_summary(server: ScriptedServer, tmp_path: Path) -> None:
    """It is asked for again, and said if nothing better comes."""
    server.script = lambda call: Reply(f"{FREE} [#2]." if call.number else "[#1] [#2]")
    assert asked(server, {"mill": TEXT}, tmp_path / "ledger").text == f"{FREE}."
    server.script = lambda call: Reply("[#1] [#2]")
    summary = asked(server, {"mill": TEXT}, tmp_path / "other")
    assert "holds no words" in summary.omitted[0].reason


def test_the_plan_has_the_same_calls_and_room_for_the_numbers() -> None:
    model = ds.Model("openai/gpt-4o-mini")
    sources = {"a": TEXT * 30, "b": TEXT}
    plain = ds.plan(sources, model=model)
    other = ds.plan(sources, model=model, ask_citations=True)
    assert other.calls == plain.calls
    assert other.tokens >= plain.tokens + plain.calls * MARK_TOKENS


def test_the_extractive_model_takes_no_such_request() -> None:
    with pytest.raises(InputError, match="ask_citations"):
        ds.plan({"a": TEXT}, ask_citations=True)
