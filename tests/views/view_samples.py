"""Something to show that stands still: what a view asks of a run, given by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from docsum_nb.events import RunState
from docsum_nb.run import Detail, Snapshot

__all__ = ["Still"]


class Still:
    """A run that shows what a test sets."""

    def __init__(
        self,
        title: str,
        on_cancel: Callable[[], object] = lambda: None,
        *,
        labels: Sequence[str] = (),
        details: dict[int, Detail] | None = None,
    ) -> None:
        self.title = title
        self._on_cancel = on_cancel
        self._labels = list(labels)
        self._details = details or {}
        self.answers: list[tuple[int, str]] = []

    def answer(self, number: int, text: str) -> bool:
        """Keep an answer."""
        self.answers.append((number, text))
        return True

    def cancel(self) -> None:
        """Report the click."""
        self._on_cancel()

    def snapshot(self) -> Snapshot:
        """Show nothing yet."""
        return Snapshot(RunState())

    def labels(self) -> list[str]:
        """Return the names that were given."""
        return self._labels.copy()

    def detail(self, place: int) -> Detail | None:
        """Return what was given of a part."""
        return self._details.get(place)
