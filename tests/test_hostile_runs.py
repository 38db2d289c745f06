"""Hostile text in what runs and the command line show: answers, errors, names of files."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.cli import main
from docsum_nb.testing import Reply, ScriptedServer
from docsum_nb.views.panel import static_bundle
from tests.support.hostile_text import TRAPS, check_html, check_markdown, check_terminal

LONG_S = 90.0


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Gather what is logged, at all levels, as a terminal would show it."""
    lines: list[str] = []

    class Gather(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record))

    handler, log = Gather(logging.DEBUG), logging.getLogger("docsum_nb")
    log.addHandler(handler)
    level = log.level
    log.setLevel(logging.DEBUG)
    yield lines
    log.setLevel(level)
    log.removeHandler(handler)


@pytest.mark.parametrize("status", [200, 400])
def test_answers_and_errors_of_a_server_are_only_text(
    status: int, server: ScriptedServer, logged: list[str]
) -> None:
    """In what a run shows of itself, its error and its result, and in what is logged."""
    server.script = lambda call: Reply(TRAPS, status=status)
    model = ds.Model("openai/x", base_url=server.base_url, api_key="k", max_retries=0)
    run = ds.summarize({TRAPS: f"A text. {TRAPS}"}, model=model, question=TRAPS, show=True)
    error = run.exception(LONG_S)
    assert run.join(LONG_S)
    assert (error is None) is (status == 200)
    bundle = static_bundle(run._display, run._display.snapshot(), run.partial)
    texts = [repr(run), bundle["text/plain"], *run.state.warnings, run.state.error or "", *logged]
    for each in (error, *getattr(error, "exceptions", ())):
        if each is not None:
            shown_in_a_cell = getattr(each, "_render_traceback_", list)
            texts += [*shown_in_a_cell(), *traceback.format_exception(each)]
    check_terminal("\n".join([*texts, str(ds.runs())]))
    check_html(bundle["text/html"] + ds.runs().to_html())
    if error is None:
        check_markdown(run.result().to_markdown())


def test_names_of_files_are_only_text_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of files that are read, are not read, do not exist, or vanished."""
    folder, library = tmp_path / "files", tmp_path / "library"
    folder.mkdir()
    name = re.sub("[/\0\ud800]", "", TRAPS)[:60] + "\x1b]8;;x\x07\x9b2J\u202e\r"
    (folder / f"{name}.txt").write_text("Some words of a text.")
    (folder / f"{name}.pdf").write_text("not a PDF")
    commands = [
        ["add", str(folder), "--library", str(library), "--on-error", "skip"],
        ["search", name, "--library", str(library)],
        ["plan", str(folder), "--on-error", "skip"],
        ["summarize", str(folder), "--on-error", "skip", "--question", name],
        ["summarize", str(folder)],
        ["summarize", str(folder / name)],
        ["summarize", str(folder), "--output", str(folder / name)],
        ["resume", name],
        ["runs"],
        ["add", str(folder), "--library", str(library), "--on-error", "skip", "--prune"],
        ["doctor", "--json"],
    ]
    for command in commands:
        if "--prune" in command:
            (folder / f"{name}.txt").unlink()
        main(command)
        printed = capsys.readouterr()
        assert printed.out or printed.err
        check_terminal(printed.out + printed.err)
