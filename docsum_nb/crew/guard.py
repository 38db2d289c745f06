"""A user's own Crew or Flow, run to its end in a thread that has no event loop.

CrewAI runs a crew by blocking, and a Flow by a loop of its own; neither may touch the kernel's loop
or ours. In a thread without a running loop both work as in a plain script.
"""

from __future__ import annotations

from typing import Any

from crewai.events.utils.console_formatter import set_suppress_console_output

__all__ = ["kick_off"]


def kick_off(work: Any, inputs: dict[str, Any] | None) -> Any:
    """Run a Crew or Flow, blocking, without its console panels.

    Args:
        work: A Crew or Flow.
        inputs: What its ``kickoff`` takes; ``None`` for nothing.

    Raises:
        BaseException: what the crew raised. Where a Flow hides its own RuntimeError behind one
            about event loops, the flow's.
    """
    set_suppress_console_output(True)
    try:
        return work.kickoff(inputs=inputs)
    except RuntimeError as error:
        # Flow.kickoff takes any RuntimeError of the flow for "no loop can be made here", and
        # starts the flow a second time; the flow's own error is only left as context.
        hidden = error.__context__
        if "asyncio.run() cannot be called" in str(error) and isinstance(hidden, RuntimeError):
            raise hidden from None
        raise
