"""Decode bytes of any encoding into text.

Decides the encoding by what is certain first: a byte order mark, the pattern of UTF-16 or UTF-32
without one, the escapes of ISO-2022, strict UTF-8, what the file declares, UTF-8 with a few bad
bytes, UTF-8 with whole lines in another encoding; else it is guessed: the candidates of chardet, in
their order, the first one in which words look like words; Windows-1252 is preferred if there is
little to judge by. A guess that is not certain is said, as is damage. Takes linear time. Refuses
what is not text.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

__all__ = [
    "MARKS",
    "Decoded",
    "decoded",
    "is_wrongly_declared",
    "reading_notes",
    "wide_encoding",
]

# The marks of UTF-32 begin with those of UTF-16, so they come first.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 128 * 1024
_LINE_SHOWN = 2_000
_WIDE_SAMPLE = 8_192
_WIDE = re.compile(r"(?:utf|ucs)[-_ ]?(?:7|16|32|2\b|4\b)", re.IGNORECASE)
_ESCAPES = re.compile(r"\x1b(?:\$[@AB(]|\([BIJ])|\x1b\$\)C")
_WESTERN = frozenset(("iso8859-1", "latin-1", "ascii", "cp819", "iso8859-15"))
# As browsers do: the larger encoding reads all that the smaller one can.
_LARGER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
}
# Read in these, nearly any bytes look like words; hardly a file is written in them.
_RARE = (
    *("iso8859-16", "iso8859-10", "iso8859-14", "iso8859-3", "iso8859-4", "cp720", "cp1258"),
    *("hp-roman8", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140", "cp037", "utf-7"),
    *("mac-turkish", "mac-iceland", "mac-greek", "cp1006", "ptcp154", "kz1048", "johab"),
)
_FITTING = 20
"""Characters beyond ASCII that must be whole, for each one that is broken."""
_FEW_WORDS = 8
"""Fewer different words beyond ASCII than this are little to judge by."""
_CLEARLY = 1.25
"""How much better than Windows-1252 a guess must be, if words in that look like words."""
_HARDLY_ANY = 3
"""With fewer different words beyond ASCII, the usual letters of Western Europe decide."""
_USUAL = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüßœÀÁÂÄÅÆÇÈÉÊËÎÑÓÔÖØÙÚÜŒªº")
_PLAUSIBLE = 0.85
_LIKELY = 0.5
"""The share of words that look like words, if no encoding makes nearly all of them look so."""
_TOKEN = re.compile(r"\S++")
_JOINING = frozenset("’‘'·\u00ad\u200c\u200d–—-‑…/@&.,:;!?\"“”«»()[]*_|+=<>\\")
_LONGEST_WORD = 200
_NO_LETTERS = frozenset("ªºµ")
_MOJIBAKE = re.compile(
    r"Ã[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œ˜\u009d“”¦]|Â[\u00a0-\u00bf]"
)
_ODD_WORD = re.compile(r"[£¥¢¤¦¬¯][^\W\d_]|[^\W\d_][¼½¾¹³]|[^\W\d_][“”„‚†‡‰][^\W\d_]")
_OVERRIDES = re.compile("[\u202d\u202e]")
_BROKEN_WORD = re.compile("(?<=[a-zA-Z])[\u200b\u2060\ufeff](?=[a-zA-Z])")


@dataclass(frozen=True)
class Decoded:
    """A text, and what is to be said about how it was read."""

    text: str
    notes: tuple[str, ...] = ()


def decoded(data: bytes, *, declared: str | None = None) -> Decoded | None:
    """Decode bytes into text.

    Args:
        data: What a file holds.
        declared: The encoding the file says it has; ``None`` if it says nothing. UTF-8 that fits
            wins over it: a wrong declaration is more frequent than another text that is UTF-8.

    Returns:
        The text, its lines ended by a line feed alone and without NUL; ``None`` if no encoding
        fits.
    """
    for encoding in _certain(data):
        try:
            return _clean(data.decode(encoding))
        except ValueError:
            continue
    if (wide := wide_encoding(data)) is not None:
        return _clean(data.decode(wide, "replace"))
    for encoding in (*_escaped(data), "utf-8", *_stated(declared)):
        try:
            return _clean(data.decode(encoding))
        except (ValueError, LookupError):
            continue  # a name may be none at all
    damaged = data.decode("utf-8", "replace")
    if _mostly_whole(damaged):
        return _clean(damaged)
    if (mixed := _mixed(data)) is not None:
        return mixed
    guessed = None if b"\0" in data else _guess(_telling(data))
    if guessed is None:
        return None
    encoding, certain = guessed
    note = f"its encoding was guessed ({_shown(encoding)}): check its accents, or save it as UTF-8"
    return _clean(data.decode(encoding, "replace"), *(() if certain else (note,)))


def is_wrongly_declared(data: bytes, declared: str | None) -> bool:
    """Check whether a file that says it has another encoding is UTF-8 that fits."""
    if not _stated(declared) or data.isascii() or _escaped(data) or wide_encoding(data):
        return False
    return not _certain(data) and _is_utf_8(data)


def reading_notes(text: str, *, genuine: int = 0) -> tuple[str, ...]:
    """Return what is to be said about a text: characters lost, mojibake, characters that hide.

    Args:
        text: The text as it was decoded.
        genuine: The number of U+FFFD that stand in the file itself.
    """
    notes = []
    if (lost := text.count("\ufffd") - genuine) > 0:
        notes.append(f"{lost:,} characters could not be read and are shown as \ufffd")
    if (garbled := len(_MOJIBAKE.findall(text))) > 1:
        notes.append(
            f"{garbled:,} places look as if UTF-8 had been read in another encoding (such as "
            f"{_MOJIBAKE.findall(text)[0]}): it was saved so; correct the file"
        )
    if overrides := len(_OVERRIDES.findall(text)):
        notes.append(
            f"{overrides:,} characters reverse the direction of reading: what is seen differs from "
            "what is read"
        )
    if hidden := len(_BROKEN_WORD.findall(text)):
        notes.append(f"{hidden:,} invisible characters stand inside words")
    return tuple(notes)


def _certain(data: bytes) -> list[str]:
    return [encoding for mark, encoding in MARKS if data.startswith(mark)]


def _stated(declared: str | None) -> Sequence[str]:
    # What was found by reading ASCII cannot be of two bytes a character.
    if not declared or _WIDE.match(declared):
        return ()
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return ()
    return (_LARGER.get(name, name), name)


def _escaped(data: bytes) -> Sequence[str]:
    """Return the encodings to try if there are escapes of ISO-2022 in the bytes."""
    if b"\x1b" not in data or not data.isascii() or not _ESCAPES.search(data.decode()):
        return ()
    return ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr")


def wide_encoding(data: bytes) -> str | None:
    """Return the encoding of text with two or four bytes a character; ``None`` if it has one."""
    sample = data[:_WIDE_SAMPLE]
    if not data.isascii() and _is_utf_8(data):
        return None
    if b"\0" not in sample:
        # Without a space or a new line, the punctuation of Chinese and Japanese remains.
        if len(data) % 2 or sample.isascii():
            return None
        return next((name for name in _UTF_16 if _reads_as_wide(sample, name, least=0.02)), None)
    for name in ("utf-32-le", "utf-32-be"):
        if len(sample) >= 8 and _reads_as_wide(sample[: len(sample) // 4 * 4], name):
            return name
    return next((name for name in _UTF_16 if _reads_as_wide(sample, name)), None)


_UTF_16 = ("utf-16-le", "utf-16-be")
_COMMON = frozenset(" \n\r\t.,\u3001\u3002\uff0c\u300c\u300d\uff1f\u3000")


def _reads_as_wide(sample: bytes, encoding: str, *, least: float = 0.005) -> bool:
    # The sample may end within a character.
    text = sample[: len(sample) // 4 * 4 or len(sample) // 2 * 2].decode(encoding, "replace")
    text = text.rstrip("\ufffd")
    if len(text) < 2:
        return False
    categories = [unicodedata.category(each) for each in text]
    odd = sum(
        category in ("Cn", "Co", "Cs") or (category == "Cc" and each not in "\n\r\t\f")
        for category, each in zip(categories, text, strict=True)
    )
    odd += text.count("\ufffd")
    common = sum(each in _COMMON for each in text)
    letters = sum(category[0] in "LMNZ" for category in categories)
    # Letters that all lie at multiples of 256 are those of the other order of bytes.
    swapped = sum(ord(each) & 255 == 0 for each in text)
    enough = common >= least * len(text) or text.isascii()
    return (
        50 * odd <= len(text)
        and 4 * swapped <= len(text)
        and 10 * letters >= 7 * len(text)
        and enough
    )


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except ValueError:
        return False
    return True


def _mostly_whole(text: str) -> bool:
    """Check whether a text is UTF-8 with a few bad bytes: other encodings hardly ever fit it."""
    broken = text.count("\ufffd")
    fitting = sum(1 for character in text if character > "\x7f") - broken
    return fitting > _FITTING * broken


def _mixed(data: bytes) -> Decoded | None:
    """Decode a text most of whose lines are UTF-8, as others were appended to it.

    Returns:
        ``None`` unless most of the lines beyond ASCII are UTF-8, and the others can be guessed.
    """
    lines = data.split(b"\n")
    fits = [_is_utf_8(line) for line in lines]
    strange = [line for line, fitting in zip(lines, fits, strict=True) if not fitting]
    beyond = sum(not line.isascii() for line in lines)
    if b"\0" in data or 2 * len(strange) >= beyond:
        return None
    guessed = _guess(_telling(b"\n".join(strange)))
    if guessed is None:
        return None
    name, _ = guessed
    text = "\n".join(
        line.decode() if fitting else line.decode(name, "replace")
        for line, fitting in zip(lines, fits, strict=True)
    )
    note = f"{len(strange):,} line(s) are not in UTF-8 as the others are; they were read as "
    return _clean(text, f"{note}{_shown(name)}: check their accents")


def _telling(data: bytes) -> bytes:
    """Return the lines that hold bytes beyond ASCII, as many as the guess needs."""
    kept: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        for at in range(0, len(line), _LINE_SHOWN):
            piece = line[at : at + _LINE_SHOWN]
            if at == 0 or not piece.isascii():
                kept.append(piece)
                size += len(piece)
        if size > _SAMPLE:
            break
    return b"\n".join(kept)[:_SAMPLE]


def _guess(sample: bytes) -> tuple[str, bool] | None:
    """Guess the encoding of a text; return it and whether it is certain."""
    from chardet import EncodingEra, detect_all

    eras = EncodingEra.ALL & ~EncodingEra.MAINFRAME
    found = detect_all(
        *(sample, True), encoding_era=eras, compat_names=False, exclude_encodings=_RARE
    )
    scores: dict[str, float] = {}
    for each in found:
        if each["encoding"] is not None:
            name = codecs.lookup(each["encoding"]).name
            scores.setdefault(_LARGER.get(name, name), each["confidence"])
    words = {name: _words(sample, name) for name in [*scores][:_CANDIDATES]}
    fitting = [name for name, tokens in words.items() if tokens and _share(tokens) >= _PLAUSIBLE]
    western = _words(sample, "cp1252")
    best = fitting[0] if fitting else None
    if western and _share(western) >= _PLAUSIBLE:
        clear = best is not None and scores[best] >= _CLEARLY * scores.get("cp1252", 0.0)
        if not clear or _only_signs(western) or (len(western) < _HARDLY_ANY and _usual(western)):
            return "cp1252", len(western) >= _FEW_WORDS
    if best is None:
        shares = {name: _share(tokens) for name, tokens in words.items() if tokens}
        likely = max(shares, key=shares.__getitem__, default=None)
        return (likely, False) if likely and shares[likely] >= _LIKELY else None
    rest = [scores[name] for name in fitting[1:] if words[name] != words[best]]
    enough = len(words[best]) >= _FEW_WORDS or not _is_latin("".join(words[best])[:1])
    return best, enough and scores[best] >= _CLEARLY * max(rest, default=0.0)


_CANDIDATES = 12


def _words(sample: bytes, encoding: str) -> tuple[str, ...]:
    """Return the different words beyond ASCII, as an encoding reads them; none if it does not."""
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except (ValueError, LookupError):
        return ()
    tokens = (each.group() for each in _TOKEN.finditer(text))
    beyond = (token[:_LONGEST_WORD] for token in tokens if not token.isascii())
    return tuple(dict.fromkeys(islice(beyond, 2_000)))


def _share(tokens: Sequence[str]) -> float:
    return sum(map(_looks_like_a_word, tokens)) / len(tokens)


def _only_signs(tokens: Sequence[str]) -> bool:
    """Check whether there are no letters beyond ASCII at all, such as in prices and quotations."""
    letters = (each for token in tokens for each in token if each > "\x7f" and each.isalpha())
    return all(each in _NO_LETTERS for each in letters)


def _usual(tokens: Sequence[str]) -> bool:
    """Check whether letters and signs beyond ASCII stand as they do in Western Europe."""
    words = "\n".join(tokens)
    letters = all(each in _USUAL for each in words if each > "\x7f" and each.isalpha())
    return letters and not _ODD_WORD.search(words)


def _looks_like_a_word(token: str) -> bool:
    """Check whether the characters of a word go together."""
    run = 0
    kinds = set()
    before, sign = " ", False
    for each in token:
        if "\x80" <= each <= "\x9f":
            return False  # a control character, which no text holds
        if not each.isalpha() or each in _NO_LETTERS:
            # A sign between two letters is a letter in another encoding.
            odd = each > "\x7f" and each not in _JOINING
            sign = odd and (sign or _is_latin(before))
            run = 0
        else:
            latin, beyond = _is_latin(each), each > "\x7f"
            kinds.add(latin)
            run = run + 1 if beyond and latin else 0
            mixed = before.isalpha() and (beyond or before > "\x7f")
            cased = mixed and before.islower() and each.isupper()
            if run > 3 or (latin and (sign or cased)):
                return False
            sign = False
        before = each
    return len(kinds) < 2


def _is_latin(character: str) -> bool:
    beyond = character > "\x7f" and (character < "\u0250" or "\u1e00" <= character <= "\u1eff")
    return character.isalpha() and (character <= "\x7f" or beyond)


def _shown(encoding: str) -> str:
    return encoding.replace("cp125", "windows-125")


def _clean(text: str, *notes: str) -> Decoded:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return Decoded(text, notes)
