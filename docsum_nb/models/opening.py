"""From a model's settings to a model that can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docsum_nb.models.model import Model

if TYPE_CHECKING:
    from docsum_nb.models.chat import ChatModel

__all__ = ["open_model"]


def open_model(settings: Model) -> ChatModel:
    """Make a model ready to be asked; blocks for seconds where LiteLLM is first imported.

    Raises:
        InputError: if the name is not known or a key is missing; nothing is sent.
    """
    if settings.embedded:
        from docsum_nb.models.embedded import Embedded

        return Embedded(settings)
    from docsum_nb.models.provider import Provider

    return Provider(settings)
