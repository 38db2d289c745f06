"""Coverage-guided fuzzing of the readers that are written here, with atheris (libFuzzer).

A reader may return, or raise a ``LoadError``. What it returns must hold: pages begin in order in
the text, the chunks rebuild it, and its sentences follow one another without a gap. Anything else,
also a hang, is a finding: its input is kept in ``build/fuzz/``, and belongs into a test. Each kind
is fuzzed in a process of its own, which begins with the cases of the corpus.

Usage: make fuzz [SECONDS=60], for each kind; or: python tests/fuzz/readers.py SECONDS [KIND ...]
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from docsum_nb.documents.sources import KINDS  # noqa: E402

FUZZ = ROOT / "build" / "fuzz"
TARGET = Path(__file__).with_name("target.py")
ELSEWHERE = ("pdf", "old_office")
"""Kinds whose parser is not written here, or that are not read."""


def main() -> int:
    """Fuzz each kind; returns how many had a finding."""
    seconds, *kinds = sys.argv[1:] or ["60"]
    failed = 0
    for kind in kinds or sorted(set(KINDS.values()) - set(ELSEWHERE)):
        seeds = FUZZ / f"seeds-{kind}"
        seeds.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(cases_of(kind)):
            (seeds / f"case-{number}").write_bytes(data)
        command = [sys.executable, str(TARGET), kind, seconds, str(seeds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        runs = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
        print(f"{kind:12} {runs[-1] if runs else 'FOUND SOMETHING'}", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", flush=True)
    return failed


def cases_of(kind: str) -> list[bytes]:
    """Return the files of the corpus that are of a kind."""
    modules = sorted((ROOT / "tests" / "documents" / "cases").glob("*.py"))
    cases = [
        case
        for path in modules
        for case in import_module(f"tests.documents.cases.{path.stem}").CASES
        if KINDS.get(Path(case.file).suffix) == kind
    ]
    return [case.data.encode() if isinstance(case.data, str) else case.data for case in cases]


if __name__ == "__main__":
    sys.exit(main())
