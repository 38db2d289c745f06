"""Read subtitles (SubRip .srt, WebVTT .vtt): who says what, from when on.

The cues become paragraphs ``[0:01:02] Name: words``, a new one for each speaker, after a pause, and
after about sixty words, so that a citation names speaker and time. Positions, styles and tags are
no text. Lines that rolling captions repeat stand once; how many were left out is among the
omissions. A file without a single cue is read as plain text. Refuses what is not text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from docsum_nb.documents.reading import Reading
from docsum_nb.documents.text import decode_file
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read", "spoken"]

_TIME = r"(?:([0-9]{1,3}):)?([0-9]{1,2}):([0-9]{1,2})[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*")
_HEADER = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_VOICE = re.compile(r"<v(?:\.[\w.]{1,40})?[ \t]+([^<>\n]{1,80})>")
_TAG = re.compile(
    r"</?(?:(?:[ibusv]|c|font|ruby|rt|lang|b?r|span|em|strong)(?:[.\s/][^<>\n]{0,200})?"
    r"|[0-9:.]{5,15})?>|\{\\[^{}\n]{1,100}\}",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"(?:>>+[ \t]*|-[ \t]+)?([^\W\d_][\w .'’-]{0,30}):[ \t]+(?=\S)")
_DASH = re.compile(r"[-–—][ \t]*[^\W_]")
"""Before what another person says."""
_LONGEST_REFERENCE = 12
_REFERENCE = re.compile(rf"&#?\w{{1,{_LONGEST_REFERENCE}}};")
_WORDS = 60  # of a paragraph, after which the next cue begins another
_PAUSE_S = 3.0


@dataclass(frozen=True)
class _Cue:
    start: float
    end: float
    lines: tuple[str, ...]


def read(path: Path) -> Reading:
    """Read a file of subtitles.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    found = decode_file(path)
    text, repeated, blocks = spoken(found.text)
    omitted = [Omission("", note) for note in found.notes]
    if repeated:
        omitted.append(Omission(f"{repeated} repeated lines", "rolling captions show lines again"))
    if blocks:
        omitted.append(Omission(f"{blocks} blocks of notes or styles", "not spoken"))
    return Reading(text, omitted=tuple(omitted), syntax="plain")


def spoken(text: str) -> tuple[str, int, int]:
    """Return what is spoken in subtitles.

    Args:
        text: The content of a file, its lines ended by a line feed.

    Returns:
        The paragraphs, the number of lines that were repetitions, and the number of blocks that
        are no cues. A text without cues comes back unchanged.
    """
    cues, blocks = _cues(text.split("\n"))
    if not cues:
        return text, 0, 0
    turns, repeated = _turns(cues)
    return "\n\n".join(_paragraphs(turns)), repeated, blocks


def _cues(lines: list[str]) -> tuple[list[_Cue], int]:
    cues: list[_Cue] = []
    blocks = 0
    timing: re.Match[str] | None = None
    held: list[str] = []
    skipping = False
    for at, line in enumerate([*lines, ""]):
        timed = _TIMING.match(line)
        if timed or not line.strip():
            if timing and timed and held and held[-1].strip().isdigit():
                held.pop()  # the number of a cue that no blank line was set before
            if timing:
                cues.append(_cue(timing, held))
            timing, held, skipping = timed, [], False
        elif timing:
            held.append(line)
        elif not skipping and _HEADER.match(line.lstrip("\ufeff")):
            skipping = True
            blocks += at > 0
        elif not skipping and not _names_a_cue(lines, at):
            # Damage: words that stand outside of any cue are kept at the time of the last one.
            last = cues[-1].end if cues else 0.0
            cues.append(_Cue(last, last, (line.strip(),)))
    found = any(cue.end > 0 for cue in cues)
    return (cues if found else []), blocks


def _names_a_cue(lines: list[str], at: int) -> bool:
    """Check whether a line is the number or the name of the cue below it."""
    below = lines[at + 1] if at + 1 < len(lines) else ""
    return lines[at].strip().isdigit() or _TIMING.match(below) is not None


def _cue(timing: re.Match[str], lines: list[str]) -> _Cue:
    start, end = (
        int(parts[0] or 0) * 3600 + int(parts[1]) * 60 + int(parts[2]) + float(f"0.{parts[3]}")
        for parts in (timing.groups()[:4], timing.groups()[4:])
    )
    return _Cue(start, max(start, end, 0.001), tuple(line for line in lines if line.strip()))


def _turns(cues: list[_Cue]) -> tuple[list[tuple[_Cue, str | None, str]], int]:
    """Return the lines, each with its cue and its speaker, without what captions repeat.

    The speaker is ``None`` if it may be that of the line before, and empty if it is another whose
    name is not known.
    """
    turns: list[tuple[_Cue, str | None, str]] = []
    repeated = 0
    shown: tuple[str, ...] = ()
    voiced = False
    for cue in cues:
        plain: list[str] = []
        before, voiced = voiced, False
        for line in cue.lines:
            plain.append(_plain(line))
            if plain[-1] and plain[-1] in shown:
                repeated += 1
                continue
            for voice, part in _voices(line):
                words = _plain(part)
                label = None if voice else _SPEAKER.match(words)
                speaker = voice or (label[1] if label else None)
                if speaker is None and ((before and not voiced) or _DASH.match(words)):
                    speaker = ""
                voiced, before = voiced or bool(voice), before and not words
                if words:
                    turns.append((cue, speaker, words[label.end() :] if label else words))
        shown = tuple(plain)
    return turns, repeated


def _voices(line: str) -> list[tuple[str | None, str]]:
    """Return the parts of a line, each with the voice that is named for it."""
    parts = _VOICE.split(line)
    named = [(name.strip(), part) for name, part in zip(parts[1::2], parts[2::2], strict=True)]
    return [(None, parts[0]), *named] if parts[0].strip() or not named else [*named]


def _plain(line: str) -> str:
    line = line.replace("<rt>", "(").replace("</rt>", ")")
    bare = _REFERENCE.sub(lambda match: unescape(match[0]), _TAG.sub("", line))
    return " ".join(bare.split())


def _paragraphs(turns: list[tuple[_Cue, str | None, str]]) -> Iterator[str]:
    begun: _Cue | None = None
    last: _Cue | None = None
    speaker = ""
    held: list[str] = []
    count = 0
    for cue, name, words in turns:
        new_cue = last is not None and cue is not last
        paused = last is not None and cue.start - last.end > _PAUSE_S
        changed = name is not None and (not name or name != speaker)
        if begun and (changed or (new_cue and (paused or count >= _WORDS))):
            yield _paragraph(begun, speaker, held)
            begun, held, count = None, [], 0
            speaker = "" if paused else speaker
        begun, last, speaker = begun or cue, cue, speaker if name is None else name
        held.append(words)
        count += len(words.split())
    if begun:
        yield _paragraph(begun, speaker, held)


def _paragraph(cue: _Cue, speaker: str, words: list[str]) -> str:
    seconds = int(cue.start)
    time = f"[{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}]"
    return f"{time} {speaker}: {' '.join(words)}" if speaker else f"{time} {' '.join(words)}"
