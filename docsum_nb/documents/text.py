"""Read plain text and Markdown, whatever their encoding.

Decides the encoding: a byte order mark, else what the file declares, else UTF-8, even with a few
bad bytes, else the best guess of charset-normalizer. Lines come out ended by a line feed alone, and
never with a NUL. Refuses what is not text.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["decode", "is_text", "read"]

# The marks of UTF-32 begin with those of UTF-16, so they come first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = re.compile(r"utf[-_ ]?(16|32)", re.IGNORECASE)
# The guess reads all it is given, slowly; the start of a file tells enough.
_SAMPLE = 128 * 1024
# Characters beyond ASCII that must be whole, for each one that is broken.
_FITTING = 20
# Tab, new lines, form feed, backspace and escape stand in logs and manual pages.
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 12, 13, 27})


def read(path: Path) -> str:
    """Read a text file.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    text = decode(path.read_bytes())
    if text is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    return text


def is_text(path: Path) -> bool:
    """Tell whether a file of unknown kind looks like text, from its first 128 kB.

    Raises:
        OSError: The file cannot be opened or read.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if any(sample.startswith(mark) for mark, _ in _MARKS):
        return True
    if len(sample.translate(None, _CONTROLS)) < len(sample):
        return False
    return decode(sample) is not None


def decode(data: bytes, *, declared: str | None = None) -> str | None:
    """Decode bytes into text.

    Args:
        data: What a file holds.
        declared: The encoding the file says it has; ``None`` where it says nothing.

    Returns:
        The text, its lines ended by a line feed alone, or ``None`` where no encoding fits.
    """
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    # What was found by reading ASCII cannot be of two bytes a character.
    stated = [declared] if declared and not _WIDE.match(declared) else []
    for encoding in (*marked, *stated, "utf-8"):
        try:
            return _clean(data.decode(encoding))
        except (ValueError, LookupError):
            continue  # a name may be none at all
    damaged = data.decode("utf-8", "replace")
    if _mostly_whole(damaged):
        return _clean(damaged)
    guess = _guess(data)
    return None if guess is None else _clean(data.decode(guess, "replace"))


def _mostly_whole(text: str) -> bool:
    """Tell whether a text is UTF-8 with a few bad bytes: other encodings hardly ever fit it."""
    broken = text.count("\ufffd")
    fitting = sum(1 for character in text if character > "\x7f") - broken
    return fitting > _FITTING * broken


def _guess(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    # Text of one byte a character holds no controls, and the sample may have cut a character.
    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        return None
    wide = best.encoding.startswith(("utf_16", "utf_32"))
    return best.encoding if wide or b"\0" not in data else None


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
