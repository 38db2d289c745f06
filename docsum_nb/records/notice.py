"""Warnings of one run, counted by their message."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Notice"]


@dataclass(frozen=True)
class Notice:
    """All warnings of one run that have the same message."""

    message: str
    count: int = 1
    """How often it was reported."""
    tasks: tuple[str, ...] = ()
    """The CrewAI tasks it happened in, in the order of their first report."""
    agents: tuple[str, ...] = ()
    """The agents it happened to, in the same order."""

    def plus(self, *, task: str, agent: str) -> Notice:
        """Return the notice with one more report of the same message.

        Args:
            task: The CrewAI task it happened in; empty if none is known.
            agent: The agent it happened to; empty if none is known.
        """
        return Notice(
            self.message, self.count + 1, _with(self.tasks, task), _with(self.agents, agent)
        )

    def __str__(self) -> str:
        facts = [*_first_of("task", self.tasks), *_first_of("agent", self.agents)]
        if self.count > 1:
            facts.append(f"{self.count:,} times")
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if not name or name in names else (*names, name)


def _first_of(kind: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
    return [f"{kind} {names[0]!r}{more}"]
