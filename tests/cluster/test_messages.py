"""Errors between processes: the class that was raised, its words and what decides a retry."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest

from docsum_nb.cluster.dask_client import check_client
from docsum_nb.cluster.messages import Failed, error_of, packed, packed_error
from docsum_nb.errors import BudgetExceeded, InputError, LoadError, ModelError
from docsum_nb.models.base import NotStreamed
from docsum_nb.models.retry import failure_of, retry_after
from docsum_nb.records import Usage


def sent(error: BaseException) -> Exception:
    """Return an error as it arrives."""
    return error_of(Failed(1, packed_error(error), str(error)))


def refused() -> Exception:
    from openai import RateLimitError

    request = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")
    response = httpx.Response(429, headers={"retry-after": "7"}, request=request)
    return RateLimitError("slow down", response=response, body=None)


class OddError(Exception):
    """An error whose arguments are not its own, and which holds what cannot be pickled."""

    def __init__(self, status: int, *, of: str) -> None:
        super().__init__(f"status {status} of {of}")
        self.status = status
        self.open: Any = (each for each in "abc")


@pytest.mark.parametrize(
    "error",
    [
        refused(),
        OddError(5, of="them"),
        ModelError("empty", usage=Usage(1, 2, 3), lasting=True),
        NotStreamed("no", refused=True, lasting=False),
        LoadError("a.pdf", "is torn"),
        BudgetExceeded("all is spent", run_id="r"),
        FileNotFoundError(2, "not there", "a.txt"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        TimeoutError("late"),
        ExceptionGroup("two", [ValueError("a"), KeyError("b")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_arrives_as_the_class_that_was_raised(error: Exception) -> None:
    """With its words and notes, and its kind of failure is the same."""
    error.add_note("a note")
    found = sent(error)
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert found.__notes__ == ["a note"]
    assert failure_of(found) is failure_of(error)
    assert retry_after(found) == retry_after(error)
    assert {name for name in vars(error) if name != "open"} <= vars(found).keys()


def test_what_stands_behind_an_error_arrives_too() -> None:
    """The kind of failure may depend on it."""
    error: Exception
    try:
        try:
            raise ConnectionResetError("cut")
        except ConnectionResetError as cut:
            raise RuntimeError("it failed") from cut
    except RuntimeError as raised:
        error = raised
    found = sent(error)
    assert type(found.__cause__) is ConnectionResetError
    assert failure_of(found) is failure_of(error)


def test_an_error_whose_class_is_unknown_here_keeps_its_words() -> None:
    """Such as one of a package that only the worker has."""
    failed = Failed(1, b"no pickle", "Strange: it failed")
    assert isinstance(error_of(failed), ModelError)
    assert "Strange: it failed" in str(error_of(failed))


def test_a_key_is_in_no_error_that_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that the worker knows are masked before the error leaves it."""
    key = "sk-canary-90b1c2d3e4f5a6b7"
    monkeypatch.setenv("SOME_API_KEY", key)
    assert key not in repr(vars(sent(RuntimeError(f"key {key} is wrong"))))
    assert key not in str(sent(RuntimeError(f"key {key} is wrong")))
    assert key.encode() not in packed({"key": key})


class Client:
    """Not Dask's."""


@pytest.mark.parametrize("given", ["tcp://127.0.0.1:8786", Client(), 5])
def test_what_is_no_client_of_dask_is_refused(given: object) -> None:
    """The message says what to write."""
    with pytest.raises(InputError, match=r"client is a dask.distributed.Client, such as"):
        check_client(given)


def test_nothing_imports_distributed_unless_a_client_was_given() -> None:
    """A whole run at home does not need the extra."""
    code = (
        "import sys, docsum_nb as ds; ds.summarize({'a': 'Whales swim.'}, ledger=False, "
        "show=False).result(); sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
