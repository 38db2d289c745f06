"""What type checkers know of the public functions; checked by mypy, never run."""

from __future__ import annotations

from typing import Any, assert_type

from pydantic import BaseModel

import docsum_nb as ds

__all__: list[str] = []


class Report(BaseModel):
    """What a summary is to be filled into."""

    title: str


async def work(number: int) -> str:
    """Return a text, later."""
    return str(number)


async def _types() -> None:
    assert_type(ds.summarize("reports/"), ds.Run[ds.Summary[None]])
    summary = await ds.summarize("reports/", model="openai/gpt-4o-mini", response_model=Report)
    assert_type(summary.data, Report)
    assert_type(ds.Summary.from_json("", response_model=Report).data, Report)
    assert_type(ds.resume(response_model=Report).result().data, Report)
    assert_type(ds.resume().result().data, Any)
    assert_type(ds.start(work, 1), ds.Run[str])
    assert_type(await ds.start(work(1)), str)
    assert_type(ds.start(len, "text").result(), int)
    assert_type(ds.run_with_deadline(lambda: 42, 5), int)


def _mistakes() -> None:
    # mypy reports an unused "ignore", so each of these is an error.
    ds.summarise("reports/")  # type: ignore[attr-defined]
    ds.summarize("reports/").text  # type: ignore[attr-defined]  # noqa: B018
    ds.summarize("reports/")["text"]  # type: ignore[index]
    list(ds.summarize("reports/"))  # type: ignore[call-overload]
