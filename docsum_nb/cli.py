"""The main job for cron and servers: ``docsum-nb summarize PATH...``, ledger, library.

Prints the summary to standard output or into a file, progress and errors to standard error. Exit
codes: 0 done, 1 failed, 2 bad arguments, 130 interrupted. ``doctor``, ``check`` and ``verify`` fail
if they find a problem.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docsum_nb import __version__
from docsum_nb.errors import InputError, for_users
from docsum_nb.options import (
    Group,
    Option,
    Options,
    add_flags,
    given_by_flags,
    options_of,
)
from docsum_nb.shell_words import in_shell
from docsum_nb.wording import words_of

if TYPE_CHECKING:
    from docsum_nb.results import Summary

__all__ = ["main"]

FAILED, BAD_ARGUMENTS, INTERRUPTED = 1, 2, 130
_FORMATS = (".md", ".html", ".json", ".txt")
_OF_ADD = ("vision", "on_error", "follow_links")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; ``None`` for those of the process.

    Returns:
        The exit code.
    """
    words = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    try:
        if not words:
            parser.error("give a command, such as summarize PATH; docsum-nb --help lists them")
        given = parser.parse_args(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    with words_of(in_shell), _interruptible():
        return _exit_code_of(given)


def _exit_code_of(given: argparse.Namespace) -> int:
    try:
        code: int = given.command(given)
    except KeyboardInterrupt:
        kept = given.command in (_summarize, _resume) and given.ledger is not False
        print(f"interrupted{'; what was answered is kept' if kept else ''}", file=sys.stderr)
        return INTERRUPTED
    except InputError as error:
        return _report(error, BAD_ARGUMENTS)
    except ExceptionGroup as group:
        return _report_all(group)
    except Exception as error:  # noqa: BLE001  # any error is one line in a server's log
        return _report(error, FAILED)
    return code


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make a second Ctrl-C end the process at once: answers that are stored stay so.

    After the first one, the handler stays until the process has ended.
    """
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    signal.signal(signal.SIGINT, _first_interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _first_interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _first_interrupt(number: int, frame: object) -> None:
    signal.signal(signal.SIGINT, _second_interrupt)
    raise KeyboardInterrupt


def _second_interrupt(number: int, frame: object) -> None:
    os._exit(INTERRUPTED)


def _parser(table: type[Options] = Options) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="docsum-nb", description="Summarize long documents, and find related documentation."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    summarize = commands.add_parser("summarize", help="summarize files and folders")
    _add_source(summarize)
    add_flags(summarize, options_of(table))
    _add_output(summarize)
    summarize.set_defaults(command=_summarize)

    plan = commands.add_parser("plan", help="show what summarize would do; needs no key")
    _add_source(plan)
    add_flags(plan, _planned(table))
    plan.set_defaults(command=_plan)

    _add_trust_commands(commands)
    _add_ledger_commands(commands, table)
    _add_library_commands(commands, table)

    doctor = commands.add_parser("doctor", help="check versions, kernel, switches and folders")
    doctor.add_argument("--json", action="store_true", help="as data")
    doctor.set_defaults(command=_doctor)
    return parser


def _planned(table: type[Options] = Options) -> list[Option]:
    return [each for each in options_of(table) if each.group is Group.ASKED]


def _resumed(table: type[Options] = Options) -> list[Option]:
    """Return what ``resume`` takes, but for the ledger, which has a file there."""
    groups = (Group.BOUND, Group.CALL)
    return [each for each in options_of(table) if each.group in groups and each.name != "ledger"]


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="+", metavar="PATH", help="a file, a folder or a glob")
    parser.add_argument("--base-url", metavar="URL", help="of an OpenAI-compatible server")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help=f"one of {', '.join(_FORMATS)}; default: print"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def _add_library_commands(commands: Any, table: type[Options]) -> None:
    add = commands.add_parser("add", help="add files and folders to a library")
    add.add_argument(
        "path", nargs="+", metavar="PATH", help="a file, a folder, a glob or an address"
    )
    add.add_argument("--library", required=True, metavar="DIR", help="created if it does not exist")
    add_flags(add, [each for each in options_of(table) if each.name in _OF_ADD])
    add.add_argument(
        "--prune", action="store_true", help="remove what a folder among them no longer has"
    )
    add.set_defaults(command=_add)

    find = commands.add_parser("search", help="search a library")
    find.add_argument("query", metavar="QUERY", help="some words, a question, a whole summary")
    find.add_argument("--library", required=True, metavar="DIR", help="the folder that add filled")
    find.add_argument(
        "-k", type=int, default=10, metavar="N", help="documents at most; default: 10"
    )
    find.set_defaults(command=_search)


def _add_trust_commands(commands: Any) -> None:
    verify = commands.add_parser(
        "verify", help="verify the quotations of a summary, and that its sources are unchanged"
    )
    verify.add_argument("summary", type=Path, metavar="FILE", help="written by --output FILE.json")
    verify.add_argument("path", nargs="+", metavar="PATH", help="the sources, as for summarize")
    verify.set_defaults(command=_verify)

    check = commands.add_parser("check", help="check a summary against the sources it holds")
    check.add_argument("summary", type=Path, metavar="FILE", help="written by --output FILE.json")
    check.set_defaults(command=_check)


def _add_ledger_commands(commands: Any, table: type[Options]) -> None:
    ledger = {
        "metavar": "FILE",
        "type": _ledger_file,
        "help": "the ledger; default: the one in the user's data folder",
    }
    listing = commands.add_parser("runs", help="list the runs of a ledger")
    listing.add_argument("--ledger", **ledger)
    listing.set_defaults(command=_runs)

    again = commands.add_parser("resume", help="go on with a run that was interrupted or failed")
    again.add_argument("id", nargs="?", metavar="ID", help="default: the newest unfinished one")
    again.add_argument("--ledger", **ledger)
    add_flags(again, _resumed(table))
    _add_output(again)
    again.set_defaults(command=_resume)

    forgetting = commands.add_parser("forget", help="delete runs and their answers")
    which = forgetting.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="one run")
    which.add_argument("--older-than-days", type=float, metavar="N", help="runs that ended before")
    which.add_argument("--everything", action="store_true", help="all runs and answers")
    forgetting.add_argument("--ledger", **ledger)
    forgetting.set_defaults(command=_forget)


def _ledger_file(given: str) -> str:
    if given == "none":
        raise argparse.ArgumentTypeError("'none' keeps no runs; name a file")
    return given


def _verify(given: argparse.Namespace) -> int:
    verified = _read_summary(given.summary).verify(given.path)
    _print(verified)
    return 0 if verified.ok else FAILED


def _check(given: argparse.Namespace) -> int:
    checked = _read_summary(given.summary).check()
    _print(checked)
    return FAILED if checked.findings or checked.conflicts else 0


def _read_summary(path: Path) -> Summary:
    from docsum_nb import Summary

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputError(f"{path}: cannot be read: {reason}") from None
    return Summary.from_json(text)


def _runs(given: argparse.Namespace) -> int:
    from docsum_nb import runs

    _print(runs(given.ledger))
    return 0


def _resume(given: argparse.Namespace) -> int:
    from docsum_nb import resume

    _check_output(given.output)
    flags = given_by_flags(given, _resumed())
    run = resume(given.id, **flags, ledger=given.ledger, show=not given.quiet)
    _write(run.result(), given.output)
    return 0


def _forget(given: argparse.Namespace) -> int:
    from docsum_nb import forget
    from docsum_nb.render.formats import count_text

    gone = forget(
        given.id,
        older_than_days=given.older_than_days,
        everything=given.everything,
        ledger=given.ledger,
    )
    _print(
        f"deleted: {count_text(gone.runs, 'run')}, {count_text(gone.answers, 'answer')}, "
        f"{count_text(gone.bytes_freed, 'byte')} freed"
    )
    return 0


def _summarize(given: argparse.Namespace) -> int:
    from docsum_nb import summarize

    _check_output(given.output)
    run = summarize(given.path, **_given(given, options_of()), show=not given.quiet)
    _write(run.result(), given.output)
    return 0


def _plan(given: argparse.Namespace) -> int:
    from docsum_nb import plan

    _print(in_shell(plan(given.path, **_given(given, _planned())).to_text()))
    return 0


def _given(given: argparse.Namespace, options: Iterable[Option]) -> dict[str, Any]:
    from docsum_nb import Model

    model = Model(given.model, base_url=given.base_url)
    return {**given_by_flags(given, options), "model": model}


def _search(given: argparse.Namespace) -> int:
    from docsum_nb import Library

    _print(Library(given.library).search(given.query, given.k))
    return 0


def _add(given: argparse.Namespace) -> int:
    from docsum_nb import Library

    added = Library(given.library).add(
        given.path,
        vision=given.vision,
        on_error=given.on_error,
        follow_links=given.follow_links,
        prune=given.prune,
    )
    _print(
        f"{added.added} added, {added.updated} updated, {added.unchanged} unchanged "
        f"({added.passages} passages written)"
    )
    for name in added.removed:
        _print(f"removed: {name}: no longer in the folder")
    for name in added.gone:
        print(f"gone: {name}: still in the library; --prune removes it", file=sys.stderr)
    for omission in added.omitted:
        print(f"not read: {omission.what}: {in_shell(omission.reason)}", file=sys.stderr)
    return 0


def _doctor(given: argparse.Namespace) -> int:
    from docsum_nb import doctor

    diagnosis = doctor()
    _print(diagnosis.to_json() if given.json else diagnosis)
    return 0 if diagnosis.ok else FAILED


def _check_output(output: Path | None) -> None:
    """Check that the result can be written, before anything is paid for."""
    if output is None:
        return
    if output.suffix.lower() not in _FORMATS:
        raise InputError(f"--output {output}: the name must end in {', '.join(_FORMATS)}")
    folder = output.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or output.is_dir():
        raise InputError(f"--output {output}: cannot be written there")


def _write(summary: Summary, output: Path | None) -> None:
    if output is None:
        _print(summary.to_text())
        return
    text = _rendered(summary, output.suffix.lower())
    # A reader of the file never sees half of it.
    unfinished = output.with_name(f".{output.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(output)


def _rendered(summary: Summary, suffix: str) -> str:
    match suffix:
        case ".md":
            return summary.to_markdown()
        case ".html":
            return summary.to_html(page=True)
        case ".json":
            return summary.to_json()
        case _:
            return summary.to_text()


def _print(what: object) -> None:
    """Print; a reader that has closed the pipe, as ``head`` does, is no error."""
    try:
        print(what, flush=True)
    except BrokenPipeError:
        # Python would report it again as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(error: BaseException, code: int) -> int:
    lines = [in_shell(for_users(error)), *map(in_shell, getattr(error, "__notes__", ()))]
    print("docsum-nb:", "\n".join(lines), file=sys.stderr)
    return code


def _report_all(group: ExceptionGroup[Exception]) -> int:
    print(f"docsum-nb: {in_shell(group.message)}", file=sys.stderr)
    for error in group.exceptions:
        _report(error, FAILED)
    return FAILED if group.split(InputError)[1] else BAD_ARGUMENTS
