"""Every hostile file of ``hostile_inputs/``: loaded or refused clearly, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.documents.hostile import Hostile, Outcome, try_it

MODULES = sorted(path.stem for path in (Path(__file__).parent / "hostile_inputs").glob("*.py"))
LONG = frozenset(
    {
        "attack-adoc-of-attributes",
        "attack-rst-of-substitutions",
        "attack-tex-of-doubling-macros",
        "attack-tex-of-endless-items",
        "attack-tex-of-macros",
        "attack-tex-of-verbs",
        "attack-xml-of-ampersands",
        "office-csv-one-line-of-text",
        "office-csv-one-row",
        "office-docx-many-paragraphs",
        "office-docx-million-empty-elements",
        "office-docx-rows-of-many-cells",
        "office-docx-text-bomb",
        "office-docx-zip-bomb",
        "office-docx-zip-bomb-of-styles",
        "office-ods-repeated-rows",
        "office-rtf-controls-only",
        "office-rtf-million-braces",
        "office-xlsx-many-strings",
        "office-xlsx-merged-everything",
        "office-xlsx-shared-string-bomb",
        "pdf-100,000 pages of one",
        "pdf-3,000 fields",
        "pdf-30 pages of 380 lines each way",
        "pdf-5 MB of text on a page",
        "pdf-50,000 ruling lines",
        "pdf-form that draws itself",
        "pdf-forms in forms, a hundred to the power of six",
        "pdf-forms in forms, ten to the power of nine",
        "pdf-picture of 60,000 times 60,000",
        "pdf-picture of a page as large as a country",
        "pdf-stream of 300 MB in 300 kB",
        "pdf-stream packed twice, 1 GB",
        "sources-bzip2 bomb",
        "sources-gzip bomb",
        "text-asciidoc-fences",
        "text-asciidoc-tables",
        "text-org-drawers",
        "web-cells",
        "web-comment-never-closed",
        "web-lists-in-lists",
        "web-many-nodes",
        "web-quote-never-closed",
        "web-quotes-of-both-kinds",
        "web-regions",
        "web-tables-in-tables",
        "web-tags-never-closed",
        "web-wide-cells",
        "web-xml-of-many-nodes",
        "words-subtitles of stray lines",
    }
)
"""Those that take seconds of processor time: a reader comes near to a bound."""
INPUTS = [
    pytest.param(
        hostile,
        id=f"{module}-{hostile.name}",
        marks=pytest.mark.long if f"{module}-{hostile.name}" in LONG else (),
    )
    for module in MODULES
    for hostile in import_module(f"tests.documents.hostile_inputs.{module}").INPUTS
]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    found: dict[str, Outcome] = {}
    yield found
    if found:
        loaded = sum(outcome.loaded for outcome in found.values())
        slowest = max(found, key=lambda name: found[name].seconds)
        largest = max(found, key=lambda name: found[name].peak_mb)
        print(
            f"\nhostile files: {len(found)} tried, {loaded} loaded, {len(found) - loaded} refused; "
            f"slowest {found[slowest].seconds:.1f} s ({slowest}), "
            f"most memory {found[largest].peak_mb:.0f} MB ({largest})"
        )


@pytest.mark.timeout(900)  # more than those of a hang
@pytest.mark.parametrize("hostile", INPUTS)
def test_hostile(
    hostile: Hostile,
    tmp_path: Path,
    outcomes: dict[str, Outcome],
    request: pytest.FixtureRequest,
) -> None:
    outcomes[request.node.callspec.id] = try_it(hostile, tmp_path)


def test_the_long_ones_exist() -> None:
    assert {str(each.id) for each in INPUTS} > LONG
