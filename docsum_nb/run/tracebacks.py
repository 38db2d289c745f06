"""How a notebook cell shows an error of a run: by the user's own frames, the error, its notes.

Formatting every frame of a provider's client takes IPython a second, and buries the one line that
matters under hundreds. The traceback itself stays whole, and ``%tb`` shows it.

IPython asks an error how it wants to be shown, but no ExceptionGroup, of which its ``%tb`` shows
nothing at all. For these a handler is put in place, unless the user has one, that asks them too and
shows all others as IPython does; with it, a ``%tb`` that shows them.
"""

from __future__ import annotations

import contextlib
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from docsum_nb.errors import DocsumError, described, shortened, to_show, traceback_lines
from docsum_nb.own_code import running_ipython
from docsum_nb.provider_errors import fault_of

__all__ = ["shown_briefly"]

_MOST_PARTS = 10
_TWICE = re.compile(r"\A((?:\w+\.){0,9}(\w+): )(?:litellm\.\2: )?(?:\2: )?")
"""The kind of an error of LiteLLM's, which its words begin with once or twice more."""
_PAGE = re.compile(r"<(?:!doctype html|html)\b", re.I)


def shown_briefly(error: BaseException) -> BaseException:
    """Make IPython, if it is running, show an error briefly; returns the error."""
    ipython = running_ipython()
    if ipython is not None:
        # IPython asks an exception for this; one that takes no attributes, or raises when it is
        # asked for one, is shown in full.
        with contextlib.suppress(Exception):
            if isinstance(error, DocsumError) or not hasattr(error, "_render_traceback_"):
                error._render_traceback_ = _BriefTraceback(error)  # type: ignore[attr-defined]
        if isinstance(error, BaseExceptionGroup) and not ipython.custom_exceptions:
            ipython.set_custom_exc((BaseExceptionGroup,), _group_lines)
            show_usual = ipython.find_line_magic("tb")
            ipython.register_magic_function(partial(_show_whole, show_usual), "line", "tb")
    return error


def _show_whole(show_usual: Callable[[str], object], mode: str) -> None:
    """Print the last traceback.

    Args:
        show_usual: IPython's own ``%tb``, for all errors but groups.
        mode: The words after ``%tb``.
    """
    last = getattr(sys, "last_value", None)
    if isinstance(last, BaseExceptionGroup):
        sys.stderr.write(to_show("".join(traceback.format_exception(last))))
    else:
        show_usual(mode)


def _group_lines(
    _shell: Any, kind: Any, error: BaseException, tb: Any, tb_offset: int | None = None
) -> list[str]:
    """Show a group the way it asks for; IPython calls this as a method of its shell."""
    render = getattr(error, "_render_traceback_", None)
    lines: list[str] = render() if render else traceback.format_exception(kind, error, tb)
    # As IPython does for other errors, which %debug reads.
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, tb
    _shell._showtraceback(kind, error, lines)
    return lines


class _BriefTraceback:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __call__(self) -> list[str]:
        return traceback_lines(self._error, _words_of(self._error))

    def __reduce__(self) -> tuple[type[str], tuple[()]]:
        # An error that goes to another process leaves this behind.
        return (str, ())


def _words_of(error: BaseException) -> Iterator[str]:
    yield from _lines(map(_in_short, traceback.format_exception_only(error)))
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions[:_MOST_PARTS], start=1):
            first, *more = _words_of(part)
            yield f"  {number}. {first}"
            yield from (f"     {line}" for line in more)
        if len(error.exceptions) > _MOST_PARTS:
            yield f"  and {len(error.exceptions) - _MOST_PARTS} more: run.exception().exceptions"
    yield from _lines(_because(error))


def _in_short(words: str) -> str:
    """Return the words of an error, without the web page that a server answered with.

    The kind of the error is named once.
    """
    words = _TWICE.sub(r"\1", words, count=1)
    page = _PAGE.search(words)
    if page is None:
        return shortened(words)
    return f"{shortened(words[: page.start()].rstrip())} (the server answered with a web page)"


def _because(error: BaseException) -> list[str]:
    """Return a line on the cause of an error, unless the error or a note names it.

    Why a request got no answer is read from the causes, not quoted: one of them may hold the key.
    """
    fault = fault_of(error)
    if fault.status is None and fault.words:
        noted = any(fault.words in str(note) for note in getattr(error, "__notes__", ()))
        return [] if noted else [f"because {fault.line}"]
    cause = error.__cause__
    if cause is None or str(cause) == str(error):
        return []
    return [f"because of {described(cause)}"]


def _lines(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in to_show(text).rstrip("\n").split("\n")]
