"""The default model: sentences of the text itself, chosen in this process, always the same.

Candidates are the sentences that read as prose. They are scored by LexRank (Erkan & Radev 2004)
with a bonus for what stands first, and by their likeness to the question if there is one; then
selected one by one by maximal marginal relevance (Carbonell & Goldstein 1998, "The Use of MMR,
Diversity-Based Reranking"): λ · score − (1 − λ) · likeness to what is selected already. If the text
is a list of labelled summaries, sections take turns unless one is clearly more central than others.

The answer holds at most the words asked for and no sentence that is not in the text, save that a
sentence too long for the whole answer is cut, with an ellipsis. Refuses a text without a word.
Sentences out of their context can mislead (a "he" may lose its name): faithful words, not a proof.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.prose import Sentence, not_prose, prose_sentences
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words
from docsum_nb.documents.tokens import token_counter
from docsum_nb.errors import InputError
from docsum_nb.models.lexrank import TfIdf, lexrank, tf_idf
from docsum_nb.models.model import Model
from docsum_nb.records import Answer, Request, Usage
from docsum_nb.run import in_thread

if TYPE_CHECKING:
    from docsum_nb.models.lexrank import Vector

__all__ = ["VERSION", "Extractive", "ExtractiveModel"]

VERSION = "4"
"""Raised whenever the same request may be answered otherwise; part of the ledger's key."""

# Chosen on QMSum (validation) and SciSummNet: benchmarks/extractive_quality.py.
_MIN_CONTENT_WORDS = 7  # shorter ones are mostly fillers; meetings would go below chance with them
_MAX_WORDS = 80  # longer ones are mostly lists, and spend the answer on one thought
_RELEVANCE = 0.5  # the λ of MMR
_LEAD = 0.4
_LEAD_SENTENCES = 20  # the bonus falls by 1/e over this number of candidates
_QUESTION = 0.7  # weight of the likeness to the question against the score
_CROWDING = 0.2  # cost of each sentence more than the least used section has
_DUPLICATE = 0.9  # cosine from which a sentence says nothing new
_POOL = 4_000  # sentences that MMR compares; only the best of more

_CLAUSE_END = re.compile(r"[,;:–—]\s")


class Extractive:
    """Summarizes by quoting; works offline, costs nothing and is deterministic."""

    name = "extractive"

    def answer(self, request: Request) -> Answer:
        """Return the sentences that answer a request best.

        Args:
            request: Its text, its question and the number of words count; its role, instructions
                and ``max_tokens`` are for models that write.

        Returns:
            The sentences in the order of the text, a blank line between sections.

        Raises:
            InputError: The text has no word in it.
        """
        limit = max(1, request.max_words)
        prose = prose_sentences(request.text, syntax=request.syntax)
        sentences = _distinct(prose)
        if sentences:
            text = _extract(sentences, request, limit)
        else:
            text = _first_lines(_unlabelled(request), limit)
        counts = (0, 0) if request.syntax == "summaries" else not_prose(request.text, prose)
        return Answer(text, self.name, Usage(calls=1), ended="", words=counts)


