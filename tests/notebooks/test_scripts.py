"""The exported scripts, run as they are."""

from __future__ import annotations

import ast

import pytest

from tests.notebooks.conftest import EACH, LONG_S, Exporter

PRINTS = {
    "failures_resume_budget": (
        *("litellm.exceptions.BadRequestError", "2 calls for 8 documents", "Forgotten(runs=4"),
        *("docsum_nb.errors.DeadlineExceeded", "docsum_nb.errors.BudgetExceeded"),
    ),
    "guard_your_crew": (
        *("openai.PermissionDeniedError", "task 'risks', agent 'writer'", "PROBLEM: agent"),
        *("docsum_nb.errors.DeadlineExceeded", "docsum_nb.errors.BudgetExceeded"),
    ),
    "private_library": ("1 document found for “green cucumber policy”", "updated"),
    "quickstart": ("model of error handling", "[1]", "6 calls before, 0 now"),
    "script_and_service": ('200 {"summary"', "422"),
    "widgets": ("<Run ", "model of error handling", "<docsum_nb form: no run yet>"),
}


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("name", EACH)
def test_an_exported_script_runs(exported: Exporter, name: str) -> None:
    """It ends with 0, prints what the notebook shows, and is plain Python."""
    script = exported(name)
    code = script.running().wait(LONG_S)
    own = script.script.with_suffix("")
    printed, complained = (own / "stdout").read_text(), (own / "stderr").read_text()
    assert code == 0, complained
    for words in PRINTS[name]:
        assert words in printed
    assert "Traceback" not in complained
    compile(ast.parse(script.script.read_text(encoding="utf-8")), name, "exec")
