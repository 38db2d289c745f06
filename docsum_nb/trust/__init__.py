"""Whether a summary can be trusted: checks of a result against its sources, without a model.

    check.py      what supports each sentence, what speaks against it, what is not used
    conflicts.py  documents that give different values for one quantity
    verify.py     quotations in their places, sources by their hashes
    covers.py     which of a reader's points are covered

All of it is deterministic and works offline, on a result of a run or one read from JSON. The
records that these return are in ``results``; ``Summary`` has a method for each.
"""

from docsum_nb.trust.check import check
from docsum_nb.trust.covers import covers
from docsum_nb.trust.verify import verify

__all__ = ["check", "covers", "verify"]
