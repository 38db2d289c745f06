"""The form: choose documents and a model, see the cost, start, watch, stop, resume, read.

Built of ipywidgets, and only a user of the package: it calls what ``docsum_nb`` offers to everyone,
so whatever it does can be done by the code that it shows.

Invariants: nothing blocks the kernel's threads, whatever a folder or a model takes; no run is begun
before its cost was shown or bounded, and one that is resumed is held by the bounds that stand in
the form; no error is left to a log.
"""

from docsum_nb.form.api import App, app

__all__ = ["App", "app"]
