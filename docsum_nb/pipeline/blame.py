"""What an error of the main job says beside its own words: what was being done, what is left to do.

The error itself stays as it was raised; only a bound of the run's, which is the run's own error, is
completed.
"""

from __future__ import annotations

from docsum_nb.errors import BudgetExceeded
from docsum_nb.faults import fault_of
from docsum_nb.models import asked_of
from docsum_nb.pipeline.gathered import Gathered
from docsum_nb.pipeline.prepare import Prepared, remaining_of

__all__ = ["Blame"]


class Blame:
    """Completes the errors of one run."""

    def __init__(self, prepared: Prepared, gathered: Gathered, *, run_id: str) -> None:
        self._prepared = prepared
        self._gathered = gathered
        self._run_id = run_id

    def __call__(self, doing: str, error: Exception) -> None:
        """Have an error tell what was being done, and what is left to do."""
        if isinstance(error, BudgetExceeded) and not error.run_id:
            error.run_id, error.step = self._run_id, doing
            error.partial = self._gathered.summary(partial=True)
            left = remaining_of(self._prepared, self._gathered.chunks.keys())
            error.args = (f"{error}; what remains: {left}",)
        error.add_note(self._note(doing, error))

    def kept(self) -> str:
        """Say what is kept of the run, and how to go on."""
        return f"docsum_nb run {self._run_id}: {self._kept()}"

    def _note(self, doing: str, error: Exception) -> str:
        model = asked_of(error) or self._prepared.model.settings
        why = fault_of(error, model.base_url).line
        why = f" ({why})" if why else ""
        return f"docsum_nb run {self._run_id}: {doing} with {model.name}{why}; {self._kept()}"

    def _kept(self) -> str:
        done = f"{len(self._gathered.chunks)} of {len(self._prepared.chunks)} chunks are done"
        if self._prepared.options.ledger is False:
            return f"{done}; their answers are not kept (ledger=False)"
        again = f"docsum_nb.resume({self._run_id!r})"
        return f"{done} and kept; {again} or the same call goes on from there"
