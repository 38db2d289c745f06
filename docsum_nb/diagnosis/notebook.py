"""Whether this kernel handles clicks while a cell runs, and whether its event loop is patched.

Cancel depends on ipykernel: from 7.4 on it handles a widget's messages while a cell awaits; 7.0 to
7.3 only those that a front-end sends on a subshell; earlier ones none until the cell has ended.
Interrupting the kernel works in all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Iterator

from packaging.version import Version

from docsum_nb.diagnosis.versions import installed
from docsum_nb.findings import Finding
from docsum_nb.run import patched_by
from docsum_nb.views.widgets import CLICKS_SINCE, current_kernel

__all__ = ["notebook_findings"]

_SUBSHELLS_SINCE = Version("7.0")
_WIDGETS_SINCE = Version("8.1")
_UPGRADE = "pip install -U 'ipykernel>=7.4' and restart the kernel; or use the stop button."


def notebook_findings() -> Iterator[Finding]:
    """Examine kernel, widgets and event loop of the process this is called in."""
    yield _kernel()
    yield _widgets()
    yield _running_loop()
    yield _nesting()
    yield from _uvloop()
    yield from _greenlets()


def _kernel() -> Finding:
    release = installed("ipykernel")
    here = "this kernel" if current_kernel() is not None else "a notebook kernel"
    if release is None:
        return Finding(
            "warning",
            "cancel",
            "ipykernel",
            "not installed: this environment cannot be a notebook's kernel",
            do="pip install 'ipykernel>=7.4', if it is meant to be one.",
        )
    subject, version = f"ipykernel {release}", Version(release)
    if version.release >= CLICKS_SINCE:
        return Finding(
            "ok", "cancel", subject, f"Cancel is live in {here} while a cell awaits a run"
        )
    if version >= _SUBSHELLS_SINCE:
        return Finding(
            "warning",
            "cancel",
            subject,
            f"Cancel is live in {here} while a cell runs only if the front-end sends clicks on "
            "a subshell (JupyterLab 4.4, Notebook 7.4 and later)",
            "Elsewhere, as in VS Code, a click is handled when the cell has ended.",
            _UPGRADE,
        )
    return Finding(
        "warning",
        "cancel",
        subject,
        f"in {here} a click on Cancel is handled when the cell has ended",
        "This kernel handles no widget while a cell runs.",
        f"Leave the run in the background, without await; or {_UPGRADE}",
    )


def _widgets() -> Finding:
    missing = [name for name in ("IPython", "ipywidgets") if installed(name) is None]
    if missing:
        return Finding(
            "problem" if current_kernel() is not None else "warning",
            "widgets",
            " and ".join(missing),
            "not installed",
            "A notebook cannot show live progress or a Cancel button.",
            "pip install 'ipywidgets>=8.1,<9' and restart the kernel.",
        )
    version = installed("ipywidgets") or "0"
    subject = f"ipywidgets {version}"
    if Version(version) < _WIDGETS_SINCE:
        return Finding(
            "warning",
            "widgets",
            subject,
            "older than 8.1, which the live panel is made for",
            "The panel may stay empty or lose its button.",
            "pip install -U 'ipywidgets>=8.1,<9' and restart the kernel.",
        )
    return Finding("ok", "widgets", subject, "a notebook can show live progress")


def _running_loop() -> Finding:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return Finding(
            "ok",
            "running-loop",
            "event loop",
            "none is running here; ds.kickoff(crew).result() waits for a run",
        )
    return Finding(
        "note",
        "running-loop",
        "event loop",
        f"a {type(loop).__name__} is running here, as in every notebook cell",
        "So crew.kickoff() fails at its first synchronous task, agent.kickoff() returns a "
        "coroutine that nothing runs, and flow.kickoff() blocks and may hide its error.",
        "Write: await ds.kickoff(crew); or ds.kickoff(crew).result() in a function that is not "
        "async.",
    )


def _nesting() -> Finding:
    if not getattr(asyncio, "_nest_patched", False):
        return Finding("ok", "nested-loop", "asyncio", "not patched")
    by = str(getattr(asyncio.run, "__module__", "")) or "nest_asyncio"
    return Finding(
        "warning",
        "nested-loop",
        "asyncio",
        f"patched by {by}, for this process and for good",
        "While a nested call runs, clicks on widgets are lost or wait, and interrupting it leaves "
        "its work running and billing.",
        "docsum_nb does not need it: restart the kernel without nest_asyncio.apply(), and run a "
        "tool that calls asyncio.run with ds.start(tool).",
    )


def _greenlets() -> Iterator[Finding]:
    library = patched_by()
    if library:
        yield Finding(
            "problem",
            "green-threads",
            library,
            "has replaced threads or sockets in this process",
            "Runs need real threads, so docsum_nb refuses to start any; CrewAI's own "
            "crew.kickoff() fails there or does not end.",
            "Use a process without monkey.patch_all(): celery -P threads or -P prefork, gunicorn "
            "-k gthread.",
        )


def _uvloop() -> Iterator[Finding]:
    kinds: list[object] = []
    with contextlib.suppress(RuntimeError):
        kinds.append(asyncio.get_running_loop())
    with warnings.catch_warnings():
        # Deprecated from Python 3.14 on, but it still decides which loops are created.
        warnings.simplefilter("ignore", DeprecationWarning)
        kinds.append(asyncio.get_event_loop_policy())
    if any(type(kind).__module__.partition(".")[0] == "uvloop" for kind in kinds):
        yield Finding(
            "note",
            "uvloop",
            "asyncio",
            "new loops here are uvloop's",
            "nest_asyncio cannot patch them, so ds.allow_nested_asyncio() is refused.",
            "Nothing for docsum_nb, whose runs work on it; run such a tool with ds.start(tool).",
        )
