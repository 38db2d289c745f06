"""The grammar of internationalized addresses is compiled when it is first used, not before."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import docsum_nb
import jsonschema
assert "lark" not in sys.modules, "compiled at import"
check = jsonschema.FormatChecker(["iri"]).conforms
assert check("https://münchen.example/straße", "iri")
assert not check("no address", "iri")
assert "lark" in sys.modules
import rfc3987_syntax, rfc3987_syntax.utils
assert rfc3987_syntax.is_valid_syntax("iri", "https://a.example/")
assert rfc3987_syntax.RFC3987_SYNTAX_TERMS
"""


def test_the_grammar_is_compiled_when_it_is_used() -> None:
    """Importing jsonschema, as CrewAI's import does, no longer takes a second for it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
