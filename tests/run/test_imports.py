from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from docsum_nb.run.frames import imported_in, thread_frames

ROOT = Path(__file__).parent.parent.parent

_BEGIN = """
import sys, threading, time
from docsum_nb.run import import_in_background
from docsum_nb.run.loop import current_loop

current_loop()
begun = threading.Event()


def load():
    begun.set()
    {load}


import_in_background(load)
begun.wait()
{until}
"""
_LOADS = {
    "CrewAI": ("import crewai", "while 'crewai' not in sys.modules: time.sleep(0.01)"),
    "one that goes on after an error": (
        "for _ in range(3):\n"
        "        try:\n"
        "            while True: time.sleep(0.001)\n"
        "        except BaseException: pass",
        "",
    ),
}


@pytest.mark.parametrize(("load", "until"), _LOADS.values(), ids=_LOADS)
def test_the_process_ends_quietly_although_an_import_goes_on(load: str, until: str) -> None:
    """The import is stopped, nothing is printed, and the process does not wait for it to end."""
    process = subprocess.run(
        [sys.executable, "-c", _BEGIN.format(load=load, until=until)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_waits_for_an_import_and_its_child_can_run(tmp_path: Path) -> None:
    """A child that forked in the middle would find half of a library, locked for ever."""
    code = """
import os, sys, threading
import docsum_nb as ds
from docsum_nb.run import import_in_background

begun, done = threading.Event(), []


def load():
    begun.set()
    import wsgiref.simple_server
    done.append(1)


imported = import_in_background(load)
begun.wait()
pid = os.fork()
if pid == 0:
    import wsgiref.simple_server
    summary = ds.summarize({"a": "Whales are large."}, ledger=sys.argv[1], show=False).result(60)
    os._exit(0 if done and summary.text else 1)
_, status = os.waitpid(pid, 0)
imported.result(60)
print(os.waitstatus_to_exitcode(status))
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "l")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert (process.returncode, process.stdout.strip()) == (0, "0"), process.stderr


FINALIZERS = """
import sys, threading
from docsum_nb.run.shutdown import leave_python, stop_imports
class Slow:
    def __del__(self):
        for _ in range(100_000):
            pass
def work():
    while True:
        Slow()
        for _ in range(30_000):
            pass
thread = threading.Thread(target=work, name="imports", daemon=True)
thread.start()
stop_imports("imports")
hook = sys.unraisablehook
leave_python(())
print(thread.is_alive(), sys.unraisablehook is hook)
"""


def test_an_end_that_comes_within_a_finalizer_prints_nothing() -> None:
    """Python reports what is raised there as ignored, with a traceback; the hook is set once."""
    command = [sys.executable, "-c", FINALIZERS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert (done.stdout, done.stderr) == ("False True\n", "")


def test_the_module_that_a_thread_imports_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the outermost one: a deadline then names the library, not a line deep within it."""
    (tmp_path / "slow_library.py").write_text("import slow_part")
    (tmp_path / "slow_part.py").write_text("from gate import begun, go\nbegun.set()\ngo.wait(60)")
    gate = ModuleType("gate")
    begun, go = threading.Event(), threading.Event()
    gate.begun, gate.go = begun, go  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gate", gate)
    monkeypatch.syspath_prepend(tmp_path)
    thread = threading.Thread(target=import_module, args=("slow_library",))
    thread.start()
    try:
        assert begun.wait(60)
        assert imported_in(thread_frames(thread.ident)) == "slow_library"
    finally:
        go.set()
        thread.join()
    assert imported_in(thread_frames(threading.get_ident())) is None


_AGES = """
import gc
from docsum_nb.run import without_collection

{before}
exempt = gc.get_freeze_count()
with without_collection():
    made = [[] for _ in range(3)]
old = any(each is made for each in gc.get_objects(generation=2))
print(gc.isenabled(), old, gc.get_freeze_count() == exempt)
"""


@pytest.mark.parametrize(
    ("before", "printed"), [("", "True True True"), ("gc.freeze()", "True False True")]
)
def test_what_was_imported_is_old_unless_objects_are_exempt_from_the_search(
    before: str, printed: str
) -> None:
    """So the next two searches for garbage do not go through it; what a user froze stays so."""
    process = subprocess.run(
        [sys.executable, "-c", _AGES.format(before=before)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert (process.stdout.strip(), process.stderr) == (printed, "")
