"""What a flow of the package is made of: CrewAI's Flow, and what it lacks to be subclassed.

CrewAI takes a flow's steps from the class itself and forgets those it inherits, so a subclass of a
flow would run its own steps only. ``inherit_steps`` gives it the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from docsum_nb.crew.crewai_names.flows import Flow, FlowMethod, FlowState, flow_listen, flow_start

__all__ = ["Flow", "FlowState", "inherit_steps", "listen", "start"]

F = TypeVar("F", bound=Callable[..., Any])


def start() -> Callable[[F], F]:
    """Mark the step that a flow begins with."""
    decorator: Callable[[F], F] = flow_start()
    return decorator


def listen(step: str) -> Callable[[F], F]:
    """Mark a step that follows another one."""
    decorator: Callable[[F], F] = flow_listen(step)
    return decorator


def inherit_steps(flow: type, places: Mapping[str, Callable[[Any], Any]]) -> None:
    """Give a subclass of a flow the steps of its bases.

    Args:
        flow: The new class.
        places: The decorators of steps that may be overridden as plain methods, which then stand
            where the step stood. A method with a decorator of its own is left as it is.
    """
    for name, decorator in places.items():
        own = vars(flow).get(name)
        if own is not None and not isinstance(own, FlowMethod):
            setattr(flow, name, decorator(own))
    for base in flow.__mro__[1:]:
        for name, step in list(vars(base).items()):
            if isinstance(step, FlowMethod) and name not in vars(flow):
                setattr(flow, name, step)
