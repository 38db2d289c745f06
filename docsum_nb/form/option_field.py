"""One field of the form: its control, its line, and how it is read.

Decides which control an option has, by its kind, and what the text in it means. Every field has a
label, and a line beneath that says what an empty one means, or what is wrong.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

from docsum_nb.form.paths import PathField
from docsum_nb.options import Option
from docsum_nb.render.one_line import one_line

__all__ = ["Field", "OptionField", "text_control"]

_LARGEST = 1e12


class Field:
    """A control with a line beneath it.

    Args:
        hint: What the line says while nothing is wrong.
        parts: The control, whose description is the label, and what belongs to it.
    """

    def __init__(self, hint: str, *parts: Any) -> None:
        import ipywidgets as widgets

        self.first_hint = self.hint = hint
        self._line = widgets.HTML(_line(hint, "hint"))
        self.box = widgets.VBox([*parts, self._line]).add_class("docsum-field")

    def show(self, fault: str | None) -> None:
        """Show what is wrong, escaped; ``None`` shows the hint again."""
        text = _line(self.hint, "hint") if fault is None else _line(fault, "fault")
        if self._line.value != text:
            self._line.value = text


class OptionField(Field):
    """The field of an option.

    Args:
        option: One that has a field.
        value: What stands in it at first.
        failed: Called with an error that a callback has let through.
    """

    def __init__(self, option: Option, value: Any, failed: Callable[[Exception], object]) -> None:
        import ipywidgets as widgets

        assert option.form is not None
        label, placeholder, hint = option.form
        shown = "" if value is None else str(value)
        self.option = option
        parts: tuple[Any, ...] = ()
        match option.kind:
            case "path":
                path = PathField(
                    label, value=shown, placeholder=placeholder, folders_only=True, failed=failed
                )
                self.control, parts = path.control, (path.row, path.chooser)
            case "choice":
                meanings = [(meaning, word) for word, meaning in option.choices.items()]
                self.control = widgets.Dropdown(description=label, options=meanings, value=value)
            case "switch":
                self.control = widgets.Checkbox(description=label, value=value)
            case "text":
                self.control = widgets.Textarea(
                    description=label, value=shown, placeholder=placeholder, rows=2
                )
            case _:
                self.control = text_control(label, value, placeholder)
        super().__init__(hint, *(parts or (self.control,)))
        if option.kind == "text":
            self.box.add_class("docsum-wide")

    def read(self) -> Any:
        """Return the option's value; its default if the field is empty.

        Raises:
            ValueError: if it is none; the message is for the user.
        """
        value = self.control.value
        if isinstance(value, bool) or self.option.kind == "choice":
            return value
        text = value.strip()
        if not text:
            return self.option.default
        if self.option.kind in ("whole", "number"):
            kind = int if self.option.kind == "whole" else float
            return _number(text, kind, self.option.least or 0)
        return text


def text_control(label: str, value: object, placeholder: str) -> Any:
    """Return a text field of one line."""
    import ipywidgets as widgets

    shown = "" if value is None else str(value)
    return widgets.Text(description=label, value=shown, placeholder=placeholder)


def _line(text: str, kind: str) -> str:
    role = ' role="alert"' if kind == "fault" else ""
    return f'<div class="docsum-{kind}"{role} dir="auto">{html.escape(text)}</div>'


def _number(text: str, kind: type[int] | type[float], least: float) -> int | float:
    what = "a whole number" if kind is int else "a number"
    bound = f"of at least {least:g}" if least else "above 0"
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not (0 < value < _LARGEST and value >= least):
        raise ValueError(f"This is {what} {bound}, or empty; not {one_line(text, max_chars=40)!r}")
    return int(value) if value == int(value) else value
