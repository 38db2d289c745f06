"""Which versions are installed, and whether they were declared to work together.

Read from the installed packages' own metadata, as ``pip check`` does, so that nothing is imported.
A version outside a declared range may work all the same; one that is missing cannot.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from docsum_nb.findings import Finding, Level

__all__ = ["installed", "version_findings"]

_OWN = "docsum_nb"
_EXAMINED = (_OWN, "crewai", "litellm")
_WITH_CHECKS_OF_THEIR_OWN = {"ipykernel", "ipywidgets"}
_OF_THE_PROXY = ("litellm-proxy-extras", "litellm-enterprise")
"""Installed with ``litellm[proxy]`` only."""


def version_findings() -> Iterator[Finding]:
    """Examine Python, CrewAI, LiteLLM and what they declare to need."""
    yield _python()
    for name in _EXAMINED:
        yield _declared(name)
    yield from _proxy()


def installed(name: str) -> str | None:
    """Return an installed package's version; ``None`` where it is not installed."""
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
    # What docsum_nb declares is what it was tried with; the others declare more narrowly.
    level: Level = "problem" if missing or name == _OWN else "warning"
    seen = [f"{text} is needed, {found or 'nothing'} is installed" for text, found in wrong]
    return Finding(
        level,
        "versions",
        subject,
        "; ".join(seen),
        "Versions that were never tried together fail at import, or late in a run.",
        "pip install "
        + " ".join(f"'{text}'" for text, _ in wrong)
        + ", or make a new environment.",
    )


def _unmet(name: str, *, extra: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a package needs and has not: the requirement, and the version that is there."""
    for wanted in _requirements(name, extra=extra):
        if name == _OWN and canonicalize_name(wanted.name) in _WITH_CHECKS_OF_THEIR_OWN:
            continue
        found = installed(wanted.name)
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name}{wanted.specifier}", found


def _requirements(name: str, *, extra: str) -> Iterator[Requirement]:
    """Yield what a package needs here: always, or in addition with an extra."""
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
        "whichever was installed last has broken the other.",
        "Give the proxy an environment of its own; crews reach it over HTTP, with base_url=.",
    )
