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
_CUT_ADDRESS = re.compile(r"[a-z][a-z0-9+.\-]{1,30}:/[^/\n]")
_SEPARATOR_OR_SUFFIX = re.compile(r"[/\\]|\.\w{1,8}$")


def shown_path(given: str) -> str:
    """Return a path as an error shows it: one line of 200 characters at most."""
    line = visible(" ".join(given.split()) if "\n" in given else given)
    return line if len(line) <= 200 else f"{line[:80]}…"


def hint_at_neighbor(path: Path) -> str:
    """Return a hint at what lies beside a path and is named almost so; empty if nothing is."""
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each in islice(entries, _MOST_COMPARED)]
    except OSError:
        return ""
    near = get_close_matches(path.name[:255], sorted(names), n=1, cutoff=0.75)
    return f"; did you mean {visible(str(path.with_name(near[0])))!r}?" if near else ""


def hint_at(given: str) -> str:
    """Return a hint at what a string is that is no path here; empty if nothing is probable."""
    if given == "-":
        return "; standard input is not read: write it to a file"
    if _CUT_ADDRESS.match(given):
        return "; if it is an address, give it as a str, with two slashes"
    if "\\" in given and os.sep == "/" and "\n" not in given:
        there = PureWindowsPath(given)
        if there.drive:
            return f"; there are no drives such as {visible(there.drive)} on this system"
        return f"; here, paths have slashes: {shown_path(there.as_posix())!r}"
    if _reads_like_a_text(given):
        return '; a text itself goes in as {"name": text}'
    return "; braces have no meaning here: give a list of paths" if "{" in given else ""


def _reads_like_a_text(given: str) -> bool:
    if "\n" in given or len(given) > 200 or given.count(" ") > 4:
        return True
    return " " in given.strip() and not _SEPARATOR_OR_SUFFIX.search(given.strip())
