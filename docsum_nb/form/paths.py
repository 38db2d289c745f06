"""A field for a path: typed, with what is there to choose from, or browsed for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from docsum_nb.form.latest_work import Latest
from docsum_nb.render.one_line import one_line

__all__ = ["PathField"]

_MOST = 300
"""Entries listed of a folder; the beginning of a name narrows a longer list."""


@dataclass(frozen=True)
class _Entry:
    name: str
    is_folder: bool

    @property
    def label(self) -> str:
        return one_line(self.name, max_chars=120) + (os.sep if self.is_folder else "")


class PathField:
    """A text field that proposes what is there, and a list of folders and files to choose from.

    Args:
        label: What is asked for.
        value: What stands there at first.
        placeholder: What is meant by an empty field.
        folders_only: Propose no files.
        failed: Called with an error that a callback has let through.
    """

    def __init__(
        self,
        label: str,
        *,
        value: str,
        placeholder: str,
        folders_only: bool = False,
        failed: Callable[[Exception], object],
    ) -> None:
        import ipywidgets as widgets

        self._folders_only = folders_only
        self._folder = Path.cwd()
        self._entries: list[_Entry] = []
        lock = threading.RLock()
        self._proposing = Latest(lock, failed)
        self._browsing = Latest(lock, failed)
        self.control = widgets.Combobox(description=label, value=value, placeholder=placeholder)
        self.toggle = widgets.ToggleButton(
            description="Browse", tooltip=f"{label}: browse the folders of this server"
        )
        self.row = widgets.HBox([self.control, self.toggle]).add_class("docsum-path")
        self.list = widgets.Select(description="In this folder", rows=8)
        self.up = widgets.Button(description="Up", tooltip="Go to the folder above")
        self.into = widgets.Button(description="Open", tooltip="Go into the chosen folder")
        self.use = widgets.Button(description="Use", tooltip="Take what is chosen, or this folder")
        self.chooser = widgets.VBox(
            [self.list, widgets.HBox([self.up, self.into, self.use]).add_class("docsum-buttons")]
        ).add_class("docsum-chooser")
        self.chooser.layout.display = "none"
        self.control.observe(lambda change: self._propose(), "value")
        self.toggle.observe(lambda change: self._toggled(), "value")
        self.list.observe(lambda change: self._chosen(), "index")
        self.up.on_click(lambda button: self._show(self._folder.parent))
        self.into.on_click(lambda button: self._go_into())
        self.use.on_click(lambda button: self._use())

    @property
    def typed(self) -> str:
        """What stands in the field, without white space around it."""
        return str(self.control.value).strip()

    # --- proposing while the user types --------------------------------------------------------

    def _propose(self) -> None:
        typed = self.typed
        begun = typed[: typed.rfind(os.sep) + 1]
        self._proposing.begin(
            partial(self._listed, _expanded(begun)),
            lambda entries: self._proposed(begun, entries),
        )

    def _proposed(self, begun: str, entries: list[_Entry]) -> None:
        options = tuple(begun + entry.name for entry in entries if entry.name.isprintable())
        if options != self.control.options:
            self.control.options = options

    def _listed(self, folder: Path) -> list[_Entry]:
        """List what is in a folder, folders first; an empty list if it cannot be read."""
        try:
            with os.scandir(folder) as found:
                entries = [
                    _Entry(each.name, each.is_dir())
                    for each, _ in zip(found, range(10 * _MOST), strict=False)
                    if not each.name.startswith(".")
                ]
        except (OSError, ValueError):
            return []
        kept = [each for each in entries if each.is_folder or not self._folders_only]
        kept.sort(key=lambda each: (not each.is_folder, each.name))
        return kept[:_MOST]

    # --- browsing ------------------------------------------------------------------------------

    def _toggled(self) -> None:
        self.chooser.layout.display = "" if self.toggle.value else "none"
        self.toggle.description = "Close" if self.toggle.value else "Browse"
        if self.toggle.value:
            self._browsing.begin(partial(_nearest_folder, self.typed), self._show)

    def _show(self, folder: Path) -> None:
        self._browsing.begin(
            partial(self._listed, folder), lambda entries: self._shown(folder, entries)
        )

    def _shown(self, folder: Path, entries: list[_Entry]) -> None:
        self._folder, self._entries = folder, entries
        self.list.description = f"In {one_line(str(folder), max_chars=200)}"
        self.list.options = [(entry.label, place) for place, entry in enumerate(entries)]
        self.list.index = None
        self.up.disabled = folder.parent == folder
        self._chosen()

    def _chosen(self) -> None:
        chosen = self._entry()
        self.into.disabled = chosen is None or not chosen.is_folder
        self.use.description = "Use this folder" if chosen is None else "Use what is chosen"

    def _entry(self) -> _Entry | None:
        place: Any = self.list.index
        return self._entries[place] if place is not None and place < len(self._entries) else None

    def _go_into(self) -> None:
        chosen = self._entry()
        if chosen is not None and chosen.is_folder:
            self._show(self._folder / chosen.name)

    def _use(self) -> None:
        chosen = self._entry()
        path = self._folder if chosen is None else self._folder / chosen.name
        self.control.value = str(path)
        self.toggle.value = False


def _expanded(typed: str) -> Path:
    # Unlike Path's own, it leaves the home of an unknown user unchanged.
    return Path(os.path.expanduser(typed or "."))  # noqa: PTH111


def _nearest_folder(typed: str) -> Path:
    """Return the folder that a path names or lies in; the working folder if there is none."""
    path = _expanded(typed).absolute()
    for each in (path, *path.parents):
        try:
            if each.is_dir():
                return each
        except (OSError, ValueError):
            continue
    return Path.cwd()
