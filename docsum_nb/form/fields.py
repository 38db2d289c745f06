"""The fields of the form, and how they are read.

Decides what a field's text means. Every field has a label, and a line beneath that says what an
empty one means, or what is wrong.
"""

from __future__ import annotations

import html
import math
import os
from collections.abc import Callable, Iterable
from typing import Any

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.form.form_values import FieldError, FormValues
from docsum_nb.form.paths import PathField
from docsum_nb.form.uploads import Uploads
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.secrets import NO_KEY

__all__ = ["Field", "Fields"]

_MODELS = (
    "extractive",
    "openai/gpt-4o-mini",
    "openai/gpt-4.1-mini",
    "anthropic/claude-haiku-4-5",
    "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-flash",
    "mistral/mistral-small-latest",
    "ollama/llama3.1",
)
_ON_ERROR = (
    ("stop at the first error", "raise"),
    ("finish the rest, then report all errors", "collect"),
    ("leave it out, and say so in the summary", "skip"),
)
_LARGEST = 1e12
_NO_ADDRESS = (
    "this page fetches no addresses: they would be asked from inside the network of its server; "
    "upload the file"
)
_ACCEPT = (
    ".txt,.text,.log,.md,.markdown,.rst,.adoc,.tex,.org,.html,.htm,.xhtml,.pdf,.docx,.ipynb,text/*"
)


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

    def say(self, fault: str | None) -> None:
        """Show what is wrong, escaped; ``None`` shows the hint again."""
        text = _line(self.hint, "hint") if fault is None else _line(fault, "fault")
        if self._line.value != text:
            self._line.value = text


def _line(text: str, kind: str) -> str:
    role = ' role="alert"' if kind == "fault" else ""
    return f'<div class="docsum-{kind}"{role} dir="auto">{html.escape(text)}</div>'


