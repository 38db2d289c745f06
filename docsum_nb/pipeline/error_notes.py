"""What the errors of the main job get beside their own words: the step, what is kept, how to go on.

The run adds it and brings its figures up to date (``Control.annotate``); here are the words.
"""

from __future__ import annotations

from copy import copy

from docsum_nb.ledger import default_path
from docsum_nb.models import asked_of
from docsum_nb.options import SETTLE_S
from docsum_nb.paths import user_path
from docsum_nb.pipeline.planning import remaining_of
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.pipeline.results import Results
from docsum_nb.provider_errors import fault_of
from docsum_nb.recognition import Recognizer
from docsum_nb.render.formats import count_text
from docsum_nb.run import Control

__all__ = ["ErrorNotes"]


class ErrorNotes:
    """The words that complete the errors of one run."""

    def __init__(self, prepared: Prepared, gathered: Results, control: Control) -> None:
        self._prepared = prepared
        self._gathered = gathered
        self._control = control
        self._recognizer: Recognizer | None = None
        """Reads scanned pages; ``None`` once the chunks are known."""

    def of_pages(self, recognizer: Recognizer) -> ErrorNotes:
        """Return the words for a run that reads scanned pages before it knows its chunks."""
        notes = copy(self)
        notes._recognizer = recognizer
        return notes

    def __call__(self, doing: str, error: Exception) -> None:
        """Add a note to an error: what was being done and with which model, and why it failed."""
        models = self._prepared.models if self._recognizer is None else self._prepared.vision
        model = asked_of(error) or models[0].settings
        why = fault_of(error, model.base_url).line
        why = f" ({why})" if why else ""
        self._control.annotate(error, doing, f" with {model.name}{why}")

    def remaining(self) -> str:
        """Return what is left to do."""
        if (pages := self._recognizer) is not None:
            left = count_text(pages.pages - pages.read_pages, "page")
            vision = self._prepared.vision[0].name
            return f"{left} to be read by {vision}, then the summaries of the documents"
        return str(remaining_of(self._prepared, self._gathered.chunks.keys()))

    def kept(self) -> str:
        """Return what is kept of the run, and how to go on."""
        done = f"{len(self._gathered.chunks)} of {len(self._prepared.chunks)} chunks are done"
        if (pages := self._recognizer) is not None:
            done = f"{pages.read_pages} of {pages.pages} pages are read"
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
        """Return the call that goes on with the run, to be run unchanged."""
        ledger = self._prepared.options.ledger
        argument = ""
        if ledger is not None and not isinstance(ledger, bool):
            path = user_path(ledger).absolute()
            argument = "" if path == default_path() else f", ledger={str(path)!r}"
        return f"docsum_nb.resume({self._control.run_id!r}{argument})"
