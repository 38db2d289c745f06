"""A Summary as pandas tables."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any, Literal

import pytest

from docsum_nb.errors import InputError
from docsum_nb.records import Hit, Usage
from docsum_nb.results import Hits, Related, Summary
from tests.results.result_samples import EMPTY, HOSTILE, ORDINARY, TEXT

Part = Literal["documents", "chunks", "related", "citations"]
PARTS: tuple[Part, ...] = ("documents", "chunks", "related", "citations")


def test_documents_have_their_cost() -> None:
    """A row for each document, with what was paid for it; sums are those of pandas."""
    first, second = ORDINARY.documents
    summary = replace(
        ORDINARY,
        documents=(
            replace(first, usage=Usage(19, 900, 80, 0.002)),
            replace(second, usage=Usage(1, 10, 5, None)),
        ),
    )
    frame = summary.to_frame()

    assert frame["document"].tolist() == ["review.pdf", "finance.docx"]
    assert frame["chunks"].sum() == 19
    assert frame["calls"].sum() == 20
    assert frame["cost_usd"].isna().tolist() == [False, True]
    assert frame["cost_usd"].sum() == 0.002


def test_chunks_have_their_place_and_text() -> None:
    """A row for each chunk: where it stands, what it says, who summarized it."""
    (row,) = ORDINARY.to_frame("chunks").to_dict("records")

    assert (row["document"], row["index"], row["text"], row["summary"]) == (
        *("review.pdf", 0, "t", "A chunk."),
    )


def test_related_documents_have_page_path_and_all_metadata() -> None:
    """What a hit knows beside its passage is there, odd pages of its own aside."""
    hits = (*ORDINARY.related, Hit("b", "p", 0.5, {"page": "x", "path": "b.md", "tag": 1}))
    frame = replace(ORDINARY, related=hits).to_frame("related")

    assert frame["page"].tolist()[0] == 2
    assert frame["page"].isna().tolist() == [False, True]
    assert frame["path"].tolist() == [None, "b.md"]
    assert frame["metadata"].tolist()[1] == {"page": "x", "path": "b.md", "tag": 1}


def test_citations_stand_beside_the_sentence_they_support() -> None:
    """A row for each supported sentence, in order, with the passage that supports it."""
    frame = ORDINARY.to_frame("citations")

    assert frame["number"].tolist() == [1, 1, 2, 3]
    assert all(sentence in TEXT for sentence in frame["sentence"])
    assert frame["sentence"].tolist()[3] == "The audit is not signed."
    assert frame.groupby("document")["number"].nunique().to_dict() == {
        **{"audit.md": 1, "finance.docx": 1, "review.pdf": 1},
    }


@pytest.mark.parametrize("part", PARTS)
def test_columns_are_the_same_with_and_without_rows(part: Part) -> None:
    """An empty result has the columns and kinds of a full one, and hostile texts change none."""
    frames = [summary.to_frame(part) for summary in (EMPTY, ORDINARY, HOSTILE)]

    kinds: list[Any] = [frame.dtypes.to_dict() for frame in frames]
    assert kinds[0] == kinds[1] == kinds[2]
    assert len(frames[0]) == 0


def test_an_unknown_part_is_refused() -> None:
    """The error says which parts there are."""
    with pytest.raises(InputError, match="'documents', 'chunks', 'related', 'citations', not 'x'"):
        ORDINARY.to_frame("x")  # type: ignore[arg-type]


def test_without_pandas_the_error_says_what_to_install() -> None:
    """Where pandas is missing, it is named with the command, and nothing else needs it."""
    script = (
        "import sys\n"
        "sys.modules['pandas'] = None\n"
        "from docsum_nb.results import Summary\n"
        "from docsum_nb.errors import InputError\n"
        "summary = Summary('x', 'm')\n"
        "summary._repr_mimebundle_()\n"
        "try:\n    summary.to_frame()\n"
        "except InputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=150, check=True
    )
    assert "pip install pandas" in done.stdout


def test_importing_the_records_imports_no_pandas() -> None:
    """The first frame loads pandas, and nothing before it."""
    script = "import sys, docsum_nb.results; print('pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=150, check=True
    )
    assert done.stdout.strip() == "False"
    assert Summary.to_frame.__doc__


def test_hits_and_related_documents_are_tables() -> None:
    """What a search found, and what a summary lists, have the columns of ``related``."""
    hits = Hits([Hit("a", "p", 0.5, {"page": 2}), Hit("b", "q", 0.25)], "words")
    frame = hits.to_frame()
    assert frame["document"].tolist() == ["a", "b"]
    assert frame["page"].isna().tolist() == [False, True]
    related = replace(ORDINARY, related=tuple(hits)).related
    assert isinstance(related, Related)
    assert related.to_frame().equals(frame)
    assert Hits().to_frame().columns.tolist() == frame.columns.tolist()
