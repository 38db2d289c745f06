"""A run's place in its ledger: opened first, written down when it begins and when it ends.

Remembers what takes long and is always the same: where documents are cut, what supports a text.
Writing down must not cost a run anything: before the first call a ledger that cannot be written is
an error; after it, only the list of runs is the poorer for it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Figures, History, Ledger, Stretch, key_of
from docsum_nb.pipeline.arguments import Secrets, in_words, packed
from docsum_nb.pipeline.cutting import Cuts
from docsum_nb.pipeline.options import Options
from docsum_nb.records import Chunk, Citation
from docsum_nb.run import Control

__all__ = ["Book"]


class Book:
    """The ledger of one run; without one, all of it does nothing."""

    def __init__(self, ledger: Ledger | None, options: Options, control: Control) -> None:
        self.ledger = ledger
        self._options = options
        self._control = control
        self._stretch: Stretch | None = None
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
        self._stretch = History(self.ledger).begin(
            run_id,
            what=in_words(self._options),
            model=self._options.model.name,
            chunks=chunks,
            arguments=arguments,
        )
        self.ledger.save_pieces({**texts, **self.cut.made}, run_id=run_id)
        self.ledger.note_uses(run_id, self.cut.keys)

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
                for each in json.loads(stored)
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
        with contextlib.suppress(LedgerError):
            if self._stretch is not None:
                History(self.ledger).end(self._stretch, **self._ending(error))
        self.ledger.close()

    def _ending(self, error: BaseException | None) -> dict[str, Any]:
        state = self._control.state()
        outcome, why = state.outcome, state.error
        if outcome is None:
            outcome = "failed" if error is not None else "done"
            why = f"{type(error).__name__}: {error}" if error is not None else None
        return {
            "state": outcome,
            "figures": Figures(state.done, state.calls, state.tokens, state.cost_usd),
            "error": Secrets(self._options.model).masked(why) if why else None,
        }
