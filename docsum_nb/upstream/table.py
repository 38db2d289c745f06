"""A table of the names of another library that promises of this package depend on.

Looking a name up never raises: an absent one is replaced by a stand-in, so that code which does not
need it still works. ``Table.lost`` returns the promises that do not hold with what is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

from docsum_nb.errors import UpstreamError
from docsum_nb.upstream.checks import (
    call_fault,
    condition_fault,
    dotted,
    member_fault,
    mention_fault,
    parameter_fault,
    path_fault,
    resolve,
)

__all__ = [
    "TESTED",
    "Attribute",
    "Lost",
    "Name",
    "Promise",
    "Table",
    "untested",
    "version_of",
]


Kind = Literal["value", "member", "parameter", "call", "condition"]


@dataclass(frozen=True)
class Promise:
    """What a user may rely on."""

    text: str
    """The subject of "... does not hold with crewai 1.15.41"."""
    money: bool = False
    """Whether, if it does not hold, calls are paid for that a bound of the user's forbids."""


@dataclass(frozen=True)
class Name:
    """A name of another package's, and what depends on it."""

    kind: Kind
    path: str
    """``module:Class.attribute``; of a parameter ``module:function(name)``, of a call
    ``module:function > method``, of a condition its text."""
    use: str
    """What it is used for."""
    promises: tuple[Promise, ...]
    """What no longer holds without it."""
    fault: Callable[[], str] = field(compare=False, repr=False)
    """Returns what is wrong with it; empty if nothing is. Takes microseconds, changes nothing."""


@dataclass(frozen=True)
class Lost:
    """A promise that does not hold with the installed version."""

    promise: Promise
    faults: tuple[str, ...]
    """What is wrong, a text for each name."""
    library: str
    """Name and version."""

    def __str__(self) -> str:
        return f"{self.promise.text} does not hold with {self.library}: {'; '.join(self.faults)}"


@dataclass(frozen=True)
class Attribute:
    """An attribute of another package's objects, whose name is spelled here only.

    One that is absent is read as ``None`` and not set; ``Table.lost`` has what does not hold then.
    """

    name: str

    def of(self, owner: Any) -> Any:
        """Return the attribute of an object or class; ``None`` if it has none."""
        return getattr(owner, self.name, None)

    def set(self, owner: Any, value: Any) -> None:
        """Set the attribute of an object that has one."""
        if self.known(owner):
            setattr(owner, self.name, value)

    def replace(self, owner: Any, value: Any) -> None:
        """Set a value on the object that hides the class's: pydantic allows fields only."""
        object.__setattr__(owner, self.name, value)

    def replaced(self, owner: Any) -> bool:
        """Check whether ``replace`` was called for an object."""
        return self.name in vars(owner)

    def known(self, owner: Any) -> bool:
        """Check whether an object has the attribute."""
        return hasattr(owner, self.name)

    def mark(self, function: Any) -> None:
        """Set the attribute of a function to true."""
        setattr(function, self.name, True)


TESTED = {"crewai": ("1.15.29", "1.15.30"), "litellm": ("1.106.2", "1.106.2")}
"""The oldest and the newest version of each library with which all tests have passed."""


