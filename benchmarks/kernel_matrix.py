"""How runs end in real kernels: seconds to the end of the cell, compared with the limits.

Runs the table of ``tests/kernel/ends.py``: each way to end, awaited, blocked on and as a panel, in
a kernel of the installed ipykernel and, after ``make ipykernel6``, in one of the last 6. A time
counts from the provider's answer, the raise, the press of the button or the deadline; of a panel,
to its last update. Needs an idle machine.

Usage: python benchmarks/kernel_matrix.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from docsum_nb.testing import ScriptedServer
from tests.kernel.bench import Bench, Ended
from tests.kernel.ends import ENDS, FORMS, End, Form, impossible
from tests.support.kernels import OLD_IPYKERNEL, running_kernel

NEXT_CELL_S = 1.0
"""How soon the kernel is to answer the next cell."""


def flaws(end: End, form: Form, seen: list[Ended]) -> list[str]:
    """Return the names of what is wrong in any of the rounds."""
    found = {
        "slow": max(each.seconds for each in seen) > end.limit_s,
        "next cell slow": max(each.next_s for each in seen) > NEXT_CELL_S,
        "wrong error": {(each.cell_error, each.run_error) for each in seen}
        != {(end.cell_error(form), end.error)},
        "goes on": any(each.late_requests for each in seen),
        "threads": any(each.threads_left for each in seen) and not end.keeps_threads,
        "cannot run again": any(each.again != "fine" for each in seen),
        "unreported": any(words not in each.told for each in seen for words in end.tells),
    }
    return [name for name, is_so in found.items() if is_so]


def row(end: End, form: Form, seen: list[Ended]) -> str:
    """Render one cell of the matrix as a line: its times, the worst next cell, its flaws."""
    times = [each.seconds for each in seen]
    spread = f"{min(times):.3f} {statistics.median(times):7.3f} {max(times):7.3f}"
    after = max(each.next_s for each in seen)
    verdict = ", ".join(flaws(end, form, seen)) or "as it should be"
    return f"{end.name:30} {form:7} {end.limit_s:5.1f}  {spread} {after:7.3f}  {verdict}"


def main() -> None:
    """Run the whole matrix, and print each line as soon as it is known."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for folder in (None, OLD_IPYKERNEL):
        if folder is not None and not folder.is_dir():
            print("\nno other ipykernel: make ipykernel6")
            continue
        with (
            running_kernel(ipykernel=folder) as kernel,
            ScriptedServer() as server,
            tempfile.TemporaryDirectory() as pipes,
        ):
            bench = Bench(kernel, server, Path(pipes))
            print(f"\nipykernel {bench.ipykernel}; seconds in {rounds} rounds")
            print(f"{'end':30} {'form':7} limit    min  median     max next cell")
            for end in ENDS:
                for form in FORMS:
                    if reason := impossible(form, end, bench.ipykernel):
                        print(f"{end.name:30} {form:7} {reason}")
                        continue
                    print(row(end, form, [bench.play(form, end) for _ in range(rounds)]))


if __name__ == "__main__":
    main()
