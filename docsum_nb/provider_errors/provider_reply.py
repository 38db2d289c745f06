"""What a provider answered, read from the exception that its client made of it.

The clients rename statuses and wrap bodies: LiteLLM turns Anthropic's 413 into a 400, and every
error whose text holds "rate limit" into a 429. So the innermost response is read, the one that came
over the wire. Invariant: reading is bounded in length and depth, and never raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from typing import Any

from docsum_nb.provider_errors.exception_chain import MOST_CHARS, attribute, chain_of, words_of
from docsum_nb.render.one_line import one_line

__all__ = ["ProviderReply", "reply_of", "said_in", "status_of", "texts_in"]

_MOST_BODY = 65_536
"""Bytes of a body that are read; an error that is longer is a page, or an attack."""
_MOST_NODES = 500
_MOST_TEXTS = 40
_MOST_SHOWN = 400
_WORDS = ("message", "msg", "error_message", "errormessage", "detail", "error", "raw", "title")
"""Fields that hold a provider's words. Not ``input``: some servers send the prompt back in it."""
_CODES = (
    *("code", "type", "status", "reason", "quotaid", "__type", "error_code", "error_type"),
    *("status_code", "http_code"),
)
"""Fields that hold a code."""


@dataclass(frozen=True)
class ProviderReply:
    """An answer that is no success, as it came over the wire."""

    status: int | None
    """Of HTTP; ``None`` if no answer came, or none is known."""
    words: str = ""
    """The provider's own, on one line; empty if it gave none."""
    texts: str = ""
    """All that the body says, in lower case, for markers to be looked for."""
    codes: frozenset[str] = frozenset()
    """The provider's codes, in lower case."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""
    html: bool = False
    """Whether the body is a web page."""
    bare: bool = False
    """Whether the body is empty."""
    url: str = ""
    """What was asked; empty if that is not known."""
    sent: int = 0
    """Bytes of the request; 0 if that is not known."""


def reply_of(error: BaseException) -> ProviderReply | None:
    """Return what a provider answered; ``None`` if the exception holds no answer of one."""
    links = chain_of(error)
    for link in reversed(links):
        response = attribute(link, "response")
        if isinstance(response, Mapping):  # botocore's
            return _of_aws(response)
        status = attribute(response, "status_code")
        if isinstance(status, int) and _came_over_the_wire(response):
            body = _body_of(response) or _said_by(links)
            url = str(attribute(response, "url") or "")
            sent = attribute(attribute(response, "request"), "content")
            size = len(sent) if isinstance(sent, bytes) else 0
            return replace(_read(status, body, _headers_of(response)), url=url, sent=size)
    return None


def _came_over_the_wire(response: Any) -> bool:
    # LiteLLM makes responses up, with a status of its choice and nothing else.
    return bool(_headers_of(response)) or bool(_body_of(response))


def _headers_of(response: Any) -> dict[str, str]:
    headers = attribute(response, "headers")
    try:
        return {str(name).lower(): str(value) for name, value in dict(headers or {}).items()}
    except (TypeError, ValueError):
        return {}


def _body_of(response: Any) -> str:
    content = attribute(response, "content")
    if isinstance(content, bytes):
        return content[:_MOST_BODY].decode("utf-8", "replace")
    text = attribute(response, "text")
    return text[:_MOST_BODY] if isinstance(text, str) else ""


def _said_by(links: Iterable[BaseException]) -> str:
    """Return the words of a body that was a stream and is gone: a wrapper may hold them."""
    for link in links:
        said = attribute(link, "message")
        if isinstance(said, str) and said:
            return said[:_MOST_BODY]
    return ""


def _of_aws(response: Mapping[str, Any]) -> ProviderReply:
    about = response.get("ResponseMetadata")
    about = about if isinstance(about, Mapping) else {}
    status = about.get("HTTPStatusCode")
    headers = about.get("HTTPHeaders")
    return _read(
        status if isinstance(status, int) else None,
        json.dumps(response.get("Error"), default=str),
        {str(k).lower(): str(v) for k, v in headers.items()}
        if isinstance(headers, Mapping)
        else {},
    )


def _read(status: int | None, body: str, headers: Mapping[str, str]) -> ProviderReply:
    text = body.strip().removeprefix("\ufeff")
    if not text:
        return ProviderReply(status, headers=headers, bare=True)
    if text.startswith("<"):
        words = _words_of_page(text)
        return ProviderReply(status, words, words.lower(), headers=headers, html=True)
    value = _json(text)
    if value is None:
        plain = text[:MOST_CHARS]
        return ProviderReply(
            status, one_line(plain, max_chars=_MOST_SHOWN), plain.lower(), headers=headers
        )
    texts, codes = texts_in(value)
    return ProviderReply(
        status,
        one_line(max(texts, key=_weight, default=""), max_chars=_MOST_SHOWN),
        "\n".join(texts).lower(),
        codes,
        headers,
    )


def _weight(text: str) -> tuple[bool, int]:
    # A sentence says more than "Bad Request", and the inner words more than "Provider returned".
    return (not text.startswith(("{", "[")), min(len(text), _MOST_SHOWN))


def _json(text: str) -> Any:
    if text[0] not in "{[":
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def texts_in(value: Any) -> tuple[list[str], frozenset[str]]:
    """Return the words and the codes that stand in a decoded body, at any depth.

    Args:
        value: Anything that JSON can hold. A text that is JSON itself is read, too.

    Returns:
        The words, outermost first, and the codes in lower case.
    """
    texts: list[str] = []
    codes: set[str] = set()
    nodes: list[tuple[str, Any]] = [("error", value)]
    for name, node in nodes:
        if len(nodes) > _MOST_NODES or len(texts) >= _MOST_TEXTS:
            break
        if isinstance(node, Mapping):
            nodes += [
                (str(key).lower(), inner)
                for key, inner in list(node.items())[:_MOST_NODES]
                if key != "input"
            ]
        elif isinstance(node, list):
            nodes += [(name, inner) for inner in node[:_MOST_NODES]]
        elif isinstance(node, str):
            if (inner := _json(node)) if node[:1] in ("{", "[") else None:
                nodes.append((name, inner))
            elif name in _WORDS:
                texts.append(node[:MOST_CHARS])
            elif name == "retrydelay":  # Gemini's
                texts.append(f"Please retry in {node[:20]}.")
        if isinstance(node, str | int) and not isinstance(node, bool) and name in _CODES:
            codes.add(str(node)[:80].strip().lower())
    return texts, frozenset(codes)


def _words_of_page(page: str) -> str:
    """Return the title of a web page, else the beginning of its text."""
    low = page[:MOST_CHARS].lower()
    begin, end = low.find("<title"), low.find("</title")
    if 0 <= begin < end:
        title = page[page.find(">", begin) + 1 : end]
        return one_line(unescape(title), max_chars=120)
    parts = [part.partition(">")[2] for part in page[:MOST_CHARS].split("<")]
    return one_line(unescape(" ".join(parts)), max_chars=120)


def status_of(error: BaseException) -> int | None:
    """Return the status that an exception names itself; ``None`` if it names none."""
    for link in chain_of(error):
        status = attribute(link, "status_code")
        if isinstance(status, int) and not isinstance(status, bool):
            return status
    return None


def said_in(error: BaseException) -> ProviderReply:
    """Return an exception's own status and words as a reply, if it holds no other."""
    body = attribute(error, "body")
    texts, codes = texts_in(body) if isinstance(body, Mapping | list) else ([], frozenset[str]())
    own = words_of(error)
    code = attribute(error, "code")
    if isinstance(code, str | int):
        codes |= {str(code).lower()}
    words = one_line(max(texts, key=_weight, default=own), max_chars=_MOST_SHOWN)
    return ProviderReply(status_of(error), words, "\n".join([*texts, own]).lower(), codes)
