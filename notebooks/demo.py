"""The main job on documents that every machine has: what ``make demo`` runs.

Summarizes the READMEs of the installed distributions and finds what Python's own language
reference says on the matter. No key, no network. Run it again: no model is asked twice.
"""

from __future__ import annotations

import importlib.metadata
import pydoc_data.topics
from dataclasses import replace
from pathlib import Path

import docsum_nb as ds

BUILD = Path("build/demo")


def installed_readmes() -> dict[str, str]:
    """Read the long descriptions of the installed distributions, by name."""
    found = {}
    for distribution in importlib.metadata.distributions():
        description = distribution.metadata.json.get("description")
        if isinstance(description, str) and description.strip():
            found[distribution.metadata["Name"]] = description
    return dict(sorted(found.items()))


def main() -> None:
    """Fill the library, summarize, print, write a page."""
    library = ds.Library(BUILD / "library")
    added = library.add(pydoc_data.topics.topics)
    print(f"library: {len(library)} topics of the language reference ({added.added} new)")

    readmes = installed_readmes()
    print(ds.plan(readmes, library=library))
    summary = ds.summarize(readmes, library=library, ledger=BUILD / "ledger.sqlite3").result()
    page = BUILD / "demo.html"
    page.write_text(summary.to_html(page=True), encoding="utf-8")
    # Of hundreds of documents: what they say together, and one of them.
    print(f"\n{replace(summary, documents=summary.documents[:1]).to_text()}")
    print(f"\nall {len(summary.documents)} documents, on a page that opens offline: {page}")


if __name__ == "__main__":
    main()
