"""Models compared on documents, and figures of one summary and of a library."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, InputError, RunCancelled
from docsum_nb.evaluation import Comparison
from docsum_nb.records import Omission
from docsum_nb.testing import Call, Reply, ScriptedServer

HANG_S = 300.0
SOURCE = {
    "whales": "Whales are mammals that live in the open sea. They breathe air at the surface.",
    "harbours": "A harbour shelters ships from storms. Ships pay harbour dues by their tonnage.",
}


def model_of(server: ScriptedServer, name: str = "scripted", **options: Any) -> ds.Model:
    return ds.Model(f"openai/{name}", base_url=server.base_url, **options)


def test_models_stand_side_by_side(server: ScriptedServer) -> None:
    """A row for each model with its figures, the texts of each document below, and a frame."""
    server.script = lambda call: Reply("Penguins conquered the moon in great numbers yesterday.")
    comparison = ds.compare(
        SOURCE,
        models=["extractive", model_of(server)],
        references={"whales": SOURCE["whales"]},
        length=20,
        ledger=False,
        show=False,
    ).result(HANG_S)
    quoting, inventing = comparison.models
    assert (quoting.mean("supported"), inventing.mean("supported")) == (1.0, 0.0)
    assert (quoting.mean("rouge1") or 0) > 0.9 > (inventing.mean("rouge1") or 0)
    assert (quoting.usage.cost_usd, inventing.usage.calls) == (0.0, 2)
    page = comparison.to_html()
    assert page.count("<details") == 2
    assert "Penguins conquered" in page
    assert "Penguins" in comparison.to_text()
    frame = comparison.to_frame()
    assert list(frame["document"]) == ["whales", "harbours"] * 2
    assert frame["supported"].tolist() == [1.0, 1.0, 0.0, 0.0]


def test_a_sample_is_the_same_each_time() -> None:
    source = {f"d{at:02}": f"Statement {at} is about the harbour of town {at}." for at in range(30)}
    first, again = (
        ds.compare(source, models=["extractive"], sample=4, ledger=False, show=False).result(HANG_S)
        for _ in range(2)
    )
    names = [each.document for each in first.models[0].texts]
    assert len(names) == 4
    assert names == [each.document for each in again.models[0].texts] == sorted(names)


def test_the_first_error_and_a_bound_end_the_comparison(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What was paid for is kept in the ledger, and the bound is over all models together."""
    ledger = tmp_path / "ledger"
    model = model_of(server, prices=(1.0, 2.0))
    with pytest.raises(BudgetExceeded):
        ds.compare(SOURCE, models=[model], max_cost=1e-9, ledger=ledger, show=False).result(HANG_S)
    assert server.calls == []
    ds.compare(SOURCE, models=[model], ledger=ledger, show=False).result(HANG_S)
    asked = len(server.calls)
    again = ds.compare(SOURCE, models=[model], ledger=ledger, show=False).result(HANG_S)
    assert (len(server.calls), again.models[0].usage.calls) == (asked, 0)
    assert {each.id for each in ds.runs(ledger=ledger)} >= {again.models[0].run_id}
    server.script = lambda call: Reply("refused", status=401)
    with pytest.raises(Exception, match="refused"):
        ds.compare(SOURCE, models=[model], ledger=False, show=False).result(HANG_S)


