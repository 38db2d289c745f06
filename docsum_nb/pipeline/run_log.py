"""A run's place in its ledger: opened first, written down as it begins, is stopped and has ended.

Its outcome is written at once, so that it can be resumed while calls are in flight. The run that
goes on shares these calls, and accounts for both.

Remembers what takes long and is always the same: where documents are cut, what supports a text.
Writing down must not cost a run anything: before the first call a ledger that cannot be written is
an error; after it, only the list of runs is the poorer for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

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
"""From a ledger's file and a run to who writes it down in this process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open.clear)


class RunLog:
    """The ledger of one run; without one, all of it does nothing."""

    def __init__(self, ledger: Ledger | None, options: Options, control: Control) -> None:
        self.ledger = ledger
        self._options = options
        self._control = control
        self._turn = threading.Lock()
        """Held while the run is written down, which threads of its own do."""
        self._stretch: Attempt | None = None
        """What this one writes down; ``None`` before, after, and once another goes on with it."""
        self._earlier: Callable[[], Totals] = Totals
        """What the stretch before took of which calls were in flight."""
        self.cut = Cuts(ledger.pieces if ledger is not None else lambda keys: {})

    def begin(self, *, chunks: int) -> None:
        """Write down that the run begins, or goes on, with what it takes to go on with it.

        Raises:
            InputError: if the same run is going on in another process.
            LedgerError: if it cannot be written.
        """
        if self.ledger is None:
            return
        run_id = self._control.run_id
        arguments, texts = packed(self._options)
        earlier = _open.get(self._place(self.ledger))
        with earlier._turn if earlier is not None else contextlib.nullcontext():
            joins = earlier._stretch if earlier is not None else None
            self._stretch = History(self.ledger).begin(
                run_id,
                what=in_words(self._options),
                model=self._options.model.name,
                chunks=chunks,
                arguments=arguments,
                joins=joins,
            )
            if earlier is not None and joins is not None:
                self._earlier, earlier._stretch = earlier._figures, None
        _open[self._place(self.ledger)] = self
        self.ledger.save_pieces({**texts, **self.cut.made}, run_id=run_id)
        self.ledger.note_uses(run_id, self.cut.keys)
        self._control.when_stopped(self._stop)

    def cite(self, text: str, chunks: Sequence[Chunk]) -> tuple[Citation, ...]:
        """Find the passages that support a text, as ``documents.cite`` does, or remember them."""
        from docsum_nb.documents.cite import VERSION, cite

        if self.ledger is None:
            return cite(text, chunks)
        names = list(dict.fromkeys(chunk.document for chunk in chunks))
        key = key_of(["citations", VERSION, text, self.cut.keys, names])
        stored = self.ledger.pieces([key]).get(key)
        if stored is not None:
            self.ledger.note_uses(self._control.run_id, [key])
            return tuple(
                Citation(**{**each, "headings": tuple(each["headings"])})
                for each in stored_json(stored)
            )
        found = cite(text, chunks)
        content = json.dumps([asdict(each) for each in found]).encode()
        with contextlib.suppress(LedgerError):
            self.ledger.save_pieces({key: content}, run_id=self._control.run_id)
        return found

    def close(self, error: BaseException | None) -> None:
        """Write down how the run ended, if it began, and close the ledger."""
        if self.ledger is None:
            return
        try:
            with self._turn:
                stretch, self._stretch = self._stretch, None
                if stretch is not None:
                    self._end(self.ledger, stretch, error)
        finally:
            place = self._place(self.ledger)
            if _open.get(place) is self:
                del _open[place]
            self.ledger.close()

    def _end(self, ledger: Ledger, stretch: Attempt, error: BaseException | None) -> None:
        with contextlib.suppress(LedgerError):
            History(ledger).end(stretch, figures=self._figures(), **self._outcome(error))

    def _stop(self) -> None:
        """Write down the outcome while calls are in flight; ``close`` will do the rest."""
        with self._turn, contextlib.suppress(LedgerError):
            if self.ledger is not None and self._stretch is not None:
                History(self.ledger).stop(self._stretch, **self._outcome(None))

    def _place(self, ledger: Ledger) -> tuple[str, str]:
        return str(ledger.path), self._control.run_id

    def _figures(self) -> Totals:
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
