"""Which versions are installed: whether they are declared to work together, and were tested.

Declarations are read from the installed packages' metadata, as ``pip check`` does, so that nothing
is imported. A version outside a declared range may still work; a missing one cannot. The names that
promises depend on are looked up only if their library is imported already; they stand in
``crew/crewai_names`` and ``models/litellm_names.py``.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import import_module, metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from docsum_nb.findings import Finding, Level
from docsum_nb.upstream import TESTED, Lost, Table, untested, version_of

__all__ = ["installed", "promise_findings", "version_findings"]

_OWN = "docsum_nb"
_EXAMINED = (_OWN, "crewai", "litellm")
_WITH_CHECKS_OF_THEIR_OWN = {"ipykernel", "ipywidgets"}
_OF_THE_PROXY = ("litellm-proxy-extras", "litellm-enterprise")
"""Installed with ``litellm[proxy]`` only."""
_TABLES = {"crewai": "docsum_nb.crew.crewai_names", "litellm": "docsum_nb.models.litellm_names"}


def version_findings() -> Iterator[Finding]:
    """Examine Python, CrewAI, LiteLLM and what they declare to need."""
    yield _python()
    for name in _EXAMINED:
        yield _declared(name)
    yield from _proxy()


def installed(name: str) -> str | None:
    """Return an installed package's version; ``None`` if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _python() -> Finding:
    version, subject = platform.python_version(), f"Python {platform.python_version()}"
    declared = {
        name: metadata.metadata(name)["Requires-Python"]
        for name in _EXAMINED
        if installed(name) is not None and "Requires-Python" in metadata.metadata(name)
    }
    outside = [
        f"{name} needs {wanted}"
        for name, wanted in declared.items()
        if not SpecifierSet(wanted).contains(version, prereleases=True)
    ]
    if outside:
        return Finding(
            "problem",
            "python",
            subject,
            f"outside what is declared: {'; '.join(outside)}",
            "Packages may fail to install, to import, or in the middle of a run.",
            "Make an environment with a Python that all of them declare, such as 3.12.",
        )
    return Finding("ok", "python", subject, "in the range that all of them declare")


def _declared(name: str) -> Finding:
    version = installed(name)
    subject = f"{name} {version}" if version else name
    if version is None:
        if name == _OWN:
            return Finding(
                "note",
                "versions",
                subject,
                "not installed as a package, so its version ranges cannot be read",
                do="pip install it: what it needs comes with it, in versions that fit.",
            )
        return Finding("problem", "versions", subject, "not installed", do=f"pip install -U {_OWN}")
    wrong = list(_unmet(name, extra=""))
    if not wrong:
        return Finding("ok", "versions", subject, "all that it needs is installed, in range")
    missing = [text for text, found in wrong if found is None]
    # docsum_nb declares the versions it was tested with; the others declare narrower ranges.
    level: Level = "problem" if missing or name == _OWN else "warning"
    seen = [f"{text} is needed, {found or 'nothing'} is installed" for text, found in wrong]
    return Finding(
        level,
        "versions",
        subject,
        "; ".join(seen),
        "Versions that were never tried together may fail at import, or late in a run.",
        "pip install "
        + " ".join(f"'{text}'" for text, _ in wrong)
        + ", or make a new environment.",
    )


def _unmet(name: str, *, extra: str) -> Iterator[tuple[str, str | None]]:
    """Yield each unmet requirement of a package, and the version that is installed instead."""
    for wanted in _requirements(name, extra=extra):
        if name == _OWN and canonicalize_name(wanted.name) in _WITH_CHECKS_OF_THEIR_OWN:
            continue
        found = installed(wanted.name)
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name}{wanted.specifier}", found


def _requirements(name: str, *, extra: str) -> Iterator[Requirement]:
    """Yield the requirements of a package on this platform: its own, or those of an extra."""
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.marker is None:
            applies = not extra
        elif extra:
            applies = wanted.marker.evaluate({"extra": extra}) and not wanted.marker.evaluate(
                {"extra": ""}
            )
        else:
            applies = wanted.marker.evaluate({"extra": ""})
        if applies:
            yield wanted


def _proxy() -> Iterator[Finding]:
    there = [name for name in _OF_THE_PROXY if installed(name) is not None]
    if not there or installed("crewai") is None or installed("litellm") is None:
        return
    of_crewai = {canonicalize_name(each.name): each for each in _requirements("crewai", extra="")}
    of_proxy = list(_requirements("litellm", extra="proxy"))
    both = [each for each in of_proxy if canonicalize_name(each.name) in of_crewai]
    clashes = []
    for each in both:
        found = installed(each.name)
        other = of_crewai[canonicalize_name(each.name)]
        if found and not (each.specifier & other.specifier).contains(found, prereleases=True):
            clashes.append(f"{each.name} {found} ({other.specifier} and {each.specifier})")
    yield Finding(
        "problem" if clashes else "warning",
        "proxy",
        "litellm[proxy]",
        "installed beside crewai"
        + (f"; they cannot both have the {', '.join(clashes)} they need" if clashes else ""),
        "The proxy and CrewAI declare versions of the same packages that exclude one another; "
        "the one that was installed last has broken the other.",
        "Give the proxy an environment of its own; crews reach it over HTTP, with base_url=.",
    )


# --- tested versions, and the promises that do not hold -------------------------------------------


def promise_findings() -> Iterator[Finding]:
    """Examine the installed versions of both libraries, as far as they are imported."""
    for library, module in _TABLES.items():
        if not version_of(library):
            continue  # its absence is another finding
        table: Table | None = import_module(module).TABLE if library in sys.modules else None
        lost = table.lost() if table is not None else ()
        yield _tested(library, table, lost)
        for each in lost:
            yield _lost(each)


def _tested(library: str, table: Table | None, lost: tuple[Lost, ...]) -> Finding:
    subject, (oldest, newest) = f"{library} {version_of(library)}", TESTED[library]
    new = untested(library)
    if table is None:
        names = f"its names are looked up once {library} is imported"
    elif lost:
        names = f"{len(lost)} promises do not hold with it"
    else:
        names = f"all {len(table.names)} names that promises depend on are there"
    if not new:
        return Finding("warning" if lost else "ok", "tested", subject, f"tested; {names}")
    return Finding(
        "warning" if lost else "note",
        "tested",
        subject,
        f"{new}; {names}",
        "A release may move names that promises depend on; each run looks them up when it begins.",
        f"pip install '{library}>={oldest},<={newest}' for a version that was tested.",
    )


def _lost(lost: Lost) -> Finding:
    newest = TESTED[lost.library.split()[0]][1]
    return Finding(
        "problem" if lost.promise.money else "warning",
        "lost-promise",
        lost.library,
        str(lost),
        "A run that relies on it is refused if calls might be paid for without it, and is warned "
        "otherwise.",
        f"pip install '{lost.library.split()[0]}=={newest}', or a newer docsum_nb.",
    )
