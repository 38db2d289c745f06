"""What the error for a path that cannot be read adds: what the caller probably meant.

Decides it by the given string alone, and by the names beside it in its folder. Refuses nothing: a
hint is empty if nothing is probable.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PureWindowsPath

from docsum_nb.paths import visible

__all__ = ["hint_at", "hint_at_neighbor", "shown_path"]

_MOST_COMPARED = 1_000
"""Names in a folder that a missing one is compared with."""
_MOST_PATH = 1_000
_MOST_PATHS = 20
"""Paths in one string that a hint puts into a list."""
_CUT_ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]{1,30}:/[^/\n]")
_BARE_ADDRESS = re.compile(r"www\.\w|[a-z0-9\-]{1,60}\.(?:com|org|net|edu|gov|io|dev)/\w")
_DRIVE = re.compile(r"([A-Za-z]):(?:[/\\]|\w|$)")
_DRIVE_FOLDER = re.compile(r"(/(?:(?:mnt|cygdrive)/[a-z]|[c-h]))(?:/|$)")
_IN_WSL = re.compile(r"\\\\wsl(?:\$|\.localhost)\\[^\\\n]{1,60}")
_VARIABLE = re.compile(r"%[A-Za-z_]\w{0,40}%|\$env:\w{1,40}|\$\{?[A-Za-z_]\w{0,40}\}?")
_HOMES = ("HOME", "USERPROFILE")
_SEPARATOR_OR_SUFFIX = re.compile(r"[/\\]|\.\w{1,8}$")
_AROUND = " \t\r\n\xa0\ufeff\u200b\u202a\u202c\u200e\"'`\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
"""What is copied with a path: spaces, quotation marks, and characters that have no shape."""


def shown_path(given: str) -> str:
    """Return a path as an error shows it: one line of 200 characters at most."""
    line = visible(" ".join(given.split()) if "\n" in given else given)
    return line if len(line) <= 200 else f"{line[:80]}…"


def hint_at_neighbor(path: Path) -> str:
    """Return a hint at a path that is there and is named almost so; empty if there is none."""
    there = next((each for each in path.parents if _is_folder(each)), None)
    if there is None:
        return ""
    for name in path.parts[len(there.parts) :]:
        near = _alike(there, name)
        if near is None:
            return ""
        there /= near
    return f"; did you mean {visible(str(there))!r}?"


def _alike(folder: Path, name: str) -> str | None:
    """Return the name in a folder that is this one or most like it; ``None`` if none is."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(each.name for each in islice(entries, _MOST_COMPARED))
    except OSError:
        return None
    if name in names:
        return name
    same = [each for each in names if each.casefold() == name.casefold()]
    near = same or get_close_matches(name[:255], names, n=1, cutoff=0.75)
    return near[0] if near else None


def hint_at(given: str) -> str:
    """Return a hint at what a string is that is no path here; empty if nothing is probable."""
    if given == "-":
        return "; standard input is not read: write it to a file"
    hint = _of_surroundings(given) or _of_another_system(given)
    if hint:
        return hint
    if _CUT_ADDRESS.match(given):
        return "; if it is an address, give it as a str, with two slashes"
    if (paths := _several(given)) is not None:
        return f"; several paths go in a list: {paths}"
    if _reads_like_a_text(given):
        return '; a text itself goes in as {"name": text}'
    if _BARE_ADDRESS.match(given):
        return "; if it is an address, begin it with https://"
    return "; braces have no meaning here: give a list of paths" if "{" in given else ""


def _of_surroundings(given: str) -> str:
    """Return a hint at what was copied with a path."""
    inner = given.strip(_AROUND)
    if not inner or inner == given or _reads_like_a_text(inner) or any(map(inner.count, "\"'")):
        return ""
    if inner == given.strip() and not os.path.lexists(inner):
        return ""
    return f"; without what stands around it, it is {shown_path(inner)!r}"


def _of_another_system(given: str) -> str:
    """Return a hint at a path as another system or a shell writes it."""
    if "\n" in given:
        return ""
    if variable := _VARIABLE.match(given):
        name = variable.group()
        home = ", '~' for your home folder" if any(each in name for each in _HOMES) else ""
        return f"; {name} is not replaced by its value: write the folder itself{home}"
    return _of_windows(given) if os.sep == "/" else _of_posix(given)


def _of_windows(given: str) -> str:
    """Return a hint at a path that Windows, or a tool of it, would know."""
    if wsl := _IN_WSL.match(given):
        rest = PureWindowsPath(given[wsl.end() :] or "/").as_posix()
        return f"; within WSL, it is {shown_path(rest)!r}"
    there = PureWindowsPath(given)
    drive = _DRIVE.match(given)
    if drive and _is_folder(mounted := f"/mnt/{drive.group(1).lower()}"):
        rest = there.as_posix()[2:].lstrip("/")
        return f"; here, it is {shown_path(f'{mounted}/{rest}')!r}"
    if drive or ("\\" in given and there.drive):
        return f"; there are no drives such as {visible(there.drive)} on this system"
    if "\\" in given:
        return f"; here, paths have slashes: {shown_path(there.as_posix())!r}"
    folder = _DRIVE_FOLDER.match(given)
    if folder and not _is_folder(folder.group(1)):
        return f"; there are no drives such as {folder.group(1)} on this system"
    return ""


def _of_posix(given: str) -> str:
    """Return a hint at a drive as the shells of Git, Cygwin and WSL name it."""
    folder = _DRIVE_FOLDER.match(given)
    if folder is None:
        return ""
    rest = given[folder.end(1) :] or "/"
    return f"; here, it is {shown_path(f'{folder.group(1)[-1].upper()}:{rest}')!r}"


def _is_folder(path: str | Path) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _several(given: str) -> list[str] | None:
    """Return the paths in a string that holds several, the first of which is there."""
    for mark in ("\n", ";", ",", os.pathsep):
        first, found, _ = given.partition(mark)
        first = first.strip()
        if found and 0 < len(first) < _MOST_PATH and os.path.lexists(first):
            paths = [each.strip() for each in given.split(mark, _MOST_PATHS) if each.strip()]
            if 1 < len(paths) <= _MOST_PATHS:
                return [shown_path(each) for each in paths]
    return None


def _reads_like_a_text(given: str) -> bool:
    if "\n" in given or len(given) > 200 or given.count(" ") > 4:
        return True
    return " " in given.strip() and not _SEPARATOR_OR_SUFFIX.search(given.strip())
