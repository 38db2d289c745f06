"""What of an answer's text is thought and what is the answer, for models that write both into it.

A thought is what stands between two marks at the beginning of a text, or before a closing mark
whose opening one was part of the prompt. A text that is about such marks is left alone: a mark in
the middle of a text opens nothing, and a closing one counts only if it ends something. A thought
that was opened and never closed leaves no answer. Everything is one pass over the text.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

__all__ = ["SplitAnswer", "closing_of", "ends_thought", "is_known_to_think", "lowered", "part"]

# Marks, and who writes them. Files of vLLM are in
# https://github.com/vllm-project/vllm/tree/main/vllm/reasoning
# <think>: DeepSeek-R1, QwQ, Qwen3, MiniMax, GLM, Nemotron, Phi-4-reasoning, SmolLM3
#   https://github.com/sgl-project/sglang/blob/main/python/sglang/srt/parser/reasoning_parser.py
# ◁think▷: Kimi-VL-Thinking, the same file
# <thinking>, <reason>, <reasoning>, <thought>, <|begin_of_thought|>: what Open WebUI looks for
#   https://github.com/open-webui/open-webui/blob/main/backend/open_webui/utils/middleware.py
# <thoughts>, <reflection>, <scratchpad>, <antthinking>: models that are prompted so
# <budget:thinking>: what LiteLLM takes off (parse_content_for_reasoning)
# <thought>: EXAONE Deep https://github.com/LG-AI-EXAONE/EXAONE-Deep
# [THINK]: Magistral, mistral_reasoning_parser.py of vLLM
# <seed:think>: Seed-OSS, seedoss_reasoning_parser.py of vLLM
# <|START_THINKING|>: Command A Reasoning, cohere_command_reasoning_parser.py of vLLM
# <|inner_prefix|>: Apertus, apertus_reasoning_parser.py of vLLM
# <|channel>thought: Gemma, gemma4_utils.py of vLLM
# [unused16]: openPangu, pangu_reasoning_parser.py of vLLM
# "Here is my thought process:": Granite 3.2, granite_reasoning_parser.py of vLLM
# "Here are my reasoning steps:": Apriel
#   https://github.com/ggml-org/llama.cpp/tree/master/models/templates
# <|channel|>analysis: gpt-oss https://github.com/johnbean393/Sidekick/issues/75
# <|begin_of_box|>, around an answer: GLM-4.5V https://docs.bigmodel.cn/api-reference
_PAIRS: tuple[tuple[str, str], ...] = (
    *((f"<{name}>", f"</{name}>") for name in ("think", "thinking", "budget:thinking")),
    *((f"<{name}>", f"</{name}>") for name in ("thought", "thoughts", "reasoning", "reflection")),
    *(
        (f"<{name}>", f"</{name}>")
        for name in ("scratchpad", "antthinking", "seed:think", "reason")
    ),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought", "<channel|>"),
    ("[unused16]", "[unused17]"),
    ("here are my reasoning steps:", "[begin final response]"),
)
_PHRASES = (
    ("here is my thought process:", "here is my response:"),
    ("here's my thought process:", "here's my response:"),
)
"""Marks at the beginning of a text only: in the middle of one they are words."""
_OPENED = (*_PAIRS, *_PHRASES)
OPENINGS = tuple(opening for opening, _ in _PAIRS)
CLOSINGS = tuple(closing for _, closing in _PAIRS)
_FRONT = tuple(opening for opening, _ in _OPENED)
_WRAPPERS = (
    *((f"<{name}>", f"</{name}>") for name in ("answer", "output", "response", "solution")),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|start_response|>", "<|end_response|>"),
    ("<|begin_of_box|>", "<|end_of_box|>"),
)
"""What some models write around the answer, after a thought."""
_WRAPS = tuple(opening for opening, _ in _WRAPPERS)
_WRAP_ENDS = tuple(closing for _, closing in _WRAPPERS)
CHANNELS = ("<|channel|>", "<|start|>")
"""How an answer in channels begins; ``final`` is the one to be shown."""
_FINAL = "<|channel|>final"
_OPENED_IN_PROMPT = f"<|end|><|start|>assistant{_FINAL}"
_MESSAGE = "<|message|>"
_CHANNEL_ENDS = ("<|end|>", "<|return|>", "<|call|>")
_ENDS = (
    *("<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<end_of_turn>", "<|end_of_text|>", "</s>"),
    *("<turn|>", "<eos>", "<|end|>", "[END FINAL RESPONSE]", "[|endofturn|]"),
)
"""Tokens for the end of a text, of ChatML, Llama, GPT, Gemma, Granite, Mistral, Apriel and EXAONE,
which some servers leave in it: https://github.com/mzau/mlx-knife/issues/20"""
LABEL = "thought\n"
"""What Gemma writes in front of an answer without a thought: gemma4_utils.py of vLLM."""
_STRUCK = "</s>"
"""Mistral's token for the end, and the end of HTML's element for what is struck out."""
_MOST_ENDS = 4
_QUOTES = "`'\"“”‘’«»()[]"
_GOES_ON = ".,;:!?"
_LOOK = 64
"""Characters after a closing mark that are looked at."""
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
"""Unlike ``str.lower``, it keeps the length of every text."""
_THINKERS = ("deepseek-r1", "qwq", "-thinking")
"""Names of models whose template opens a thought in the prompt."""


@dataclass(frozen=True)
class SplitAnswer:
    """A text without its thought."""

    answer: str
    """Without white space around it; empty if there is nothing but a thought."""
    unfinished: bool = False
    """Whether the text ends within a thought."""
    untagged: bool = False
    """Whether the thought had no opening mark: the next one will have none either."""


