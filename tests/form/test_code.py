"""The code that the form shows."""

from __future__ import annotations

import ast
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.form.code import code_of
from docsum_nb.form.form_values import FormValues

HOSTILE = (
    'it\'s "quoted"',
    "a\nb\r\t\\",
    "''' + __import__('os').getcwd() + '''",
    "{x} %s </pre><script>alert(1)</script>",
    "\u202egnp.exe \u200b\ud800 é 🐋",
    "#",
)


def call_in(code: str) -> tuple[Any, dict[str, Any]]:
    """Return the source and the arguments of the only call of ``summarize``, as Python reads it."""
    calls = [
        node
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ds.summarize"
    ]
    assert len(calls) == 1, code
    (source,) = calls[0].args
    given = {str(each.arg): ast.literal_eval(each.value) for each in calls[0].keywords}
    return ast.literal_eval(source), given


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_was_typed_is_what_the_code_says(text: str) -> None:
    """Every text comes out of the code as it went in, in one call, without odd characters."""
    asked = FormValues(source=text, model=text, values={"library": text, "question": text})

    code = code_of(asked, uploads=text)

    assert call_in(code) == (text, {"model": text, "library": text, "question": text})
    assert all(char.isprintable() or char == "\n" for char in code)


def test_only_what_differs_from_the_defaults_is_said() -> None:
    """An empty form is a call with nothing but the documents; numbers are as they were given."""
    assert call_in(code_of(FormValues(source="a"))) == ("a", {})
    values = {"length": 200, "deadline": 600, "max_cost": 0.25, "on_error": "skip"}
    asked = FormValues(source=("a", "b"), values={**values, "question": None})
    assert call_in(code_of(asked)) == (
        ["a", "b"],
        {"length": 200, "deadline": 600, "max_cost": 0.25, "on_error": "skip"},
    )


def test_long_calls_are_written_one_argument_a_line() -> None:
    """No line is longer for having more arguments."""
    values = {"question": "What was decided? " * 3, "length": 200}
    code = code_of(FormValues(source="reports/", values=values))

    assert "\n    length=200,\n)" in code
    assert call_in(code)[1]["length"] == 200


def test_settings_of_a_model_are_in_the_code_and_its_secrets_are_not() -> None:
    """Keys are asked for where the code runs, wherever they stand; other settings are said."""
    model = ds.Model(
        "openai/x",
        base_url="http://user:Geheim1@127.0.0.1/v1",
        api_key="Geheim2",
        timeout=5,
        tokens_per_minute=1000,
        params={"temperature": 0, "extra_headers": {"Authorization": "Geheim3"}},
        fallbacks=("openai/y", ds.Model("openai/z", api_key="Geheim4")),
    )

    code = code_of(FormValues(source="a", model=model))

    assert "Geheim" not in code
    made: dict[str, Any] = {"ds": ds, "getpass": lambda prompt: f"given for {prompt}"}
    again = eval(code.partition("model=")[2].partition(",\n)")[0], made)
    assert (again.timeout, again.tokens_per_minute) == (5, 1000)
    assert again.api_key == "given for api_key: "
    assert again.params["temperature"] == 0
    assert [getattr(each, "name", each) for each in again.fallbacks] == ["openai/y", "openai/z"]
    assert code.startswith("from getpass import getpass\n")


def test_settings_that_are_no_code_are_named() -> None:
    """An object among a model's parameters is left out, and the code says so."""
    model = ds.Model("openai/x", params={"client": object()}, timeout=5)

    code = code_of(FormValues(source="a", model=model))

    assert "# Give the model its params as well." in code
    assert "ds.Model('openai/x', timeout=5)" in code


def test_an_address_that_may_hold_a_secret_is_asked_for() -> None:
    """A plain one is written."""
    plain = "https://host.example/a.pdf"
    code = code_of(FormValues(source=(plain, "https://me:Geheim5@host.example/b.pdf?sig=Geheim6")))
    assert "Geheim" not in code
    assert f"[{plain!r}, getpass('source: ')]" in code
    assert code.startswith("from getpass import getpass\n")
