"""Coverage-guided fuzzing of the readers that are written here, with atheris (libFuzzer).

A reader may return, or raise a ``LoadError``. What it returns must hold: pages begin in order in
the text, the chunks rebuild it, and its sentences follow one another without a gap. Anything else,
also a hang, is a finding: its input is kept in ``build/fuzz/``, and belongs into a test. Each kind
is fuzzed in a process of its own, which begins with the cases of the corpus.

Usage: make fuzz [SECONDS=60], for each kind; or: python tests/fuzz/readers.py LIMIT [KIND ...]
LIMIT is a number of seconds, or of runs as ``500x``: the same runs each time, for CI.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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
    limit, *kinds = sys.argv[1:] or ["60"]
    limit = (
        f"-runs={limit.removesuffix('x')}" if limit.endswith("x") else f"-max_total_time={limit}"
    )
    kinds = kinds or sorted(set(KINDS.values()) - set(ELSEWHERE))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(lambda kind: fuzzed(kind, limit), kinds))


def fuzzed(kind: str, limit: str) -> bool:
    """Fuzz a kind in a process of its own and print how it went; returns whether it found some."""
    seeds = FUZZ / f"seeds-{kind}"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(cases_of(kind)):
        (seeds / f"case-{number}").write_bytes(data)
    command = [sys.executable, str(TARGET), kind, limit, str(seeds)]
    # With the order of sets fixed, the same number of runs finds the same.
    settings = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=settings)
    runs = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
    found = f"FOUND SOMETHING\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    print(f"{kind:12} {found if done.returncode else runs[-1]}", flush=True)
    return done.returncode != 0


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
