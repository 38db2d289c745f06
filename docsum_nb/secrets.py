"""Secrets, known by their value wherever they come from, and kept out of all that is shown or kept.

Decides which values are secret: the keys, headers and addresses of models that this process was
given, and what the environment holds under the name of a key. Invariant: ``masked`` leaves none of
them in a text, whole or cut, plain, quoted for an address, in base64 or as hexadecimal digits; a
text without one is returned unchanged. Refuses nothing: short values and words that stand for "no
key" are no secrets.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

__all__ = [
    "MASK",
    "NO_KEY",
    "SECRET_NAME",
    "known",
    "mask_logs",
    "masked",
    "masked_params",
    "masked_value",
    "remember",
    "remember_settings",
    "without_login",
]

MASK = "[secret]"
NO_KEY = "not-needed"
"""A key for servers that look at none: clients insist on one."""
SECRET_NAME = re.compile(
    r"key|token|secret|passw|credential|auth|header|cookie|bearer|signature", re.IGNORECASE
)
_IN_ENVIRONMENT = (
    *("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "HEADERS", "COOKIE", "PAT"),
    *("CREDENTIALS", "AUTHORIZATION"),
)
_HEADERS = ("headers", "extra_headers", "default_headers", "extra_query", "default_query")
_NO_SECRETS = frozenset(
    f"{NO_KEY} not_needed notneeded no-key no_key nokey ollama lm-studio lmstudio placeholder "
    "dummy-key anything whatever EMPTY application/json".split()
)
_SHORTEST = 6
"""A shorter value could be any word."""
_PLAIN_WORD = re.compile(r"[a-z]{1,9}|[A-Z]{1,9}|[0-9]{1,7}")
_SCHEME = re.compile(r"(?:bearer|basic|token|apikey|api-key|key|digest)\s+", re.IGNORECASE)
_LEAST_CUT = 8
"""Characters of a secret that was cut which give it away; fewer could be any word."""
_LONGEST_CUT = 90
"""Characters of the beginning and of the end of a secret that was cut which are masked."""
_RANDOM = re.compile(r"[A-Za-z0-9_\-+/=.]{20,}")
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"\b(?:sk|pk|key|Bearer)[-_ ][A-Za-z0-9_\-]{16,}+")
_LOGIN = re.compile(r"(?<=://)[^/\s@:\"'<>]{0,200}:[^/\s@\"'<>]{1,200}@")
_MOST_DEPTH = 6
_LOGGERS = (
    *("LiteLLM", "LiteLLM Router", "httpx", "httpcore", "httpcore.connection", "httpcore.http11"),
    *("httpcore.http2", "httpcore.proxy", "openai", "openai._base_client", "anthropic"),
    *("anthropic._base_client", "crewai", "asyncio", "urllib3", "urllib3.connectionpool"),
    *("crewai.llm", "crewai.events", "docsum_nb", "docsum_nb.run", "docsum_nb.crew.failures"),
    *("aiohttp.client", "opentelemetry", "psycopg"),
)

_given: set[str] = set()
_lock = threading.Lock()


def remember(*values: object) -> None:
    """Know values as secrets from now on; what is short, or no text, is passed over."""
    found = {text for value in values if isinstance(value, str) for text in _parts(value)}
    if not found <= _given:
        with _lock:
            _given.update(found)


def remember_settings(
    *, key: object = None, address: object = None, params: Mapping[str, Any] | None = None
) -> None:
    """Know what is secret in the settings of a model or of a client.

    Args:
        key: The key.
        address: Its user and password, and the values of its query, are secrets.
        params: All headers are secrets, what is named like one, and what is long and random.
    """
    remember(key, *_in_address(address), *_in_params(params or {}, secret=False, depth=0))


def known() -> frozenset[str]:
    """Return the values of all secrets that are known by now, those of the environment included."""
    return frozenset(_given) | _in_environment()


def masked(text: str) -> str:
    """Return a text with a mask in the place of each secret; the same text if it holds none."""
    secrets = known()
    if secrets and _ends(secrets).search(text):
        forms = _all_forms(secrets)
        # Whole ones first: the end of one may be a part of another.
        for form in forms:
            text = text.replace(form, MASK)
        for form in forms:
            if form[:_LEAST_CUT] in text or form[-_LEAST_CUT:] in text:
                text = _cut(form).sub(MASK, text)
    return _LOGIN.sub(f"{MASK}@", _TOKEN.sub(MASK, text))


def masked_value(value: Any, depth: int = 0) -> Any:
    """Return a value with every text in it masked, the keys of mappings included."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, bytes):
        plain = value.decode("latin-1")
        return value if masked(plain) == plain else masked(plain).encode("latin-1")
    if depth > _MOST_DEPTH:
        return value
    if isinstance(value, Mapping):
        found = {
            masked_value(name, depth + 1): MASK
            if isinstance(name, str) and isinstance(each, str) and name.lower() == "authorization"
            else masked_value(each, depth + 1)
            for name, each in value.items()
        }
        return value if found == value else found
    if type(value) in (list, tuple, set, frozenset):
        copied = [masked_value(each, depth + 1) for each in value]
        return value if copied == list(value) else type(value)(copied)
    return value


