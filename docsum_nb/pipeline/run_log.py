"""A run's record in its ledger: opened first; written when it begins, is stopped and has ended.

The outcome is written at once, so that the run can be resumed while calls are in flight. The run
that resumes it shares these calls, and accounts for both. Before the first call, a ledger that
cannot be written is an error; after it, only the list of runs lacks something.

The ledger also remembers what takes long and is always the same: the cuts of documents and the
citations of a text.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from docsum_nb.documents.source_marks import Mark
from docsum_nb.errors import LedgerError, described
from docsum_nb.ledger import Attempt, History, Ledger, Totals, key_of, stored_json
from docsum_nb.options import Options
from docsum_nb.pipeline.arguments import in_words, packed
from docsum_nb.pipeline.chunking import Cuts
from docsum_nb.records import Chunk, Citation
from docsum_nb.run import Control
from docsum_nb.secrets import masked

__all__ = ["RunLog"]


_open: dict[tuple[str, str], RunLog] = {}
"""By the ledger's path and the run's id, the logs that are open in this process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open.clear)


class RunLog:
    """The ledger of one run; without one, all of it does nothing."""

    def __init__(self, ledger: Ledger | None, options: Options, control: Control) -> None:
        self.ledger = ledger
        self._options = options
        self._control = control
        self._writing = threading.Lock()
        """Held while a thread writes the record."""
        self._attempt: Attempt | None = None
        """What it records; ``None`` before, after, and once another run has resumed it."""
        self._earlier: Callable[[], Totals] = Totals
        """What the attempt before took, which had calls in flight."""
        self.cut = Cuts(ledger.pieces if ledger is not None else lambda keys: {})

    def begin(self, *, chunks: int) -> None:
        """Record that the run begins, or is resumed, with the arguments to resume it.

        Called again once the number of chunks is known, if calls are made before that.

        Raises:
            InputError: if the same run is active in another process.
            LedgerError: if it cannot be written.
        """
        if self.ledger is None:
            return
        run_id = self._control.run_id
        if self._attempt is not None:
            self._note_chunks(self.ledger, chunks)
            return
        arguments, texts = packed(self._options)
        earlier = _open.get(self._key(self.ledger))
        with earlier._writing if earlier is not None else contextlib.nullcontext():
            joins = earlier._attempt if earlier is not None else None
            self._attempt = History(self.ledger).begin(
                run_id,
                what=in_words(self._options),
                model=self._options.model.name,
                chunks=chunks,
                arguments=arguments,
                joins=joins,
            )
            if earlier is not None and joins is not None:
                self._earlier, earlier._attempt = earlier._totals, None
        _open[self._key(self.ledger)] = self
        self._save_cuts(self.ledger, texts)
        self._control.when_stopped(self._stop)

    def _note_chunks(self, ledger: Ledger, chunks: int) -> None:
        with self._writing:
            if self._attempt is not None:
                History(ledger).note_chunks(self._attempt, chunks)
        self._save_cuts(ledger, {})

    def _save_cuts(self, ledger: Ledger, texts: Mapping[str, bytes]) -> None:
        run_id = self._control.run_id
        ledger.save_pieces({**texts, **self.cut.made}, run_id=run_id)
        ledger.note_uses(run_id, self.cut.keys)

    def cite(
        self, text: str, chunks: Sequence[Chunk], marks: Sequence[Mark] = ()
    ) -> tuple[Citation, ...]:
        """Return the passages that support a text, from the ledger or by ``documents.cite``."""
        from docsum_nb.documents.cite import VERSION, cite

        if self.ledger is None:
            return cite(text, chunks, marks)
        names = list(dict.fromkeys(chunk.document for chunk in chunks))
        key = key_of(["citations", VERSION, text, self.cut.keys, names, *map(asdict, marks)])
        stored = self.ledger.pieces([key]).get(key)
        if stored is not None:
            self.ledger.note_uses(self._control.run_id, [key])
            return tuple(
                Citation(**{**each, "headings": tuple(each["headings"])})
                for each in stored_json(stored)
            )
        citations = cite(text, chunks, marks)
        content = json.dumps([asdict(each) for each in citations]).encode()
        with contextlib.suppress(LedgerError):
            self.ledger.save_pieces({key: content}, run_id=self._control.run_id)
        return citations

    def close(self, error: BaseException | None) -> None:
        """Record how the run ended, if it began, and close the ledger."""
        if self.ledger is None:
            return
        try:
            with self._writing:
                attempt, self._attempt = self._attempt, None
                if attempt is not None:
                    self._end(self.ledger, attempt, error)
        finally:
            key = self._key(self.ledger)
            if _open.get(key) is self:
                del _open[key]
            self.ledger.close()

    def _end(self, ledger: Ledger, attempt: Attempt, error: BaseException | None) -> None:
        with contextlib.suppress(LedgerError):
            History(ledger).end(attempt, totals=self._totals(), **self._outcome(error))

    def _stop(self) -> None:
        """Record the outcome while calls are in flight; ``close`` records the rest."""
        with self._writing, contextlib.suppress(LedgerError):
            if self.ledger is not None and self._attempt is not None:
                History(self.ledger).stop(self._attempt, **self._outcome(None))

    def _key(self, ledger: Ledger) -> tuple[str, str]:
        return str(ledger.path), self._control.run_id

    def _totals(self) -> Totals:
        state = self._control.state()
        return self._earlier() + Totals(state.done, state.calls, state.tokens, state.cost_usd)

    def _outcome(self, error: BaseException | None) -> dict[str, Any]:
        state = self._control.state()
        outcome, why = state.outcome, state.error
        if outcome is None:
            outcome = "failed" if error is not None else "done"
            why = described(error) if error is not None else None
        return {
            "state": outcome,
            "error": masked(why) if why else None,
        }