class ExtractiveModel:
    """The extractive model, to be asked like any other; answers in a worker thread, for nothing."""

    window = 32_768
    """Far more than a document's gist needs; bounds the memory of the ranking."""
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
        parts = dataclasses.asdict(request)
        decisive = ("text", "max_words", "question", "syntax")
        return [self.name, VERSION, *(parts[name] for name in decisive)]

    def longest_answer(self, max_tokens: int) -> int:
        """Return how long an answer may become: nothing of it is a model's, so nothing counts."""
        return 0

    def price(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float | None:
        """Return what tokens cost: nothing."""
        return 0.0


def _distinct(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences without those that repeat an earlier one."""
    return list({sentence.text: sentence for sentence in reversed(sentences)}.values())[::-1]


def _extract(sentences: list[Sentence], request: Request, limit: int) -> str:
    labelled = request.syntax == "summaries" or request.text.lstrip().startswith("## ")
    sections = [sentence.section if labelled else 0 for sentence in sentences]
    lengths = [_length(sentence.text) for sentence in sentences]
    if sum(lengths) <= limit:
        return _joined(sentences, sections)
    content = [_content(sentence.text) for sentence in sentences]
    pool = _candidates(content, lengths, limit)
    matrix = tf_idf([content[i] for i in pool])
    scores = _scores(matrix, [sections[i] for i in pool])
    if request.question and (asked := set(_content(request.question))):
        likeness = _likeness(asked, [content[i] for i in pool])
        scores = (1 - _QUESTION) * scores + _QUESTION * likeness
    ranked = scores.argsort(kind="stable")[::-1]
    if len(pool) > _POOL:
        best = sorted(ranked[:_POOL].tolist())
        matrix, scores, pool = matrix.only(best), scores[best], [pool[i] for i in best]
    chosen = _select(matrix, scores, [lengths[i] for i in pool], [sections[i] for i in pool], limit)
    if not chosen:
        return _cut(sentences[pool[int(scores.argmax())]].text, limit)
    kept = [pool[i] for i in chosen]
    return _joined([sentences[i] for i in kept], [sections[i] for i in kept])


def _content(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def _candidates(content: list[list[str]], lengths: list[int], limit: int) -> list[int]:
    """Return the sentences worth quoting; weaker ones only if the answer would stay short."""
    for least, most in ((_MIN_CONTENT_WORDS, _MAX_WORDS), (_MIN_CONTENT_WORDS // 2, limit)):
        found = [
            i
            for i, (own, length) in enumerate(zip(content, lengths, strict=True))
            if len(set(own)) >= least and length <= min(most, limit)
        ]
        if sum(lengths[i] for i in found) >= limit:
            return found
    return list(range(len(content)))


def _scores(matrix: TfIdf, sections: list[int]) -> Vector:
    """Add the bonus for what stands first in its section to the centrality."""
    import numpy as np

    seen: Counter[int] = Counter()
    ranks = []
    for section in sections:
        seen[section] += 1
        ranks.append(seen[section])
    return lexrank(matrix) + _LEAD * np.exp(-np.array(ranks) / _LEAD_SENTENCES)


def _likeness(asked: set[str], content: list[list[str]]) -> Vector:
    """Compare sentences with the question by the cosine of their weights, the best being 1."""
    import numpy as np

    with_question = tf_idf([*content, sorted(asked)])
    likeness = with_question.similar_to_row(len(content))[:-1]
    return likeness / max(float(np.max(likeness, initial=0.0)), 1e-12)


def _select(
    matrix: TfIdf, scores: Vector, lengths: list[int], sections: list[int], limit: int
) -> list[int]:
    """Return the sentences with the most marginal relevance that fit, by index, in order."""
    import numpy as np

    size = np.array(lengths)
    _, section = np.unique(np.array(sections), return_inverse=True)
    taken = np.zeros(section.max() + 1)
    alike = np.zeros(len(lengths))
    open_ = np.ones(len(lengths), dtype=bool)
    chosen: list[int] = []
    while True:
        open_ &= (size <= limit) & (alike < _DUPLICATE)
        if not open_.any():
            return sorted(chosen)
        crowding = taken[section] - taken[section[open_]].min()
        gain = _RELEVANCE * scores - (1 - _RELEVANCE) * alike - _CROWDING * crowding
        best = int(np.where(open_, gain, -np.inf).argmax())
        chosen.append(best)
        limit -= lengths[best]
        taken[section[best]] += 1
        open_[best] = False
        alike = np.maximum(alike, matrix.similar_to_row(best))


def _joined(sentences: Sequence[Sentence], sections: Sequence[int]) -> str:
    """Return sentences as a paragraph for each section."""
    paragraphs: dict[int, list[str]] = {}
    for sentence, section in zip(sentences, sections, strict=True):
        ended = sentence.text if not sentence.text[-1].isalnum() else f"{sentence.text}."
        paragraphs.setdefault(section, []).append(ended)
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs.values())


def _length(text: str) -> int:
    """Return the number of words; of pairs of characters in scripts that use no spaces."""
    spaced = len(text.split())
    return spaced if text.isascii() else max(spaced, len(words(text)))


def _cut(sentence: str, limit: int) -> str:
    """Return a shortened sentence; it ends with a clause if one ends in its second half."""
    length = _length(sentence)
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


def _unlabelled(request: Request) -> str:
    """Return the text without the names of the summaries in it."""
    if request.syntax != "summaries":
        return request.text
    lines = request.text.split("\n")
    return "\n".join(line for line in lines if not line.startswith("## "))


def _first_lines(text: str, limit: int) -> str:
    """Return the first lines of a text without prose, such as a table or a listing."""
    quoted: list[str] = []
    for line in text.splitlines():
        if not words(line):
            continue
        bare = " ".join(line.lstrip("#>-*+ ").split())
        length = _length(bare)
        if length > limit:
            return "\n".join(quoted or [_cut(bare, limit)])
        quoted.append(bare)
        limit -= length
    if not quoted:
        raise InputError("the text has no words to summarize: check the source that it came from")
    return "\n".join(quoted)
