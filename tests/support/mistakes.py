"""The typical mistakes of the first hour, each with the message that a user sees.

Usage: python -m tests.support.mistakes     writes docs/reference/mistakes.md

Every line of code is run, in a folder with a few documents, without a key and without a network;
what it raises is the message of the table. ``tests/test_mistakes.py`` compares the page with what
is raised now.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.documents.pdf_maker import made

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "mistakes.md"

GROUPS: dict[str, list[tuple[str, str]]] = {
    "The result is not there yet": [
        ("forgotten `await`", 'run = ds.summarize("reports/")\nrun.text'),
        ("the same, with brackets", 'ds.summarize("reports/")["text"]'),
        ("the same, in a loop", 'for document in ds.summarize("reports/"): ...'),
        ("a run given to `asyncio.run`", 'asyncio.run(ds.summarize("reports/"))'),
        ("the length of a run", 'len(ds.summarize("reports/"))'),
        ("a run beside a text", '"Summary: " + ds.summarize("reports/")'),
        (
            "two runs, one of them awaited",
            'first, second = ds.summarize("reports/").result(), ds.summarize("reports/")\n'
            "first.text + second.text",
        ),
        (
            "`.result()` of what was waited for",
            'summary = ds.summarize("reports/").result()\nsummary.result()',
        ),
        ("a plan that is waited for", 'ds.plan("reports/").result()'),
        (
            "`await` before a plan",
            'async def cell(): await ds.plan("reports/")\nasyncio.run(cell())',
        ),
        ("the text of a plan", 'ds.plan("reports/").text'),
        (
            "a misspelled part of a result",
            'summary = ds.summarize("reports/").result()\nsummary.txt',
        ),
        ("a misspelled part of a run", 'ds.summarize("reports/").results()'),
        ("a run given as a source", 'ds.summarize(ds.summarize("reports/"))'),
    ],
    "Names and options": [
        ("a misspelled function", 'ds.summarise("reports/")'),
        ("a misspelled argument", 'ds.summarize("reports/", modle="extractive")'),
        ("the length by another name", 'ds.summarize("reports/", words=300)'),
        ("the deadline by another name", 'ds.summarize("reports/", timeout=60)'),
        (
            "a parameter of the request",
            'ds.summarize("reports/", model="openai/gpt-4o-mini", temperature=0)',
        ),
        ("a setting of the model", 'ds.summarize("reports/", api_key="sk-...")'),
        ("an instruction to the model", 'ds.summarize("reports/", prompt="List the risks")'),
        ("the size of chunks", 'ds.summarize("reports/", chunk_size=2000)'),
        ("the number of workers", 'ds.summarize("reports/", n_workers=8)'),
        ("an argument that does not exist", 'ds.summarize("reports/", mood="merry")'),
        ("a question without its name", 'ds.summarize("reports/", "What froze?")'),
        ("a misspelled provider", 'ds.summarize("reports/", model="opnai/gpt-4o-mini").result()'),
        ("another misspelled model", 'ds.summarize("reports/", model="extractiv").result()'),
        ("no model", 'ds.summarize("reports/", model=None)'),
        ("several models", 'ds.summarize("reports/", model=["extractive", "openai/gpt-4o-mini"])'),
        ("a client as the model", 'ds.summarize("reports/", model=object())'),
        ("a model without its provider", 'ds.summarize("reports/", model="claude").result()'),
        ("no key", 'ds.summarize("reports/", model="openai/gpt-4o-mini").result()'),
        ("no time", 'ds.summarize("reports/", deadline=0)'),
        ("a deadline in words", 'ds.summarize("reports/", deadline="2 minutes")'),
        ("a negative bound", 'ds.summarize("reports/", max_cost=-1)'),
        ("no words", 'ds.summarize("reports/", length=0)'),
        ("an empty question", 'ds.summarize("reports/", question="")'),
        ("an unknown choice", 'ds.summarize("reports/", on_error="ignore")'),
        (
            "a bound in dollars, and no price",
            'model = ds.Model("openai/mine", base_url="http://127.0.0.1:1/v1", api_key="none")\n'
            'ds.summarize("reports/", model=model, max_cost=1).result()',
        ),
        (
            "structured output without a language model",
            'ds.summarize("reports/", response_model=Report)',
        ),
        (
            "a dictionary as the structure",
            'ds.summarize("reports/", model="openai/gpt-4o-mini", response_model={"title": str})',
        ),
        ("a folder as the ledger", 'ds.summarize("reports/", ledger="reports/").result()'),
        ("a number as the ledger", 'ds.summarize("reports/", ledger=1)'),
        ("no such folder of prompts", 'ds.summarize("reports/", prompts="prompts/").result()'),
    ],
    "The source": [
        ("a wrong path", 'ds.summarize("report/").result()'),
        ("a path of Windows, elsewhere", 'ds.summarize("reports\\\\north.md").result()'),
        ("a drive, elsewhere", 'ds.summarize("Q:/reports/north.md").result()'),
        ("a variable of a shell", 'ds.summarize("$HOME/reports").result()'),
        ("quotation marks within", "ds.summarize('\"reports/north.md\"').result()"),
        (
            "a text as a path",
            'ds.summarize("The harbor froze for three weeks, and ships waited.").result()',
        ),
        ("a glob that finds nothing", 'ds.summarize("reports/*.pdf").result()'),
        ("an iterator that finds nothing", 'ds.summarize(Path("reports").glob("*.pdf"))'),
        (
            "an iterator that was read",
            "rows = (row for row in table.review)\nlist(rows)\nds.summarize(rows)",
        ),
        ("an empty list", "ds.summarize([])"),
        ("a misspelled address", 'ds.summarize("htps://example.com/report.pdf").result()'),
        ("an address that is not there", 'ds.summarize("memory://bucket/*.md").result()'),
        ("a column of paths", 'ds.summarize(Series(["reports/north.md"])).result()'),
        ("paths by name", 'ds.summarize({"north": "reports/north.md"}).result()'),
        (
            "a function that makes the texts",
            "def texts(): yield from table.notes\nds.summarize(texts)",
        ),
        ("a folder without files that are read", 'ds.summarize("pictures/").result()'),
        ("an empty file", 'ds.summarize("empty.txt").result()'),
        ("a scanned PDF in a folder", 'ds.summarize("scans/").result()'),
        ("an old Word file", 'ds.summarize("old.doc").result()'),
        ("a table with two columns of texts", 'ds.summarize(table[["summary", "notes"]])'),
        ("a column that is not there", 'ds.summarize(table, text="body")'),
        ("a table without texts", 'ds.summarize(table[["stars"]])'),
        ("names that are not unique", 'ds.summarize(table, text="notes", name="stars")'),
        ("a column, and no table", 'ds.summarize("reports/", text="notes")'),
        ("a missing text in a table", 'ds.summarize(table, text="review")'),
        ("texts and paths in one list", 'ds.summarize(["Prices fell by a tenth.", "north.md"])'),
        ("a missing text", 'ds.summarize({"north": None}).result()'),
        ("bytes of a damaged PDF", 'ds.summarize(b"%PDF-1.7 damaged").result()'),
        ("bytes of an unknown kind", "ds.summarize(bytes(range(256))).result()"),
        ("a file that was closed", 'with open("reports/north.md") as f: pass\nds.summarize(f)'),
        ("two documents of one name", "ds.summarize([document, document]).result()"),
        ("nothing", "ds.summarize(None).result()"),
    ],
    "Library and resume": [
        ("a library that holds nothing", 'ds.summarize("reports/", library="handbok").result()'),
        ("a library that is a file", 'ds.Library("reports/north.md").search("harbor")'),
        ("an empty search", 'ds.Library("handbook").search("")'),
        ("a search before anything was added", 'ds.Library("handbook").search("harbor")'),
        ("nothing to resume", "ds.resume()"),
    ],
    "Crews and functions": [
        ("an Agent", "ds.kickoff(agent)"),
        ("a Task", "ds.kickoff(task)"),
        ("a text", 'ds.kickoff("Summarize the reports")'),
        ("inputs as arguments", 'ds.kickoff(crew, topic="whales")'),
        ("arguments of a function", 'ds.start(print, "ships", sep=", ")'),
        ("inputs that are no mapping", 'ds.kickoff(crew, inputs=["whales"])'),
        ("the result of a function", 'ds.start(print("hello"))'),
        ("a function without its time limit", "ds.run_with_deadline(print, None)"),
    ],
}
"""By heading: what was meant, and the code that somebody writes."""

_HEAD = """# Typical mistakes, and what the error says

