"""How work runs: one loop thread, runs that can be awaited, blocked on, stopped and watched.

Knows nothing of documents, crews or models.
"""

from docsum_nb.run.about import about, placed
from docsum_nb.run.board import PART_STATES, Pace, PartState, Span
from docsum_nb.run.control import Control, Question, Stopping, Whereabouts
from docsum_nb.run.fanout import Failed, fan_out
from docsum_nb.run.frames import describe_frame, is_own_file, own_frame, thread_frames
from docsum_nb.run.green import patched_by
from docsum_nb.run.loop import DAEMON_THREADS, before_exit, in_thread
from docsum_nb.run.outcome import replace_note
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
from docsum_nb.run.trace import begin_span, chat_attributes, end_span, span
from docsum_nb.run.view import (
    Console,
    Detail,
    Display,
    PendingQuestion,
    Shown,
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
    "Failed",
    "Pace",
    "PartState",
    "PendingQuestion",
    "Question",
    "Run",
    "Scope",
    "Shown",
    "Snapshot",
    "Span",
    "Stopping",
    "View",
    "Waited",
    "Whereabouts",
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
