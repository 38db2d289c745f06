"""What is wrong is said next to the field that it concerns, in one harmless line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.testing import Reply, ScriptedServer
from tests.form.form_samples import LONG_S, User, until, uploaded
from tests.pipeline.pipeline_samples import model_of

Users = Callable[..., User]
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m"

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a folder that is not there": ({"source": "nowhere/"}, "source: no such file or folder"),
    "a folder with nothing in it": ({"source": "."}, "source: holds no file that is read"),
    "a hostile name": ({"source": HOSTILE}, "source: <img src=x onerror=alert(1)>␛[31m: the glob"),
    "an unknown model": ({"model": "nonsense"}, "model: unknown model 'nonsense'"),
    "a library that is empty": ({"library": "nowhere"}, "library: holds nothing"),
}


@pytest.mark.parametrize("button", ["plan", "start"])
@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_shown_at_its_field(
    case: str,
    button: str,
    users: Users,
    documents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What planning finds is at its field, with no other one marked, and nothing has begun."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    given, expected = FAULTS[case]
    field, said = expected.split(": ", 1)
    user = users(**{"source": documents, **given})

    user.press(button)

    assert user.faulty() == [field]
    assert said in user.line(field)
    assert "<img" not in user.fields.by_name[field]._line.value
    assert user.app.run is None
    assert user.notice == "Nothing was started. Correct the marked field first."
    user.fields.options["question"].control.value = "What now?"
    assert user.faulty() == [], "a change is a new try"


def test_an_address_needs_the_name_of_a_model(users: Users, documents: Path) -> None:
    """A person who fills it in wants that server asked, not the embedded model."""
    user = users(source=documents)
    user.fields.base_url.value = "http://127.0.0.1:1/v1"

    assert user.faulty() == ["model"]
    assert user.enabled() == []
    user.fields.model.value = "openai/my-model"
    assert user.faulty() == []


def test_a_key_is_missed_by_start_only(
    users: Users, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan needs none and says so; Start is refused at the model's field until there is one."""
    user = users(source=documents, model="openai/gpt-4o-mini")
    user.press("plan")
    assert user.faulty() == []
    assert "set OPENAI_API_KEY" in user.plan

    for _ in range(2):
        user.press("start")
        assert user.faulty() == ["model"]
        assert "set OPENAI_API_KEY" in user.line("model")
        assert user.app.run is None

    monkeypatch.setenv("OPENAI_API_KEY", "k")
    user.press("start")
    assert user.faulty() == []
    assert user.notice.startswith("Nothing is paid for yet")


NUMBERS = {
    "length": ("five", "9", "1.5", "-10", "9" * 400),
    "deadline": ("0", "-1", "nan", "inf", "1e99", "soon"),
    "max_cost": ("0", "$5", "1,5"),
    "max_calls": ("0", "2.5"),
    "max_tokens": ("0", "many"),
}


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, ts in NUMBERS.items() for t in ts])
def test_a_number_that_is_none_is_marked_while_it_is_typed(
    name: str, text: str, users: Users, documents: Path
) -> None:
    """A bad number is said at its field, and no button leads on until it is mended."""
    user = users(source=documents)
    control = user.fields.options[name].control

    control.value = text

    assert user.faulty() == [name]
    assert "number" in user.line(name)
    assert user.enabled() == []
    assert user.app.code == "# Correct the marked fields first."
    control.value = "  "
    assert (user.faulty(), user.enabled()) == ([], ["plan", "start"])


def test_an_empty_form_waits_for_documents(users: Users) -> None:
    """Without documents no button can be pressed, and the form says what it waits for."""
    user = users()

    assert user.enabled() == []
    assert user.notice == "Choose documents first."
    assert user.app.code == "# Choose documents first."


def test_a_price_that_is_not_known_cannot_be_bounded(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """Dollars that nobody can count are refused at their field, before anything is sent."""
    user = users(source=documents, model=model_of(server), max_cost=1.0)

    user.press("start")

    assert user.faulty() == ["max_cost"]
    assert "is not known" in user.line("max_cost")
    assert server.calls == []


def test_uploads_that_cannot_be_kept_are_told_of(
    users: Users, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that the server has no room for is an error at its field, not in a log."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    user = users()

    user.fields.upload.value = (uploaded("a.md", b"text"),)

    assert user.faulty() == ["uploads"]
    assert "Cannot be kept" in user.line("uploads")


def test_a_run_that_cannot_be_resumed_says_why(
    users: Users, documents: Path, server: ScriptedServer
) -> None:
    """Where the documents are gone, the error stands below the list, and the form goes on."""
    server.script = lambda call: Reply("no", status=400)
    model = model_of(server, api_key="a-key")
    run = ds.summarize(documents, model=model, show=False)
    run.exception()
    run.join(LONG_S)  # a form reads its list again when a run of its own has settled
    user = users(source=documents, model=model, max_calls=9)
    until(lambda: "resume" in user.enabled())
    (label, _), *_ = user.screen.unfinished.options
    assert "openai/scripted · failed after 0/2 chunks" in label

    ds.forget(everything=True)
    shutil.rmtree(documents)
    user.press("resume")

    until(lambda: "no run" in user.screen.resume_fault.value)
    until(lambda: user.enabled() == ["plan", "start", "resume"])


def test_an_error_of_the_ledger_is_in_the_form(users: Users, tmp_path: Path) -> None:
    """A ledger that is no database is reported below the buttons."""
    from docsum_nb.ledger import default_path

    default_path().parent.mkdir(parents=True)
    default_path().write_bytes(b"no database " * 100)

    user = users()

    until(lambda: "docsum-fault" in user.screen.notice.value)
    assert str(default_path()) in user.notice


def test_a_page_for_others_fetches_no_address(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind voila, a visitor's address would be asked from inside the server's network."""
    fields = users(source="http://127.0.0.1:9/a.md").fields
    asked, faults = fields.read()
    assert asked is not None
    assert not faults
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
    asked, faults = fields.read()
    assert asked is None
    assert "fetches no addresses" in faults[0].text
