"""Agents that work for others: nothing that runs at once is shared."""

from __future__ import annotations

import pytest

import docsum_nb as ds
from tests.crew.crew_samples import LONG_S, llm_of, snapshot
from tests.crew.delegating import delegating_crew, expert_beside_others
from tests.loopback import Loopback

INPUTS = {"topic": "whales"}
PARTS = 4


@pytest.mark.parametrize("method", ["kickoff", "kickoff_async", "akickoff"])
def test_concurrent_tasks_delegate_to_one_expert(server: Loopback, method: str) -> None:
    """Bare, three of four tool answers are "Executor is already running"."""
    server.script = expert_beside_others(PARTS)
    crew = delegating_crew(llm_of(server), parts=PARTS)
    before = snapshot(crew)
    result = ds.start(getattr(crew, method), INPUTS, show=False, deadline=LONG_S).result()
    assert [each.raw for each in result.tasks_output[:PARTS]] == [
        f"The expert on part {i}." for i in range(PARTS)
    ]
    assert len(server.calls) == 3 * PARTS + 1
    assert snapshot(crew) == before
