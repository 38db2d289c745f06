"""From a model's settings to a model that can be asked: the extractive one, or one of LiteLLM's."""

from __future__ import annotations

import sys

from docsum_nb.errors import InputError
from docsum_nb.models.base import ChatModel
from docsum_nb.models.model import Model
from docsum_nb.run import import_in_background

__all__ = ["begin_import", "open_model", "open_vision", "takes_an_import"]


def takes_an_import(settings: Model) -> bool:
    """Return whether opening a model takes seconds, because LiteLLM is not imported yet."""
    # Its name is there from the beginning of the import.
    return not settings.embedded and not hasattr(sys.modules.get("litellm"), "acompletion")


def begin_import(settings: Model) -> None:
    """Begin to import in the background what opening a model takes, if anything."""
    if takes_an_import(settings):
        import_in_background(_import_litellm)


def _import_litellm() -> object:
    from docsum_nb.models.litellm_api import loaded

    return loaded()


def open_model(settings: Model, *, to_ask: bool = True) -> ChatModel:
    """Return a model that is ready to be asked; blocks for seconds when it first imports LiteLLM.

    Args:
        settings: How it is called.
        to_ask: Whether it will be asked; a model that is only used for its window, its prices and
            its count of tokens needs no key.

    Raises:
        InputError: if the name is not known or a key is missing; nothing is sent.
    """
    if settings.embedded:
        from docsum_nb.models.extractive import ExtractiveModel

        return ExtractiveModel(settings)
    from docsum_nb.models.litellm_model import LiteLLMModel

    return LiteLLMModel(settings, to_ask=to_ask)


def open_vision(settings: Model, *, to_ask: bool = True) -> tuple[ChatModel, ...]:
    """Return a model that reads pictures, and its fallbacks; see ``open_model``.

    Raises:
        InputError: also if one of them is known to take no pictures.
    """
    from docsum_nb.models.litellm_api import lacks_pictures

    models = tuple(open_model(each, to_ask=to_ask) for each in settings.with_fallbacks())
    for each in models:
        if each.settings.embedded or lacks_pictures(each.settings):
            raise InputError(
                f"vision={each.name!r}: this model takes no pictures; name one that does, such as "
                "'openai/gpt-4o'"
            )
    return models