class Stuck:
    """Answers all requests but that of one model on harbours, which waits until it is let go."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.status = 200

    def __call__(self, call: Call) -> Reply:
        if call.body["model"] != "second" or "harbour" not in call.prompt:
            return Reply("Whales are mammals that breathe air.")
        self.asked.set()
        self.go_on.wait(HANG_S)
        return Reply("Ships pay harbour dues." if self.status == 200 else "no", status=self.status)


@pytest.mark.parametrize("how", ["cancelled", "a model fails"])
def test_what_a_stopped_comparison_has_finished_is_kept_and_the_rest_told(
    server: ScriptedServer, tmp_path: Path, how: str
) -> None:
    """Compared again, only what was not answered is paid for."""
    server.script = stuck = Stuck()
    names = ["first", "second", "third"]
    models = [model_of(server, name=each, prices=(1.0, 2.0), max_concurrency=1) for each in names]
    asked: dict[str, Any] = {"models": models, "ledger": tmp_path / "ledger", "show": False}
    run = ds.compare(SOURCE, **asked)
    assert stuck.asked.wait(HANG_S)
    assert [len(each.texts) for each in run.partial.models] == [2]
    assert run.partial.omitted[0] == Omission("openai/second", "is in work")
    if how == "cancelled":
        run.cancel()
        with pytest.raises(RunCancelled):
            run.result(HANG_S)
    else:
        stuck.status = 401
        stuck.go_on.set()
        with pytest.raises(Exception, match="no") as raised:
            run.result(HANG_S)
        assert any("comparing openai/second" in each for each in raised.value.__notes__)
    assert run.join(HANG_S)
    partial = run.partial
    assert [len(each.texts) for each in partial.models] == [2, 1]
    assert [each.what for each in partial.omitted] == ["openai/second", "openai/third"]
    assert "ended early" in partial.omitted[0].reason
    assert "was not begun" in partial.to_text()
    assert "openai/third" in partial.to_html()
    assert list(partial.to_frame()["document"]) == ["whales", "harbours", "whales"]
    stuck.status = 200
    stuck.go_on.set()
    paid = len(server.calls)
    whole = ds.compare(SOURCE, **asked).result(HANG_S)
    assert whole.models[0].usage.calls == 0
    assert [len(each.texts) for each in whole.models] == [2, 2, 2]
    # An answer in flight may still land after the stop; all others are stored.
    assert len(server.calls) - paid in ((2, 3) if how == "cancelled" else (3,))
    assert (whole.omitted, "not begun" in whole.to_text()) == ((), False)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="models is a list"):
        ds.compare(SOURCE, models="extractive")
    with pytest.raises(InputError, match="at least 1, not 0"):
        ds.compare(SOURCE, models=["extractive"], sample=0)
    with pytest.raises(InputError, match="takes the Summary of a run, not str"):
        ds.evaluate("text")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="maps names of documents"):
        ds.compare(SOURCE, models=["extractive"], references=["a"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="references are a text"):
        ds.compare(SOURCE, models=["extractive"], references={"whales": 5})  # type: ignore[dict-item]
    run = ds.compare(
        SOURCE, models=["extractive"], references={"whale": "A whale."}, ledger=False, show=False
    )
    with pytest.raises(InputError, match="no document is called as a reference is: 'whale'"):
        run.result(HANG_S)


def test_models_may_come_from_an_iterator() -> None:
    made = ds.compare(
        SOURCE,
        models=(name for name in ["extractive"]),  # type: ignore[arg-type]
        ledger=False,
        show=False,
    ).result(HANG_S)
    assert [each.model for each in made.models] == ["extractive"]


def test_texts_stand_by_their_documents() -> None:
    """A model may have left a document out: its text of another one is not shown in its place."""
    made = ds.compare(SOURCE, models=["extractive"], ledger=False, show=False).result(HANG_S)
    less = replace(made.models[0], model="less", texts=made.models[0].texts[1:])
    page = Comparison((less, *made.models)).to_html()
    assert page.count("<details") == 2
    assert page.count("less (100% supported)") == 1
    assert page.count("extractive (100% supported)") == 2


def test_a_library_is_measured(tmp_path: Path) -> None:
    """1 if what answers comes first, less if it comes later, 0 if it is not found."""
    library = ds.Library(tmp_path / "library")
    library.add({**SOURCE, "dues": "Dues are dues, and harbour dues are paid late."})
    assert ds.evaluate_library(library, {"mammals of the sea": ["whales"]}) == 1.0
    graded = ds.evaluate_library(library, {"harbour dues": {"dues": 1, "harbours": 2}})
    assert 0.5 < graded <= 1.0
    assert ds.evaluate_library(library, {"mammals": ["dues"]}) == 0.0
    with pytest.raises(InputError, match="no document answers"):
        ds.evaluate_library(library, {"mammals": []})
    for grade in (float("nan"), 5_000, "x"):
        with pytest.raises(InputError, match="the grade of 'dues'"):
            ds.evaluate_library(library, {"mammals": {"dues": grade}})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="k \\(hits\\) is a whole number"):
        ds.evaluate_library(library, {"mammals": ["dues"]}, k=0)
