"""What notebooks of these tests import."""

from __future__ import annotations

from typing import Any

import docsum_nb as ds

__all__ = ["ds", "end_all", "texts", "towns", "warm_up"]

LONG_S = 60.0


def texts(count: int) -> dict[str, str]:
    """Make documents of one chunk each, ``doc-00`` and so on."""
    return {
        f"doc-{i:02}": f"The harbor of town {i} is deep. Ships rest there." for i in range(count)
    }


def towns(count: int) -> dict[str, str]:
    """Make documents with enough in them for a summary that is longer than a screen."""
    return {
        f"town-{i:02}": " ".join(
            f"The harbor of town {i} has {what} number {i * 7 + n}, which sailors of {i + n} "
            f"countries praise for its {what}."
            for n, what in enumerate(("a crane", "a mole", "a lighthouse", "a dry dock"))
        )
        for i in range(count)
    }


def warm_up() -> None:
    """Import all that a run needs."""
    ds.summarize(texts(1), ledger=False, show=False).result()


def end_all(names: dict[str, Any]) -> None:
    """Stop the runs that still go on, and wait until nothing of them is left.

    Args:
        names: The variables of all cells.
    """
    for run in [each for each in names.values() if isinstance(each, ds.Run)]:
        run.cancel("the test is over")
        assert run.join(LONG_S), run
