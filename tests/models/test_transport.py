from __future__ import annotations

import gzip
import json
import re
import resource
import zlib
from collections.abc import Iterator

import pytest

from docsum_nb.models.transport import TransportFacts
from tests.models.answer_forms import GOOD, events, whole
from tests.models.test_answer_table import SSE, asked
from tests.support.loops import on_loop
from tests.support.raw_server import RawReply, RawServer, running_raw

MB = 2**20


@pytest.fixture(scope="module")
def raw() -> Iterator[RawServer]:
    with running_raw() as server:
        yield server


def bomb() -> bytes:
    """Return a good answer of some kilobytes that is two hundred megabytes when decompressed."""
    head, tail = json.dumps(whole("#")).split("#")
    pack = zlib.compressobj(1, wbits=31)
    parts = [head.encode(), *[b"a" * MB] * 200, tail.encode()]
    return b"".join([*map(pack.compress, parts), pack.flush()])


LARGE = {
    "whole": RawReply(b"a" * MB, times=50),
    "json": RawReply(b"[" * MB, times=50),
    "one-event": RawReply(b"data: " + b"a" * MB, SSE, times=50),
    "events": RawReply(
        events([f"{at} " * 4000 for at in range(30)]).replace("[DONE]", "{}").encode(),
        SSE,
        times=99,
    ),
    "keep-alives": RawReply(b": still there\n" * 50_000, SSE, times=100),
    "fields": RawReply(b"id: 1\n" * 100_000, SSE, times=100),
    "lines": RawReply(b'data: {"a": 1}\n' * 50_000, SSE, times=100),
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", LARGE)
def test_body_without_end_is_not_read_to_its_end(
    raw: RawServer,
    name: str,
    streamed: bool,  # noqa: FBT001
) -> None:
    """Reading stops at a bound, once, and the error says so; memory stays bounded."""
    path = f"{name}-{streamed}"
    raw.plain[path] = (LARGE[name],)
    outcome = on_loop(asked(raw, path, streamed=streamed))
    assert (outcome.kind, outcome.requests) == ("large", 1), outcome.said
    assert re.search("sent (more than 2 MB|an event of very many lines)", outcome.said)
    assert raw.base_url(path) in outcome.said
    assert raw.sent[path] < 20 * MB


@pytest.mark.parametrize("status", ["500 Internal Server Error", "401 Unauthorized"])
def test_error_body_without_end_is_an_error_of_its_status(raw: RawServer, status: str) -> None:
    """A page of fifty megabytes says no more than its beginning."""
    raw.plain[status[:3]] = (RawReply(b"a" * MB, status=status, times=50),)
    outcome = on_loop(asked(raw, status[:3], streamed=False))
    assert outcome.kind == status[:3]
    assert outcome.requests == (2 if status.startswith("5") else 1)
    assert len(outcome.said) < MB
    assert raw.sent[status[:3]] < outcome.requests * 10 * MB


def test_small_body_that_becomes_a_large_one_is_bounded(raw: RawServer) -> None:
    """What is compressed is bounded by what it becomes; one that says what it is is read."""
    packed = {"content-encoding": "gzip"}
    raw.plain["bomb"] = (RawReply(bomb(), headers=packed),)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = on_loop(asked(raw, "bomb", streamed=False))
    assert (outcome.kind, outcome.requests) == ("large", 1)
    # In kilobytes; four hundred megabytes if it were decompressed.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    good = json.dumps(whole(GOOD)).encode()
    raw.plain["packed"] = (RawReply(gzip.compress(good), headers=packed),)
    assert on_loop(asked(raw, "packed", streamed=False)).said == GOOD
    raw.plain["unpacked"] = (RawReply(good, headers=packed),)
    assert "no gzip" in on_loop(asked(raw, "unpacked", streamed=False)).said
    raw.plain["unknown"] = (RawReply(good, headers={"content-encoding": "br"}),)
    assert "not asked for" in on_loop(asked(raw, "unknown", streamed=False)).said


@pytest.mark.parametrize("body", ["[" * 60_000, '{"choices": ' * 60_000, "null", "[]", '"text"'])
def test_json_that_is_no_answer_is_an_error(raw: RawServer, body: str) -> None:
    """At any depth, or anything in place of an object."""
    raw.plain["deep"] = (RawReply(body.encode()),)
    raw.asked.clear()
    outcome = on_loop(asked(raw, "deep", streamed=False))
    assert outcome.kind != "text"
    assert outcome.requests == 2


def deflated(text: str, wbits: int) -> bytes:
    pack = zlib.compressobj(wbits=wbits)
    return pack.compress(text.encode()) + pack.flush()


READABLE = {
    "zlib": (deflated(json.dumps(whole(GOOD)), 15), {"content-encoding": "deflate"}),
    "no-header": (deflated(json.dumps(whole(GOOD)), -15), {"content-encoding": "deflate"}),
    "junk-behind": (
        gzip.compress(json.dumps(whole(GOOD)).encode()) + b"\0" * 9,
        {"content-encoding": "gzip"},
    ),
    "mark": (b"\xef\xbb\xbf" + json.dumps(whole(GOOD)).encode(), {}),
    "empty-error": (
        json.dumps({**whole(GOOD), "error": {"code": "", "message": "", "param": None}}).encode(),
        {},
    ),
}


@pytest.mark.parametrize("name", READABLE)
def test_odd_form_of_a_good_answer_is_read(raw: RawServer, name: str) -> None:
    """Compressed without a header, with bytes behind it, with a mark or an empty error."""
    body, headers = READABLE[name]
    raw.plain[name] = (RawReply(body, headers=headers),)
    outcome = on_loop(asked(raw, name, streamed=False))
    assert (outcome.kind, outcome.said) == ("text", GOOD)


def test_long_answer_of_another_successful_status_is_read_whole(raw: RawServer) -> None:
    """Status 201 is no error, whose body would be cut."""
    text = " ".join(f"Ship {at} carries coal." for at in range(2_000))
    raw.plain["201"] = (RawReply(json.dumps(whole(text)).encode(), status="201 Created"),)
    outcome = on_loop(asked(raw, "201", streamed=False, max_retries=0))
    assert outcome.said == text


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_error_that_cannot_be_decompressed_keeps_its_status(raw: RawServer, encoding: str) -> None:
    """A gateway's page: a server that failed is asked again, a key that is wrong is not."""
    for status, requests in (("503 X", 2), ("401 X", 1)):
        name = f"{encoding}-{status[:3]}"
        page = RawReply(b"<html>down</html>", status=status, headers={"content-encoding": encoding})
        raw.plain[name] = (page,)
        outcome = on_loop(asked(raw, name, streamed=False))
        assert (outcome.kind, outcome.requests) == (status[:3], requests), outcome.said


@pytest.mark.parametrize("said", ['"no room"', '{"reason": "no room"}', "no room"])
def test_event_that_is_called_an_error_is_one(raw: RawServer, said: str) -> None:
    """In any form of its words."""
    raw.streamed["called"] = (RawReply(f"event: error\ndata: {said}\n\n".encode(), SSE),)
    raw.plain["called"] = raw.streamed["called"]
    outcome = on_loop(asked(raw, "called", streamed=True, max_retries=0))
    assert outcome.kind == "500"
    assert "no room" in outcome.said


def test_stream_that_begins_with_a_mark_is_read_line_by_line() -> None:
    """A byte order mark is no part of the first line."""
    wire = TransportFacts(100)
    wire.status = 200
    passed = wire.take(b"\xef\xbb\xbf" + events([GOOD]).encode())
    assert passed.startswith(b"data:")
    assert wire.end == "stop"


def test_thought_that_is_not_counted_into_the_answer_is_paid(raw: RawServer) -> None:
    """As xAI counts: the sum of all tokens shows it."""
    details = {"reasoning_tokens": 900}
    usage = {"prompt_tokens": 30, "completion_tokens": 5, "completion_tokens_details": details}
    for total, cost in ((935, 30e-6 + 2 * 905e-6), (35, 30e-6 + 2 * 5e-6)):
        for name in ("plain", "streamed"):
            path = f"{name}-{total}"
            counts = {**usage, "total_tokens": total}
            raw.plain[path] = (RawReply(json.dumps(whole(GOOD, usage=counts)).encode()),)
            raw.streamed[path] = (RawReply(events([GOOD], usage=counts).encode(), SSE),)
            outcome = on_loop(asked(raw, path, streamed=name == "streamed"))
            assert outcome.cost == pytest.approx(cost)
