"""The language of a text, roughly: by its script, and for Latin letters by the commonest words.

Knows enough to see that an answer is in another language than its source, and says nothing unless
both are clear. Close relatives count as one language, so that none is taken for the other. A list
of words does what is needed here; a library for hundreds of languages would be megabytes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

__all__ = ["language_of"]

_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 2_000
"""Characters from each of three parts of a long text."""
_LEAST_WORDS = 15
_LEAST_LETTERS = 40
_CLEAR_SCRIPT = 0.75
_CLEAR_SHARE = 0.12
"""Of the words that are common ones; of a text in that language, a third or more."""
_CLEAR_LEAD = 1.6
_KANA_SHARE = 0.05

_SCRIPTS = (
    (0x41, "Latin"), (0x250, ""), (0x370, "Greek"), (0x400, "Cyrillic"), (0x530, "Armenian"),
    (0x590, "Hebrew"), (0x600, "Arabic"), (0x700, ""), (0x900, "Devanagari"), (0x980, "Bengali"),
    (0xA00, ""), (0xB80, "Tamil"), (0xC00, "Telugu"), (0xC80, ""), (0xE00, "Thai"), (0xE80, ""),
    (0x10A0, "Georgian"), (0x1100, "Korean"), (0x1200, ""), (0x1E00, "Latin"), (0x1F00, "Greek"),
    (0x2000, ""), (0x3040, "kana"), (0x3100, ""), (0x3400, "Chinese"), (0xA000, ""),
    (0xAC00, "Korean"), (0xD7B0, ""),
)  # fmt: skip
"""Where each script begins; letters without a name belong to none of them."""
_STARTS = [start for start, _ in _SCRIPTS]

_COMMON = {
    "English": "the of and to in is that for it was on are as with be by this from at which not",
    "German": "der die und das in den von zu mit sich des auf für ist im dem nicht ein eine als",
    "French": "de la le et les des en un une du dans est que pour qui par sur au plus ne",
    "Spanish": "de la que el en y los del las un por con una para su al lo como más es",
    "Portuguese": "de a o que e do da em um para com não uma os no se na por mais as dos",
    "Italian": "di e il la che in un a per è del una con non sono della le i si dei nel",
    "Dutch": "de van het een en in is dat op te zijn met voor niet aan er om ook als door",
    "Scandinavian": "och i att det som en på är av för med den til og er ikke et af jeg har de",
    "Polish": "w i na z się nie do to że jest o jak po przez od za dla są oraz ale",
    "Czech or Slovak": "a se v na je že s z do o i to k ve pro jako by za jsou sa nie aj",
    "Finnish": "ja on ei se että oli hän ovat joka mutta tai kun niin myös sen ole kuin",
    "Turkish": "ve bir bu da de için ile olarak olan daha çok en gibi kadar var ne o sonra",
    "Hungarian": "a az és hogy nem is egy meg volt csak ez mint de van ki el már még",
    "Romanian": "de și în la a cu pe nu o care din un mai este că pentru se sunt al",
    "Indonesian": "yang dan di untuk dengan ini dari dalam pada itu tidak adalah oleh akan",
    "Vietnamese": "và của là có trong được cho các với không một những đã người này khi về",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _name, _words in _COMMON.items():
    for _word in _words.split():
        # In code and formulas, a single letter is no word.
        if len(_word) > 1:
            _LANGUAGES_OF.setdefault(_word, []).append(_name)


def language_of(text: str, *, least_words: int = _LEAST_WORDS) -> str | None:
    """Return the name of a text's language or script; ``None`` if it is not clear.

    Args:
        text: Of any length; of a long one, three parts are looked at.
        least_words: What a text in Latin letters has to have at least.
    """
    sample = _sampled(text)
    if sample.isascii():
        return _latin_language(sample, least_words)
    letters: Counter[str] = Counter()
    # Of thousands of characters, some dozens are different.
    for character, times in Counter(sample).items():
        if character.isalpha():
            letters[_script_of(character)] += times
    total = sum(letters.values())
    east = letters["kana"] + letters["Chinese"]
    if total + 2 * east < min(_LEAST_LETTERS, 4 * least_words):
        return None
    if east >= _CLEAR_SCRIPT * total:
        return "Japanese" if letters["kana"] >= _KANA_SHARE * east else "Chinese"
    script, count = letters.most_common(1)[0]
    if count < _CLEAR_SCRIPT * total or not script:
        return None
    return script if script != "Latin" else _latin_language(sample, least_words)


def _latin_language(sample: str, least_words: int) -> str | None:
    words = _WORD.findall(sample.lower())
    if len(words) < least_words or sum(map(len, words)) < min(_LEAST_LETTERS, 4 * least_words):
        return None
    times = Counter(words)
    common = [word for word in times if word in _LANGUAGES_OF]
    found: Counter[str] = Counter()
    for word in common:
        for each in _LANGUAGES_OF[word]:
            found[each] += times[word]
    (name, best), (_, second) = [*found.most_common(2), ("", 0), ("", 0)][:2]
    least = max(_CLEAR_SHARE * len(words), _CLEAR_LEAD * second, least_words // 4)
    # A table may repeat a single word of another language, such as "no".
    different = sum(name in _LANGUAGES_OF[word] for word in common)
    return name if best >= least and different >= least_words // 4 else None


def _script_of(letter: str) -> str:
    at = bisect_right(_STARTS, ord(letter)) - 1
    return _SCRIPTS[at][1] if at >= 0 else ""


def _sampled(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = (len(text) - _SAMPLE) // 2
    return text[:_SAMPLE] + " " + text[middle : middle + _SAMPLE] + " " + text[-_SAMPLE:]
