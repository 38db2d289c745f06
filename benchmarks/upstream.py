"""The effect of a CrewAI or LiteLLM release that renames something, name by name.

Each name of the two tables (``docsum_nb/crew/crewai_names.py``,
``docsum_nb/models/litellm_names.py``) is renamed in a process forked for it. There a crew of four
tasks is run with ``max_calls`` and a deadline, then a text is summarized. What is neither an error
nor a named lost promise is SILENT, and the exit status is 1.

Usage: python benchmarks/upstream.py [LIBRARY]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.renamed import Renamer, running_renamer  # noqa: E402

BOUNDS = {"max_calls": 50, "max_cost": 32.0, "deadline": 120.0}


def row_of(renamer: Renamer, library: str, name: dict[str, Any]) -> list[str]:
    """Return the effect of a renamed name: outcome, calls, whether it is reported, summarize."""
    renamed = {"kind": name["kind"], "path": name["path"]}
    trial = "open_model" if library == "litellm" else "both"
    ran = renamer.ask(**renamed, trial=trial, **BOUNDS)
    text = outcome(ran)
    reported = "yes" if text else "SILENT"
    if not text:
        looked = renamer.ask(**renamed, trial="lost", library=library)
        reported = "by the doctor" if looked.get("lost") else "SILENT"
        text = looked["lost"][0][1] if looked.get("lost") else f"{ran['outcome']} {ran.get('text')}"
    summary = ran.get("summary", {"outcome": "-"})
    summarized = "yes" if summary["outcome"] == "done" else summary.get("text", "-")
    return [text, str(ran.get("calls", "-")), reported, summarized.partition("; ")[0]]


def outcome(ran: dict[str, Any]) -> str:
    """Return how a run was refused or warned; empty if it was not."""
    lines = [line for line in ran.get("warnings", ran.get("lost", [])) if "does not hold" in line]
    if ran["outcome"] == "UpstreamError":
        return f"refused: {ran['text'].partition('; ')[0]}"
    return f"{ran['outcome']}, warned: {lines[0]}" if lines else ""


def main(libraries: list[str]) -> int:
    """Rename each name, and print a row for it."""
    silent = 0
    print("| name | used for | outcome | calls | reported | summarize |")
    print("|---|---|---|---|---|---|")
    with running_renamer() as renamer:
        names = renamer.ask(kind="", path="", trial="names")
        for library in libraries:
            for name in names[library]:
                row = row_of(renamer, library, name)
                cells = (f"`{name['path']}`", name["use"], *row)
                line = " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
                print(f"| {line} |", flush=True)
                silent += "SILENT" in row
    print(f"\n{sum(map(len, (names[each] for each in libraries)))} names, {silent} silent")
    return int(silent > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["crewai", "litellm"]))
