"""Names of other packages that promises of this package depend on: found, and checked by name.

CrewAI and LiteLLM move what is not their documented interface from one release to the next, patch
releases included. So each name of theirs that is private, or may move, stands in one table for each
library (``crew/crewai_names.py``, ``models/litellm_names.py``), with what it is used for and the
promises that no longer hold without it. Looking a name up never raises: an absent one is replaced
by a stand-in, so that what does not need it goes on; ``Table.lost`` names what no longer holds.

Refuses to guess: a function that cannot be looked into, because a wrapper hides it, counts as
present.
"""

from __future__ import annotations

import dis
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from importlib import metadata
from types import CodeType
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

from docsum_nb.errors import UpstreamError

__all__ = [
    "TESTED",
    "Attribute",
    "Lost",
    "Name",
    "Promise",
    "Table",
    "found",
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
    """Whether calls are made, and paid for, that a bound or an input of the user's should stop."""


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
    """Return what is wrong with it, or an empty text. Takes microseconds; changes nothing."""


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
    """An attribute of another package's objects, read and set by its one spelling.

    One that is gone is read as ``None`` and not set: what no longer holds is in ``Table.lost``.
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
        """Put a value before what the class has: pydantic lets only fields be set."""
        object.__setattr__(owner, self.name, value)

    def replaced(self, owner: Any) -> bool:
        """Check whether ``replace`` was called for an object."""
        return self.name in vars(owner)

    def known(self, owner: Any) -> bool:
        """Check whether an object has the attribute."""
        return hasattr(owner, self.name)

    def look_before(self, owner: Any, see: Callable[..., object]) -> None:
        """Have ``see`` called with the arguments of each call of a function; nothing if absent.

        Args:
            owner: The class or module that the function is looked up in.
            see: Must not raise.
        """

        def make(own: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(own)
            def seen(*args: Any, **kwargs: Any) -> Any:
                see(*args, **kwargs)
                return own(*args, **kwargs)

            return seen

        self.wrap(owner, make)

    def wrap(self, owner: Any, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Replace a function of a class or module by what ``make`` makes of it; not if absent."""
        own = self.of(owner)
        if own is not None:
            setattr(owner, self.name, make(own))

    def mark(self, function: Any) -> None:
        """Set the attribute of a function to true."""
        setattr(function, self.name, True)


TESTED = {"crewai": ("1.15.29", "1.15.30"), "litellm": ("1.106.2", "1.106.2")}
"""The oldest and the newest version of each library that all tests have passed with."""


class Table:
    """The names of one library that are depended on, in the order in which they were added.

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
        self._add("value", path, use, promises, partial(_path_fault, path))
        there = found(path)
        if there is not None:
            return there
        # Subclasses that are defined of it must not fail at import.
        return type(path.partition(":")[2], (base,), {"__class_getitem__": classmethod(_itself)})

    def value(self, path: str, use: str, *promises: Promise, instead: Any = None) -> Any:
        """Return a function, module or other value; if it is absent, ``instead``.

        Without ``instead``, calling the stand-in raises ``UpstreamError``.
        """
        self._add("value", path, use, promises, partial(_path_fault, path))
        there = found(path)
        if there is not None:
            return there
        return partial(self._absent, path) if instead is None else instead

    def later(self, path: str, use: str, *promises: Promise) -> Callable[[], Any]:
        """Return a function that returns what a path names, and imports it when it is called.

        What it returns is ``None`` if the name is absent.
        """
        self._add("value", path, use, promises, partial(_path_fault, path))
        return partial(found, path)

    def public(self, path: str, use: str, *promises: Promise) -> None:
        """Add names of a module that are used as its attributes: ``module name other another``."""
        module, *names = path.split()
        for name in names:
            each = f"{module}:{name}"
            self._add("value", each, use, promises, partial(_path_fault, each))

    def attribute(self, path: str, use: str, *promises: Promise) -> Attribute:
        """Return the accessor of an attribute of a class's instances: ``module:Class.name``."""
        self.members(path, use, *promises)
        return Attribute(path.rpartition(".")[2])

    def function(self, path: str, use: str, *promises: Promise) -> Attribute:
        """Return the accessor of a module's function that is replaced: ``module:function``."""
        self._add("value", path, use, promises, partial(_path_fault, path))
        return Attribute(path.partition(":")[2])

    def members(self, path: str, use: str, *promises: Promise) -> None:
        """Add attributes of a class's instances: ``module:Class.name other another``."""
        first, *more = path.split()
        owner = first.rpartition(".")[0]
        for each in (first, *(f"{owner}.{name}" for name in more)):
            self._add("member", each, use, promises, partial(_member_fault, each))

    def parameters(self, path: str, use: str, *promises: Promise) -> None:
        """Add parameters of a function: ``module:function name other another``."""
        function, *names = path.split()
        for name in names:
            fault = partial(_parameter_fault, function, name)
            self._add("parameter", f"{function}({name})", use, promises, fault)

    def call(self, path: str, method: str, use: str, *promises: Promise) -> None:
        """Add that a function calls a method on the very object: what is put before it is called.

        Args:
            path: ``module:function`` or ``module:Class.function``.
            method: The method's name.
            use: What it is used for.
            *promises: What no longer holds if it does not.
        """
        fault = partial(_call_fault, path, method)
        self._add("call", f"{path} > {method}", use, promises, fault)

    def mention(self, path: str, text: str, use: str, *promises: Promise) -> None:
        """Add that a function's code holds a text, such as the key of an option it reads."""
        fault = partial(_mention_fault, path, text)
        self._add("call", f"{path} > {text}", use, promises, fault)

    def condition(self, text: str, fault: Callable[[], str], use: str, *promises: Promise) -> None:
        """Add what is checked by trying it; ``fault`` may raise, which counts as a fault."""
        self._add("condition", text, use, promises, partial(_raised, fault))

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
        """Return once in a process that the installed version was not tested; else nothing."""
        text = untested(self.library)
        news = "" if text == self._reported else text
        self._reported = text
        return news

    def error(self, text: str) -> UpstreamError:
        """Return an error that names a version which works, unless that is installed."""
        newest = TESTED[self.library][1]
        if version_of(self.library) != newest:
            text = f"{text}; what was tested: pip install '{self.library}=={newest}'"
        return UpstreamError(text)

    def release(self) -> str:
        """Return the library and its installed version, for a message."""
        return f"{self.library} {version_of(self.library)}"

    def _absent(self, path: str, *_: Any, **__: Any) -> Any:
        raise self.error(f"{_shown(path)} is missing in {self.release()}")


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


def _shown(path: str) -> str:
    return path.replace(":", ".")


def found(path: str) -> Any:
    """Return what a path names; ``None`` if it is absent."""
    module, _, names = path.partition(":")
    try:
        there: Any = importlib.import_module(module)
        for name in filter(None, names.split(".")):
            there = getattr(there, name)
    except Exception:  # noqa: BLE001  # a module that fails at import is absent, whatever it raises
        return None
    return there


def _path_fault(path: str) -> str:
    return f"{_shown(path)} is missing" if found(path) is None else ""


_NO_CODE = compile("", "", "exec")


def _member_fault(path: str) -> str:
    """Check a method, a field, a private attribute or what ``__init__`` sets."""
    owner, _, name = path.rpartition(".")
    kind = found(owner)
    if kind is None:
        return f"{_shown(owner)} is missing"
    places = ("__annotations__", "__private_attributes__", "__pydantic_fields__")
    classes = getattr(kind, "__mro__", (type(kind),))
    known = any(
        name in vars(each)
        or any(name in (vars(each).get(place) or ()) for place in places)
        or name in getattr(vars(each).get("__init__"), "__code__", _NO_CODE).co_names
        for each in classes
    )
    return "" if known else f"{_shown(path)} is missing"


def _parameter_fault(path: str, name: str) -> str:
    function = found(path)
    if function is None:
        return f"{_shown(path)} is missing"
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ""
    # A wrapper takes anything, and says nothing of what it passes on.
    kinds = {each.kind for each in parameters.values()}
    wrapper = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds
    return "" if wrapper or name in parameters else f"{_shown(path)} takes no {name}"


def _call_fault(path: str, method: str) -> str:
    function = found(path)
    if function is None:
        return f"{_shown(path)} is missing"
    code = _code_of(function)
    if code is None or _calls(code, method):
        return ""
    return f"{_shown(path)} does not call {method} on the object"


def _mention_fault(path: str, text: str) -> str:
    function = found(path)
    if function is None:
        return f"{_shown(path)} is missing"
    code = _code_of(function)
    if code is None or text in code.co_names or text in code.co_consts:
        return ""
    return f"{_shown(path)} does not read {text!r}"


def _code_of(function: Any) -> CodeType | None:
    """Return the code of a function, beneath its wrappers; ``None`` if it cannot be seen."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code if isinstance(code, CodeType) else None


@lru_cache(maxsize=256)
def _calls(code: CodeType, method: str) -> bool:
    """Check whether a function reads a method of something that is in a variable."""
    variable = False
    for step in dis.get_instructions(code):
        if variable and step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval == method:
            return True
        variable = step.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME"))
    return False


def _raised(fault: Callable[[], str]) -> str:
    try:
        return fault()
    except Exception as error:  # noqa: BLE001  # whatever it is, it does not work
        return f"{type(error).__name__}: {error}"
