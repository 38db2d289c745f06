"""How work runs: one loop thread, runs that can be awaited, blocked on, stopped and watched.

Knows nothing of documents, crews or models.
"""

from docsum_nb.run.fanout import Failed, fan_out
from docsum_nb.run.frames import describe_frame, own_frame, thread_frames
from docsum_nb.run.imports import import_in_background, without_collection
from docsum_nb.run.loop import before_exit
from docsum_nb.run.pauses import pause_in_run
from docsum_nb.run.progress import PART_STATES, Duration, Pace, PartState
from docsum_nb.run.questions import AskPerson
from docsum_nb.run.recorder import about, placed
from docsum_nb.run.run import Run, get_run
from docsum_nb.run.scope import (
    Scope,
    blocks_a_loop,
    cancelled_with,
    current_scope,
    is_on_a_loop,
    leave_threads,
)
from docsum_nb.run.threads import DAEMON_THREADS, in_thread, patched_by
from docsum_nb.run.tracing import begin_span, chat_attributes, end_span, span
from docsum_nb.run.view import (
    Console,
    Display,
    PendingQuestion,
    RunView,
    Snapshot,
    View,
    Waited,
)
from docsum_nb.run.work import (
    Control,
    DelegatedControl,
    Detail,
    FunctionWork,
    Location,
    Question,
    Stopping,
    Work,
)

__all__ = [
    "DAEMON_THREADS",
    "PART_STATES",
    "AskPerson",
    "Console",
    "Control",
    "DelegatedControl",
    "Detail",
    "Display",
    "Duration",
    "Failed",
    "FunctionWork",
    "Location",
    "Pace",
    "PartState",
    "PendingQuestion",
    "Question",
    "Run",
    "RunView",
    "Scope",
    "Snapshot",
    "Stopping",
    "View",
    "Waited",
    "Work",
    "about",
    "before_exit",
    "begin_span",
    "blocks_a_loop",
    "cancelled_with",
    "chat_attributes",
    "current_scope",
    "describe_frame",
    "end_span",
    "fan_out",
    "get_run",
    "import_in_background",
    "in_thread",
    "is_on_a_loop",
    "leave_threads",
    "own_frame",
    "patched_by",
    "pause_in_run",
    "placed",
    "span",
    "thread_frames",
    "without_collection",
]
