"""Embedding models of LiteLLM's, on a server of the loopback address."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    InputError,
    ModelError,
    RunCancelled,
)
from docsum_nb.library import Library
from docsum_nb.models import embedding
from docsum_nb.run import Stopping
from tests.library.library_samples import OFFICE, names

Answer = tuple[int, dict[str, str], Any]
NAME = "openai/text-embedding-3-small"
KEY = "sk-embedding-key-0123456789"


class Server:
    """Answers requests for vectors: of two numbers, how often a text has "late" and "train"."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.asked = threading.Event()
        self.first: list[Answer] = []
        self.rows: Callable[[list[str]], Any] = rows_of
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.bodies.append(body)
                outer.keys.append(self.headers["authorization"])
                status, headers, answer = outer.first.pop(0) if outer.first else outer.good(body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(data))}.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(data)
                outer.asked.set()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def good(self, body: dict[str, Any]) -> Answer:
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        usage = {"prompt_tokens": 10 * len(texts), "total_tokens": 10 * len(texts)}
        answer = {"object": "list", "model": "m", "data": self.rows(texts), "usage": usage}
        return 200, {}, answer

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def rows_of(texts: list[str]) -> Any:
    rows = [
        {"object": "embedding", "index": i, "embedding": [t.lower().count("late") + 0.1,
                                                         t.lower().count("train") + 0.1]}
        for i, t in enumerate(texts)
    ]  # fmt: skip
    return rows[::-1]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def model_of(server: Server, **options: Any) -> ds.Model:
    return ds.Model(NAME, base_url=server.url, api_key=KEY, **options)


def refusal(status: int, message: str, **headers: str) -> Answer:
    return status, headers, {"error": {"message": message, "type": "t", "code": None}}


def test_a_library_has_the_vectors_of_a_model(server: Server, tmp_path: Path) -> None:
    """In batches, in order, and with no trace of the key in the library."""
    library = Library(tmp_path / "library", embedder=model_of(server))
    library.add({**OFFICE, **{f"note {i}": f"Note {i}." for i in range(120)}})
    assert [len(body["input"]) for body in server.bodies] == [1, 96, 27]
    assert server.keys[0] == f"Bearer {KEY}"
    assert names(library, "late", 1) == ["payments"]
    assert library.stats()["vectors"] == 123
    assert library.stats()["embedder"] == NAME
    assert library.stats()["embedded"] == "the first 8,000 characters"
    assert Library(tmp_path / "library").stats()["embedded"] is None
    assert KEY not in repr(library) + repr(library.embedder)
    assert all(KEY.encode() not in file.read_bytes() for file in library.path.iterdir())


def test_what_is_overloaded_is_asked_again(server: Server, tmp_path: Path) -> None:
    """A 429 is waited out, a 500 is retried, and a batch that is too long is halved."""
    library = Library(tmp_path / "library", embedder=model_of(server))
    too_long = refusal(400, "This model's maximum context length is 8192 tokens, requested 9000")
    server.first = [
        refusal(429, "slow down", **{"retry-after": "0.01"}),
        *(refusal(500, "oops") for _ in range(2)),
    ]
    library.add(OFFICE)
    assert library.stats()["vectors"] == 3
    server.bodies.clear()
    server.first = [too_long]
    library.add({f"more {i}": f"More {i}." for i in range(4)})
    assert [len(body["input"]) for body in server.bodies] == [4, 2, 2]


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("name", [NAME, "hosted_vllm/any"])
def test_a_failure_is_retried_as_often_as_documented(
    server: Server, name: str, retries: int
) -> None:
    """By us, and by nothing below: LiteLLM and its clients retry on their own otherwise."""
    server.first = [refusal(500, "oops", **{"retry-after": "0.01"})] * 9
    model = ds.Model(name, base_url=server.url, api_key=KEY, max_retries=retries)
    with pytest.raises(Exception, match="oops"):
        embedding.EmbeddingModel(model).embed(["late"])
    assert len(server.bodies) == 1 + retries


@pytest.mark.parametrize("how", ["cancel", "deadline"])
def test_a_stopped_run_waits_for_no_server(server: Server, how: str) -> None:
    """The thread that waits for an overloaded server ends, and nothing more is sent."""
    server.first = [refusal(429, "slow down", **{"retry-after": "300"})] * 9
    ended: list[BaseException] = []
    over = threading.Event()

    def work() -> None:
        try:
            embedding.EmbeddingModel(model_of(server)).embed(["late"])
        except BaseException as error:
            ended.append(error)
            raise
        finally:
            over.set()

    run = ds.start(work, show=False, deadline=2 if how == "deadline" else None)
    if how == "cancel":
        assert server.asked.wait(60)
        run.cancel()
    with pytest.raises(DeadlineExceeded if how == "deadline" else RunCancelled):
        run.result(60)
    assert over.wait(60)
    assert isinstance(ended[0], Stopping)
    assert len(server.bodies) <= 1


