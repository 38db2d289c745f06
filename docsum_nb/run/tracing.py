"""Spans of OpenTelemetry, if the user has set up a provider of them; otherwise nothing.

Decides by the API's global provider each time. Nothing is imported or set up here, so without a
provider a span costs a look into a dictionary.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from docsum_nb.provider_errors import sanitized

__all__ = ["begin_span", "chat_attributes", "end_span", "span"]

Attributes = Mapping[str, str | int | float]


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[None]:
    """Record a block as a span, the child of the one it stands in; an error is recorded with it.

    Args:
        name: What the block does.
        attributes: What is known of it when it begins.
    """
    tracer = _tracer()
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name, attributes=dict(attributes)):
        try:
            yield
        except BaseException as error:
            # The span keeps its words and its traceback.
            sanitized(error)
            raise


def chat_attributes(model: str) -> Attributes:
    """Return the attributes of a model call by OpenTelemetry's conventions for generative AI."""
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}


def begin_span(name: str, attributes: Attributes) -> Any:
    """Begin a span that ends elsewhere, by ``end_span``; ``None`` without a provider."""
    tracer = _tracer()
    return tracer.start_span(name, attributes=dict(attributes)) if tracer else None


def end_span(started: Any, attributes: Attributes) -> None:
    """End what ``begin_span`` returned, with what is known by now."""
    if started is not None:
        started.set_attributes(dict(attributes))
        started.end()


def _tracer() -> Any:
    api: Any = sys.modules.get("opentelemetry.trace")
    try:
        provider = api.get_tracer_provider()
    except (AttributeError, NameError):
        # It is absent, or another thread is importing it: then nobody has set up a provider.
        return None
    if isinstance(provider, api.ProxyTracerProvider | api.NoOpTracerProvider):
        return None
    return provider.get_tracer("docsum_nb")
