"""The tokens of messages, pictures included.

Providers count a picture by its size, each by a rule of its own. The count here is the largest of
the known rules, since plans and budgets promise a bound; what is paid is what a provider reports.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["has_pictures", "message_tokens", "picture_tokens"]

_PNG_SIZE = slice(16, 24)
"""Where a PNG file says its width and height."""
_HEAD = 64
"""Characters of base64 that hold these."""
_LARGEST = (2_048, 2_048)
"""Assumed of a picture whose size is not known."""
_BASE, _TILE, _TILE_PIXELS, _SHORT_SIDE = 85, 170, 512, 768
"""OpenAI: tokens of a picture and of each tile, of a picture that was scaled to this short side."""
_DEAR_TIMES = 34
"""The same for its models whose name ends in ``4o-mini``."""
_PATCH_PIXELS, _MOST_PATCHES, _PATCH_TIMES = 32, 1_536, 2.46
"""OpenAI's newer small models: patches, and the largest factor that they are multiplied by."""
_PIXELS_A_TOKEN = 750
"""Anthropic; other providers take fewer tokens."""


def message_tokens(
    messages: Sequence[Mapping[str, Any]], count: Callable[[str], int], *, name: str
) -> int:
    """Return the number of tokens of messages at most, without what their format takes.

    Args:
        messages: As they are sent.
        count: Returns the number of tokens of a text.
        name: The model's.
    """
    return sum(_content_tokens(message.get("content"), count, name) for message in messages)


def has_pictures(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether messages hold pictures."""
    return any(_picture(part) is not None for message in messages for part in _parts(message))


def picture_tokens(width: int, height: int, *, name: str = "") -> int:
    """Return the tokens of a picture at most.

    Args:
        width: Pixels.
        height: Pixels.
        name: The model's.
    """
    longest, shortest = max(width, height, 1), max(1, min(width, height))
    scale = min(1.0, _LARGEST[0] / longest, _SHORT_SIDE / shortest)
    tiles = math.prod(math.ceil(side * scale / _TILE_PIXELS) for side in (width, height))
    tiled = _BASE + _TILE * tiles
    if "4o-mini" in name:
        return _DEAR_TIMES * tiled
    patches = math.prod(math.ceil(side / _PATCH_PIXELS) for side in (width, height))
    patched = math.ceil(_PATCH_TIMES * min(patches, _MOST_PATCHES))
    return max(tiled, patched, math.ceil(width * height / _PIXELS_A_TOKEN))


def _content_tokens(content: Any, count: Callable[[str], int], name: str) -> int:
    if not isinstance(content, list):
        return count(str(content or ""))
    total = 0
    for part in content:
        picture = _picture(part)
        if picture is not None:
            total += picture_tokens(*_size(picture), name=name)
        else:
            text = part.get("text") if isinstance(part, Mapping) else None
            total += count(text if isinstance(text, str) else str(part))
    return total


def _parts(message: Mapping[str, Any]) -> Sequence[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else ()


def _picture(part: Any) -> str | None:
    """Return the address of a picture, or the picture as a ``data:`` address."""
    if not isinstance(part, Mapping) or part.get("type") != "image_url":
        return None
    given = part.get("image_url")
    return str(given.get("url") if isinstance(given, Mapping) else given)


def _size(picture: str) -> tuple[int, int]:
    """Return width and height of a PNG file in a ``data:`` address; of others, the largest."""
    try:
        head = base64.b64decode(picture.partition(";base64,")[2][:_HEAD])
    except (binascii.Error, ValueError):
        return _LARGEST
    if not head.startswith(b"\x89PNG") or len(head) < _PNG_SIZE.stop:
        return _LARGEST
    size = head[_PNG_SIZE]
    return int.from_bytes(size[:4]), int.from_bytes(size[4:])
