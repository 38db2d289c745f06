"""What the doctor finds about a library: whether it can be reached, read, and searched by meaning.

It is opened as a search opens it, so a folder of an older version is upgraded. Nothing is sent to
an embedding model.
"""

from __future__ import annotations

from collections.abc import Iterator

from docsum_nb.errors import DocsumError
from docsum_nb.findings import Finding
from docsum_nb.library import Library

__all__ = ["library_findings"]

_CHECK = "library"


def library_findings(given: Library | str) -> Iterator[Finding]:
    """Examine a library, or the one at the address of a server."""
    try:
        library = Library(given) if isinstance(given, str) else given
        stats = library.stats()
    except DocsumError as error:
        subject = "the library" if isinstance(given, str) else str(given.path)
        # The message names the extra, the server or the file, and what to do.
        yield Finding("problem", _CHECK, subject, f"cannot be used: {error}")
        return
    subject = str(library.path)
    held = f"{stats['documents']:,} documents, {stats['passages']:,} passages"
    yield Finding("ok", _CHECK, subject, f"can be read: {held}")
    if "pgvector" in stats:
        yield _pgvector(subject, stats["pgvector"])
    elif "://" in subject:
        yield Finding("note", _CHECK, subject, "nothing was added yet", do="call add(...) on it.")
    missing = stats["passages"] - stats["vectors"]
    if library.embedder is not None and missing:
        yield Finding(
            "warning",
            _CHECK,
            subject,
            f"{missing:,} passages have no vector",
            "They are found by their words only; without any vector, a search is refused.",
            "Call embed() on it.",
        )


def _pgvector(subject: str, version: str | None) -> Finding:
    if version is not None:
        return Finding("ok", _CHECK, subject, f"pgvector {version} compares vectors on the server")
    return Finding(
        "note",
        _CHECK,
        subject,
        "pgvector is not in use",
        "With an embedder, vectors are sent to the client for each search.",
        "CREATE EXTENSION vector; in the database, then compute the vectors again.",
    )
