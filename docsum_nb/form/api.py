"""``app`` creates a form; ``App`` is the form, as a notebook uses it."""

from __future__ import annotations

import os
import threading
import uuid
from typing import TYPE_CHECKING, Any, Literal

import docsum_nb as ds
from docsum_nb.argument_hints import explains_arguments
from docsum_nb.errors import InputError, check_on_error
from docsum_nb.form import style
from docsum_nb.form.form_values import FIELDS, FormValues
from docsum_nb.form.layout import FormLayout
from docsum_nb.views.widgets import current_kernel

if TYPE_CHECKING:
    from docsum_nb import Library, Model, Run, Summary

__all__ = ["App", "app"]

_WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@explains_arguments
def app(
    *,
    source: str | os.PathLike[str] | None = None,
    model: str | Model = "extractive",
    vision: str | None = None,
    library: str | os.PathLike[str] | Library | None = None,
    question: str | None = None,
    length: int | None = None,
    deadline: float | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    on_error: Literal["raise", "collect", "skip"] = "raise",
) -> App:
    """Create a form: choose documents, see the plan and its cost, start, watch, stop, resume, read.

    Displays itself in a notebook's cell and on a voila page. Nothing is read or paid for before a
    button is pressed; a run without a bound on its cost starts only once its plan was shown.

    Args:
        source: What stands in the form at first: a folder, a file or a glob; ``None`` for nothing.
            Texts in memory have no field: give them to ``summarize``.
        model: A name, or a ``Model`` with its settings, which hold as long as its name and address
            stand: another server is given neither its key nor its limits.
        vision: The name of a model that reads scanned pages; with the provider of ``model``, it is
            called like that one.
        library: The folder of a ``Library``, or the library.
        question: As for ``summarize``, and so are ...
        length: ... words, ...
        deadline: ... seconds from the start, ...
        max_cost: ... US dollars, ...
        max_calls: ... requests, ...
        max_tokens: ... tokens, and ...
        on_error: ... what to do if something fails.

    Returns:
        The form. Its ``run`` and ``summary`` are there for the next cell.

    Raises:
        InputError: if the source or library is no path, or ``on_error`` no such word.

    Example:
        >>> form = app(source="reports/", question="What was decided?")
        >>> print(form.code)
        import docsum_nb as ds
        <BLANKLINE>
        summary = await ds.summarize('reports/', question='What was decided?')
        summary
        >>> form.close()
    """
    given = locals()
    check_on_error(on_error)
    if not isinstance(model, str | ds.Model):
        raise InputError(f"model is a name or a Model, not {type(model).__name__}")
    if vision is not None and not isinstance(vision, str):
        raise InputError("vision of a form is the name of a model; summarize() takes a Model")
    values = {each.name: given[each.name] for each in FIELDS}
    if library is not None:
        values["library"] = _path("library", getattr(library, "path", library))
    path = "" if source is None else _path("source", source)
    return App(FormValues(source=path, model=model, values=values))


def _path(name: str, value: object) -> str:
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else value
    if not isinstance(path, str):
        raise InputError(
            f"{name} of a form is the path of a folder or file, not {type(value).__name__}; "
            "summarize() takes more"
        )
    return path


class App:
    """A form, made by ``app``; displays itself. Usable from any thread."""

    def __init__(self, asked: FormValues) -> None:
        self._id = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._handles: list[Any] = []
        self._lasting: tuple[object, bool] = (None, False)
        self._screen = FormLayout(asked, self._id, self._update_lasting)
        self._screen.begin()

    @property
    def run(self) -> Run[Summary] | None:
        """The last run that was started here; ``None`` before the first one."""
        return self._screen.controller.run

    @property
    def summary(self) -> Summary | None:
        """The result of ``run``; ``None`` unless that is done.

        What a run that failed or was cancelled has finished is in ``run.partial``.
        """
        run = self.run
        if run is None or not run.done or run.state.outcome != "done":
            return None
        return run.result()

    @property
    def code(self) -> str:
        """The call that does what the form does, as Python; a comment while it cannot be made."""
        return self._screen.code

    def close(self) -> None:
        """Close the form, stop its run and delete what was uploaded."""
        self._screen.close()

    # --- displaying ----------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if current_kernel() is None:
            display({"text/plain": f"A form needs a notebook. {self!r}\n\n{self.code}"}, raw=True)
            return
        form = {
            "text/plain": repr(self),
            "text/html": "",
            _WIDGET_MIME: {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self._screen.box.model_id,
            },
        }
        display(form, raw=True)
        with self._lock:
            self._handles.append(display(self._bundle(), raw=True, display_id=True))

    def _bundle(self) -> dict[str, str]:
        return style.lasting(self._id, self.code, self.run)

    def _update_lasting(self) -> None:
        """Update what a saved page shows when a run starts and ends."""
        run = self.run
        now = (run, run is not None and run.done)
        with self._lock:
            if now == self._lasting:
                return
            bundle = self._bundle() if self._handles else {}
            for handle in self._handles:
                handle.update(bundle, raw=True)
            self._lasting = now

    def __repr__(self) -> str:
        run = self.run
        doing = "no run yet" if run is None else repr(run)
        return f"<docsum_nb form: {doing}>"
