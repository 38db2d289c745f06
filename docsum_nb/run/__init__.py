"""How work runs: one loop thread, runs that can be awaited, blocked on, stopped and watched.

Knows nothing of documents, crews or models.
"""

from docsum_nb.run.context import about, placed
from docsum_nb.run.control import Control, Location, Question, Stopping
from docsum_nb.run.endings import replace_note
from docsum_nb.run.fanout import Failed, fan_out
from docsum_nb.run.frames import describe_frame, is_own_file, own_frame, thread_frames
from docsum_nb.run.loop import DAEMON_THREADS, before_exit, in_thread
from docsum_nb.run.monkey_patches import patched_by
from docsum_nb.run.progress import PART_STATES, Duration, Pace, PartState
from docsum_nb.run.questions import AskPerson
from docsum_nb.run.run import Run
from docsum_nb.run.scope import (
    Scope,
    blocks_a_loop,
    cancelled_with,
    current_scope,
    is_on_a_loop,
    leave_threads,
)
from docsum_nb.run.tracing import begin_span, chat_attributes, end_span, span
from docsum_nb.run.view import (
    Console,
    Detail,
    Display,
    PendingQuestion,
    RunView,
    Snapshot,
    View,
    Waited,
)

__all__ = [
    "DAEMON_THREADS",
    "PART_STATES",
    "AskPerson",
    "Console",
    "Control",
    "Detail",
    "Display",
    "Duration",
    "Failed",
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
    "in_thread",
    "is_on_a_loop",
    "is_own_file",
    "leave_threads",
    "own_frame",
    "patched_by",
    "placed",
    "replace_note",
    "span",
    "thread_frames",
]
