from __future__ import annotations

import pytest

from docsum_nb.crew.evaluate import read_reasons

REASONS = '[{"name": "a.md", "why": "it helps"}, {"name": "b.md", "why": ""}]'


@pytest.mark.parametrize(
    "answer",
    [
        REASONS,
        f"As in [1] and [see below]: {REASONS} [end]",
        f"```json\n{REASONS}\n```",
        f"[[[ {REASONS}",
        '[{"name": broken ' + REASONS,
    ],
)
def test_reasons_are_found_wherever_they_stand(answer: str) -> None:
    """Brackets before and after the array do not matter."""
    assert read_reasons(answer) == {"a.md": "it helps"}


@pytest.mark.parametrize(
    "answer", ["", "[", "[" * 60_000, "[{" * 60_000, '[{"a":' * 60_000, "[1, " * 60_000]
)
def test_answers_without_reasons_are_none(answer: str) -> None:
    """Nesting without end is no error and takes no time."""
    assert read_reasons(answer) is None