def masked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of requests with masks for headers and what else is secret in them."""
    return {
        name: _masked_param(str(name), value, secret=False, depth=0)
        for name, value in params.items()
    }


def _masked_param(name: str, value: Any, *, secret: bool, depth: int) -> Any:
    secret = secret or name in _HEADERS or bool(SECRET_NAME.search(name))
    if isinstance(value, str):
        return MASK if secret else masked(value)
    if depth < _MOST_DEPTH and isinstance(value, Mapping):
        return {
            key: _masked_param(str(key), each, secret=secret, depth=depth + 1)
            for key, each in value.items()
        }
    if depth < _MOST_DEPTH and isinstance(value, list | tuple):
        return [_masked_param("", each, secret=secret, depth=depth + 1) for each in value]
    return value


def without_login(address: str) -> str:
    """Return an address with masks for its user, its password and the values of its query."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return masked(address)
    shown = parts
    if "@" in parts.netloc:
        shown = shown._replace(netloc=f"{MASK}@{parts.netloc.rpartition('@')[2]}")
    if parts.query:
        # A value without a name may be a key as well.
        given = (each.partition("=") for each in parts.query.split("&"))
        shown = shown._replace(
            query="&".join(f"{name}={MASK}" if mark else MASK for name, mark, _ in given)
        )
    return masked(shown.geturl())


