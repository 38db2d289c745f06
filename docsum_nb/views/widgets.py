"""Closing widgets with their layouts and styles, which ipywidgets leaves behind."""

from __future__ import annotations

from typing import Any

__all__ = ["close_widget"]


def close_widget(widget: Any) -> None:
    """Close a widget with all that is within it, their layouts and their styles."""
    for child in getattr(widget, "children", ()):
        close_widget(child)
    for part in (widget, widget.layout, getattr(widget, "style", None)):
        if part is not None:
            part.close()
