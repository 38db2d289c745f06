"""What is measured from outside a kernel: its messages, and the frames of the page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from playwright.sync_api import Page

__all__ = ["most_in_a_second", "percentile", "start_frames", "stop_frames"]


def most_in_a_second(times: Sequence[float]) -> int:
    """Return how many of these times, in seconds, lie within one second at most."""
    ordered = sorted(times)
    return max(
        (bisect_right(ordered, at + 1.0) - place for place, at in enumerate(ordered)), default=0
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which so much of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def start_frames(page: Page) -> None:
    """Begin to note when the page draws a frame."""
    page.evaluate(
        """() => {
          const frames = window.frameTimes = [];
          const note = at => { frames.push(at); window.frameAsked = requestAnimationFrame(note); };
          window.frameAsked = requestAnimationFrame(note);
        }"""
    )


def stop_frames(page: Page) -> list[float]:
    """Return the milliseconds between the frames that were drawn since."""
    times: list[float] = page.evaluate(
        "() => { cancelAnimationFrame(frameAsked); return frameTimes; }"
    )
    return [later - earlier for earlier, later in pairwise(times)]