@pytest.mark.parametrize(
    ("first", "kind", "message"),
    [
        ([refusal(401, f"Incorrect API key provided: {KEY}")], Exception, "API key"),
        ([refusal(404, "no such model")], Exception, "no such model"),
        ([(200, {}, {"object": "list", "data": []})], ModelError, "0 usable vectors for 1 texts"),
    ],
)
def test_what_no_retry_cures_is_one_error(
    server: Server, tmp_path: Path, first: list[Answer], kind: type[Exception], message: str
) -> None:
    """It comes after one request; the documents are there, and the next call goes on."""
    library = Library(tmp_path / "library", embedder=model_of(server))
    server.first = list(first)
    with pytest.raises(kind, match=message) as raised:
        library.add(OFFICE)
    assert len(server.bodies) == 1
    assert KEY not in str(raised.value)
    assert len(library) == 3
    assert library.embed() == 3


def test_another_model_indexes_again(server: Server, tmp_path: Path) -> None:
    """A search says so; so does one with other dimensions; ``embed`` goes on where it stopped."""
    folder = tmp_path / "library"
    Library(folder, embedder=model_of(server)).add({f"n {i}": f"Late {i}." for i in range(200)})
    other = Library(folder, embedder=model_of(server, params={"dimensions": 2}))
    with pytest.raises(InputError, match=r"another embedder, openai/.*call embed\(\)"):
        other.search("late")
    server.bodies.clear()
    server.first = [server.good({"input": ["A"]}), server.good({"input": ["A"] * 96}),
                    refusal(400, "no")]  # fmt: skip
    with pytest.raises(Exception, match="no"):
        other.embed()
    assert other.stats()["vectors"] == 96
    assert other.embed() == 104
    assert server.bodies[-1]["dimensions"] == 2


@pytest.mark.parametrize("name", ["no such/model", "text"])
def test_an_unknown_name_is_one_clear_error(tmp_path: Path, name: str) -> None:
    """Nothing is sent."""
    with pytest.raises(InputError, match="unknown model"):
        Library(tmp_path / "library", embedder=name).add(OFFICE)


def test_a_missing_key_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the variable."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        Library(tmp_path / "library", embedder=NAME).add(OFFICE)


def test_a_run_pays_for_its_searches(server: Server, tmp_path: Path) -> None:
    """Their tokens are in the usage, and a bound on the cost holds for them; it can be resumed."""
    library = Library(tmp_path / "library", embedder=model_of(server, prices=(1.0, 0.0)))
    library.add(OFFICE)
    source, ledger = {"a": "Payments were late. Trains were late, too."}, tmp_path / "l"
    run = ds.summarize(source, library=library, ledger=ledger, show=False)
    summary = run.result(60)
    assert summary.usage.prompt_tokens == 10
    assert summary.usage.cost_usd == pytest.approx(1e-5)
    again = ds.resume(run.id, ledger=ledger, show=False).result(60)
    assert again.related == summary.related
    bounded = ds.summarize(source, library=library, max_cost=1e-9, ledger=False, show=False)
    with pytest.raises(BudgetExceeded):
        bounded.result(60)
    assert KEY.encode() not in ledger.read_bytes()


def test_a_plan_counts_the_requests_of_its_search(server: Server, tmp_path: Path) -> None:
    """One for each query: the summary, the question and two documents; it names the search."""
    library = Library(tmp_path / "library", embedder=model_of(server, prices=(1.0, 0.0)))
    library.add(OFFICE)
    server.bodies.clear()
    given: dict[str, Any] = {
        "source": {"a": "Payments were late. Trains were, too.", "b": "A late train. Holidays."},
        "library": library,
        "question": "What was late?",
    }
    plan = ds.plan(**given)
    assert server.bodies == []
    assert plan.queries == 4
    assert f"in {library.path}, by words and vectors of {NAME}; listed from 20%" in plan.search
    assert plan.search in str(plan)
    summary = ds.summarize(**given, ledger=False, show=False).result(60)
    assert len(server.bodies) == plan.queries
    assert summary.usage.calls == plan.calls
    assert 40 == summary.usage.prompt_tokens <= plan.tokens
    assert 0 < (summary.usage.cost_usd or 0) <= (plan.cost_usd or 0)


def test_a_plan_names_a_search_without_requests(tmp_path: Path) -> None:
    """By words alone, or by a function of the user's: both are free."""
    library = Library(tmp_path / "library")
    library.add(OFFICE)
    plan = ds.plan({"a": "Payments were late."}, library=library)
    assert (plan.queries, plan.tokens) == (0, 0)
    assert f"in {library.path}, by words; listed" in plan.search
    assert "vectors" not in str(plan)
    assert "all that it finds" in ds.plan({"a": "Late."}, library=lambda query, k: []).search
    assert ds.plan({"a": "Late."}).search == ""


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_server_takes_no_text_along(
    server: Server, tmp_path: Path, status: int
) -> None:
    """Nothing arrives there, and the error names both servers."""
    other = Server()
    try:
        server.first += [(status, {"location": f"{other.url}/embeddings"}, {})] * 9
        model = ds.Model(NAME, api_key=KEY, base_url=server.url, max_retries=0)
        with pytest.raises(ModelError, match="sends requests on to another server") as caught:
            Library(tmp_path / "library", embedder=model).add(OFFICE)
        assert KEY not in str(caught.value)
        assert len(server.bodies) == 1
        assert other.bodies == []
    finally:
        other.close()
