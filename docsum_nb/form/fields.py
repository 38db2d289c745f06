"""The fields of the form together: source, uploads, model, and one for each option that has one.

Decides which model the fields ask for: a key is sent only to the server that it was given for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.form.form_values import FIELDS, FieldError, FormValues
from docsum_nb.form.option_field import Field, OptionField, text_control
from docsum_nb.form.paths import PathField
from docsum_nb.form.uploads import Uploads
from docsum_nb.options import Group, Option
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.secrets import NO_KEY
from docsum_nb.views.widgets import is_voila_page

__all__ = ["Fields"]

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
_NO_ADDRESS = (
    "this page fetches no addresses: they would be asked from inside the network of its server; "
    "upload the file"
)
_ACCEPT = (
    ".txt,.text,.log,.md,.markdown,.rst,.adoc,.tex,.org,.html,.htm,.xhtml,.pdf,.docx,.ipynb,text/*"
)


class Fields:
    """All fields of one form.

    Args:
        asked: What stands in them at first.
        failed: Called with an error that a callback has let through.
        options: Those that have a field, beside the source and the model.
    """

    def __init__(
        self,
        asked: FormValues,
        failed: Callable[[Exception], object],
        options: Sequence[Option] = FIELDS,
    ) -> None:
        self._given = asked.model if isinstance(asked.model, ds.Model) else None
        self.uploads = Uploads()
        self._upload_fault = ""
        self.path = PathField(
            "Path on this server",
            value=asked.source if isinstance(asked.source, str) else "",
            placeholder="such as reports/ or docs/**/*.md",
            failed=failed,
        )
        self._make_controls(asked)
        self.options = {
            each.name: OptionField(each, asked.values.get(each.name, each.default), failed)
            for each in options
        }
        self.by_name: dict[str, Field] = {**self._own_fields(), **self.options}
        self._listeners: list[Callable[[], object]] = []
        self.upload.observe(lambda change: self._uploaded(), "value")
        self.remove.on_click(lambda button: self._remove())
        controls = [self.path.control, self.model, self.base_url]
        for control in [*controls, *(each.control for each in self.options.values())]:
            control.observe(lambda change: self._notify(), "value")

    def _make_controls(self, asked: FormValues) -> None:
        import ipywidgets as widgets

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
        self.base_url = text_control("Address of the model's server", address, "the provider's own")

    def _own_fields(self) -> dict[str, Field]:
        import ipywidgets as widgets

        from_here = widgets.HTML('<div class="docsum-label">Or files from your computer</div>')
        return {
            "source": Field(
                "A folder with all below it, a file, or a glob.", self.path.row, self.path.chooser
            ),
            "uploads": Field(
                "Up to 10 MB at once; what is larger belongs on the server.",
                *(from_here, self.upload, self.remove),
            ),
            "model": Field(
                "Empty: extractive, which quotes, needs no key and costs nothing. "
                "Else PROVIDER/MODEL; the key comes from the environment.",
                self.model,
            ),
            "base_url": Field(
                "For an OpenAI-compatible server of your own. It is sent no key, except that of a "
                "Model which this form was given with the same name and address.",
                self.base_url,
            ),
        }

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call a function after every change of a field."""
        self._listeners.append(listener)

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()

    # --- reading -------------------------------------------------------------------------------

    def read(self) -> tuple[FormValues | None, tuple[FieldError, ...]]:
        """Read the fields.

        Returns:
            What they ask for, ``None`` if no documents are chosen or a field cannot be read; and
            what is wrong with them. An upload that failed does not keep the rest from running.
        """
        values, faults = self._read_options(self.options.values())
        model = self._read_model()
        if isinstance(model, FieldError):
            faults.append(model)
        sources = [each for each in (self.path.typed, self.uploads.folder) if each]
        of_uploads = [FieldError("uploads", self._upload_fault)] if self._upload_fault else []
        if "://" in self.path.typed and is_voila_page():
            faults.append(FieldError("source", _NO_ADDRESS))
        if isinstance(model, FieldError) or faults or not sources:
            return None, (*faults, *of_uploads)
        source = sources[0] if len(sources) == 1 else tuple(sources)
        return FormValues(source=source, model=model, values=values), tuple(of_uploads)

    def read_for_resume(self) -> tuple[ds.Model | None, dict[str, Any] | None]:
        """Read what holds for a run that is resumed, whether or not documents are chosen.

        Returns:
            The model, if it is one with settings; and the bounds, ``None`` if one of them cannot be
            read.
        """
        taken = [
            each for each in self.options.values() if each.option.group in (Group.BOUND, Group.CALL)
        ]
        bounds, faults = self._read_options(taken)
        model = self._read_model()
        return model if isinstance(model, ds.Model) else None, None if faults else bounds

    def _read_options(
        self, fields: Iterable[OptionField]
    ) -> tuple[dict[str, Any], list[FieldError]]:
        values: dict[str, Any] = {}
        faults: list[FieldError] = []
        for each in fields:
            try:
                values[each.option.name] = each.read()
            except ValueError as error:
                faults.append(FieldError(each.option.name, str(error)))
        return values, faults

    def _read_model(self) -> str | ds.Model | FieldError:
        name = self.model.value.strip() or "extractive"
        address = self.base_url.value.strip() or None
        if address is not None and name == "extractive":
            text = "Name the model that is to be asked there, such as openai/my-model"
            return FieldError("model", text)
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
            # A visitor may have typed it: no key of the environment goes there.
            return ds.Model(name, base_url=address, api_key=NO_KEY)
        except InputError as error:
            return FieldError("model", str(error))

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
        self._notify()
