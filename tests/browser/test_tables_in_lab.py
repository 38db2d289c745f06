"""Tables in JupyterLab: the output of a crew, hits, related documents, a plan."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from docsum_nb.testing import Reply, ScriptedServer
from tests.browser.conftest import Open
from tests.support.axe import serious_findings

pytestmark = pytest.mark.browser

ANSWER = (
    "# Whales\n\n| sea | whales |\n|---|---|\n| north | **300** |\n\nThey *sing* <b>loudly</b>."
)
CREW = """
from crewai import LLM, Agent, Crew, Task
llm = LLM("openai/scripted", base_url=model.base_url, api_key="none")
writer = Agent(role="writer", goal="Summarize", backstory="Careful", llm=llm)
parts = [
    Task(name=name, description=f"Sum up the {name}", expected_output="A page", agent=writer)
    for name in ("history", "future")
]
await ds.kickoff(Crew(agents=[writer], tasks=parts))
"""
LIBRARY = """
library = ds.Library("shelf")
text = "# {0}\\n\\nThe {0} of the harbor is deep, and ships rest there."
library.add({f"{what}-guide": text.format(what) for what in ("mole", "dock", "pier")})
summary = await ds.summarize(texts(2), library=library, ledger=False, show=False)
library.search("deep harbor")
"""
CELLS = {
    1: (CREW, ("task", "agent", "output")),
    2: (LIBRARY, ("mole-guide",)),
    3: ("summary.related", ("-guide", "words of the summary")),
    4: ("ds.plan(texts(3))", ("3",)),
}


def test_results_are_tables_in_either_theme(open_notebook: Open, server: ScriptedServer) -> None:
    """A crew's output is Markdown above its tasks; none is a screen of repr; axe finds nothing."""
    server.script = lambda call: Reply(ANSWER)
    notebook = open_notebook(*(code for code, _ in CELLS.values()))
    for cell, (_, words) in CELLS.items():
        notebook.run(cell)
        for text in words:
            notebook.see(cell, text)
        assert "Traceback" not in notebook.text(cell)
        assert "Output(" not in notebook.text(cell)

    crew = notebook.output(1)
    expect(crew.locator(".docsum-output").get_by_role("heading", name="Whales")).to_be_visible()
    expect(crew.locator(".docsum-output td strong")).to_have_text("300")
    expect(crew.locator(".docsum-output b")).to_have_count(0)
    for task in ("history", "future"):
        expect(crew.get_by_role("row").filter(has_text=task).first).to_be_visible()
    for theme in ("light", "dark"):
        notebook.theme(theme)
        for cell in CELLS:
            notebook.cell(cell).scroll_into_view_if_needed()
            notebook.wait_drawn()
            assert notebook.output(cell).locator(".docsum").count(), cell
            notebook.screenshot(f"table-{cell}-{theme}")
        assert serious_findings(notebook.page, ".docsum") == []
