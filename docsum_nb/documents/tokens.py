"""Count tokens as the model does, without a network.

Decides which of tiktoken's vocabularies stands for a model. LiteLLM bundles their files; tiktoken
would fetch them, so it is only ever asked for one whose file is there. A counter is a pure function
of the text. Refuses nothing: a model without a known vocabulary is counted with ``cl100k_base``.
"""

from __future__ import annotations

import os
import re
import threading
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tiktoken import Encoding

__all__ = ["SPARE", "token_counter", "vocabulary"]

SPARE = 1.1
"""What a count is multiplied by where it must not be too low: vocabularies other than OpenAI's
differ by some percent."""
_CACHE_DIR = "TIKTOKEN_CACHE_DIR"
# tiktoken names a cached file by the SHA-1 of the address it comes from.
_FILES = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}
_NEWER = re.compile(r"(?:gpt-(?:4o|4\.[1-9]|oss|[5-9])|o[1-9]\b|chatgpt-|codex)")
# Some versions of tiktoken take quadratic time on a run of characters without white space.
_SLICE = 4_000
# Roles, instructions and names, which are the same in the requests of a run.
_SHORT, _REMEMBERED = 1_500, 256
_lock = threading.Lock()


def token_counter(model: str) -> Callable[[str], int]:
    """Choose the counter of tokens for a model.

    Args:
        model: A LiteLLM model string such as ``"openai/gpt-4o-mini"``, or ``"extractive"``.

    Returns:
        A function from a text to its length in tokens. Names of special tokens, such as
        ``<|endoftext|>``, count as the text they are. Where no vocabulary is installed, a token is
        taken to be three bytes of UTF-8, which is rather too many than too few.
    """
    return _counter(_encoding_name(model))


def vocabulary(model: str) -> str:
    """Name what the counter of a model counts by; equal names count alike."""
    return "bytes" if token_counter(model) is _estimate else _encoding_name(model)


def _encoding_name(model: str) -> str:
    from tiktoken import encoding_name_for_model

    name = model.rsplit("/", 1)[-1].lower().removeprefix("ft:")
    try:
        known = encoding_name_for_model(name)
    except KeyError:
        known = "o200k_base" if _NEWER.match(name) else "cl100k_base"
    # The chat format's vocabulary differs in special tokens only.
    known = known.replace("o200k_harmony", "o200k_base")
    return known if known in _FILES else "cl100k_base"


@lru_cache(maxsize=8)
def _counter(encoding_name: str) -> Callable[[str], int]:
    encoding = _load(encoding_name)
    if encoding is None:
        return _estimate
    encode = encoding.encode_ordinary

    @lru_cache(_REMEMBERED)
    def of_short(text: str) -> int:
        return len(encode(text))

    def count(text: str) -> int:
        if len(text) <= _SHORT:
            return of_short(text)
        if len(text) <= _SLICE:
            return len(encode(text))
        return sum(len(encode(part)) for part in _slices(text))

    return count


def _load(encoding_name: str) -> Encoding | None:
    import tiktoken

    folder = _folder(_FILES[encoding_name])
    if folder is None:
        return None
    with _lock:
        before = os.environ.get(_CACHE_DIR)
        os.environ[_CACHE_DIR] = str(folder)
        try:
            return tiktoken.get_encoding(encoding_name)
        finally:
            if before is None:
                del os.environ[_CACHE_DIR]
            else:
                os.environ[_CACHE_DIR] = before


def _folder(file: str) -> Path | None:
    """Find the folder that holds a vocabulary's file: the user's own first."""
    folders = [Path(given)] if (given := os.environ.get(_CACHE_DIR)) else []
    litellm = find_spec("litellm")
    if litellm is not None and litellm.origin is not None:
        folders.append(Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers")
    return next((folder for folder in folders if (folder / file).is_file()), None)


def _estimate(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // 3)


def _slices(text: str) -> Iterator[str]:
    """Cut a long text before a space, where a token begins anyway, or else anywhere."""
    start = 0
    while len(text) - start > _SLICE:
        end = text.rfind(" ", start + _SLICE // 2, start + _SLICE)
        if end < 0:
            end = start + _SLICE
        yield text[start:end]
        start = end
    yield text[start:]