def _is_page_for_others() -> bool:
    """Check whether this is a page of voila, whose visitors may be strangers."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


class Fields:
    """All fields of one form.

    Args:
        asked: What stands in them at first.
        failed: Called with an error that a callback has let through.
    """

    def __init__(self, asked: FormValues, failed: Callable[[Exception], object]) -> None:
        self._given = asked.model if isinstance(asked.model, ds.Model) else None
        self.uploads = Uploads()
        self._upload_fault = ""
        self.path = PathField(
            "Path on this server",
            value=asked.source if isinstance(asked.source, str) else "",
            placeholder="such as reports/ or docs/**/*.md",
            failed=failed,
        )
        self.library_path = PathField(
            "Library",
            value=asked.library or "",
            placeholder="none, else its folder",
            folders_only=True,
            failed=failed,
        )
        self._make_controls(asked)
        self.by_name = self._fields()
        self._listeners: list[Callable[[], object]] = []
        self.upload.observe(lambda change: self._uploaded(), "value")
        self.remove.on_click(lambda button: self._remove())
        for control in self._controls():
            control.observe(lambda change: self._tell(), "value")

    def _make_controls(self, asked: FormValues) -> None:
        import ipywidgets as widgets

        def text(label: str, value: object, placeholder: str) -> Any:
            shown = "" if value is None else str(value)
            return widgets.Text(description=label, value=shown, placeholder=placeholder)

        self.upload = widgets.FileUpload(
            accept=_ACCEPT,
            multiple=True,
            description="Upload",
            tooltip="Upload documents from your computer",
        )
        self.remove = widgets.Button(
            description="Remove uploads", tooltip="Delete the uploaded files from the server"
        )
        self.remove.layout.display = "none"
        name = self._given.name if self._given else str(asked.model)
        self.model = widgets.Combobox(
            description="Model",
            value="" if name == "extractive" else name,
            options=_MODELS,
            placeholder="extractive",
        )
        address = self._given.base_url if self._given else None
        self.base_url = text("Address of the model's server", address, "the provider's own")
        self.question = widgets.Textarea(
            description="Question",
            value=asked.question or "",
            placeholder="none: a summary of everything",
            rows=2,
        )
        self.length = text("Length, in words", asked.length, "300")
        self.deadline = text("Deadline, in seconds", asked.deadline, "none")
        self.max_cost = text("Most to pay, in US dollars", asked.max_cost, "no bound")
        self.max_calls = text("Most requests to send", asked.max_calls, "no bound")
        self.on_error = widgets.Dropdown(
            description="Where something fails", options=_ON_ERROR, value=asked.on_error
        )

    def _fields(self) -> dict[str, Field]:
        import ipywidgets as widgets

        from_here = widgets.HTML('<div class="docsum-label">Or files from your computer</div>')
        fields = {
            "source": Field(
                "A folder with all below it, a file, or a glob.", self.path.row, self.path.chooser
            ),
            "uploads": Field(
                "Up to 10 MB at once; what is larger belongs on the server.",
                *(from_here, self.upload, self.remove),
            ),
            "question": Field("What the summary is to answer.", self.question),
            "model": Field(
                "Empty: extractive, which quotes, needs no key and costs nothing. "
                "Else PROVIDER/MODEL; the key comes from the environment.",
                self.model,
            ),
            "base_url": Field(
                "For an OpenAI-compatible server of your own. It is sent no key.", self.base_url
            ),
            "length": Field("Of the final summary.", self.length),
            "library": Field(
                "Your own documentation: the summary then says what it holds on the matter.",
                *(self.library_path.row, self.library_path.chooser),
            ),
            "deadline": Field("The run is over by then, finished or not.", self.deadline),
            "max_cost": Field("No request is sent that might exceed it.", self.max_cost),
            "max_calls": Field("Those that fail are counted, too.", self.max_calls),
            "on_error": Field("A document, or a request to the model.", self.on_error),
        }
        fields["question"].box.add_class("docsum-wide")
        return fields

    def _controls(self) -> Iterable[Any]:
        yield from (self.path.control, self.library_path.control, self.model, self.base_url)
        yield from (self.question, self.length, self.deadline, self.max_cost, self.max_calls)
        yield self.on_error

    def on_change(self, listener: Callable[[], object]) -> None:
        """Have a function called after every change of a field."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    # --- reading -------------------------------------------------------------------------------

    def read(self) -> tuple[FormValues | None, tuple[FieldError, ...]]:
        """Read the fields.

        Returns:
            What they ask for, ``None`` where no documents are chosen or a field cannot be read; and
            what is wrong with them. An upload that failed does not keep the rest from running.
        """
        faults: list[FieldError] = []
        length = self._read_number("length", int, 10, faults)
        bounds = self._read_bounds(faults)
        model = self._read_model(faults)
        sources = [each for each in (self.path.typed, self.uploads.folder) if each]
        of_uploads = [FieldError("uploads", self._upload_fault)] if self._upload_fault else []
        if "://" in self.path.typed and _is_page_for_others():
            faults.append(FieldError("source", _NO_ADDRESS))
        if faults or not sources:
            return None, (*faults, *of_uploads)
        return FormValues(
            source=sources[0] if len(sources) == 1 else tuple(sources),
            model=model,
            library=self.library_path.typed or None,
            question=self.question.value.strip() or None,
            length=length,
            on_error=self.on_error.value,
            **bounds,
        ), tuple(of_uploads)

    def read_for_resume(self) -> tuple[ds.Model | None, dict[str, Any] | None]:
        """Read what holds for a run that is resumed, whether or not documents are chosen.

        Returns:
            The model, where it is one with settings; and the bounds, ``None`` where one of them
            cannot be read.
        """
        faults: list[FieldError] = []
        bounds = self._read_bounds(faults)
        model = self._read_model([])
        return model if isinstance(model, ds.Model) else None, None if faults else bounds

    def _read_bounds(self, faults: list[FieldError]) -> dict[str, Any]:
        return {
            "deadline": self._read_number("deadline", float, 0, faults),
            "max_cost": self._read_number("max_cost", float, 0, faults),
            "max_calls": self._read_number("max_calls", int, 1, faults),
        }

    def _read_number(
        self, name: str, kind: type[int] | type[float], least: float, faults: list[FieldError]
    ) -> Any:
        try:
            return _number(getattr(self, name).value, kind, least)
        except ValueError as error:
            faults.append(FieldError(name, str(error)))
            return None

    def _read_model(self, faults: list[FieldError]) -> Any:
        name = self.model.value.strip() or "extractive"
        address = self.base_url.value.strip() or None
        if address is not None and name == "extractive":
            text = "Name the model that is to be asked there, such as openai/my-model"
            faults.append(FieldError("model", text))
            return name
        given = self._given
        if given is not None and (name, address) == (given.name, given.base_url):
            return given
        try:
            if address is None:
                if "://" in name:
                    raise InputError("A model's name is no address; write that into its own field")
                return name
            if given is not None and address == given.base_url:
                return ds.Model(name, base_url=address)
            # Whoever typed it may be a visitor: no key of the environment goes there.
            return ds.Model(name, base_url=address, api_key=NO_KEY)
        except InputError as error:
            faults.append(FieldError("model", str(error)))
            return name

    # --- uploads -------------------------------------------------------------------------------

    def _uploaded(self) -> None:
        arrived = self.upload.value
        if not arrived:
            return
        self._upload_fault = ""
        try:
            for file in arrived:
                self.uploads.add(str(file["name"]), file["content"])
        except OSError as error:
            self._upload_fault = f"Cannot be kept on the server: {error.strerror or error}"
        # The browser's copy in the kernel is not needed any more.
        self.upload.value = ()
        self._show_uploads()

    def _remove(self) -> None:
        self._upload_fault = ""
        self.uploads.clear()
        self._show_uploads()

    def _show_uploads(self) -> None:
        files = self.uploads.files
        names = ", ".join(one_line(name, max_chars=60) for name in list(files)[:8])
        more = " …" if len(files) > 8 else ""
        field = self.by_name["uploads"]
        if files:
            kb = math.ceil(sum(files.values()) / 1024)
            field.hint = f"{count_text(len(files), 'file')}, {kb:,} KB: {names}{more}"
        else:
            field.hint = field.first_hint
        self.remove.layout.display = "" if files else "none"
        self._tell()


def _number(text: str, kind: type[int] | type[float], least: float) -> int | float | None:
    """Read a number; ``None`` for an empty field.

    Raises:
        ValueError: if it is none; the message is for the user.
    """
    if not text.strip():
        return None
    what = "a whole number" if kind is int else "a number"
    bound = f"of at least {least:g}" if least else "above 0"
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not (0 < value < _LARGEST and value >= least):
        raise ValueError(f"This is {what} {bound}, or empty; not {one_line(text, max_chars=40)!r}")
    return int(value) if value == int(value) else value
