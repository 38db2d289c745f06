"""A question of a crew in JupyterLab: a form under the panel, answered by a person's clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.browser.conftest import Open
from tests.browser.notebook import SCREENSHOTS, Notebook

pytestmark = pytest.mark.browser

CREW = """
from crewai import LLM, Agent, Crew, Task
llm = LLM(model="openai/scripted", base_url={url!r}, api_key="k", max_retries=0)
agent = Agent(role="editor", goal="g", backstory="b", llm=llm)
tasks = [
    Task(name=f"chapter {{i}}", description=f"Write {{i}}.", expected_output="x", agent=agent,
         human_input=True, async_execution=True)
    for i in range(2)
]
last = Task(name="end", description="End.", expected_output="x", agent=agent)
crew = Crew(agents=[agent], tasks=[*tasks, last])
"""
FORMS = {
    2: "run = ds.kickoff(crew)\nprint((await run).raw)",
    3: "run = ds.kickoff(crew)\nprint(run.result().raw)",
    4: "run = ds.kickoff(crew)\nrun",
}
TYPED = "Make it shorter, please: <b>two</b> lines."


def test_question_is_sent_back_and_accepted(open_notebook: Open, server: ScriptedServer) -> None:
    """In each form of a cell; what is typed arrives whole, and three cells then ask for a line."""
    seen: list[str] = []

    def answer(call: Call) -> Reply:
        if "two</b> lines." in call.prompt:
            seen.append(call.prompt)
            return Reply("A short text.")
        return Reply("A long text <script>alert(1)</script> of the harbor.")

    notebook = open_notebook(CREW.format(url=server.base_url), *FORMS.values(), "input('line? ')")
    server.script = answer
    notebook.run(1)
    for cell in FORMS:
        seen.clear()
        notebook.start(cell)
        answer_all(notebook, cell)
        notebook.see_state(cell, "done")
        notebook.wait(cell)
        expect(form(notebook, cell)).to_have_count(0)
        assert len(seen) == 1
        assert TYPED in seen[0]


def answer_all(notebook: Notebook, cell: int) -> None:
    """Send the first answer back, accept it then, and accept the second task's."""
    question = form(notebook, cell)
    expect(question).to_contain_text("<script>alert(1)</script>")
    expect(question).to_contain_text("1 more question waits")
    expect(question.get_by_role("button", name="Accept", exact=True)).to_be_visible()
    question.get_by_role("button", name="Send back").click()
    expect(question).to_contain_text("Write what should be changed.")
    field = question.get_by_role("textbox")
    field.press_sequentially(TYPED)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    notebook.page.screenshot(path=SCREENSHOTS / f"question-{cell}.png")
    question.get_by_role("button", name="Send back").click()
    accepted = 0
    while accepted < 2:
        before = question.inner_text()
        question.get_by_role("button", name="Accept", exact=True).click()
        accepted += 1
        if accepted < 2:
            expect(question).not_to_have_text(before)
            expect(question.get_by_role("button", name="Accept", exact=True)).to_be_enabled()


def form(notebook: Notebook, cell: int) -> Locator:
    """Return the form of a cell's run."""
    return notebook.output(cell).locator(".docsum-question")
