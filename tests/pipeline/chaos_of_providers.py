"""Providers' own refusals mixed into one run: each chunk has to be right, or reported.

Some pass and are tried again, some cannot be cured, and some are of texts that are too long. Which
request meets which is decided by its prompt, as in ``chaos.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import docsum_nb as ds
from docsum_nb.provider_errors import Failure
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.refusals import ROWS, Row
from tests.pipeline.chaos import IN_FLIGHT, LONG_S, Chaos, model_of

__all__ = ["ProvidersChaos", "survive_refusals"]

LIMIT = 700
"""Words of a prompt with one document that the server takes."""
NO_WAITS = ("0", "-3", "0.01", "Mon, 01 Jan 2024 00:00:00 GMT")
"""Times to wait that are none."""
OWN = [row for row in ROWS if row.model.startswith("openai/") and row.status < 500]
PASSING = [
    row
    for row in ROWS
    if row.failure in (Failure.OVERLOAD, Failure.TRANSIENT) and row.status != 400
]
TOO_LONG = [row for row in OWN if row.failure is Failure.TOO_LONG]
LASTING = [row for row in OWN if row.failure is Failure.PERMANENT]
PASSING_SHARE = 0.15
EVERY_REFUSED, EVERY_LONG = 50, 40
"""Which documents are refused for good, and which are too long."""


class ProvidersChaos(Chaos):
    """Refuses as the table of refusals has it, and answers the rest."""

    def __init__(self) -> None:
        super().__init__(faults=False, a_second=10_000)
        self._faults = tuple(
            (
                PASSING_SHARE / len(PASSING),
                Reply(
                    raw=row.body,
                    status=row.status,
                    headers={"retry-after": NO_WAITS[number % len(NO_WAITS)]},
                ),
            )
            for number, row in enumerate(PASSING)
        )

    def _good(self, call: Call) -> Reply:
        marks = set(re.findall(r"MARK-(\d{4})", call.prompt))
        number = int(min(marks)) if marks else 0
        if len(marks) == 1 and is_refused(number):
            return self._refused("lasting", LASTING[number % len(LASTING)])
        if len(marks) == 1 and len(call.prompt.split()) > LIMIT:
            return self._refused("too long", TOO_LONG[number % len(TOO_LONG)])
        if len(marks) != 1:
            self.answered["merges"] += 1
            return Reply("All of it, merged.")
        self.answered[f"MARK-{number:04}"] += 1
        return Reply(f"What MARK-{number:04} says.")

    def _refused(self, what: str, row: Row) -> Reply:
        self.faults[what] += 1
        return Reply(raw=row.body, status=row.status)


def is_refused(number: int) -> bool:
    return number % EVERY_REFUSED == 7


def is_long(number: int) -> bool:
    return number % EVERY_LONG == 3


def texts(count: int) -> dict[str, str]:
    return {
        f"doc-{i:04}": f"MARK-{i:04} is said here, of ships. " * (120 if is_long(i) else 1)
        for i in range(count)
    }


def survive_refusals(server: ScriptedServer, ledger: Path, chunks: int) -> str:
    """Summarize a number of chunks, and check that each is right or reported.

    Returns:
        What it took, in one line.
    """
    chaos = ProvidersChaos()
    server.script = chaos
    model = model_of(server, timeout=60, max_retries=8)
    run = ds.summarize(
        texts(chunks),
        model=model,
        ledger=ledger,
        max_concurrency=IN_FLIGHT,
        show=False,
        on_error="skip",
    )
    summary = run.result(LONG_S)
    refused = [number for number in range(chunks) if is_refused(number)]
    right = {each.chunk.document: each.text for each in summary.chunks}
    assert right == {
        f"doc-{i:04}": f"What MARK-{i:04} says." for i in range(chunks) if not is_refused(i)
    }
    reported = [each for each in summary.omitted if "not summarized" in each.reason]
    assert sorted(each.what[:8] for each in reported) == [f"doc-{i:04}" for i in refused]
    assert chaos.faults["lasting"] == len(refused)  # each once
    # Each that is too long is refused once, whatever the words; its halves are not.
    assert chaos.faults["too long"] == sum(is_long(i) and not is_refused(i) for i in range(chunks))
    asked = len(server.calls)
    assert asked <= 1.6 * chunks
    assert run.state.waiting == 0
    return (
        f"{chunks} chunks: {asked} requests ({asked / chunks:.3f} a chunk), refused for good "
        f"{len(refused)} and reported {len(reported)}, faults {dict(chaos.faults)}, "
        f"{summary.seconds:.1f} s"
    )
