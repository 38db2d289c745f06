"""What can go wrong, divided by who must act.

    DocsumError
    ├── InputError (ValueError)            you: a source, an argument, a model name, a key
    │   ├── LoadError                      you: one document that cannot be read
    │   ├── NotAwaitedError                you: a run that was not waited for
    │   └── NotARunError                   you: a result that is used as a run, or a misspelled name
    ├── ModelError                         the provider: an answer that cannot be used
    ├── LedgerError (OSError)              this machine: the file that keeps the answers
    ├── LibraryError (OSError)             this machine: the folder of the private documentation
    ├── UpstreamError                      this environment: a version of CrewAI or LiteLLM
    └── RunError                           a run that ended early; carries what was finished
        ├── DeadlineExceeded (TimeoutError)
        ├── RunCancelled
        ├── BudgetExceeded                 the next call would go over a bound you set
        ├── ClusterError                   the Dask cluster: it is gone, or has other versions
        └── WorkExited                     the work tried to end the process (SystemExit, Ctrl-C)

Every message says what to do next. Errors of a provider, of CrewAI or of the user's own code are
never wrapped: they are raised unchanged, with a note that names the run.

In a notebook each is shown by the user's own lines and its message; ``%tb`` shows the whole.

All of them can be pickled, so that they survive a process pool or a Dask worker.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from docsum_nb.characters import harmless
from docsum_nb.own_code import own_lines, whole_traceback
from docsum_nb.secrets import masked

__all__ = [
    "BudgetExceeded",
    "ClusterError",
    "DeadlineExceeded",
    "DocsumError",
    "InputError",
    "LedgerError",
    "LibraryError",
    "LoadError",
    "ModelError",
    "NotARunError",
    "NotAwaitedError",
    "RunCancelled",
    "RunError",
    "UpstreamError",
    "WorkExited",
]


_MOST_SHOWN = 2_000
"""Characters of an error that are shown or logged: a server may answer with a megabyte."""
_MOST_OF_LINE = 300
_COLOR = re.compile(r"(\x1b\[[0-9;]{0,20}m)")
_HEAD = "Traceback of your own code (%tb shows the whole):"


def shortened(text: str, most: int = _MOST_SHOWN) -> str:
    """Return a text, or its first and last part if it has more than ``most`` characters."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end]} … {len(text) - most:,} characters … {text[-end:]}"


def described(error: BaseException) -> str:
    """Return the kind of an error and its words, shortened.

    An error that cannot be printed has a line on that instead. LiteLLM's words begin
    with the kind, once or twice; it is named once.
    """
    kind = type(error).__name__
    try:
        words = str(error)
    except Exception:  # noqa: BLE001  # somebody's error must not hide that there was one
        words = "(the error cannot be printed)"
    for prefix in (f"litellm.{kind}: ", f"{kind}: "):
        words = words.removeprefix(prefix)
    return f"{kind}: {to_show(shortened(words))}"


def to_show(text: str) -> str:
    """Return the words of an error without secrets, and without what must reach no screen.

    Half of a pair of surrogates, as a provider's answer may hold it, cannot be stored or shown.
    """
    return harmless(masked(text))


def traceback_lines(error: BaseException, words: Iterable[str]) -> list[str]:
    """Return the lines by which a notebook cell shows an error.

    Args:
        error: The error; its traceback holds the user's own lines.
        words: What follows them: the error and its notes, in lines that are fit to be shown.

    Returns:
        The user's own lines and the words; for ``%tb``, what IPython shows of any error.
    """
    whole = whole_traceback(error)
    if whole is not None:
        return [_with_colors(line) for line in whole]
    own = [to_show(shortened(line, _MOST_OF_LINE)) for line in own_lines(error.__traceback__)]
    return [*([_HEAD, *own, ""] if own else []), *words]


def show_briefly(error: BaseException) -> None:
    """Make IPython show an error of another kind as it shows those of this package."""
    # One that takes no attributes is shown in full.
    with contextlib.suppress(Exception):
        error._render_traceback_ = partial(_rendered, error)  # type: ignore[attr-defined]


def _rendered(error: BaseException) -> list[str]:
    notes = [to_show(str(note)) for note in getattr(error, "__notes__", ())]
    return traceback_lines(error, [described(error), *notes])


