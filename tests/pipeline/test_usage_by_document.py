"""What was paid for each chunk and each document."""

from __future__ import annotations

from functools import reduce
from operator import add

import pytest

from docsum_nb.records import Usage
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import LONG_S, SMALL, marked, model_of, summarize
from tests.pipeline.test_summarize_chunks import SENTENCES, refusing

PRICES = (1.0, 2.0)


def total(usages: list[Usage]) -> Usage:
    return reduce(add, usages, Usage())


def test_documents_add_up_to_the_run_but_for_its_last_merge(server: ScriptedServer) -> None:
    """A document's usage is that of its chunks and merges; the rest is what joins them."""
    model = model_of(server, context_window=SMALL, prices=PRICES)
    summary = summarize(marked(4, 40), model=model, ledger=False).result(LONG_S)

    for document in summary.documents:
        chunks = [each for each in summary.chunks if each.chunk.document == document.name]
        paid = total([each.usage for each in chunks])
        assert all(each.usage.calls == 1 for each in chunks)
        assert document.usage.calls > paid.calls, "its merges are counted"
        assert document.usage.cost_usd > paid.cost_usd > 0  # type: ignore[operator]
    documents = total([each.usage for each in summary.documents])
    assert 0 < summary.usage.calls - documents.calls < summary.usage.calls / 4
    frame = summary.to_frame("documents")
    assert frame["calls"].sum() == documents.calls


def test_a_document_in_one_chunk_costs_what_its_chunk_costs(server: ScriptedServer) -> None:
    """Without a merge there is nothing else to pay for."""
    summary = summarize(marked(2), model=model_of(server), ledger=False).result(LONG_S)

    assert [each.usage for each in summary.documents] == [each.usage for each in summary.chunks]
    assert summary.usage.calls == 3


def test_answers_from_the_ledger_cost_nothing(server: ScriptedServer) -> None:
    """Run again, all of it is free: chunks, documents and the run."""
    source = marked(3, 20)
    model = model_of(server, context_window=SMALL)
    first = summarize(source, model=model).result(LONG_S)
    again = summarize(source, model=model).result(LONG_S)

    assert first.documents[0].usage.calls > 0
    assert {each.usage for each in again.chunks} == {Usage()}
    assert {each.usage for each in again.documents} == {Usage()}
    assert again.usage == Usage()


def test_a_document_added_later_is_the_only_one_paid_for(server: ScriptedServer) -> None:
    """Of a second run over more documents, those that were there already are free."""
    model = model_of(server)
    summarize(marked(2), model=model).result(LONG_S)
    summary = summarize(marked(3), model=model).result(LONG_S)

    assert [each.usage.calls for each in summary.documents] == [0, 0, 1]


@pytest.mark.parametrize("limit", [800, 420])
def test_a_chunk_done_in_pieces_costs_what_they_cost(server: ScriptedServer, limit: int) -> None:
    """Pieces and their merge are the chunk's; what was refused is nobody's."""
    answered: list[Call] = []
    script = refusing(limit)

    def counting(call: Call) -> Reply:
        reply: Reply = script(call)
        if reply.status == 200:
            answered.append(call)
        return reply

    server.script = counting
    summary = summarize(
        {"log": " ".join(SENTENCES)},
        model=model_of(server, context_window=32_000),
        ledger=False,
    ).result(LONG_S)

    (chunk,) = summary.chunks
    assert chunk.usage.calls == len(answered) > 2
    assert not chunk.cached
    assert summary.documents[0].usage == chunk.usage == summary.usage
