"""The output of a crew as a cell shows it; its text is a model's, and may be hostile."""

from __future__ import annotations

import pytest

from docsum_nb.records import Usage, UsageRow
from docsum_nb.results import RunUsage
from docsum_nb.results.crew_output import CrewReport

USAGE = RunUsage((UsageRow("write", "writer", Usage(1, 2, 3, 0.5)),))


def report(text: str, *, is_json: bool = False) -> CrewReport:
    return CrewReport(text, is_json, (("write", "writer", text),), USAGE, ("one <i>warning</i>",))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "![x](http://elsewhere.example/x.png)",
        "[x](javascript:alert(1))",
        "<img src=http://elsewhere.example/x.png>",
        "[a]: http://elsewhere.example/x.png\n\n![a][a] ![a]",
        "<http://elsewhere.example>\x1b[2J",
    ],
)
def test_nothing_in_it_runs_or_is_fetched(text: str) -> None:
    """HTML, scripts and pictures of a model's text stay text."""
    html = report(text).to_html()
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "\x1b" not in html


def test_json_is_shown_as_it_is() -> None:
    """An output in a class of the user's is JSON, and no Markdown."""
    html = report('{"a": "*b*"}', is_json=True).to_html()
    assert "<pre><code>{&quot;a&quot;: &quot;*b*&quot;}" in html


def test_parts_are_there() -> None:
    """Text, tasks, warnings and what the run took, in both forms."""
    shown = report("| a |\n|---|\n| 1 |")
    assert "<td>1</td>" in shown.to_html()
    assert "one &lt;i&gt;warning&lt;/i&gt;" in shown.to_html()
    for part in ("writer", "Warnings (1)", "$0.5000"):
        assert part in shown.to_text()
