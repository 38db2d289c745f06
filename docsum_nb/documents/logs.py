"""Logs: each entry a paragraph, equal entries once with their number.

Decides by the beginnings of lines whether a text is a log: a time or a level, or an object of JSON,
which is written as its time, level and message, then its other fields. Lines without one, such as
those of a traceback, belong to the entry above. Entries that differ only in their numbers and times
count as equal if they follow one another. Refuses nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["is_log", "log_text"]

_START = re.compile(
    r"[\[<(]?(?:\d{4}[-/.]\d\d?[-/.]\d\d?[T ,]|\d\d?[-/.](?:\d\d?|[A-Z][a-z]{2})[-/.]\d{2,4}[ :T,]"
    r"|(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d|\d\d:\d\d:\d\d|\d{10}(?:\.\d+)? "
    r"|(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|SEVERE)\b)"
    r"|\S{1,60} \S{1,20} \S{1,60} \[\d\d/"
)
_CHANGING = re.compile(r"\d+|0x[0-9a-f]+")
_SAMPLE = 400
_OBJECT = re.compile(r"\{\s*\"")
_TIMES = ("timestamp", "@timestamp", "time", "ts", "datetime", "date", "asctime")
_LEVELS = ("level", "severity", "levelname", "lvl", "loglevel")
_MESSAGES = ("message", "msg", "text", "event", "log", "short_message", "body")


def is_log(text: str) -> bool:
    """Check whether most of the first lines of a text begin like entries of a log."""
    lines = [line for line in text[: _SAMPLE * 500].split("\n")[:_SAMPLE] if line.strip()]
    begun = sum(bool(_START.match(line) or _OBJECT.match(line)) for line in lines)
    return len(lines) > 2 and 2 * begun > len(lines)


def log_text(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a log with each entry as a paragraph, and what is to be said of equal entries."""
    out: list[str] = []
    last, repeated, left_out = "", 0, 0
    for entry in (*_entries(text), ""):
        kind = _CHANGING.sub("0", entry)
        if kind == last and entry:
            repeated += 1
            continue
        if repeated:
            out.append(f"[the entry above {repeated:,} more times, with other times and numbers]")
            left_out += repeated
        last, repeated = kind, 0
        if entry:
            out.append(entry)
    notes = (f"{left_out:,} entries that repeat the one before are counted, not shown",)
    return "\n\n".join(out) + "\n", notes if left_out else ()


def _entries(text: str) -> Iterator[str]:
    entry: list[str] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        if shown := _shown(line) if _OBJECT.match(line) else "":
            if entry:
                yield "\n".join(entry)
                entry = []
            yield shown
            continue
        if _START.match(line) and entry:
            yield "\n".join(entry)
            entry = []
        entry.append(line.rstrip())
    if entry:
        yield "\n".join(entry)


def _shown(line: str) -> str:
    """Return an entry that is an object of JSON as a line; empty if it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    fields = {key: _flat(each) for key, each in value.items()}
    known = {key.lower(): key for key in fields}
    names = [
        next((known[name] for name in group if fields.get(known.get(name, ""))), "")
        for group in (_TIMES, _LEVELS, _MESSAGES)
    ]
    first = " ".join(fields[name] for name in names if name)
    rest = "; ".join(f"{key}: {each}" for key, each in fields.items() if key not in names and each)
    return "\n".join(filter(None, (first, rest)))


def _flat(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "" if value is None else text.replace("\0", "\ufffd").strip()
