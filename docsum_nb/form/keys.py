"""The form by keyboard alone: the next focus, the Escape key, and keys that stay in the form."""

from __future__ import annotations

from pathlib import Path

import anywidget

__all__ = ["FormKeys"]


class FormKeys(anywidget.AnyWidget):
    """Moves the focus of the form that it is in; shows nothing itself.

    After Start, the focus is on Cancel; after the end, on Start. Escape closes the list of files,
    else goes to Cancel while something goes on. Other keys never reach the notebook around it.
    """

    _esm = Path(__file__).parent / "static" / "form_keys.js"
