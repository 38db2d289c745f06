"""Which model an error came from, kept on the error itself: a fallback's is not the first one's."""

from __future__ import annotations

import contextlib

from docsum_nb.models.model import Model
from docsum_nb.provider_errors import explained, public_address

__all__ = ["asked_of", "name_asked", "with_cause"]


def name_asked(error: Exception, model: Model) -> None:
    """Note on an error the model that was asked; the first one noted stays."""
    # An error may take no attributes.
    with contextlib.suppress(Exception):
        if asked_of(error) is None:
            address = public_address(model.base_url) if model.base_url else None
            # The error may be pickled, and no key goes with it.
            shown = Model(model.name, base_url=address)
            error._docsum_nb_asked = shown  # type: ignore[attr-defined]


def asked_of(error: Exception) -> Model | None:
    """Return the model that was asked; ``None`` where the error is no model's."""
    found = error.__dict__.get("_docsum_nb_asked")
    return found if isinstance(found, Model) else None


def with_cause(error: Exception) -> str:
    """Return an error's kind and words, and why no answer came if they do not say it."""
    model = asked_of(error)
    return explained(error, model.base_url if model is not None else None)
