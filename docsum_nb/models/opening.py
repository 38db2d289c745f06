"""From a model's settings to a model that can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docsum_nb.models.model import Model

if TYPE_CHECKING:
    from docsum_nb.models.base import ChatModel

__all__ = ["open_model"]


def open_model(settings: Model, *, to_ask: bool = True) -> ChatModel:
    """Make a model ready to be asked; blocks for seconds where LiteLLM is first imported.

    Args:
        settings: How it is called.
        to_ask: Whether it will be asked; a model that is only to tell its window, its prices and
            how it counts needs no key.

    Raises:
        InputError: if the name is not known or a key is missing; nothing is sent.
    """
    if settings.embedded:
        from docsum_nb.models.extractive_model import ExtractiveModel

        return ExtractiveModel(settings)
    from docsum_nb.models.litellm_model import LiteLLMModel

    return LiteLLMModel(settings, to_ask=to_ask)
