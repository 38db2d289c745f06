"""The form: choose documents and a model, see the cost, start, watch, stop, resume, read.

Built of ipywidgets on the public names of ``docsum_nb``: the code that it shows does the same.

Invariants: nothing blocks the kernel's threads, however long a folder or a model takes; no run
starts before its cost was shown or bounded, and one that is resumed is held by the bounds in the
form; every error is shown.
"""

from docsum_nb.form.api import App, app

__all__ = ["App", "app"]
