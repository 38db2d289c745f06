"""Loading documents whose scanned pages a model reads, as a run of its own.

For callers that are no run, such as ``Library.add``: blocks, shows its progress, and can be
interrupted. What was read is kept in the ledger in the user's data folder.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any, Literal

from docsum_nb.documents.load import Loaded, load
from docsum_nb.ledger import Ledger
from docsum_nb.models import ChatModel, Model, ModelClient, asked_of, open_vision
from docsum_nb.private_folder import PrivateFolder
from docsum_nb.recognition.recognizer import Recognizer
from docsum_nb.run import Control, Run, Work
from docsum_nb.views import LiveDisplay

__all__ = ["load_and_read"]

_AT_ONCE = 32
"""Pages in work at the same time."""
_SETTLE_S = 5.0


def load_and_read(
    source: Any,
    *,
    vision: Model,
    on_error: Literal["raise", "collect", "skip"],
    follow_links: bool,
) -> Loaded:
    """Load documents, and read their scanned pages by a model; blocking.

    Args:
        source: As for ``load``, like ``on_error`` and ``follow_links``.
        vision: The model that reads pictures.
        on_error: Also for a page that cannot be read.
        follow_links: Follow symbolic links that lead out of a folder.

    Raises:
        InputError: as for ``load``; if the model takes no pictures, or its key is missing.
        LedgerError: if the ledger cannot be opened.
        Exception: the first error of the model, unchanged.
    """
    models = open_vision(vision)
    folder = PrivateFolder()
    try:
        loaded = load(source, on_error=on_error, follow_links=follow_links, pictures=folder.path)
        if not loaded.pictures:
            return loaded
        with contextlib.closing(Ledger()) as ledger:
            run: Run[Loaded] = Run(
                _ReadPages(loaded, models, ledger, on_error),
                title="reading scanned pages",
                settle_s=_SETTLE_S,
                display=LiveDisplay(),
            )
            return run.result()
    finally:
        folder.remove()


class _ReadPages(Work[Loaded]):
    def __init__(
        self,
        loaded: Loaded,
        models: tuple[ChatModel, ...],
        ledger: Ledger,
        on_error: Literal["raise", "collect", "skip"],
    ) -> None:
        self._loaded = loaded
        self._models = models
        self._ledger = ledger
        self._on_error = on_error
        self._recognizer: Recognizer | None = None

    async def __call__(self, control: Control) -> Loaded:
        client = ModelClient(self._models, ledger=self._ledger, control=control)
        try:
            self._recognizer = Recognizer(client, control, self._loaded)
            return await self._recognizer.read(
                limit=_AT_ONCE, on_error=self._on_error, note=partial(_note, control)
            )
        finally:
            control.settled()

    def kept(self) -> str:
        """Return how many pages are read; empty before the first."""
        if (pages := self._recognizer) is None:
            return ""
        return (
            f"{pages.read_pages} of {pages.pages} pages are read and kept; the same call goes on "
            "from there"
        )


def _note(control: Control, doing: str, error: Exception) -> None:
    model = asked_of(error)
    control.annotate(error, doing, f" with {model.name}" if model is not None else "")