class Table:
    """The names that this package needs of one library, in the order in which they were added.

    Args:
        library: The name of the distribution.
    """

    def __init__(self, library: str) -> None:
        self.library = library
        self._names: list[Name] = []
        self._reported = ""

    @property
    def names(self) -> tuple[Name, ...]:
        """All names, in order."""
        return tuple(self._names)

    # --- adding names ---------------------------------------------------------------------------

    def kind(self, path: str, use: str, *promises: Promise, base: type = object) -> Any:
        """Return a class; if it is absent, a class that nothing is an instance of.

        Args:
            path: ``module:Class``.
            use: What it is used for.
            *promises: What no longer holds without it.
            base: The base class of the stand-in.
        """
        self._add("value", path, use, promises, partial(path_fault, path))
        value = resolve(path)
        if value is not None:
            return value
        # Subclasses that are defined of it must not fail at import.
        return type(path.partition(":")[2], (base,), {"__class_getitem__": classmethod(_itself)})

    def value(self, path: str, use: str, *promises: Promise, instead: Any = None) -> Any:
        """Return a function, module or other value; if it is absent, ``instead``.

        Without ``instead``, calling the stand-in raises ``UpstreamError``.
        """
        self._add("value", path, use, promises, partial(path_fault, path))
        value = resolve(path)
        if value is not None:
            return value
        return partial(self._absent, path) if instead is None else instead

    def later(self, path: str, use: str, *promises: Promise) -> Callable[[], Any]:
        """Return a function that returns what a path names, and imports it when it is called.

        What it returns is ``None`` if the name is absent.
        """
        self._add("value", path, use, promises, partial(path_fault, path))
        return partial(resolve, path)

    def public(self, path: str, use: str, *promises: Promise) -> None:
        """Add names of a module that are used as its attributes: ``module name other another``."""
        module, *names = path.split()
        for name in names:
            each = f"{module}:{name}"
            self._add("value", each, use, promises, partial(path_fault, each))

    def attribute(self, path: str, use: str, *promises: Promise) -> Attribute:
        """Return the accessor of an attribute of a class's instances: ``module:Class.name``."""
        self.members(path, use, *promises)
        return Attribute(path.rpartition(".")[2])

    def function(self, path: str, use: str, *promises: Promise) -> Attribute:
        """Return the accessor of a module's function that is replaced: ``module:function``."""
        self._add("value", path, use, promises, partial(path_fault, path))
        return Attribute(path.partition(":")[2])

    def members(self, path: str, use: str, *promises: Promise) -> None:
        """Add attributes of a class's instances: ``module:Class.name other another``."""
        first, *more = path.split()
        owner = first.rpartition(".")[0]
        for each in (first, *(f"{owner}.{name}" for name in more)):
            self._add("member", each, use, promises, partial(member_fault, each))

    def parameters(self, path: str, use: str, *promises: Promise) -> None:
        """Add parameters of a function: ``module:function name other another``."""
        function, *names = path.split()
        for name in names:
            fault = partial(parameter_fault, function, name)
            self._add("parameter", f"{function}({name})", use, promises, fault)

    def call(self, path: str, method: str, use: str, *promises: Promise) -> None:
        """Add that a function calls a method on the object itself: a replaced one is called, too.

        Args:
            path: ``module:function`` or ``module:Class.function``.
            method: The method's name.
            use: What it is used for.
            *promises: What no longer holds if it does not.
        """
        fault = partial(call_fault, path, method)
        self._add("call", f"{path} > {method}", use, promises, fault)

    def mention(self, path: str, text: str, use: str, *promises: Promise) -> None:
        """Add that a function's code holds a text, such as the key of an option it reads."""
        fault = partial(mention_fault, path, text)
        self._add("call", f"{path} > {text}", use, promises, fault)

    def condition(self, text: str, fault: Callable[[], str], use: str, *promises: Promise) -> None:
        """Add what is checked by trying it; an error that ``fault`` raises counts as a fault."""
        self._add("condition", text, use, promises, partial(condition_fault, fault))

    def _add(
        self,
        kind: Kind,
        path: str,
        use: str,
        promises: tuple[Promise, ...],
        fault: Callable[[], str],
    ) -> None:
        self._names.append(Name(kind, path, use, promises, fault))

    # --- what holds -----------------------------------------------------------------------------

    def lost(self, *among: Promise) -> tuple[Lost, ...]:
        """Return the promises that do not hold with what is installed; takes milliseconds.

        Args:
            *among: The promises to check; none for all.
        """
        faults: dict[Promise, list[str]] = {}
        for name in self._names:
            concerned = [each for each in name.promises if not among or each in among]
            if concerned and (fault := name.fault()):
                for promise in concerned:
                    faults.setdefault(promise, []).append(fault)
        release = self.release()
        return tuple(
            Lost(promise, tuple(dict.fromkeys(each)), release) for promise, each in faults.items()
        )

    def require(self, *promises: Promise) -> None:
        """Check that promises hold.

        Raises:
            UpstreamError: if one does not; the message names it, the version and what is missing.
        """
        if lost := self.lost(*promises):
            raise self.error("; ".join(map(str, lost)))

    def news(self) -> str:
        """Return that the installed version was not tested, once in a process; empty otherwise."""
        text = untested(self.library)
        news = "" if text == self._reported else text
        self._reported = text
        return news

    def error(self, text: str) -> UpstreamError:
        """Return an error that names a version to install, unless it is installed already."""
        newest = TESTED[self.library][1]
        if version_of(self.library) != newest:
            text = f"{text}; a version that was tested: pip install '{self.library}=={newest}'"
        return UpstreamError(text)

    def release(self) -> str:
        """Return the library and its installed version, for a message."""
        return f"{self.library} {version_of(self.library)}"

    def _absent(self, path: str, *_: Any, **__: Any) -> Any:
        raise self.error(f"{dotted(path)} is missing in {self.release()}")


def _itself(kind: type, _: Any) -> type:
    return kind


def version_of(library: str) -> str:
    """Return the installed version of a library; empty if it is not installed."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def untested(library: str) -> str:
    """Return how the installed version differs from those tested; empty if it was tested."""
    version, (oldest, newest) = version_of(library), TESTED[library]
    try:
        installed = Version(version)
    except InvalidVersion:
        return f"{library} {version or 'of no known version'} was not tested"
    if installed > Version(newest):
        return f"{library} {version} is newer than {newest}, the newest tested"
    if installed < Version(oldest):
        return f"{library} {version} is older than {oldest}, the oldest tested"
    return ""
