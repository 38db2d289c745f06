"""Messages in the words of the command line."""

from __future__ import annotations

import pytest

from docsum_nb.shell_words import in_shell


@pytest.mark.parametrize(
    ("python", "shell"),
    [
        (
            "docsum_nb.resume('3d', ledger='a b') goes on",
            "docsum-nb resume 3d --ledger 'a b' goes on",
        ),
        ("docsum_nb.forget(everything=True)", "docsum-nb forget --everything"),
        (
            "docsum_nb.Library('lib').add(SOURCE)",
            "docsum-nb add PATH --library lib",
        ),
        ("docsum_nb.runs() lists what is", "docsum-nb runs lists what is"),
        ("give ledger=PATH, or ledger=False", "give --ledger FILE, or --ledger none"),
        ("all of max_calls=1 are made", "all of --max-calls 1 are made"),
        ("left of max_cost=$0.50", "left of --max-cost $0.50"),
        ("on_error='skip' goes on", "--on-error skip goes on"),
        ("length must be at least 10", "--length must be at least 10"),
        ("docsum_nb.resume('x', prices=p)", "in Python: docsum_nb.resume('x', prices=p)"),
        (
            "write docsum_nb.resume('x', model=docsum_nb.Model('m', base_url='http://h/v1'))",
            "write in Python: docsum_nb.resume('x', "
            "model=docsum_nb.Model('m', base_url='http://h/v1'))",
        ),
        ("set KEY, or give Model('x', api_key=...)", "set KEY"),
        ("give Model('x', prices=(1, 2))", "give, in Python, Model('x', prices=(1, 2))"),
    ],
)
def test_advice_becomes_a_command(python: str, shell: str) -> None:
    """Calls become commands, arguments become flags."""
    assert in_shell(python) == shell


@pytest.mark.parametrize(
    "text",
    [
        "notes/max_calls.md: is no text",
        "'on_error' is the name of a file",
        "the deadline of 3 s passed",
        "the question is open, the length of it too",
    ],
)
def test_other_text_stays(text: str) -> None:
    """Words of everyday language, and names of files are unchanged."""
    assert in_shell(text) == text
