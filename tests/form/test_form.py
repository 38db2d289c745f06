"""The form as a person uses it: real widgets, real runs, a scripted model on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.form.form_samples import LONG_S, User, until, uploaded
from tests.pipeline.pipeline_samples import model_of

Users = Callable[..., User]
PRICES = (1.0, 2.0)


def test_a_free_run_starts_at_once_and_its_summary_is_there(users: Users, documents: Path) -> None:
    """One click of Start plans, runs and shows; the next cell has the run and its summary."""
    user = users(source=documents, length=50)
    assert user.enabled() == ["plan", "start"]
    assert (user.app.run, user.app.summary) == (None, None)

    user.press("start")
    until(lambda: user.app.summary is not None)

    assert user.app.summary is not None
    assert "2 documents" in user.plan
    assert [each.name for each in user.app.summary.documents] == ["harbours.md", "whales.md"]
    assert user.notice.startswith("Done")
    assert user.enabled() == ["plan", "start"]


def test_nothing_is_paid_for_before_its_plan_was_there_to_be_read(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """Without a bound, the first Start shows the cost and sends nothing; the second one starts."""
    user = users(source=documents, model=model_of(server, prices=PRICES))

    user.press("start")

    assert (server.calls, user.app.run) == ([], None)
    assert "at most $0.0" in user.plan
    assert user.notice.startswith("Nothing is paid for yet: it costs $0.0")
    user.press("start")
    until(lambda: user.app.summary is not None)
    assert len(server.calls) == 3


def test_what_goes_on_is_named(users: Users, documents: Path, server: ScriptedServer) -> None:
    """The line below the buttons has the stage, and that a provider has no room."""
    server.script = lambda call: Reply("later", status=429, headers={"retry-after": "50"})
    user = users(source=documents, model=model_of(server, prices=PRICES), max_calls=20)
    user.screen.start.click()
    until(lambda: user.notice == "Waiting: the provider has no room for requests now.")
    assert user.enabled() == ["cancel"]
    user.press("cancel")
    assert user.notice.startswith("Cancelled")


def test_a_change_of_a_field_makes_the_plan_old(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """A plan of something else is not shown, and does not stand for this one."""
    user = users(source=documents, model=model_of(server, prices=PRICES))
    user.press("plan")
    assert "2 documents" in user.plan

    user.fields.options["length"].control.value = "500"

    assert "documents" not in user.plan
    user.press("start")
    assert user.app.run is None
    user.fields.options["deadline"].control.value = "600"
    assert "2 documents" in user.plan, "a deadline changes no plan"


def test_a_bound_is_leave_to_start_at_once(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """A person who has set what may be paid need not press Start twice; the bound holds."""
    user = users(source=documents, model=model_of(server, prices=PRICES), max_calls=2)

    user.press("start")
    until(lambda: user.notice.startswith("Failed"))

    assert user.app.run is not None
    assert len(server.calls) == 2
    assert "BudgetExceeded" in str(user.app.run.state.error)


@pytest.mark.parametrize("planned", [False, True])
def test_clicks_in_many_threads_start_one_run(
    users: Users, documents: Path, server: ScriptedServer, *, planned: bool
) -> None:
    """Eight threads that press Start twice each, as subshells may, start a single run."""
    user = users(source=documents, model=model_of(server), max_calls=50)
    if planned:
        user.press("plan")
    pressing = threading.Barrier(9)

    def press() -> None:
        pressing.wait()
        user.screen.start.click()
        user.screen.start.click()

    threads = [threading.Thread(target=press) for _ in range(8)]
    with user.screen.controller.lock:  # all of them find the button enabled
        for thread in threads:
            thread.start()
        pressing.wait()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    until(lambda: user.app.summary is not None)

    assert len(server.calls) == 3
    assert len(ds.runs()) == 1


def test_cancel_then_resume_pays_for_what_was_missing_only(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """Cancel ends the run at once; Resume is offered then, and goes on with it."""
    stuck, hang = threading.Event(), {"on": True}

    def script(call: Call) -> Reply:
        if "whales.md" in call.prompt and hang["on"]:
            stuck.set()
            return Reply(hang=True)
        return Reply("A summary of harbours.")

    server.script = script
    user = users(source=documents, model=model_of(server, api_key="k"), max_calls=50)
    user.screen.start.click()
    assert stuck.wait(60)
    until(lambda: user.app.run is not None and user.app.run.state.done == 1)
    assert user.enabled() == ["cancel"]

    user.press("cancel")

    assert user.notice.startswith("Cancelled")
    assert user.app.summary is None
    until(lambda: "resume" in user.enabled())
    first, hang["on"] = user.app.run, False
    asked = len(server.calls)
    user.fields.options["max_calls"].control.value = "1"
    user.press("resume")
    until(lambda: user.notice.startswith("Failed"))
    assert len(server.calls) == asked + 1, "the bound in the form holds"
    until(lambda: "resume" in user.enabled())
    user.fields.options["max_calls"].control.value = "50"
    user.press("resume")
    until(lambda: user.app.summary is not None)
    assert user.app.run is not first
    assert len(server.calls) == asked + 2, "the missing chunk and the merge"
    until(lambda: "resume" not in user.enabled())


def test_bounds_hold_for_resume_in_a_form_without_documents(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """As in a newly opened form: one that cannot be read keeps the run from going on."""
    server.script = lambda call: Reply("no", status=400)
    model = model_of(server, api_key="k", max_retries=0)
    failed = ds.summarize(documents, model=model, show=False)
    assert failed.exception() is not None
    # A call beside the one that failed may still reach the server.
    assert failed.join(LONG_S)
    server.script = lambda call: Reply("Better now.")
    asked = len(server.calls)
    user = users(model=model)
    until(lambda: "resume" in user.enabled())

    user.fields.options["max_calls"].control.value = "one"
    user.press("resume")
    assert user.app.run is None
    assert user.faulty() == ["max_calls"]
    user.fields.options["max_calls"].control.value = "1"
    user.press("resume")

    until(lambda: user.notice.startswith("Failed"))
    assert len(server.calls) == asked + 1


def test_starting_again_after_a_failure_works_in_the_same_form(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """A failed run is reported below the buttons; the next Start is a run of its own."""
    server.script = lambda call: Reply("no", status=400)
    user = users(source=documents, model=model_of(server, max_retries=0), max_calls=50)
    user.press("start")
    until(lambda: user.notice.startswith("Failed"))
    first = user.app.run

    server.script = lambda call: Reply("Better now.")
    user.press("start")
    until(lambda: user.app.summary is not None)

    assert first is not None
    assert user.app.run is not first
    assert len(user.screen.panel.children) == 1


def test_two_forms_do_not_know_each_other(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """One form runs, fails and shows while another one waits and runs on its own."""
    server.script = lambda call: Reply(hang=True)
    stuck = users(source=documents, model=model_of(server), max_calls=50)
    other = users(source=documents / "whales.md")
    stuck.screen.start.click()
    until(lambda: len(server.calls) > 0)

    other.press("start")
    until(lambda: other.app.summary is not None)

    assert stuck.enabled() == ["cancel"]
    stuck.press("cancel")
    assert other.app.summary is not None
    assert "Cancelled" not in other.notice


def test_a_plan_that_is_being_worked_out_can_be_left(users: Users, documents: Path) -> None:
    """Cancel drops it, whatever it comes to later; the form is ready for another one."""
    user = users(source="nowhere/")
    with user.screen.controller.lock:  # the plan cannot be handed in before the next one has begun
        user.screen.plan.click()
        assert user.enabled() == ["cancel"]
        user.screen.cancel.click()
        assert user.enabled() == ["plan", "start"]
        assert user.notice == "Stopped before anything was started."
        user.fields.path.control.value = str(documents)
        user.screen.plan.click()

    until(lambda: "2 documents" in user.plan)
    assert user.faulty() == []


def test_uploads_of_every_kind_are_read(users: Users, documents: Path) -> None:
    """A PDF and a Word file that were uploaded are summarized beside a folder, then are gone."""
    from tests.documents.document_samples import docx, pdf

    user = users(source=documents / "whales.md")
    user.fields.upload.value = (
        uploaded("tides.pdf", pdf(["The moon moves the tides of every sea each day."])),
        uploaded("../dunes.docx", docx(("", "Dunes wander before the wind over the years."))),
    )
    assert user.fields.upload.value == ()
    assert user.line("uploads").startswith("2 files")
    folder = user.fields.uploads.folder

    user.press("start")
    until(lambda: user.app.summary is not None)

    assert user.app.summary is not None
    names = {each.name for each in user.app.summary.documents}
    assert names == {"whales.md", "tides.pdf", "dunes.docx"}
    assert f"# Uploaded files are in {folder!r}" in user.app.code
    user.screen.fields.remove.click()
    assert not Path(str(folder)).exists()
    assert "tides" not in user.line("uploads")


@pytest.mark.parametrize("source", [{"a": "text"}, 3, ["a"]])
def test_a_source_without_a_field_is_refused(source: Any) -> None:
    """Texts in memory belong to summarize; the error says so when the form is made."""
    with pytest.raises(InputError, match="summarize"):
        ds.app(source=source)


def test_a_closed_form_leaves_no_widget(users: Users, documents: Path) -> None:
    """Layouts and styles have comms of their own; they go with what they are of."""
    from ipywidgets.widgets import widget

    before = set(widget._instances)
    user = users(source=documents)
    assert set(widget._instances) > before
    user.app.close()

    assert set(widget._instances) == before
