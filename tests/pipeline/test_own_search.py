"""A search of the user's own in the place of a library."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.pipeline import api, own_search
from docsum_nb.pipeline.own_search import hits_of
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import LONG_S, TEXTS, model_of, summarize

DUES = "Harbour dues are owed by every ship."


@dataclass
class Row:
    title: str
    page_content: str
    metadata: dict[str, Any]


def names_of(library: Any, **options: Any) -> list[str]:
    summary = summarize(TEXTS, library=library, **options).result(LONG_S)
    assert ds.Summary.from_json(summary.to_json()) == summary
    return [hit.name for hit in summary.related]


def by_both(query: str, k: int) -> Any:
    return [{"name": "dues", "passage": DUES}][:k]


def by_keyword(query: str, *, limit: int = 3) -> Any:
    return [("dues", DUES)]


async def later(query: str, k: int) -> Any:
    await asyncio.sleep(0)
    return by_both(query, k)


class Searcher:
    def __call__(self, query: str, k: int) -> Any:
        return by_both(query, k)

    def search(self, query: str) -> Any:
        return iter(by_both(query, 1))


@tool("dues")
def dues_tool(query: str) -> str:
    """Search the dues."""
    return DUES


@pytest.mark.parametrize(
    "library",
    [by_both, by_keyword, later, Searcher(), Searcher().search, lambda query, k: by_both(query, k)],
)
def test_functions_are_searched(library: Callable[..., Any]) -> None:
    """Synchronous or not, with a number of documents or without one."""
    assert names_of(library) == ["dues"]


def test_tools_are_searched(tmp_path: Path) -> None:
    """A CrewAI tool gives a text; the tool of a library its documents."""
    assert names_of(dues_tool) == ["dues"]
    library = ds.Library(tmp_path / "library")
    library.add({"dues": DUES, "knitting": "Purl two."})
    assert names_of(ds.LibrarySearchTool(library)) == ["dues"]


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (None, []),
        ([], []),
        ("a text", ["db"]),
        (["one", "two"], ["db 1", "db 2"]),
        ([("a", "text"), ("b", "text", 0.5)], ["a", "b"]),
        ([{"title": "a", "content": "text", "score": "high"}, {"id": 7, "text": "t"}], ["a", "7"]),
        ({"results": [{"url": "http://x", "snippet": "text"}]}, ["http://x"]),
        ([Row("a", "text", {"page": 2, "odd": object()})], ["a"]),
        ([(Row("a", "text", {}), 0.25)], ["a"]),
        ([{"document": Row("a", "text", {}), "score": 2}], ["a"]),
        ([{"page_content": "text", "metadata": {"source": "s.pdf"}}], ["s.pdf"]),
        ([{"name": "a", "text": "1"}, {"name": "a", "text": "2"}], ["a"]),
        ([ds.Hit("a", "text", 1.0)], ["a"]),
        ([{"name": "\ud800", "text": "\ud800", "score": float("nan")}], ["?"]),
    ],
)
def test_usual_results_are_accepted(found: Any, names: list[str]) -> None:
    """Each document once, in the order of the search; scores and metadata that JSON can hold."""
    hits = hits_of(found, "db")
    assert [hit.name for hit in hits] == names
    assert all(hit.passage for hit in hits)


@pytest.mark.parametrize("found", [7, b"x", [7], [{"name": "a"}], [("a",)], object(), [None]])
def test_other_results_say_what_to_return(found: Any) -> None:
    """The error names the search and the shape."""
    with pytest.raises(InputError, match=r"db .*'name' and 'passage'|of db has no text"):
        hits_of(found, "db")


def failing(query: str, k: int) -> Any:
    raise ConnectionError("the database is away")


async def failing_later(query: str, k: int) -> Any:
    raise TimeoutError("the database is slow")


def leaving(query: str, k: int) -> Any:
    raise SystemExit(3)


def odd(query: str, k: int) -> Any:
    return 7


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        (failing, "failing failed: ConnectionError: the database is away"),
        (failing_later, "failing_later failed: TimeoutError: the database is slow"),
        (leaving, "SystemExit"),
        (odd, "odd returned int"),
    ],
)
def test_a_failed_search_costs_no_summary(library: Any, reason: str) -> None:
    """The summary is there, and what is missing is said."""
    summary = summarize(TEXTS, library=library).result(LONG_S)
    assert summary.text
    assert summary.related == ()
    (omission,) = [each for each in summary.omitted if "related" in each.what]
    assert reason in omission.reason


@pytest.mark.parametrize("is_async", [False, True])
def test_a_hanging_search_is_left(
    monkeypatch: pytest.MonkeyPatch,
    is_async: bool,  # noqa: FBT001
) -> None:
    """It is waited for a bounded time."""
    monkeypatch.setattr(own_search, "_WAIT_S", 0.2)
    release = threading.Event()

    def hanging(query: str, k: int) -> Any:
        release.wait()

    async def hanging_later(query: str, k: int) -> Any:
        await asyncio.Event().wait()

    summary = summarize(TEXTS, library=hanging_later if is_async else hanging).result(LONG_S)
    release.set()
    assert summary.text
    assert any("did not return in time" in each.reason for each in summary.omitted)


@pytest.mark.parametrize("library", [7, int, lambda: None, lambda a, b, c: None, {"a": 1}])
def test_what_is_no_search_is_one_clear_error(library: Any) -> None:
    """Before anything is paid for."""
    with pytest.raises(InputError, match="search"):
        summarize(TEXTS, library=library).result(LONG_S)


def test_an_agent_judges_what_is_found(server: ScriptedServer, tmp_path: Path) -> None:
    """Its call is planned, and a resumed run finds the function by its name."""

    def script(call: Call) -> Reply:
        if "search_library" in call.prompt:
            return Reply('Thought: I know.\nFinal Answer: [{"name": "dues", "why": "Dues."}]')
        return Reply("Ships pay harbour dues and get a berth.")

    server.script = script
    model, ledger = model_of(server), tmp_path / "l"
    planned = ds.plan(TEXTS, model=model, library=by_both)
    run = summarize(TEXTS, model=model, library=by_both, ledger=ledger)
    assert [hit.why for hit in run.result(LONG_S).related] == ["Dues."]
    assert len(server.calls) == planned.calls
    again = ds.resume(run.id, model=model, ledger=ledger, show=False)
    assert [hit.why for hit in again.result(LONG_S).related] == ["Dues."]
    assert len(server.calls) == planned.calls


def test_a_flow_dumps_a_search_by_its_name() -> None:
    """Its state can be stored, and rebuilt in this process."""
    flow = ds.SummaryFlow(TEXTS, library=by_both, ledger=False, show=False)
    assert [hit.name for hit in flow.kickoff().related] == ["dues"]
    dumped = flow.state.model_dump_json()
    assert type(flow.state).model_validate_json(dumped).library is by_both


def test_a_search_that_is_not_there_has_to_be_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how; in the process of the run it is there."""
    run = summarize(TEXTS, library=lambda query, k: [], ledger=tmp_path / "l")
    run.result(LONG_S)
    assert ds.resume(run.id, ledger=tmp_path / "l", show=False).result(LONG_S).related == ()
    monkeypatch.setattr(api, "_given", {})
    with pytest.raises(InputError, match=r"library=.*write docsum_nb\.resume\(.*library=\.\.\.\)"):
        ds.resume(run.id, ledger=tmp_path / "l", show=False).result(LONG_S)
    again = ds.resume(run.id, ledger=tmp_path / "l", library=by_both, show=False)
    assert [hit.name for hit in again.result(LONG_S).related] == ["dues"]
