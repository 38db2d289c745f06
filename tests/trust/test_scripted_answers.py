"""What a language model gets wrong is caught and shown: a real server, scripted answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docsum_nb.results import Summary
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.ledger_samples import model_of, summarize

SOURCE = (
    "The mill at Riverton employs 140 people. It made 3.2 million tons of steel in 2021, more than "
    "in any year before. The furnace was rebuilt by Adele Brandt, an engineer of the town. The "
    "owners do not plan to sell it, although two buyers have asked. The road to the harbor was "
    "closed for nine weeks while the pipes were renewed."
)
TRUE = "In 2021 the mill made 3.2 million tons of steel, more than in any year before."


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda call: Reply(TRUE)) as running:
        yield running


def answered(server: ScriptedServer, answer: str, tmp_path: Path) -> Summary:
    """Return the summary of a run whose model gives one answer to everything."""
    server.script = lambda call: Reply(answer)
    return summarize(
        {"mill.md": SOURCE}, model=model_of(server), length=60, ledger=tmp_path / "ledger"
    ).result()


def renderings(summary: Summary) -> list[str]:
    return [summary.to_text(), summary.to_html(), summary.to_markdown()]


def test_a_true_answer_is_cited(server: ScriptedServer, tmp_path: Path) -> None:
    summary = answered(server, TRUE, tmp_path)
    assert len(summary.citations) == 1
    assert summary.check().ok
    assert not any("[?]" in each for each in summary.to_text().splitlines())


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (f"{TRUE} The furnace employs 730 people, it was said.", "number", "730"),
        (f"{TRUE} The furnace was rebuilt by the engineer Otto Krause.", "name", "Otto"),
        (f"{TRUE} The owners do plan to sell it, although two buyers asked.", "negation", None),
        (f"{TRUE} Tourists praise the beaches and the lovely wine.", "unsupported", None),
    ],
)
def test_what_a_model_invents_is_caught_and_marked(
    server: ScriptedServer, tmp_path: Path, answer: str, kind: str, text: str | None
) -> None:
    """Numbers, names, denials, whole statements: no citation, a mark, and a finding."""
    summary = answered(server, answer, tmp_path)
    assert len(summary.citations) == 1
    findings = summary.check().findings
    assert kind in [each.kind for each in findings]
    assert text is None or text in [each.text for each in findings]
    assert all("?]" in each or r"?\]" in each for each in renderings(summary))


def test_a_citation_that_a_model_writes_itself_proves_nothing(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Marks in the answer are text; what is cited is found in the source, or not at all."""
    answer = f"{TRUE} Tourists praise the beaches [1]. The pipes of the road were renewed [99]."
    summary = answered(server, answer, tmp_path)
    cited = {summary.text[each.start : each.end] for each in summary.citations}
    assert not any("Tourists" in each for each in cited)
    for each in summary.citations:
        assert SOURCE[each.source_start : each.source_end] == each.passage
    assert "unsupported" in [each.kind for each in summary.check().findings]


def test_an_answer_in_another_language_is_said(server: ScriptedServer, tmp_path: Path) -> None:
    answer = (
        "Die Fabrik beschäftigt viele Leute und hat im vergangenen Jahr mehr Stahl hergestellt als "
        "jemals zuvor. Die Besitzer wollen sie nicht verkaufen, obwohl es Käufer gibt."
    )
    summary = answered(server, answer, tmp_path)
    assert any("German" in each.reason or "de" in each.reason for each in summary.omitted)
    assert any("omission" in each for each in summary.check().unchecked)
    assert not summary.check().ok


def test_an_empty_answer_is_no_summary(server: ScriptedServer, tmp_path: Path) -> None:
    """It is an error, never an empty result that looks complete."""
    with pytest.raises(Exception, match=r"empty|no text|blank|nothing"):
        answered(server, " ", tmp_path)


def test_an_answer_that_is_far_too_long_is_said(server: ScriptedServer, tmp_path: Path) -> None:
    things = ["gate", "wall", "roof", "crane", "pipe", "lamp", "door", "stair", "wheel", "chain"]
    things += ["track", "yard", "bell", "clock"]
    ways = ["painted by a woman", "oiled at noon", "shown to guests", "sold in spring"]
    answer = " ".join(
        f"Its {thing} was {ways[at % 4]} as {count} men of the mill have told the owners."
        for at, (thing, count) in enumerate(zip(things, range(3, 90, 5), strict=False))
    )
    summary = answered(server, answer, tmp_path)
    assert any("at most 60 were asked for" in each.reason for each in summary.omitted)
    assert not summary.check().ok
