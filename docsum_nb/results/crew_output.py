"""How a notebook shows the output of a crew: its text, its tasks, what it took, its warnings.

CrewAI's own object is returned unchanged; only what a cell shows of it is laid out here. The text
is a model's: its Markdown is rendered without HTML of its own, and nothing in it is fetched.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from docsum_nb.own_code import running_ipython
from docsum_nb.render.displayed import Displayed
from docsum_nb.render.one_line import clean, one_line
from docsum_nb.render.table import Column, Row, Table, folded, more, part, table_html, table_text
from docsum_nb.render.templating import fill
from docsum_nb.results.usage import RunUsage

__all__ = ["CrewReport", "remember_crew", "report_of"]

_MODULE, _CLASS = "crewai.crews.crew_output", "CrewOutput"
_MOST_CHARS = 100_000
_MOST_TASKS = 100
_reports: dict[int, tuple[weakref.ref[Any], CrewReport]] = {}
"""By the id of the output, as long as that exists."""


@dataclass(frozen=True)
class CrewReport(Displayed):
    """What a cell shows of the output of a crew."""

    text: str
    """The final output: Markdown, or JSON."""
    is_json: bool
    tasks: tuple[tuple[str, str, str], ...]
    """The name, agent and output of each task, in the order of the crew."""
    usage: RunUsage
    warnings: tuple[str, ...]

    def to_text(self) -> str:
        """Render as plain text for a terminal."""
        parts = [clean(self.text), table_text(self._tasks())]
        return "\n\n".join([*parts, self.usage.to_text()])

    def to_html(self) -> str:
        """Render as HTML that needs no script and nothing from elsewhere."""
        body = _code(self.text) if self.is_json else _markdown(self.text)
        return fill(
            __package__,
            "crew_output.html.j2",
            body=body,
            tasks=table_html(self._tasks()),
            usage=self.usage.to_html(),
        )

    def _tasks(self) -> Table:
        rows = tuple(
            Row(
                (
                    (part(name, "name", max_chars=60),),
                    (part(agent, max_chars=40),),
                    (part(output, max_chars=200),),
                )
            )
            for name, agent, output in self.tasks[:_MOST_TASKS]
        )
        return Table(
            "Tasks",
            (Column("task"), Column("agent"), Column("output")),
            rows,
            notes=more(len(self.tasks) - _MOST_TASKS, "more tasks"),
            folds=_warnings(self.warnings),
        )


def remember_crew(output: Any, usage: RunUsage, warnings: Iterable[str]) -> None:
    """Make a notebook show the output of a crew by a report; others are shown as before.

    Args:
        output: The result of a run.
        usage: What the run took.
        warnings: Its warnings.
    """
    shell = running_ipython()
    kind = type(output)
    if shell is None or (kind.__module__, kind.__name__) != (_MODULE, _CLASS):
        return
    report = _report(output, usage, tuple(warnings))
    key = id(output)
    _reports[key] = (weakref.ref(output, lambda _: _reports.pop(key, None)), report)
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name(_MODULE, _CLASS, _bundle)


def report_of(output: Any) -> CrewReport | None:
    """Return the report of a crew's output; ``None`` if no run of this process returned it."""
    found = _reports.get(id(output))
    return found[1] if found is not None and found[0]() is output else None


def _bundle(output: Any) -> tuple[dict[str, str], dict[str, Any]]:
    report = report_of(output)
    return (report._repr_mimebundle_() if report is not None else {}), {}


def _report(output: Any, usage: RunUsage, warnings: tuple[str, ...]) -> CrewReport:
    data = getattr(output, "json_dict", None)
    text = json.dumps(data, indent=2, ensure_ascii=False) if data else str(output.raw or "")
    tasks = tuple(
        (
            one_line(str(task.name or task.description), max_chars=60),
            str(task.agent or ""),
            str(task.raw or ""),
        )
        for task in output.tasks_output
    )
    return CrewReport(_cut(text), bool(data), tasks, usage, warnings)


def _cut(text: str) -> str:
    left_out = len(text) - _MOST_CHARS
    return text if left_out <= 0 else f"{text[:_MOST_CHARS]}\n\n… {left_out:,} more characters"


def _warnings(warnings: tuple[str, ...]) -> tuple[Any, ...]:
    return folded("Warnings", [(f"{n}", text) for n, text in enumerate(warnings, start=1)])


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    # An image would be requested from wherever the model says.
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return str(reader.render(clean(text)))


def _code(text: str) -> str:
    from html import escape

    return f"<pre><code>{escape(clean(text))}</code></pre>"
