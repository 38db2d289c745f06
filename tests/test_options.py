"""One table of options: each way to give them takes what it says, and a new option is one line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb import cli, magics
from docsum_nb.errors import InputError
from docsum_nb.flow.state import SummaryState, arguments_of, state_of
from docsum_nb.form.fields import Fields
from docsum_nb.form.form_values import FormValues, fields_of
from docsum_nb.options import Group, Option, Options, about, given_by_flags, options_of
from docsum_nb.pipeline.arguments import packed, unpacked


@dataclass(frozen=True, kw_only=True)
class More(Options):
    """The options of ``summarize``, and one that does not exist."""

    mood: int | None = field(
        default=None,
        metadata=about(
            *("whole", Group.BOUND, "how merry"), least=2, metavar="N", form=("Mood", "none", "…")
        ),
    )


def taken(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the named parameters of a function and their defaults, in order."""
    return {
        each.name: each.default
        for each in inspect.signature(function).parameters.values()
        if each.name != "self" and each.kind is not each.VAR_KEYWORD
    }


TAKES: dict[Callable[..., Any], Callable[[Option], bool]] = {
    ds.summarize: lambda each: True,
    ds.plan: lambda each: each.group is Group.ASKED,
    ds.resume: lambda each: each.resumable,
    ds.SummaryFlow.__init__: lambda each: True,
    ds.app: lambda each: each.form is not None or each.name in ("source", "model"),
}


def differences(function: Callable[..., Any], table: type[Options] = Options) -> set[str]:
    """Return the names of options that a function should take and does not, or the reverse."""
    expected = {each.name for each in options_of(table) if TAKES[function](each)}
    return expected ^ (taken(function).keys() - {"run_id"})


@pytest.mark.parametrize("function", TAKES, ids=lambda each: each.__qualname__)
def test_a_signature_is_the_table(function: Callable[..., Any]) -> None:
    """Names and defaults are those of the table; each is documented, and a new one is missed."""
    assert differences(function) == set()
    assert differences(function, More) == (set() if function is ds.plan else {"mood"})
    defaults = {each.name: each.default for each in options_of()}
    for name, default in taken(function).items():
        if default is not inspect.Parameter.empty and function is not ds.resume and name != "show":
            assert default == defaults[name], name
    of = ds.SummaryFlow if function is ds.SummaryFlow.__init__ else function
    for name in taken(function):
        assert f"        {name}: " in (of.__doc__ or "").replace("\n    ", "\n        "), name


def test_the_state_of_a_flow_is_the_table() -> None:
    """Its first fields are the arguments, in order, then come the results."""
    names = list(SummaryState.model_fields)
    arguments = [each.name for each in arguments_of()]
    assert names[: len(arguments) + 1] == ["id", *arguments]
    assert {"on_event", "show"}.isdisjoint(arguments)


def test_a_made_up_option_is_one_line() -> None:
    """Stored, resumed, on the command line, in the magic, in a flow's state and in the form."""
    with pytest.raises(InputError, match="mood is a whole number of at least 2, not 1"):
        More(source="a", mood=1)
    arguments, _ = packed(More(source="a", mood=3))
    assert arguments["mood"] == 3
    resumed = unpacked(arguments, {}, run_id="r", given={}, table=More)
    assert isinstance(resumed, More)
    assert resumed.mood == 3

    line = ["summarize", "a", "--mood", "3"]
    assert given_by_flags(cli._parser(More).parse_args(line), options_of(More))["mood"] == 3
    assert cli._parser(More).parse_args(["resume", "--mood", "3"]).mood == 3
    assert magics._parser(More).parse_args(["a", "--mood", "3"]).mood == 3

    assert state_of(More)(mood=3).mood == 3
    asked = FormValues(source="a", values={"mood": 3})
    fields = Fields(asked, print, fields_of(More))
    assert fields.by_name["mood"].box.children[0].description == "Mood"
    read, _ = fields.read()
    assert read is not None
    assert read.arguments() == {"mood": 3}


@pytest.mark.parametrize("name", [each.name for each in options_of() if each.flag])
def test_what_can_be_written_on_a_line_is_a_flag_and_an_option_of_the_magic(name: str) -> None:
    """The command line and ``%summarize`` take the same options."""
    flag = f"--{name.replace('_', '-')}"
    assert f"  {flag}" in magics._parser().format_help()
    parsed = cli._parser().parse_args(["summarize", "a"])
    default = next(each.default for each in options_of() if each.name == name)
    assert getattr(parsed, name) == default


@pytest.mark.parametrize("given", [{"ledger": 5}, {"ledger": ["l"]}, {"prompts": 5}])
def test_what_is_no_path_is_refused(given: dict[str, Any]) -> None:
    """A number would be the name of a file that is made."""
    with pytest.raises(InputError, match=r"is (a path|the path of a folder).*, not "):
        Options(source="a", **given)


def test_no_ledger_is_written_as_none() -> None:
    """``--ledger none`` is ``ledger=False``; any other word is a file."""
    assert cli._parser().parse_args(["summarize", "a", "--ledger", "none"]).ledger is False
    assert cli._parser().parse_args(["summarize", "a", "--ledger", "x"]).ledger == "x"
