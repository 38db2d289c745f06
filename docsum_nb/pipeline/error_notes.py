"""What an error of the main job says beside its own words: what was being done, what is left to do.

The error itself stays as it was raised; only a bound of the run's, which is the run's own error, is
completed. An error is raised while other calls are in flight: once they have ended, the figures in
what was added are brought up to date.
"""

from __future__ import annotations

from docsum_nb.errors import BudgetExceeded
from docsum_nb.ledger import default_path
from docsum_nb.models import asked_of
from docsum_nb.paths import user_path
from docsum_nb.pipeline.options import SETTLE_S
from docsum_nb.pipeline.planning import Prepared, remaining_of
from docsum_nb.pipeline.results import Results
from docsum_nb.provider_errors import fault_of
from docsum_nb.render.formats import count_text
from docsum_nb.run import replace_note

__all__ = ["ErrorNotes"]


class ErrorNotes:
    """Completes the errors of one run."""

    def __init__(self, prepared: Prepared, gathered: Results, *, run_id: str) -> None:
        self._prepared = prepared
        self._gathered = gathered
        self._run_id = run_id
        self._noted: list[tuple[Exception, str, str]] = []
        """The errors that were completed: what was being done, and the note."""
        self._bounds: list[tuple[BudgetExceeded, str]] = []
        """The bounds that were completed, and their own words."""

    def __call__(self, doing: str, error: Exception) -> None:
        """Add to an error what was being done, and what is left to do."""
        if isinstance(error, BudgetExceeded) and not error.run_id:
            error.run_id, error.step = self._run_id, doing
            self._bounds.append((error, str(error)))
            self._complete(error, str(error))
        note = self._note(doing, error)
        error.add_note(note)
        self._noted.append((error, doing, note))

    def refresh(self) -> None:
        """Bring the figures in errors up to date: nothing of the run is in flight any more."""
        for bound, words in self._bounds:
            self._complete(bound, words)
        for number, (error, doing, before) in enumerate(self._noted):
            note = self._note(doing, error)
            replace_note(error, before, note)
            self._noted[number] = (error, doing, note)

    def _complete(self, error: BudgetExceeded, words: str) -> None:
        error.partial = self._gathered.summary(partial=True)
        left = remaining_of(self._prepared, self._gathered.chunks.keys())
        error.args = (f"{words}; what remains: {left}",)

    def kept(self) -> str:
        """Return what is kept of the run, and how to go on."""
        return f"docsum_nb run {self._run_id}: {self._kept()}"

    def _note(self, doing: str, error: Exception) -> str:
        model = asked_of(error) or self._prepared.model.settings
        why = fault_of(error, model.base_url).line
        why = f" ({why})" if why else ""
        return f"docsum_nb run {self._run_id}: {doing} with {model.name}{why}; {self._kept()}"

    def _kept(self) -> str:
        done = f"{len(self._gathered.chunks)} of {len(self._prepared.chunks)} chunks are done"
        in_flight = self._gathered.in_flight
        waited = ""
        if in_flight:
            verb = "is" if in_flight == 1 else "are"
            calls = count_text(in_flight, "call")
            waited = f"{calls} in flight {verb} waited for, {SETTLE_S:g} s at most"
        if self._prepared.options.ledger is False:
            return f"{done}{waited and f'; {waited}'}; their answers are not kept (ledger=False)"
        waited = waited and f"; {waited}, and kept"
        return f"{done} and kept{waited}; {self._resume()} or the same call goes on from there"

    def _resume(self) -> str:
        """Return the call that goes on with the run, to be run as it stands."""
        ledger = self._prepared.options.ledger
        place = ""
        if ledger is not None and not isinstance(ledger, bool):
            path = user_path(ledger).absolute()
            place = "" if path == default_path() else f", ledger={str(path)!r}"
        return f"docsum_nb.resume({self._run_id!r}{place})"