def mask_logs() -> None:
    """Mask what the libraries that send requests, and this package, write to their logs."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if _mask_record not in logger.filters:
            logger.addFilter(_mask_record)


def _mask_record(record: logging.LogRecord) -> bool:
    """Mask a line of a log before any handler sees it; always returns true."""
    try:
        said = record.getMessage()
        hidden = masked(said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            traced = logging.Formatter().formatException(record.exc_info)
            if (hidden := masked(traced)) != traced:
                record.exc_text = hidden
    except Exception:  # noqa: BLE001  # a line whose words cannot be made is its logger's affair
        return True
    return True


# --- which values are secret ----------------------------------------------------------------------


def _parts(value: str) -> Iterator[str]:
    """Yield a secret; of a header, what comes after a scheme such as ``Bearer``."""
    each = _SCHEME.sub("", value.strip())
    if len(each) >= _SHORTEST and each not in _NO_SECRETS and not _PLAIN_WORD.fullmatch(each):
        yield each


def _in_address(address: object) -> Iterator[str]:
    if not isinstance(address, str) or ("@" not in address and "?" not in address):
        return
    try:
        parts = urlsplit(address)
        login, values = parts.netloc.rpartition("@")[0], parse_qsl(parts.query)
    except ValueError:
        return
    user, colon, password = login.partition(":")
    for part in (password, *(() if colon else (user,))):
        yield from (part, unquote(part))
    yield from (value for _, value in values)
    yield from (each.partition("=")[2] or each for each in parts.query.split("&"))


def _in_params(value: Any, *, secret: bool, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if secret or (_RANDOM.search(value) and _DIGIT.search(value) and "://" not in value):
            yield value
        yield from _in_address(value)
    elif isinstance(value, Mapping) and depth < _MOST_DEPTH:
        for name, each in value.items():
            named = secret or str(name) in _HEADERS or bool(SECRET_NAME.search(str(name)))
            yield from _in_params(each, secret=named, depth=depth + 1)
    elif isinstance(value, list | tuple) and depth < _MOST_DEPTH:
        for each in value:
            yield from _in_params(each, secret=secret, depth=depth + 1)


def _in_environment() -> frozenset[str]:
    return _secret_variables(tuple(os.environ.items()))


@lru_cache(maxsize=4)
def _secret_variables(variables: tuple[tuple[str, str], ...]) -> frozenset[str]:
    found: set[str] = set()
    for name, value in variables:
        if name.upper().endswith(_IN_ENVIRONMENT) and not value.startswith(("/", "~")):
            found.update(_parts(value))
            # A list of headers, as OpenTelemetry takes it.
            found.update(
                part
                for each in value.split(",")
                if "=" in each
                for part in _parts(each.partition("=")[2])
            )
        found.update(part for each in _in_address(value) if "://" in value for part in _parts(each))
    return frozenset(found)


# --- how a secret may look ------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it may stand in a text: plain, escaped, encoded."""
    plain = secret.encode("utf-8", "replace")
    escaped = (
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        repr(secret)[1:-1],
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        secret.replace("/", "\\/"),
        secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    )
    forms = [secret, *escaped, plain.hex(), plain.hex().upper()]
    if len(plain) >= _LEAST_CUT:
        for before in range(3):
            for code in (base64.b64encode, base64.urlsafe_b64encode):
                encoded = code(bytes(before) + plain).decode()
                # The first and last characters depend on what stands beside it.
                tail = 4 if (len(plain) + before) % 3 else 0
                forms.append(encoded[4 if before else 0 : len(encoded) - tail])
    return tuple(dict.fromkeys(form for form in forms if len(form) >= _SHORTEST))


@lru_cache(maxsize=8)
def _all_forms(secrets: frozenset[str]) -> tuple[str, ...]:
    """Return the forms of all of them, the longest first."""
    forms = {form for secret in secrets for form in _forms(secret)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=8)
def _ends(secrets: frozenset[str]) -> re.Pattern[str]:
    """Match how any form of any of them begins or ends: most texts hold nothing like it."""
    forms = _all_forms(secrets)
    ends = {end for form in forms for end in (form[:_LEAST_CUT], form[-_LEAST_CUT:])}
    return re.compile("|".join(map(re.escape, sorted(ends))))


@lru_cache(maxsize=4096)
def _cut(form: str) -> re.Pattern[str]:
    """Match what is left of a form of a secret that was cut; nothing for a short one.

    The beginning is written as nested optional parts, so a match takes linear time.
    """
    alternatives = []
    if len(form) > _LEAST_CUT:
        if (least := _least(form)) < len(form):
            alternatives.append(_nested(form[:_LONGEST_CUT], least))
        if (least := _least(form[::-1])) < len(form):
            alternatives += [
                re.escape(form[-size:])
                for size in range(min(len(form) - 1, _LONGEST_CUT), least - 1, -1)
            ]
    return re.compile("|".join(alternatives) or r"(?!)")


def _nested(form: str, least: int) -> str:
    rest = form[least:]
    opened = "".join(f"(?:{re.escape(char)}" for char in rest)
    return re.escape(form[:least]) + opened + ")?" * len(rest)


def _least(form: str) -> int:
    """Return how much of the beginning of a form gives it away: more if it looks like a word."""
    for size in range(_LEAST_CUT, len(form)):
        head = form[:size]
        mixed = any(char.isdigit() for char in head) or (head.lower() != head != head.upper())
        if mixed or size >= 12:
            return size
    return len(form)
