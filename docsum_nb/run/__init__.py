"""How work runs: one loop thread, runs that can be awaited, blocked on, stopped and watched.

Knows nothing of documents, crews or models.
"""

from docsum_nb.run.control import Control, Stopping, Whereabouts
from docsum_nb.run.fanout import Failed, fan_out
from docsum_nb.run.frames import describe_frame, is_own_file, own_frame, thread_frames
from docsum_nb.run.loop import DAEMON_THREADS, before_exit, in_thread
from docsum_nb.run.run import Run
from docsum_nb.run.trace import begin_span, chat_attributes, end_span, span
from docsum_nb.run.view import Display, View

__all__ = [
    "DAEMON_THREADS",
    "Control",
    "Display",
    "Failed",
    "Run",
    "Stopping",
    "View",
    "Whereabouts",
    "before_exit",
    "begin_span",
    "chat_attributes",
    "describe_frame",
    "end_span",
    "fan_out",
    "in_thread",
    "is_own_file",
    "own_frame",
    "span",
    "thread_frames",
]