def part(text: str) -> SplitAnswer:
    """Return an answer's text without its thought, and without the marks for its end."""
    text = _without_end(text)
    lower = text.translate(_LOWER)
    at = _skip_space(text, 0)
    if (channels := _in_channels(text, lower, at)) is not None:
        return channels
    began = at
    if text.startswith(LABEL, at):
        at = _skip_space(text, at + len(LABEL))
    while (closing := closing_of(lower, at)) is not None:
        end = lower.find(closing, at)
        if end < 0:
            return SplitAnswer("", unfinished=True)
        at = _skip_space(text, end + len(closing))
    untagged = _untagged_end(text, lower, at)
    if untagged is not None:
        at = untagged
    if at > began:
        return SplitAnswer(_unwrapped(text, lower, at), untagged=untagged is not None)
    # The thought may have been taken off before.
    wrapped = lower.startswith(_WRAPS, at) and lower.rstrip().endswith(_WRAP_ENDS)
    return SplitAnswer(_unwrapped(text, lower, at) if wrapped else text.strip())


def _without_end(text: str) -> str:
    """Return a text without the marks for its end, of which some models write two."""
    for _ in range(_MOST_ENDS):
        stripped = text.rstrip()
        mark = next((mark for mark in _ENDS if stripped.endswith(mark)), None)
        if mark is None or (mark == _STRUCK and _is_html(stripped)):
            break
        text = stripped[: -len(mark)]
    return text


def _is_html(text: str) -> bool:
    """Return whether the end of a text closes what is struck out in it."""
    return text.count("<s>") + text.count("<s ") >= text.count(_STRUCK)


def is_known_to_think(name: str) -> bool:
    """Return whether a model is known, by its name, to write a thought without an opening mark."""
    return any(part in name.lower() for part in _THINKERS)


def lowered(text: str) -> str:
    """Return a text with its ASCII letters in lower case; its length stays the same."""
    return text.translate(_LOWER)


def closing_of(lower: str, at: int = 0) -> str | None:
    """Return the closing mark of the thought that is opened here; ``None`` if none is.

    Args:
        lower: The text, as ``lowered`` returns it.
        at: Where to look.
    """
    if not lower.startswith(_FRONT, at):
        return None
    return next(closing for opening, closing in _OPENED if lower.startswith(opening, at))


def ends_thought(before: str, after: str, *, whole: bool) -> bool | None:
    """Return whether a closing mark without an opening one ends a thought.

    It does at the end of a line or of the text, before a sentence, and if nothing separates it
    from what follows. It does not in quotes, before a punctuation mark or within a sentence.

    Args:
        before: The character before the mark; empty at the beginning of the text.
        after: What follows; its first 64 characters are looked at.
        whole: Whether nothing comes after ``after``.

    Returns:
        ``None`` if more of the text is needed to decide.
    """
    if before and before in _QUOTES:
        return False
    for index, each in enumerate(after[:_LOOK]):
        if each in "\r\n":
            return True
        if not each.isspace():
            attached = index == 0
            if attached:
                return each not in _QUOTES and each not in _GOES_ON
            return not each.islower()
    return True if whole or len(after) >= _LOOK else None


def _untagged_end(text: str, lower: str, start: int) -> int | None:
    """Return the position after a thought whose opening mark was in the prompt."""
    ends: list[int] = []
    for opening, closing in _PAIRS:
        # Also one with attributes: then it is an element of XML.
        begins = (lower.find(each, start) for each in (opening, f"{opening[:-1]} "))
        opened = min((at for at in begins if at >= 0), default=-1)
        at = lower.find(closing, start)
        while at >= 0 and not 0 <= opened < at:
            end = at + len(closing)
            before = text[at - 1] if at > start else ""
            if ends_thought(before, text[end : end + _LOOK], whole=True):
                ends.append(end)
                break
            at = lower.find(closing, end)
    return _skip_space(text, min(ends)) if ends else None


def _in_channels(text: str, lower: str, at: int) -> SplitAnswer | None:
    """Return the final channel of an answer in channels; ``None`` if it is no such answer."""
    opened = lower.startswith(CHANNELS, at)
    final = lower.rfind(_FINAL) if opened else lower.find(_OPENED_IN_PROMPT, at)
    if final >= 0:
        begins = lower.find(_MESSAGE, final)
        begins = final + len(_FINAL) if begins < 0 else begins + len(_MESSAGE)
        if not opened and begins < final + len(_OPENED_IN_PROMPT):
            begins = final + len(_OPENED_IN_PROMPT)
        ends = [end for mark in _CHANNEL_ENDS if (end := lower.find(mark, begins)) >= 0]
        return SplitAnswer(text[begins : min(ends, default=len(text))].strip(), untagged=not opened)
    if opened:
        return SplitAnswer("", unfinished=True)
    # A server that takes off the special tokens leaves the names of the channels.
    if lower.startswith("analysis", at) and text[at + 8 : at + 9].isupper():
        final = lower.find("assistantfinal", at)
        if final < 0:
            return SplitAnswer("", unfinished=True)
        return SplitAnswer(text[final + len("assistantfinal") :].strip())
    return None


def _unwrapped(text: str, lower: str, at: int) -> str:
    """Return the rest of a text without the marks around an answer."""
    for opening, closing in _WRAPPERS:
        if lower.startswith(opening, at):
            end = lower.rfind(closing, at)
            return text[at + len(opening) : end if end >= 0 else len(text)].strip()
    return text[at:].strip()


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
