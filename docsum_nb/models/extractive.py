"""The default model: sentences of the text itself, chosen in this process, always the same.

Candidates are the sentences that read as prose (``candidates.py``). They are ranked over the whole
text, or over all texts that summaries were made from (``ranking.py``), and selected so that they
repeat little and have the length that was asked for, within a tenth (``selection.py``).

The answer holds no sentence that is not in the text, character for character but for markup and
white space, save that a sentence too long for the whole answer is cut, with an ellipsis. Before a
sentence of a transcript stands the name of its speaker, if it would seem to be another's. Refuses a
text without a word. Sentences out of their context can mislead (a "he" may lose its name): faithful
words, not a proof.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.furniture import is_furniture, is_supplement
from docsum_nb.documents.prose import Sentence, not_prose, prose_sentences
from docsum_nb.documents.terms import words
from docsum_nb.documents.tokens import token_counter
from docsum_nb.documents.turns import Speakers, turn_starts
from docsum_nb.errors import InputError
from docsum_nb.models.candidates import (
    Candidate,
    Vocabulary,
    candidates,
    depends,
    word_count,
    worth_quoting,
)
from docsum_nb.models.model import Model
from docsum_nb.models.ranking import rank, relevance
from docsum_nb.models.selection import select
from docsum_nb.records import Answer, Request, SourceText, Usage
from docsum_nb.run import in_thread

if TYPE_CHECKING:
    from docsum_nb.models.lexrank import Vector

__all__ = ["VERSION", "Extractive", "ExtractiveModel"]

VERSION = "12"
"""Raised whenever the same request may be answered otherwise; part of the ledger's key."""

_POOL = 4_000  # sentences that are compared with one another; only the best of more
_REMEMBERED = 16_000_000  # characters whose sentences are kept for a run
_PARAGRAPH_WORDS = 60  # from which a paragraph ends with its section
_MOST = 1.1  # of the words asked for, names of speakers included
_FITTINGS = 4  # selections, each with less room, until these fit
_NAMED_ASIDE = 5  # texts that are named if nothing is selected from them

_CLAUSE_END = re.compile(r"[,;:–—]\s")


@dataclass(frozen=True)
class _Text:
    """A text that was looked at."""

    sentences: list[Sentence]
    transcript: bool


class Extractive:
    """Summarizes by quoting; works offline, costs nothing and is deterministic.

    Remembers the sentences of what it read: a run asks for each chunk first, then for all of them.
    """

    name = "extractive"

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], _Text] = {}
        self._remembered = 0

    def answer(self, request: Request) -> Answer:
        """Return the sentences that answer a request best.

        Args:
            request: Its sources or else its text, its question, its focus and the number of words
                count; its role, instructions and ``max_tokens`` are for models that write.

        Returns:
            The sentences in the order of the texts, in paragraphs.

        Raises:
            InputError: The text has no word in it.
        """
        limit = max(1, request.max_words)
        sources = request.sources or (SourceText("", request.text, request.syntax),)
        texts = [self._text(each) for each in sources]
        vocabulary = Vocabulary()
        summaries = not request.sources and request.syntax == "summaries"
        named = _with_speakers(sources, texts)
        kept = _on_the_matter(named)
        found = candidates(kept, vocabulary, sections=summaries)
        unused: tuple[str, ...] = ()
        if found:
            transcript = 2 * sum(text.transcript for text in texts) > len(texts)
            chosen = _selected(found, vocabulary, request, limit, transcript=transcript)
            text = _joined(chosen)
            unused = _unused(sources, kept, {each.text for each in chosen})
        else:
            text = _first_lines("\n".join(map(_unlabelled, sources)), limit)
        counts = (
            (0, 0) if request.sources or summaries else not_prose(request.text, texts[0].sentences)
        )
        aside = _set_aside(sources, {name for name, _ in named} - {name for name, _ in kept})
        flaws = (*aside, *unused)
        return Answer(text, self.name, Usage(calls=1), ended="", words=counts, flaws=flaws)

    def _text(self, source: SourceText) -> _Text:
        key = (source.syntax, source.text)
        if (known := self._read.get(key)) is not None:
            return known
        sentences = prose_sentences(source.text, syntax=source.syntax)
        transcript = source.syntax != "summaries" and bool(turn_starts(source.text))
        text = _Text(sentences, transcript)
        if source.syntax != "summaries" and self._remembered < _REMEMBERED:
            self._remembered += len(source.text)
            self._read[key] = text
        return text