Each line of code was run in a folder with a few documents, without an API key; beside it is the
message of the error, as a cell or a terminal shows it. The page is written by
`python -m tests.support.mistakes`, and a test compares it with what is raised.
[Common errors and their fixes](../faq.md) explains those that need more than a line.
"""


def page() -> str:
    """Return the page."""
    parts = [_HEAD]
    with _folder() as names:
        for title, mistakes in GROUPS.items():
            parts.append(f"## {title}\n\n| Mistake | Code | What the error says |\n|---|---|---|\n")
            parts[-1] += "".join(
                f"| {what} | {_cell(code)} | {_escaped(message(code, names))} |\n"
                for what, code in mistakes
            )
    return "\n".join(parts)


def message(code: str, names: dict[str, Any]) -> str:
    """Return what the code raises: the kind of the error, and its words."""
    space = dict(names)
    try:
        exec(code, space)
    except Exception as error:  # noqa: BLE001  # any that a mistake leads to
        kind = next(each for each in type(error).__mro__ if not each.__name__.startswith("_"))
        words = f"{kind.__name__}: {error}"
    else:
        raise AssertionError(f"{code!r} raises nothing")
    for folder in (os.path.realpath(Path.cwd()), str(Path.cwd())):
        words = words.replace(folder, "/home/me")
    # Newer versions of Python add a hint of their own.
    words = re.sub(r"\. Did you mean .*", "", words)
    words = re.sub(r"<Run [0-9a-f]{12}", "<Run 0123456789ab", re.sub(r"\s+", " ", words))
    # How far a run that was just started has come is chance.
    return words.replace("'summarize': loading;", "'summarize': starting;")


@contextlib.contextmanager
def _folder() -> Iterator[dict[str, Any]]:
    """Make a folder with documents the current one; yields the names that the code uses."""
    import asyncio

    import pandas as pd
    from pydantic import BaseModel

    import docsum_nb as ds
    from tests.support.docs_samples import make_crew

    class Report(BaseModel):
        title: str

    before = Path.cwd()
    # No key, no tesseract, no terminal: the same on every machine.
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**kept, "HOME": folder, "XDG_DATA_HOME": folder, "PATH": ""}
        with (
            patch.dict(os.environ, environment, clear=True),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            os.chdir(folder)
            try:
                _write_documents()
                with patch.dict(os.environ, {"OPENAI_API_KEY": "sk-any"}):
                    crew = make_crew(parts=1)
                yield {
                    "asyncio": asyncio,
                    "Path": Path,
                    "Series": pd.Series,
                    "ds": ds,
                    "Report": Report,
                    "crew": crew,
                    "agent": crew.agents[0],
                    "task": crew.tasks[0],
                    "document": ds.Document("minutes", "The harbor froze. Ships waited outside."),
                    "table": pd.DataFrame(
                        {
                            "review": ["Ships waited outside.", None],
                            "stars": [5, 5],
                            "summary": ["The harbor froze.", "Prices fell."],
                            "notes": ["Ask the master of the harbor.", "See the market report."],
                        }
                    ),
                }
            finally:
                os.chdir(before)


def _write_documents() -> None:
    for name, content in {
        "reports/north.md": b"# North\n\nThe harbor of the north froze. Ships waited outside.\n",
        "reports/south.md": b"# South\n\nThe south sold more grain than ever. Prices fell.\n",
        "pictures/harbor.png": b"\x89PNG\r\n\x1a\n",
        "empty.txt": b"",
        "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
        "scans/letter.md": b"The master closed the harbor.\n",
        "scans/scan.pdf": made(b"q 200 0 0 200 72 400 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x7f EI Q"),
    }.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def _cell(code: str) -> str:
    return "<br>".join(f"`{line.replace('|', '&#124;')}`" for line in code.split("\n"))


def _escaped(words: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|{}#])", r"\\\1", words)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
