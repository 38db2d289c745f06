"""The error for an argument that a function does not take says what to write instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb import argument_hints
from docsum_nb.argument_hints import explains_arguments

PUBLIC: list[Callable[..., Any]] = [
    *(ds.summarize, ds.plan, ds.resume, ds.compare, ds.evaluate, ds.evaluate_library),
    *(ds.kickoff, ds.start, ds.run_with_deadline, ds.app, ds.doctor, ds.runs, ds.forget),
    *(ds.Model, ds.Library, ds.Library.add, ds.Library.sync, ds.Library.search, ds.Library.related),
]


def refusal(call: Callable[[], object]) -> str:
    """Return the words of the TypeError that a call raises."""
    with pytest.raises(TypeError) as raised:
        call()
    return str(raised.value)


@pytest.mark.parametrize("function", PUBLIC, ids=lambda each: each.__qualname__)
def test_every_public_function_explains_its_arguments(function: Callable[..., Any]) -> None:
    """By an error of the function's own name; the signature has no room for any argument."""
    kinds = {each.kind for each in inspect.signature(function).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds
    words = refusal(lambda: function(zebra="sk-secret"))
    name = function.__qualname__
    assert words.startswith(f"{name}() got an unexpected keyword argument 'zebra'; ")
    assert "sk-secret" not in words


def test_the_table_names_what_is_there() -> None:
    """Each argument of the table is one of a public function; those of a model are its fields."""
    taken = {name for each in PUBLIC for name in inspect.signature(each).parameters}
    assert argument_hints._NAMES.keys() <= taken
    model = {each.name for each in fields(ds.Model)}
    assert model >= argument_hints._OF_MODEL
    summarize, plan = (inspect.signature(each).parameters for each in (ds.summarize, ds.plan))
    assert argument_hints._OF_MODEL.isdisjoint(summarize)
    assert summarize.keys() - plan.keys() == argument_hints._NOT_OF_PLAN


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ('ds.summarize("x", quiet=True)', "write show=False"),
        ('ds.summarize("x", temprature=1)', 'docsum_nb.Model(NAME, params={"temperature": 1})'),
        ('ds.plan("x", max_cost=3)', "plan sends nothing: give it to summarize"),
        ('ds.kickoff("x", temperature=1)', "crewai.LLM(NAME, temperature=1)"),
        ('ds.Model("openai/x", rpm=3)', "write requests_per_minute=3"),
        ('ds.Model("openai/x", "http://host")', "timeout=... and so on"),
        ('ds.compare("x", models=[], api_key="k")', "[docsum_nb.Model(NAME, api_key=...), ...]"),
        ('ds.Library("x").search("a", top_k=3)', "write k=3"),
    ],
)
def test_what_to_write_is_named(code: str, end: str) -> None:
    """The argument of this function, the setting of a model, or the likely one."""
    assert refusal(lambda: eval(code, {"ds": ds})).endswith(end)


def test_errors_within_a_function_are_not_changed() -> None:
    """Only what Python refuses is explained; a TypeError of the work is its own."""
    inner = TypeError("f() got an unexpected keyword argument 'words'")

    @explains_arguments
    def function(length: int = 0) -> None:
        raise inner

    with pytest.raises(TypeError) as raised:
        function(length=1)
    assert raised.value is inner
