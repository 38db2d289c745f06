"""The widgets of the form, put together; they show the controller's state and pass clicks on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docsum_nb.form import style
from docsum_nb.form.code import code_of
from docsum_nb.form.controller import Controller
from docsum_nb.form.fields import Fields
from docsum_nb.form.form_values import line_of
from docsum_nb.options import Group
from docsum_nb.render.one_line import one_line
from docsum_nb.views.widgets import answer_while_blocked, close_widget

if TYPE_CHECKING:
    from docsum_nb import Run, Summary
    from docsum_nb.form.form_values import FormValues
    from docsum_nb.ledger import RunRecord

__all__ = ["FormLayout"]

_NOTHING_ASKED = "# Choose documents first."
_FAULTY = "# Correct the marked fields first."


class FormLayout:
    """All widgets of one form.

    Args:
        asked: What stands in the fields at first.
        form_id: Marks the form on its page.
        shown: Called after every update.
    """

    def __init__(self, asked: FormValues, form_id: str, shown: Callable[[], object]) -> None:
        self._shown = shown
        self._error = ""
        """Of a callback of the form's own."""
        self._on_panel: Run[Summary] | None = None
        self.code = ""
        self.controller = Controller(self._changed)
        self.fields = Fields(asked, self._callback_failed)
        self._make_buttons()
        self._make_texts()
        self.box = self._put_together(form_id)
        self.fields.on_change(self._guarded(self._field_changed))
        self.fields.upload.observe(lambda change: self._guarded(self._uploads_changed)(), "value")
        self.fields.remove.on_click(lambda button: self._guarded(self._uploads_changed)())

    def begin(self) -> None:
        """Show what is asked for, and look for runs that can be resumed."""
        self._changed()
        self._guarded(self.controller.list_unfinished)()

    def close(self) -> None:
        """Close the widgets, stop what goes on and remove the uploads."""
        self.controller.cancel()
        self.fields.uploads.clear()
        close_widget(self.box)

    # --- making --------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        import ipywidgets as widgets

        def button(text: str, tip: str, action: Callable[[], object]) -> Any:
            made = widgets.Button(description=text, tooltip=tip).add_class("docsum-of-run")
            made.on_click(lambda clicked: None if clicked.disabled else self._guarded(action)())
            answer_while_blocked(made)
            return made

        self.plan = button("Plan", "Show what it takes and costs; nothing is paid for", self._plan)
        self.start = button("Start", "Start the run", self._start)
        self.start.add_class("docsum-primary")
        self.cancel = button("Cancel", "Stop what goes on", self.controller.cancel)
        self.cancel.add_class("docsum-cancel")
        self.resume = button("Resume", "Go on with the chosen run", self._resume)
        self.unfinished = widgets.Dropdown(description="Unfinished runs")

    def _make_texts(self) -> None:
        import ipywidgets as widgets

        self.plan_text = widgets.HTML(style.plan_html(None))
        self.notice = widgets.HTML()
        self.resume_fault = widgets.HTML()
        self.code_text = widgets.HTML()
        self.panel = widgets.VBox([]).add_class("docsum-panel")

    def _put_together(self, form_id: str) -> Any:
        import ipywidgets as widgets

        from docsum_nb.form.keys import FormKeys

        boxes = {name: field.box for name, field in self.fields.by_name.items()}

        def section(title: str, *parts: Any) -> Any:
            heading = widgets.HTML(style.heading_html(title))
            return widgets.VBox([heading, *parts]).add_class("docsum-section")

        def grid(*names: str) -> Any:
            return widgets.VBox([boxes[name] for name in names]).add_class("docsum-grid")

        def row(*parts: Any) -> Any:
            return widgets.HBox(list(parts)).add_class("docsum-buttons")

        self.resuming = section("Go on with an earlier run", row(self.unfinished, self.resume))
        self.resuming.children += (self.resume_fault,)
        options = [each.option for each in self.fields.options.values()]
        texts = [each.name for each in options if each.kind == "text"]
        asked = [each.name for each in options if each.group is Group.ASKED]
        choices = [each.name for each in options if each.kind == "choice"]
        others = [name for name in asked if name not in (*texts, *choices)]
        bounds = [each.name for each in options if each.name not in (*texts, *asked)]
        parts = [
            widgets.HTML(style.style_html()).add_class("docsum-style"),
            FormKeys().add_class("docsum-style"),
            widgets.HTML(style.heading_html("Summarize documents", level=2)),
            section("Documents", grid("source", "uploads")),
            section("Summary", grid(*texts, "model", "base_url", *others)),
            section("Bounds", grid(*bounds, *choices).add_class("docsum-narrow")),
            section("Run", self.plan_text, row(self.plan, self.start, self.cancel), self.notice),
            self.resuming,
            section("The same as code", self.code_text),
            self.panel,
        ]
        form = widgets.VBox(parts)
        for name in ("docsum", "docsum-form", f"docsum-live-{form_id}"):
            form.add_class(name)
        return form

    # --- what the user does --------------------------------------------------------------------

    def _plan(self) -> None:
        asked, _ = self.fields.read()
        if asked is not None:
            self.controller.work_out_plan(asked)

    def _start(self) -> None:
        asked, _ = self.fields.read()
        if asked is not None:
            self.controller.start(asked)

    def _resume(self) -> None:
        run_id = self.unfinished.value
        mine, bounds = self.fields.read_for_resume()
        if run_id is None or bounds is None:
            return
        model = next((each.model for each in self.controller.unfinished if each.id == run_id), None)
        # A key is not in the ledger; one that was given to this form is.
        known = mine if mine is not None and mine.name == model else None
        self.controller.resume(run_id, model=known, **bounds)

    def _field_changed(self) -> None:
        with self.controller.lock:
            self.controller.fault, self.controller.notice, self._error = None, "", ""
            self._changed()

    def _uploads_changed(self) -> None:
        self.controller.forget_plan()

    def _guarded(self, action: Callable[[], object]) -> Callable[[], None]:
        """Return a callback that shows its errors, which ipywidgets would only log."""

        def guarded() -> None:
            self._error = ""
            try:
                action()
            except Exception as error:  # noqa: BLE001  # see above
                self._callback_failed(error)

        return guarded

    def _changed(self) -> None:
        try:
            self._refresh()
        except Exception as error:  # noqa: BLE001  # as above
            self._callback_failed(error)

    def _callback_failed(self, error: Exception) -> None:
        self._error = line_of(error)
        _set(self.notice, value=style.notice_html(self._error, bad=True))

    # --- showing -------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Show the current state; under the controller's lock, in any thread."""
        controller = self.controller
        with controller.lock:
            asked, faults = self.fields.read()
            self._show_faults(asked, {fault.field: fault.text for fault in faults})
            self._show_code(asked, faulty=bool(faults))
            planned = controller.planned
            current = asked is not None and planned is not None and planned.has_plan_of(asked)
            plan = controller.plan if current else None
            _set(self.plan_text, value=style.plan_html(plan))
            idle = controller.phase == "idle"
            ready = idle and asked is not None
            _set(self.plan, disabled=not ready)
            _set(self.start, disabled=not ready)
            _set(self.cancel, disabled=idle)
            for control in (self.fields.upload, self.fields.remove):
                _set(control, disabled=not idle)
            self._show_unfinished(idle=idle)
            self._show_panel()
        self._shown()

    def _show_faults(self, asked: FormValues | None, faults: dict[str, str]) -> None:
        found = self.controller.fault
        if found is not None:
            faults.setdefault(found.field, found.text)
        for name, field in self.fields.by_name.items():
            field.show(faults.get(name))
        _set(self.resume_fault, value=_fault_html(faults.get("resume")))
        general = faults.get("") or self._error
        if general:
            text, bad = general, True
        elif found is not None and found.field != "resume":
            text, bad = "Nothing was started. Correct the marked field first.", True
        elif any(name not in ("resume", "uploads") for name in faults):
            text, bad = "Correct the marked field first.", True
        else:
            text, bad = (
                self.controller.notice or ("" if asked else "Choose documents first."),
                False,
            )
        _set(self.notice, value=style.notice_html(text, bad=bad))

    def _show_code(self, asked: FormValues | None, *, faulty: bool) -> None:
        if asked is None:
            self.code = _FAULTY if faulty else _NOTHING_ASKED
        else:
            self.code = code_of(asked, uploads=self.fields.uploads.folder)
        _set(self.code_text, value=style.code_html(self.code))

    def _show_unfinished(self, *, idle: bool) -> None:
        options = [(_label(each), each.id) for each in self.controller.unfinished]
        if list(self.unfinished.options) != options:
            chosen = self.unfinished.value
            ids = [run_id for _, run_id in options]
            self.unfinished.options = options
            self.unfinished.index = ids.index(chosen) if chosen in ids else 0 if ids else None
        self.resuming.layout.display = "" if options else "none"
        _set(self.resume, disabled=not (idle and options))

    def _show_panel(self) -> None:
        run = self.controller.run
        if run is self._on_panel or run is None:
            return
        self._on_panel = run
        old = self.panel.children
        self.panel.children = (run.widget(),)
        for widget in old:
            close_widget(widget)


def _label(record: RunRecord) -> str:
    what, model = one_line(record.what, max_chars=60), one_line(record.model, max_chars=40)
    far = f"{record.done:,}/{record.chunks:,} chunks"
    return f"{what} · {model} · {record.state} after {far} · {record.id}"


def _fault_html(text: str | None) -> str:
    return style.notice_html(text, bad=True) if text else ""


def _set(widget: Any, **values: Any) -> None:
    """Change what differs: each change is a message."""
    for name, value in values.items():
        if getattr(widget, name) != value:
            setattr(widget, name, value)
