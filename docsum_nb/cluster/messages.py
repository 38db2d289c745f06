"""What goes between the caller and the workers: batches of calls there, events back.

Both are bytes in queues of the scheduler, never in the graph of a task: the dashboard, the names of
tasks, spilled data and errors of Dask do not hold them. Invariant: an error arrives as the class
that was raised, with its words, its notes and those of its attributes that can be sent; one whose
class does not exist here is a ``ModelError`` with the same words.
"""

from __future__ import annotations

import contextlib
import platform
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias

import docsum_nb
from docsum_nb.errors import ModelError, described
from docsum_nb.models import Model
from docsum_nb.provider_errors import sanitized
from docsum_nb.records import Answer

__all__ = [
    "Answered",
    "Batch",
    "Ended",
    "Failed",
    "Message",
    "Piece",
    "RemoteCall",
    "Started",
    "Versions",
    "error_of",
    "packed",
    "packed_error",
    "unpacked",
]

_FAST = 1
"""Of zlib's levels."""
_MOST_BEHIND = 4
"""Exceptions behind an exception that are sent with it."""


@dataclass(frozen=True)
class Versions:
    """The versions that the caller and its workers have."""

    docsum_nb: str
    litellm: str
    python: str

    @classmethod
    def here(cls) -> Versions:
        """Return those of this process."""
        try:
            litellm = version("litellm")
        except PackageNotFoundError:
            litellm = "none"
        return cls(docsum_nb.__version__, litellm, platform.python_version())


@dataclass(frozen=True)
class RemoteCall:
    """One call of one model."""

    number: int
    """Of this call, unique in its run."""
    model: int
    """Its index among the models of the batch."""
    method: str
    """``"answer"``, ``"complete"`` or ``"stream"``."""
    args: tuple[Any, ...] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Batch:
    """Calls that one worker makes at the same time."""

    models: tuple[Model, ...] = field(repr=False)
    addresses: tuple[tuple[str, ...], ...] = field(repr=False)
    """Of each model: the provider and the server that the caller's environment leads to."""
    calls: tuple[RemoteCall, ...]


@dataclass(frozen=True)
class Started:
    """A worker has taken a batch."""

    batch: str
    worker: str
    versions: Versions


@dataclass(frozen=True)
class Ended:
    """Nothing more comes of a batch; calls of it that are not answered are lost."""

    batch: str


@dataclass(frozen=True)
class Answered:
    """A call was answered."""

    number: int
    answer: Answer = field(repr=False)


@dataclass(frozen=True)
class Piece:
    """A part of an answer that is shown while it is written."""

    number: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class Failed:
    """A call failed."""

    number: int
    error: bytes = field(repr=False)
    words: str
    """The error in words, if its class does not exist at the caller's."""


Message: TypeAlias = Started | Ended | Answered | Piece | Failed


def packed(value: object) -> bytes:
    """Return an object as bytes; classes that were defined in a notebook go with it."""
    import cloudpickle

    return zlib.compress(cloudpickle.dumps(value), _FAST)


def unpacked(data: bytes) -> Any:
    """Return the object that bytes stand for."""
    import cloudpickle

    return cloudpickle.loads(zlib.decompress(data))


# --- errors ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Parts:
    """An exception in parts: many of those of clients cannot be pickled themselves."""

    kind: type[BaseException]
    whole: bytes | None
    """The pickled exception, if it survives that; else ``None``, and these are its parts."""
    words: str
    args: tuple[Any, ...]
    state: dict[str, Any]
    cause: _Parts | None
    context: _Parts | None
    suppressed: bool


def packed_error(error: BaseException) -> bytes:
    """Return an exception as bytes, without secrets."""
    return packed(_parts_of(sanitized(error), _MOST_BEHIND))


def error_of(failed: Failed) -> Exception:
    """Return the exception that was raised at a worker."""
    try:
        error = _restored(unpacked(failed.error))
    except Exception:  # noqa: BLE001  # a class that does not exist here may raise anything
        return ModelError(failed.words, lasting=True)
    return error if isinstance(error, Exception) else ModelError(failed.words, lasting=True)


def _parts_of(error: BaseException | None, behind: int) -> _Parts | None:
    if error is None or behind < 0:
        return None
    whole = _survives(error)
    state = {} if whole is not None else _sendable(vars(error))
    args = () if whole is not None else tuple(_sendable(dict(enumerate(error.args))).values())
    return _Parts(
        type(error),
        whole,
        described(error),
        args,
        state,
        _parts_of(error.__cause__, behind - 1),
        _parts_of(error.__context__, behind - 1),
        error.__suppress_context__,
    )


def _restored(parts: _Parts | None) -> BaseException | None:
    if parts is None:
        return None
    if parts.whole is not None:
        error: BaseException = unpacked(parts.whole)
    else:
        error = _rebuilt(parts)
    error.__cause__ = _restored(parts.cause)
    error.__context__ = _restored(parts.context)
    error.__suppress_context__ = parts.suppressed
    return error


def _rebuilt(parts: _Parts) -> BaseException:
    """Return an exception of parts; its constructor may take arguments that are not known."""
    error = parts.kind.__new__(parts.kind, *parts.args)
    error.args = parts.args
    vars(error).update(parts.state)
    if described(error) != parts.words:
        # Built-in ones keep what they say beside their attributes.
        with contextlib.suppress(Exception):
            made = parts.kind(*parts.args)
            vars(made).update(parts.state)
            return made if described(made) == parts.words else error
    return error


def _survives(error: BaseException) -> bytes | None:
    """Return an exception as bytes if what they stand for is the same; else ``None``."""
    try:
        data = packed(error)
        again = unpacked(data)
        same = type(again) is type(error) and described(again) == described(error)
        return data if same and vars(again).keys() == vars(error).keys() else None
    except Exception:  # noqa: BLE001  # a stranger's exception may raise anything here
        return None


def _sendable(values: dict[Any, Any]) -> dict[Any, Any]:
    """Return those values that survive being sent."""
    kept = {}
    for name, value in values.items():
        # A stranger's object may raise anything here.
        with contextlib.suppress(Exception):
            unpacked(packed(value))
            kept[name] = value
    return kept
