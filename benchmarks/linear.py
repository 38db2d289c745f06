"""How the time of every pattern and reading function grows with hostile inputs, up to a megabyte.

Prints for each the input that took longest, the CPU seconds for a megabyte of it, and the largest
factor between an input and one twice as long; then what is not linear, if anything. Functions that
are slow, but linear, stop growing their input once one run takes two CPU seconds, and the time for
a megabyte is estimated from that.

Usage: python benchmarks/linear.py [some|all] [NAME ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.linear.growth import LONGEST, Growth, measured


def worst(found: list[Growth]) -> dict[str, Growth]:
    """Return the slowest case of each function or pattern."""
    slowest: dict[str, Growth] = {}
    for each in found:
        name = each.name.partition(" on ")[0]
        if name not in slowest or cost(each) > cost(slowest[name]):
            slowest[name] = each
    return slowest


def cost(growth: Growth) -> float:
    """Return the CPU seconds for a megabyte, as measured with the longest input."""
    return growth.seconds * LONGEST / growth.size if growth.size else growth.seconds


def main(extent: str, *names: str) -> int:
    """Print the table; returns 1 if anything is not linear."""
    found: list[Growth] = []
    for kind in ("patterns", "readers"):
        found += measured("tests.linear.cases", kind, extent, *names)
    print(f"{'seconds/MB':>10}  {'growth':>6}  case")
    for each in sorted(worst(found).values(), key=cost, reverse=True):
        print(f"{cost(each):10.3f}  {max(1.0, each.growth):6.2f}  {each.name[:120]!r}")
    faults = [each for each in found if not each.is_linear]
    for each in faults:
        print(f"not linear: {each.name!r}: times {each.growth:.1f} at {each.size:,} characters")
    print(f"{len(found)} cases, {len(faults)} of which grow by more than 2.5 when they double")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["some"])))
