"""Checks of an answer: whether it was refused, cut off, malformed or degenerate.

An empty answer is checked only if the reason is known: it was refused, or its model used up its
room for a thought. Refusals are recognized by the provider's own mark
(``finish_reason`` "content_filter", the ``refusal`` field), else by a small pattern that only looks
at how a short answer begins: a summary must not be lost because it reports a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from docsum_nb.models.degenerate import echoes, is_blank, unlooped
from docsum_nb.models.language import language_of
from docsum_nb.models.reasoning import part
from docsum_nb.models.structured_output import fitting_json
from docsum_nb.models.unwrapping import unwrapped
from docsum_nb.records import Answer, Request

__all__ = [
    "AnswerProblem",
    "checked",
    "reads_like_a_refusal",
    "recalled",
    "refused",
    "repairing",
]

_LONGEST_REFUSAL = 60
"""Words; longer answers that begin like a refusal mostly go on to summarize."""
_SAME_LANGUAGE = "in the language"
"""Stands in the prompts that ask for the language of the text."""
_REASONS = {
    "cut": "",
    "loop": "its summary repeated itself to the end; only its beginning is kept",
    "copy": "its summary copies the text or the instructions word for word",
    "blank": "its summary holds no words ({detail!r})",
    "language": "its summary is in {detail}",
}
_REPAIRS = {
    "loop": "Your last answer repeated itself over and over. Say each thing once, in at most "
    "{words} words, and stop.",
    "copy": "Your last answer copied the text or these instructions. Write a summary in your own "
    "words, in at most {words} words.",
    "blank": "Your last answer held no words. Write at least one sentence.",
    "language": "Your last answer was in {detail}. Answer in the language of the text.",
}
_SENTENCE_ENDS = frozenset(".!?…。！？．｡।؟۔።։‽")
_AFTER_END = "\"'”’»›)]}*_`〉》」』"
"""What may come after the end of a sentence: quotes, brackets, emphasis."""
_LAST = frozenset("}])`|")
"""What ends a text that is no sentence: JSON, a list, code, a table."""
_LOOKED_AT = 2_000
"""Characters of such an answer: a refusal does not need words longer than that."""
_SORRY = (
    r"(?:(?:i['’]?m|i am|we['’]?re|we are)?\s*(?:very |so |truly |really )?sorry|i apologi[sz]e|"
    r"(?:my )?apologies|unfortunately|as an ai(?: language model| assistant)?)"
)
_UNABLE = (
    r"(?:i|we)\s*(?:can['’]?t|can ?not|(?:can ?not|can['’]t) and will not|won['’]?t|will not|"
    r"(?:won['’]t|will not) be able to|(?:do not|don['’]t) think (?:i|we) can|"
    r"(?:do not|don['’]t) feel (?:able to|comfortable)|"
    r"(?:am|['’]m|are|['’]re) (?:not able|unable|not comfortable)(?: to)?|"
    r"(?:must|have to|need to) (?:decline|refuse))"
)
_SERVING = (
    r"(?:(?:assist|help)(?! \w+ing)|comply|engage|(?:summari[sz]|fulfil|process|continu)\w*|"
    r"do (?:that|this))"
)
_GIVING = (
    r"(?:provid|generat|creat|writ|produc|shar|answer|complet|access|read|discuss)\w*"
    r"(?:\s+\w+){0,3}?\s+"
    r"(?:that|this|these|such|summar\w+|content|request|assistance|document|text|you)"
)
# Possessive: what was read as an apology is never read in another way, of which there would be
# exponentially many.
_REFUSAL = re.compile(
    rf"\A\W*+(?:{_SORRY}[\s,.;:–—-]*+(?:(?:but|however)[\s,]*+)?+)*+"
    rf"{_UNABLE}\s+(?:to\s+)?(?:{_SERVING}|{_GIVING})\b",
    re.IGNORECASE,
)
# German, French, Spanish, Italian, Portuguese, Dutch, Chinese, Japanese: an apology, then "cannot".
_SORRY_ELSEWHERE = re.compile(
    r"\W*+(?:es tut mir (?:sehr )?leid|tut mir leid|entschuldigung|je suis (?:vraiment )?désolée?|"
    r"désolée?|lo siento|lo lamento|mi dispiace|sinto muito|desculpe|het spijt me|sorry|"
    r"抱歉|对不起|對不起|很抱歉|申し訳ありません|申し訳ございません|すみません)",
    re.IGNORECASE,
)
_UNABLE_ELSEWHERE = re.compile(
    r"\b(?:kann ich|ich kann|je ne peux pas|je ne suis pas en mesure|no puedo|non posso|"
    r"não posso|kan ik|ik kan)\b|我无法|我不能|無法|无法|できません|できかねます",
    re.IGNORECASE,
)
# The model did not find the text in its prompt, such as one that was cut off by its server.
_NO_TEXT = re.compile(
    r"\W*+(?:(?:it|this) (?:looks|seems|appears)(?: like| that| as if)?\s++)?+(?:"
    r"(?:but )?you (?:haven['’]t|have not|didn['’]t|did not) (?:yet )?"
    r"(?:provided?|shared?|included?|pasted?|attach(?:ed)?)|please (?:provide|share|paste|upload)"
    r"(?: me with)?) (?:the|your|a|any) (?:actual )?(?:text|document|content|article|passage)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class AnswerProblem:
    """What is wrong with an answer."""

    kind: Literal["refused", "no room", "cut", "malformed", "loop", "copy", "blank", "language"]
    detail: str = ""

    @property
    def is_tolerable(self) -> bool:
        """Whether an answer that has it again is better than none; the result says so."""
        return self.kind in _REASONS

    @property
    def reason(self) -> str:
        """The reason of the omission if the second answer has it too; empty for none."""
        return _REASONS.get(self.kind, "").format(detail=self.detail)


def checked(answer: Answer, request: Request) -> tuple[Answer, AnswerProblem | None]:
    """Check an answer.

    Returns:
        The answer, of one with a schema the JSON only, of others without what a model puts around
        an answer; and what is wrong with it, if anything.
    """
    if refused(answer) or reads_like_a_refusal(answer.text):
        return answer, AnswerProblem("refused")
    if not answer.text:
        # Only a model that thinks leaves no word before the limit.
        return answer, AnswerProblem("no room")
    if request.schema is not None:
        try:
            return replace(answer, text=fitting_json(request.schema, answer.text)), None
        except ValueError as error:
            return answer, AnswerProblem("malformed", str(error))
    answer = replace(answer, text=unwrapped(answer.text))
    degenerate = _degenerate(answer, request)
    if degenerate is not None:
        return degenerate
    return answer, AnswerProblem("cut") if answer.finish_reason == "length" else None


def _degenerate(answer: Answer, request: Request) -> tuple[Answer, AnswerProblem] | None:
    """Return an answer that is a text and no summary, and why; ``None`` for a summary."""
    text = answer.text
    if is_blank(text):
        return answer, AnswerProblem("blank", text[:40])
    if (kept := unlooped(text, cut=answer.finish_reason == "length")) is not None:
        # What is kept has an end of its own.
        whole = replace(answer, text=kept.text or text, finish_reason="stop")
        return whole, AnswerProblem("loop")
    asked = f"{request.role}\n{request.instructions}"
    if request.question:
        asked = asked.replace(request.question, "")  # a good answer may repeat the question
    if echoes(
        text,
        instructions=asked,
        source=request.text,
        max_words=request.max_words,
    ):
        return answer, AnswerProblem("copy")
    if (detail := _other_language(text, request)) is not None:
        return answer, AnswerProblem("language", detail)
    return None


def _other_language(text: str, request: Request) -> str | None:
    """Return the languages of answer and text if they should be the same and are not."""
    if _SAME_LANGUAGE not in request.instructions.lower():
        return None  # the user's own prompt may ask for another one
    written = language_of(text)
    if written is None:
        return None
    given = language_of(request.text)
    if given is None or written == given:
        return None
    if request.question and language_of(request.question, least_words=3) in (written, None):
        return None  # an answer in the language of the question is right, too
    return f"{written} instead of {given}"


def recalled(answer: Answer) -> Answer | None:
    """Return an answer from the ledger; ``None`` if it may have been broken off.

    Earlier versions stored neither the provider's word for the end nor that a thought was one: a
    text that broke off is stored as whole there. It is recognized by its end, which is not that of
    a sentence, a list in brackets or JSON. One that broke off right after a sentence is not.
    """
    if answer.ended is not None or answer.model == "extractive":
        return answer
    text = part(answer.text).answer
    unmarked = text.rstrip(_AFTER_END)
    # What was cut off at the length is known as that.
    ends = answer.finish_reason != "stop" or text[-1:] in _LAST or unmarked[-1:] in _SENTENCE_ENDS
    return replace(answer, text=text) if text and ends else None


def refused(answer: Answer) -> bool:
    """Return whether the provider marked the answer as refused."""
    return answer.finish_reason in ("content_filter", "refusal")


def repairing(request: Request, problem: AnswerProblem, answer: Answer) -> Request:
    """Return the request that asks again, and says what was wrong.

    A cut answer is asked for in fewer words rather than with more room: the room is what is left of
    the model's window. A refused one is asked for unchanged, and so is one without a text, which
    gets more room (``Call.repaired``).
    """
    notes = []
    if answer.finish_reason == "length" and answer.text:
        words = max(1, request.max_words // 2)
        notes.append(
            "Your last answer was cut off at the length limit. Answer again in at most "
            f"{words} words, and end with a whole sentence."
        )
    if problem.kind in _REPAIRS:
        notes.append(_REPAIRS[problem.kind].format(words=request.max_words, detail=problem.detail))
    if problem.kind == "malformed":
        notes.append(f"Your last answer did not fit the JSON schema: {problem.detail}")
    return replace(request, instructions="\n\n".join([request.instructions, *notes]))


def reads_like_a_refusal(text: str) -> bool:
    """Return whether a short text says that its writer will not do what was asked."""
    words = text.split(maxsplit=_LONGEST_REFUSAL)
    if len(words) > _LONGEST_REFUSAL:
        return False
    short = " ".join(words)[:_LOOKED_AT]
    elsewhere = _SORRY_ELSEWHERE.match(short) and _UNABLE_ELSEWHERE.search(short)
    return bool(elsewhere or _REFUSAL.match(short) or _NO_TEXT.match(short))
