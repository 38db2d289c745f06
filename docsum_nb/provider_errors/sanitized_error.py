"""An exception without secrets, and without characters that must reach no screen.

The exception stays the object that was raised, of its own class. What it holds is masked in place:
its words, attributes and notes, and those of all exceptions behind it; requests and responses of
HTTP clients included, which hold the key in their headers. What cannot be masked is put out of
reach: an attribute is replaced by its masked ``repr``, an exception behind it is cut off.
Invariant: nothing here raises, and the work is bounded in exceptions and depth. Frames of
tracebacks are left alone: nothing that this package shows or keeps quotes their values.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

from docsum_nb.characters import harmless
from docsum_nb.secrets import known, masked, masked_value

__all__ = ["sanitized"]

_MOST_ERRORS = 100
_MOST_DEPTH = 5
_OWN = "docsum_nb."
_PLAIN = (int, float, bool, type(None), complex)
_SETTABLE = ("filename", "filename2", "strerror", "object", "reason", "msg", "text", "value", "doc")
"""Attributes of built-in exceptions that are in no dictionary."""


def sanitized(error: BaseException) -> BaseException:
    """Mask what is secret in an exception and all behind it, in place; return the exception."""
    for link in _all_of(error):
        with contextlib.suppress(Exception):
            _sanitize_one(link)
    for link in _all_of(error):
        for name in ("__cause__", "__context__"):
            behind = getattr(link, name, None)
            if behind is not None and _still_tells(behind):
                with contextlib.suppress(Exception):
                    suppressed = link.__suppress_context__
                    setattr(link, name, None)
                    link.__suppress_context__ = suppressed
    return error


def _all_of(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], {id(error)}
    while waiting and len(seen) <= _MOST_ERRORS:
        link = waiting.pop()
        yield link
        behind: list[Any] = [link.__cause__, link.__context__]
        with contextlib.suppress(Exception):
            if isinstance(link, BaseExceptionGroup):
                behind += link.exceptions
            behind += [*link.args, *vars(link).values()]
        for each in behind:
            if isinstance(each, BaseException) and id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)


def _still_tells(error: BaseException) -> bool:
    try:
        said = f"{error}{error!r}"
    except Exception:  # noqa: BLE001  # it cannot be printed, so nothing is known of it
        return False
    return masked(said) != said


def _sanitize_one(error: BaseException) -> None:
    args = tuple(_shown(each) for each in error.args)
    if any(new is not old for new, old in zip(args, error.args, strict=True)):
        error.args = args
    for name in _SETTABLE:
        with contextlib.suppress(Exception):
            value = getattr(error, name, None)
            if isinstance(value, str | bytes) and (new := masked_value(value)) != value:
                setattr(error, name, new)
    for name, value in list(vars(error).items()):
        with contextlib.suppress(Exception):
            new = _shown(value) if name == "message" else _without_secrets(value, 0)
            if new is not value:
                setattr(error, name, new)
    notes = getattr(error, "__notes__", None)
    if isinstance(notes, list):
        notes[:] = [_shown(note) for note in notes]


def _shown(value: Any) -> Any:
    """Return words without secrets and harmful characters; anything else without secrets."""
    if type(value) is str:
        new = harmless(masked(value))
        return value if new == value else new
    return _without_secrets(value, 0)


def _without_secrets(value: Any, depth: int) -> Any:
    """Return a value that holds no secret: itself, changed in place if it is a client's."""
    if isinstance(value, (*_PLAIN, BaseException)) or depth > _MOST_DEPTH:
        return value
    if isinstance(value, str | bytes):
        new = masked_value(value)
        return value if new == value else new
    if type(value).__module__.startswith(_OWN) or isinstance(value, type):
        return value
    if type(value) in (dict, list, tuple, set, frozenset):
        return _copied(value, depth)
    if _holds_secret(value) and (copied := _rebuilt(value, depth)) is not None:
        return copied
    module = type(value).__module__.partition(".")[0]
    if module in ("httpx", "openai", "litellm", "anthropic", "requests", "urllib3"):
        _mask_client_part(value, depth)
    return masked(repr(value)) if _holds_secret(value) else value


def _copied(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        pairs = {
            masked_value(name): _without_secrets(each, depth + 1) for name, each in value.items()
        }
        same = all(pairs.get(name) is each for name, each in value.items())
        return value if same else pairs
    items = [_without_secrets(each, depth + 1) for each in value]
    return value if all(a is b for a, b in zip(items, value, strict=True)) else type(value)(items)


def _rebuilt(value: Any, depth: int) -> Any:
    """Return a masked copy that an error can still make its words of; ``None`` if there is none.

    Those of aiohttp hold a named tuple of addresses and headers.
    """
    with contextlib.suppress(Exception):
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(_without_secrets(each, depth + 1) for each in value))
        if isinstance(value, Mapping):
            return {masked_value(name): masked_value(each) for name, each in value.items()}
        if type(value).__name__ == "URL" and type(value).__module__.startswith("yarl"):
            return type(value)(masked(str(value)))
    return None


def _mask_client_part(value: Any, depth: int) -> None:
    """Mask a request or response in place, so that status and headers can still be read."""
    headers = getattr(value, "headers", None)
    if headers is not None:
        for name in list(headers):
            said = headers[name]
            new = masked(said)
            if name.lower() in ("authorization", "proxy-authorization", "x-api-key", "api-key"):
                new = "[secret]"
            if new != said:
                headers[name] = new
    with contextlib.suppress(Exception):
        address = str(value.url)
        if (new := masked(address)) != address:
            value.url = type(value.url)(new)
    for name, each in list(vars(value).items()):
        with contextlib.suppress(Exception):
            if isinstance(each, str | bytes) and (new := masked_value(each)) != each:
                setattr(value, name, new)
            elif name in ("_request", "request", "history", "stream") and each is not None:
                new = _without_secrets(each, depth + 1)
                if new is not each and name != "stream":
                    setattr(value, name, new)


def _holds_secret(value: Any) -> bool:
    """Return whether an object shows a secret, or carries one when it is pickled."""
    with contextlib.suppress(Exception):
        said = repr(value)
        if masked(said) != said:
            return True
    with contextlib.suppress(Exception):
        data = pickle.dumps(value)
        return any(secret.encode() in data for secret in known())
    return False
