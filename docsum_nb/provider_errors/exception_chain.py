"""The exceptions behind an exception, and what they say.

Invariant: nothing here raises and nothing grows with the text: an exception of a stranger may raise
when it is printed or asked for an attribute, hold itself as its cause, or carry fifty megabytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docsum_nb.errors import shortened

__all__ = [
    "MOST_CHARS",
    "attribute",
    "chain_of",
    "class_names",
    "shorten_error",
    "texts_of",
    "without_secrets",
    "words_of",
]

MOST_CHARS = 4_000
"""Characters of any one text that are looked at."""
_MOST_LINKS = 30
_QUOTES_A_HEADER = ("illegal header value", "invalid header value", "bearer ")
_LAYERS = {
    "litellm": 1,
    **dict.fromkeys(("openai", "anthropic", "groq", "mistralai", "ollama"), 2),
    **dict.fromkeys(("httpx", "requests"), 3),
    **dict.fromkeys(("httpcore", "urllib3"), 4),
    **dict.fromkeys(("aiohttp", "h11", "h2"), 5),
}
"""Libraries by the order in which they wrap each other's exceptions."""


def chain_of(error: BaseException) -> tuple[BaseException, ...]:
    """Return an exception and those behind it of the same request, from the outermost inwards.

    An exception that is raised while another one is handled has that one behind it: an earlier
    request's. It begins at a library that was passed before and wraps the others.
    """
    found: list[BaseException] = []
    seen: set[int] = set()
    depth = 0
    after: BaseException | None = error
    while after is not None and id(after) not in seen and len(found) < _MOST_LINKS:
        layer = _LAYERS.get(type(after).__module__.partition(".")[0])
        if layer is not None and layer < depth:
            break
        depth = depth if layer is None else layer
        seen.add(id(after))
        found.append(after)
        after = _behind(after)
    return tuple(found)


def _behind(error: BaseException) -> BaseException | None:
    if attribute(error, "_docsum_nb_says_all") is True:
        return None  # what a client made of the same answer is no cause
    # LiteLLM wraps what breaks a stream, and keeps the original beside the chain.
    original = attribute(error, "original_exception")
    if isinstance(original, BaseException):
        return original
    if error.__cause__ is not None:
        return error.__cause__
    if error.__context__ is not None:
        return error.__context__
    if isinstance(error, BaseExceptionGroup) and error.exceptions:
        return error.exceptions[0]
    # Some libraries hand the original over as an argument and leave no chain.
    first = error.args[0] if error.args else None
    return first if isinstance(first, BaseException) else None


def attribute(error: object, name: str) -> Any:
    """Return an attribute of an object; ``None`` if there is none, or if asking for it raises."""
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001  # a stranger's property may raise anything
        return None


def class_names(error: BaseException) -> frozenset[str]:
    """Return the names of the classes of an exception, those it inherits from included."""
    return frozenset(kind.__name__ for kind in type(error).__mro__)


def words_of(error: BaseException) -> str:
    """Return what an exception says; its class if it says nothing or cannot be printed."""
    try:
        said = str(error)[:MOST_CHARS].strip()
    except Exception:  # noqa: BLE001  # see above
        said = ""
    return said or type(error).__name__


def shorten_error(error: Exception) -> Exception:
    """Shorten what an exception says if it is a whole page or more; return the exception.

    It is stored, shown and sent to observers; its class, status and headers stay.
    """
    said = attribute(error, "message")
    if isinstance(said, str) and len(said) > MOST_CHARS:
        short = shortened(said, MOST_CHARS)
        try:
            error.message = short  # type: ignore[attr-defined]
            if any(isinstance(each, str) and len(each) > MOST_CHARS for each in error.args):
                error.args = (short,)
        except Exception:  # noqa: BLE001, S110  # one that takes no attributes stays unchanged
            pass
    return error


def without_secrets(error: Exception) -> Exception:
    """Cut off what is behind an exception if it quotes a header, which holds the key.

    Python prints what is behind an exception that is raised. Returns the exception.
    """
    if any(marker in texts_of(chain_of(error)[1:]) for marker in _QUOTES_A_HEADER):
        error.__cause__ = error.__context__ = None
    return error


def texts_of(errors: Iterable[BaseException]) -> str:
    """Return what all of them say, in lower case, for markers to be looked for."""
    return "\n".join(map(words_of, errors)).lower()
