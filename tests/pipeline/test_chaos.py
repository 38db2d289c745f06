from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.testing import ScriptedServer
from tests.pipeline.chaos import IN_FLIGHT, LONG_S, Chaos, model_of, survive, texts
from tests.pipeline.chaos_of_providers import survive_refusals
from tests.pipeline.pipeline_samples import summarize


@pytest.mark.long
@pytest.mark.timeout(330)
def test_run_survives_every_fault(server: ScriptedServer, tmp_path: Path) -> None:
    """Through 34% of faults every chunk is right or reported, at 1.5 requests at most.

    A thousand chunks take most of a minute: ``benchmarks/chaos.py``.
    """
    survive(server, tmp_path / "ledger", 300)


@pytest.mark.timeout(330)
@pytest.mark.parametrize("drop_params", [False, True])
def test_run_survives_every_providers_refusals(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, drop_params: bool
) -> None:
    """Some pass, some last, some are of texts too long: each chunk is right, or reported."""
    monkeypatch.setattr("litellm.drop_params", drop_params)  # as CrewAI does, or not
    survive_refusals(server, tmp_path / "ledger", 60)


@pytest.mark.long
def test_unknown_limit_is_learned(server: ScriptedServer) -> None:
    """A client that knows no rate goes over it by one window of requests in flight at most."""
    chaos = Chaos(faults=False, a_second=10)
    server.script = chaos
    model = model_of(server, max_retries=0)
    summary = summarize(texts(60), model=model, ledger=False).result(LONG_S)
    assert len(summary.chunks) == 60
    assert chaos.faults["over the limit"] > 0
    assert max(chaos.seconds.values()) <= 10 + IN_FLIGHT


def test_known_limit_is_kept(server: ScriptedServer) -> None:
    """A client that knows the rate is never turned away."""
    # A second of the server's may hold the last of one second's share and all of the next; on a
    # busy machine, what was sent in three seconds may arrive in one. Unlimited, all sixty would.
    chaos = Chaos(faults=False, a_second=50)
    server.script = chaos
    model = model_of(server, max_retries=0, requests_per_minute=60 * 14)
    summary = summarize(texts(60), model=model, ledger=False).result(LONG_S)
    assert len(summary.chunks) == 60
    assert chaos.faults == {}
