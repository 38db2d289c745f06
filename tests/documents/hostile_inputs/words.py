"""Texts that are hard on words, sentences and subtitles, in real size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.documents.hostile import Hostile

SIZE = 500_000
CUE = "00:00:01,000 --> 00:00:02,000\n"


def _file(name: str, unit: str, folder: Path, *, before: str = "Words. ") -> Path:
    path = folder / name
    path.write_text(before + unit * (SIZE // len(unit)), encoding="utf-8")
    return path


def _made(name: str, unit: str) -> Callable[[Path], Path]:
    return partial(_file, name, unit)


INPUTS = [
    *(
        Hostile(f"text of {name}", _made("a.txt", unit), "loaded")
        for name, unit in {
            "one sentence": "word ",
            "dots": ".",
            "marks": "\u0301",
            "zero width": "\u200b",
            "soft hyphens": "\u00ad",
            "zalgo": "a" + "\u0301\u0323" * 20,
            "initials": "A. ",
            "labels": "Ann: ",
            "turns": "Ann: a\nBob: b\n",
            "times": "[10:02] ",
            "list ends": "etc. ",
            "Greek questions": "α; ",
            "items": "- a\n",
        }.items()
    ),
    *(
        Hostile(f"subtitles of {name}", _made("a.srt", unit), "either")
        for name, unit in {
            "cues": f"1\n{CUE}Hello.\n\n",
            "timings": CUE,
            "arrows": "-->",
            "tags": f"{CUE}<v <v <i",
            "references": f"{CUE}&amp;&am",
            "stray lines": "a\n",
        }.items()
    ),
]
