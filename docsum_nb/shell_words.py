"""Messages in the words of the command line: ``--ledger FILE`` for ``ledger=PATH``.

Errors say how to go on in Python. Here calls become commands and arguments become flags, by the
options that the commands have; what has no flag is marked as Python's. Names of files that look
like options stay unchanged.
"""

from __future__ import annotations

import ast
import re
import shlex

from docsum_nb.options import options_of

__all__ = ["in_shell"]

_PROGRAM = "docsum-nb"
_COMMANDS = "runs|resume|forget|summarize|plan|doctor"
_OTHER_FLAGS = ("ledger", "base_url", "everything", "older_than_days", "prune")
_VALUES = {"PATH": "FILE", "...": "VALUE"}
_QUOTED = r"'[^']*'|\"[^\"]*\""
_ARGUMENTS = rf"((?:[^()'\"]|{_QUOTED}|\((?:[^()'\"]|{_QUOTED}){{0,200}}\)){{0,500}})"
"""What stands between the parentheses of a call, such as ``'3db0', model=Model('openai/x')``."""
_PYTHON = "\0"
"""Stands before and after a call that stays Python."""
_CALL = re.compile(rf"(?<![\w.])(?:docsum_nb|ds)\.({_COMMANDS})\({_ARGUMENTS}\)")
_ADD = re.compile(r"(?<![\w.])(?:docsum_nb\.)?Library\(('[^']*'|\"[^\"]*\")\)\.add\((\w+|\.\.\.)\)")
_KEY = re.compile(r", or give Model\('[^']*', api_key=\.\.\.\)")
_MODEL = re.compile(r"\b([Gg]ive|write|use) (?:docsum_nb\.)?Model\(")
_REMOVE = re.compile(r"\blibrary\.remove\([^()]{0,500}\)(?: for each)?, or ")
_REACHED = re.compile(r"; what one of a crew has finished is in its run\.partial")
_EDGE = r"(?<![\w./\\'\"`-])"
_ASSIGNED = r"=('[^']*'|\"[^\"]*\"|\$?[\w.,]*\w|\.\.\.)?"
_NAMES = tuple(
    dict.fromkeys([*(option.name for option in options_of() if option.flag), *_OTHER_FLAGS])
)
_SPELLED = "|".join(name for name in _NAMES if "_" in name)
_WORDS = "|".join(name for name in _NAMES if "_" not in name)
# A word of everyday language is an option only if its value or a rule about it follows.
_FLAGS = (
    re.compile(rf"{_EDGE}({_SPELLED})(?:{_ASSIGNED})?(?![\w./(])"),
    re.compile(rf"{_EDGE}({_WORDS}){_ASSIGNED}(?![\w./(])"),
    re.compile(rf"^({_WORDS})(?= is | must | holds )()"),
)


def in_shell(text: str) -> str:
    """Return a message for Python in the words of the command line."""
    text = _REACHED.sub("", text.replace(_PYTHON, ""))
    text = _KEY.sub("", text)
    text = _ADD.sub(_add_command, text)
    text = _CALL.sub(_command, text)
    text = _REMOVE.sub("", text)
    text = _MODEL.sub(r"\1, in Python, Model(", text)
    pieces = text.split(_PYTHON)
    for pattern in _FLAGS:
        pieces[::2] = [pattern.sub(_flag, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _flag(found: re.Match[str]) -> str:
    name, value = found[1], (found[2] or "").strip("'\"")
    flag = f"--{name.replace('_', '-')}"
    if name == "ledger" and value == "False":
        return f"{flag} none"
    if value in ("", "True"):
        return flag
    return f"{flag} {_VALUES.get(value, value)}"


def _add_command(found: re.Match[str]) -> str:
    source = "PATH" if found[2] in ("...", "SOURCE") else found[2]
    return f"{_PROGRAM} add {source} --library {shlex.quote(found[1][1:-1])}"


def _command(found: re.Match[str]) -> str:
    """Return the command for a call; the call itself if it has arguments that are no literals."""
    try:
        call = ast.parse(found[0], mode="eval").body
        assert isinstance(call, ast.Call)
        words = [str(ast.literal_eval(each)) for each in call.args]
        for keyword in call.keywords:
            words += [f"--{(keyword.arg or '').replace('_', '-')}"]
            value = ast.literal_eval(keyword.value)
            words += [] if value is True else [str(value)]
    except (AssertionError, SyntaxError, ValueError):
        return f"in Python: {_PYTHON}{found[0]}{_PYTHON}"
    return " ".join([_PROGRAM, found[1], *map(shlex.quote, words)])