class ExtractiveModel:
    """The extractive model, to be asked like any other; answers in a worker thread, for nothing."""

    window = 1_000_000
    """Tokens that it takes at once; bounds how much is ranked together."""
    overhead = 0
    missing_key: str | None = None
    name_warning: str | None = None

    def __init__(self, settings: Model) -> None:
        self.settings = settings
        self.name = settings.name
        self.account: tuple[str, ...] = (settings.name,)
        self.count = token_counter(settings.name)
        self._extractive = Extractive()

    async def answer(self, request: Request) -> Answer:
        """Ask once; see ``ChatModel``."""
        if request.schema is not None:
            raise InputError(
                "'extractive' takes sentences from the text, it cannot fill a schema; choose a "
                "language model"
            )
        return await in_thread(self._extractive.answer, request)

    def with_more_room(self, request: Request) -> None:
        """Return ``None``: it thinks nothing."""

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer; roles and wording of instructions do not."""
        decisive = ("text", "max_words", "question", "syntax")
        sources = [[_hash(each.text), each.syntax] for each in request.sources]
        focus = [request.focus] if request.focus else []
        given = (getattr(request, name) for name in decisive)
        return [self.name, VERSION, *given, sources, *focus]

    def longest_answer(self, max_tokens: int) -> int:
        """Return how long an answer may become: nothing of it is a model's, so nothing counts."""
        return 0

    def price(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float | None:
        """Return what tokens cost: nothing."""
        return 0.0


def _with_speakers(
    sources: Sequence[SourceText], texts: Sequence[_Text]
) -> list[tuple[str, Sequence[Sentence]]]:
    """Return the name and the sentences of each text; those of transcripts know their speakers."""
    parts: dict[str, list[int]] = {}
    for at, each in enumerate(sources):
        parts.setdefault(each.name, []).append(at)
    found: list[tuple[str, Sequence[Sentence]]] = [
        (each.name, text.sentences) for each, text in zip(sources, texts, strict=True)
    ]
    for name, own in parts.items():
        if any(texts[at].transcript for at in own):
            # A turn may go on in the next part, and a part may be too short to be known as one.
            speakers = Speakers([sources[at].text for at in own])
            for part, at in enumerate(own):
                found[at] = name, [_spoken(each, speakers, part) for each in texts[at].sentences]
    return found


def _spoken(sentence: Sentence, speakers: Speakers, part: int) -> Sentence:
    found = speakers.at(part, sentence.start)
    if found is None:
        return sentence
    turn, behind = found
    return replace(sentence, label=turn.label if behind else "", speech=turn.speech)


def _on_the_matter(
    texts: Sequence[tuple[str, Sequence[Sentence]]],
) -> Sequence[tuple[str, Sequence[Sentence]]]:
    """Return the texts without licences, lists of changes and the like, unless all are such.

    The same holds for texts of which each sentence surrounds others, as menus do.
    """
    kept = [
        (name, sentences)
        for name, sentences in texts
        if not is_supplement(name) and not all(is_furniture(each.text) for each in sentences)
    ]
    return kept or texts


def _set_aside(sources: Sequence[SourceText], names: Collection[str]) -> tuple[str, ...]:
    """Return that nothing was selected from some of the texts, with their words; empty if none."""
    if not names:
        return ()
    return (
        f"nothing was selected from {_with_words(sources, names)}: licences, lists of changes, "
        "names or menus, which say nothing of the subject; their own summaries are under documents",
    )


def _unused(
    sources: Sequence[SourceText],
    texts: Sequence[tuple[str, Sequence[Sentence]]],
    chosen: Collection[str],
) -> tuple[str, ...]:
    """Return that no sentence of some texts was selected, with their words; empty if none.

    Args:
        sources: All texts.
        texts: The name and the sentences of each that was looked at.
        chosen: The sentences that were selected; one may stand in several texts.
    """
    names = {name for name, _ in texts}
    taken = {name for name, found in texts if any(each.text in chosen for each in found)}
    unused = names - taken
    if not unused or not taken:
        return ()
    return (
        f"nothing was selected from {len(unused):,} of {len(names):,} documents, "
        f"{_with_words(sources, unused)}: at this length others say more; a higher length has room "
        "for more of them, and their own summaries are under documents",
    )


def _with_words(sources: Sequence[SourceText], names: Collection[str]) -> str:
    """Return the names of the first few of some texts with their words, and how many more."""
    counts: Counter[str] = Counter()
    for each in sources:
        if each.name in names:
            counts[each.name] += word_count(each.text)
    shown = [f"{name} ({count:,} words)" for name, count in counts.items()]
    if len(shown) > _NAMED_ASIDE:
        more = sum(list(counts.values())[_NAMED_ASIDE:])
        shown = [*shown[:_NAMED_ASIDE], f"{len(shown) - _NAMED_ASIDE} more ({more:,} words)"]
    return ", ".join(shown)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _selected(
    found: list[Candidate],
    vocabulary: Vocabulary,
    request: Request,
    limit: int,
    *,
    transcript: bool,
) -> Sequence[Candidate]:
    if sum(each.length for each in found) + _added(found) <= limit:
        return found
    kept = worth_quoting(found, limit)
    pool = [found[index] for index in kept]

    def likeness(wanted: str | None) -> Vector | None:
        relevant = relevance(found, vocabulary.like(wanted)) if wanted else None
        return None if relevant is None else relevant[kept]

    relevant, focused = likeness(request.question), likeness(request.focus)
    ranking = rank(pool, relevant=relevant, focused=focused, transcript=transcript)
    if len(pool) > _POOL:
        highest = sorted(ranking.scores.argsort(kind="stable")[::-1][:_POOL].tolist())
        ranking = ranking.only(highest)
        pool = [pool[index] for index in highest]
    room = limit
    for _ in range(_FITTINGS):
        chosen = [pool[index] for index in select(pool, ranking, room)]
        length = sum(each.length for each in chosen) + _added(chosen)
        if length <= max(limit, _MOST * limit) or room == 1:
            break
        room = max(1, min(room - 1, limit - _added(chosen)))
    if not chosen:
        best = pool[int(ranking.scores.argmax())]
        return [replace(best, text=_cut(best.text, max(1, limit - word_count(best.label))))]
    return chosen


def _added(sentences: Sequence[Candidate]) -> int:
    """Return the words of the speakers' names that are added to sentences."""
    return sum(word_count(each) for each in _labels(sentences))


def _labels(sentences: Sequence[Candidate]) -> Iterator[str]:
    """Yield what is to stand before each sentence: its speaker, unless that is clear already."""
    before = (-1, -1)
    for each in sentences:
        own = (each.source, each.speech)
        yield f"{each.label} " if each.label and own != before else ""
        before = own


def _joined(sentences: Sequence[Candidate]) -> str:
    """Return sentences as paragraphs: of each text, of long sections, and after a fragment."""
    return "\n\n".join(" ".join(paragraph) for paragraph in _paragraphs(sentences))


def _paragraphs(sentences: Sequence[Candidate]) -> Iterator[list[str]]:
    held: list[Candidate] = []
    shown: list[str] = []
    for each, label in zip(sentences, _labels(sentences), strict=True):
        if held and _ends(held, each):
            yield shown
            held, shown = [], []
        held.append(each)
        shown.append(f"{label}{each.text}")
    yield shown


def _ends(held: Sequence[Candidate], following: Candidate) -> bool:
    last = held[-1]
    if last.source != following.source or last.text[-1].isalnum():
        return True
    long = sum(each.length for each in held) >= _PARAGRAPH_WORDS
    return long and last.section != following.section and not depends(following.text)


def _cut(sentence: str, limit: int) -> str:
    """Return a shortened sentence; it ends with a clause if one ends in its second half."""
    length = word_count(sentence)
    if length <= limit:
        return sentence
    spaced = sentence.split()
    if 2 * len(spaced) >= length:
        short = " ".join(spaced[:limit])
    else:
        short = sentence[: max(1, len(sentence) * limit // length)]
    ends = [match.start() for match in _CLAUSE_END.finditer(short)]
    if ends and 2 * ends[-1] >= len(short):
        short = short[: ends[-1]]
    return f"{short.rstrip(' ,;:–—.')}…"


def _unlabelled(source: SourceText) -> str:
    """Return the text without the names of the summaries in it."""
    if source.syntax != "summaries":
        return source.text
    return "\n".join(line for line in source.text.split("\n") if not line.startswith("## "))


def _first_lines(text: str, limit: int) -> str:
    """Return the first lines of a text without prose, such as a table or a listing."""
    quoted: list[str] = []
    for line in text.splitlines():
        if not words(line):
            continue
        bare = " ".join(line.lstrip("#>-*+ ").split())
        length = word_count(bare)
        if length > limit:
            return "\n".join(quoted or [_cut(bare, limit)])
        quoted.append(bare)
        limit -= length
    if not quoted:
        raise InputError("the text has no words to summarize: check the source that it came from")
    return "\n".join(quoted)
