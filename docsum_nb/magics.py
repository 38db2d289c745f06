"""``%summarize`` and ``%%summarize``, after ``%load_ext docsum_nb``: thin over ``summarize``.

Magics are synchronous, so they wait as ``.result()`` does: the panel shows, the stop button stops.
Options are those of ``summarize`` that fit on a line; for the others, call it.
"""

from __future__ import annotations

import shlex
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from docsum_nb.errors import InputError
from docsum_nb.options import Options, add_flags, given_by_flags, options_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

__all__ = ["register"]


def register(shell: Any) -> None:
    """Register the magics with an IPython shell; a second call changes nothing."""
    from IPython.core.magic import needs_local_scope

    parser = _parser()

    def magic(line: str, cell: str | None = None, local_ns: Any = None) -> Any:
        given = parser.parse_args(_words(line))
        if given.into is not None and (not given.into.isidentifier() or iskeyword(given.into)):
            raise InputError(f"%summarize --into {given.into}: no variable can have that name")
        source = _source(given.source, cell, {**shell.user_ns, **(local_ns or {})})
        summary = _summarize(given, source)
        if given.into is None:
            return summary
        shell.user_ns[given.into] = summary
        return None

    magic.__doc__ = parser.format_help()
    shell.register_magic_function(needs_local_scope(magic), "line_cell", "summarize")


def _parser(table: type[Options] = Options) -> Any:
    from IPython.core.magic_arguments import MagicArgumentParser

    # IPython's parser raises a UsageError where Python's would end the kernel.
    parser = MagicArgumentParser(
        "summarize",
        description=(
            "Summarize documents and wait for the result; %%summarize takes the text of its cell. "
            "The result is shown, or kept with --into."
        ),
    )
    parser.add_argument("source", nargs="*", help="paths and globs, or the name of a variable")
    add_flags(parser, options_of(table))
    parser.add_argument("--into", metavar="NAME", help="a variable that takes the Summary")
    return parser


def _words(line: str) -> list[str]:
    """Split a line at spaces outside quotes; a backslash is part of a path."""
    words = shlex.shlex(line, posix=True)
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    try:
        return list(words)
    except ValueError as error:
        raise InputError(f"%summarize {line}: {error}") from error


def _source(given: list[str], cell: str | None, names: Mapping[str, Any]) -> Any:
    """Return what is to be summarized: the cell, a variable, or paths."""
    if cell is not None:
        if given:
            raise InputError(f"%%summarize takes its cell, not {given[0]!r} too; use %summarize")
        return {"the cell": cell}
    if not given:
        raise InputError("%summarize takes a path or the name of a variable, such as reports/")
    if len(given) == 1 and given[0].isidentifier() and given[0] in names:
        return names[given[0]]
    return given


def _summarize(given: argparse.Namespace, source: Any) -> Any:
    from docsum_nb.pipeline import summarize

    return summarize(source, **given_by_flags(given, options_of())).result()
