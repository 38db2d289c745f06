"""Bodies of errors that are no error's body: nothing of them hangs, overflows or is shown whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docsum_nb.budget import Budget
from docsum_nb.errors import described
from docsum_nb.events import Event
from docsum_nb.models import Model, ModelClient, open_model, with_cause
from docsum_nb.provider_errors import Failure, fault_of
from tests.models.model_samples import REQUEST
from tests.models.wire import answer, serving
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

DEEP = '{"error":' * 20_000 + "1" + "}" * 20_000
BODIES: dict[str, str | bytes] = {
    "empty": "",
    "null": "null",
    "number": "17",
    "true": "true",
    "text": '"no"',
    "list": '["no", "way"]',
    "list of errors": '[{"error": {"code": 7, "message": "no"}}]',
    "empty object": "{}",
    "message is null": '{"error": null, "message": null}',
    "message is a list": '{"error": {"message": ["no", {"a": 1}], "code": ["x"], "type": {}}}',
    "message is an object": '{"error": {"message": {"message": {"message": "no"}}}}',
    "error is a text": '{"error": "no"}',
    "lone surrogate": r'{"error": {"message": "no \\ud83d way", "code": "\\udc00"}}'.replace(
        "\\\\", "\\"
    ),
    "deep": DEEP,
    "deep list": "[" * 50_000 + "]" * 50_000,
    "many": json.dumps({"error": [{"message": f"no {i}"} for i in range(20_000)]}),
    "page": "<!DOCTYPE html><html><head><title>Oh no</title></head><body>" + "<p>" * 9_999,
    "unfinished page": "<html" + "<" * 50_000,
    "no UTF-8": b'{"error": {"message": "\xff\xfe no"}}',
    "mark of the byte order": b'\xef\xbb\xbf{"error": {"message": "no"}}',
    "control characters": '{"error": {"message": "no\\u001b[2J\\u0000\\u202e"}}',
    "codes that are huge": json.dumps(
        {"error": {"message": "no", "code": 10**400, "type": "9" * 9_999}}
    ),
}
MEGABYTES = 50 * 2**20


async def refused(url: str, **options: Any) -> Exception:
    events: list[Event] = []
    control = StandaloneControl(events)
    settings = Model("openai/x", base_url=url, api_key="k", max_retries=0, **options)
    client = ModelClient([open_model(settings)], ledger=None, control=control, budget=Budget())
    try:
        await client.ask(REQUEST)
    except Exception as error:  # noqa: BLE001  # whatever the client makes of it
        return error
    raise AssertionError("a refusal is an error")


def check(error: Exception, status: int) -> None:
    """Check what holds of every refusal."""
    fault = fault_of(error, "http://127.0.0.1/v1")
    assert fault.status == status
    assert fault.failure is (Failure.TRANSIENT if status >= 500 else Failure.PERMANENT)
    for text in (described(error), with_cause(error), fault.words, fault.line):
        assert len(text) < 10_000
        text.encode()
    assert len(fault.words) <= 400
    assert not set(fault.words) & set("\n\x1b\x00\u202e")


@pytest.mark.parametrize("status", [400, 500])
def test_odd_body_is_a_refusal_like_any_other(status: int) -> None:
    """Its kind is that of its status; its words are short, clean and can be written."""
    with serving() as wire:
        for number, body in enumerate(BODIES.values()):
            wire.answers[str(number)] = [answer(status, body)]
        for number, name in enumerate(BODIES):
            try:
                check(on_loop(refused(wire.base_url(str(number)))), status)
            except BaseException as error:
                error.add_note(f"with the body {name!r}")
                raise
            assert wire.asked[str(number)] == 1


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("page", [True, False])
def test_fifty_megabytes_are_read_and_not_shown(
    status: int,
    page: bool,  # noqa: FBT001
) -> None:
    """Neither the error nor its description grows with the body."""
    words = "an error " * (MEGABYTES // 9)
    body = f"<html>{words}</html>" if page else json.dumps({"error": {"message": words}})
    with serving() as wire:
        wire.answers["big"] = [answer(status, body)]
        check(on_loop(refused(wire.base_url("big"))), status)