def _with_colors(text: str) -> str:
    """Return a text that is fit to be shown, and keeps the colors that IPython gave it."""
    return "".join(part if _COLOR.fullmatch(part) else to_show(part) for part in _COLOR.split(text))


class DocsumError(Exception):
    """The root of the package's own errors."""

    def __str__(self) -> str:
        return to_show(super().__str__())

    def _render_traceback_(self) -> list[str]:
        """Return the lines that a notebook cell shows; IPython asks an error for them."""
        return _rendered(self)


def for_users(error: BaseException) -> str:
    """Return an error in words; the package's own errors without their kind."""
    return str(error) if isinstance(error, DocsumError) else described(error)


class InputError(DocsumError, ValueError):
    """Something the caller gave cannot be used; raised before anything is paid for."""


class LoadError(InputError):
    """A document cannot be read.

    Attributes:
        path: The file, or the document's name if it has no file.
        reason: What is wrong with it, and what helps.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return to_show(f"{self.path}: {self.reason}")


class NotAwaitedError(InputError, AttributeError, TypeError):
    """A run was used as if it were its result: it has to be waited for first."""


class NotARunError(InputError, AttributeError):
    """A result was used as if it were a run, or for something that it does not have."""


class ModelError(DocsumError):
    """A model answered, but the answer cannot be used (empty, cut off, refused).

    Attributes:
        usage: What the answer took all the same, a ``Usage``; ``None`` if that is not known.
        lasting: Whether the same request would bring such an answer again.
    """

    def __init__(self, message: str, *, usage: Any = None, lasting: bool = False) -> None:
        super().__init__(message)
        self.usage = usage
        self.lasting = lasting


class LedgerError(DocsumError, OSError):
    """The ledger's file cannot be opened, read or written."""


class LibraryError(DocsumError, OSError):
    """The library's folder cannot be opened, read or written."""


class UpstreamError(DocsumError):
    """CrewAI or LiteLLM, as installed, lacks a name that a bound or the whole work depends on.

    The message names what does not hold, the version, what is missing, and a version that works.
    Raised before anything is paid for; if a hook of the guard fails in a run, before the next call.
    """


class RunError(DocsumError):
    """A run ended before its work was complete.

    Attributes:
        run_id: The run that ended; empty if no run is concerned.
        step: The step it was in, such as ``"summarizing"``; empty if it had none.
        task: The CrewAI task concerned, and ...
        agent: ... its agent; empty if there is no single one.
        partial: What was finished by then; ``None``, or ``()`` of a crew, if nothing was.
    """

    def __init__(
        self,
        message: str,
        *,
        run_id: str = "",
        step: str = "",
        task: str = "",
        agent: str = "",
        partial: Any = None,
    ) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.step = step
        self.task = task
        self.agent = agent
        self.partial = partial

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args[0], vars(self)))


class DeadlineExceeded(RunError, TimeoutError):  # noqa: N818  # named as the field names it
    """The run's deadline passed; the message names the task or line it was in."""


class RunCancelled(RunError):  # noqa: N818  # named as the field names it
    """The run was stopped by ``cancel()``, an interrupt, or the end of the process."""


class BudgetExceeded(RunError):  # noqa: N818  # named as the field names it
    """A call was not made because it would go over the budget of the run."""


class ClusterError(RunError):
    """The Dask cluster cannot go on: its scheduler is gone, or its workers cannot make calls.

    Answers that had arrived are stored: another run with a cluster, or without one, pays for none
    of them.
    """


class WorkExited(RunError):  # noqa: N818  # named as the field names it
    """The work raised SystemExit or KeyboardInterrupt, or cancelled itself.

    Unchanged, these would have ended the kernel, or been taken for a stop by you.
    """


def check_follow_links(follow_links: object) -> None:
    """Check an argument of this name.

    Raises:
        InputError: if it is neither ``True`` nor ``False``.
    """
    if not isinstance(follow_links, bool):
        raise InputError(f"follow_links is True or False, not {follow_links!r}")


def check_on_error(on_error: object) -> None:
    """Check an argument of this name.

    Raises:
        InputError: if it is none of the three.
    """
    if on_error not in ("raise", "collect", "skip"):
        raise InputError(f"on_error is 'raise', 'collect' or 'skip', not {on_error!r}")


def _rebuild(kind: type[RunError], message: str, carried: dict[str, Any]) -> RunError:
    error = kind(message)
    vars(error).update(carried)
    return error


def __dir__() -> list[str]:
    return __all__
