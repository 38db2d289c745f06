from __future__ import annotations

import gzip
import json
import re
import resource
import zlib
from collections.abc import Iterator

import pytest

from tests.loops import on_loop
from tests.models.answer_rows import GOOD, events, whole
from tests.models.test_answer_table import SSE, asked
from tests.raw_server import RawReply, RawServer, running_raw

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
    """However deep it is, or whatever it is in place of an object."""
    raw.plain["deep"] = (RawReply(body.encode()),)
    raw.asked.clear()
    outcome = on_loop(asked(raw, "deep", streamed=False))
    assert outcome.kind != "text"
    assert outcome.requests == 2
