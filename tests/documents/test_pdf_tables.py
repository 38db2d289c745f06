"""No word is lost, added or moved between tables and text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pypdfium2
import pytest

from docsum_nb.documents.pdf_lines import with_tables
from docsum_nb.documents.pdf_page import read_page
from tests.documents.case import Case
from tests.documents.cases import pdf, pdf_tables

CASES = [case for case in (*pdf.CASES, *pdf_tables.CASES) if not case.refused]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_words_are_the_same_with_tables(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    assert isinstance(case.data, bytes)
    path.write_bytes(case.data)
    document = pypdfium2.PdfDocument(path)
    document.init_forms()
    for number in range(len(document)):
        if case.name == "a page that is missing" and number == 0:
            continue
        plain = read_page(document, number, tables=False).lines
        lines = read_page(document, number).lines
        assert [line.text for line in lines] == [line.text for line in plain]
        wholes = with_tables(lines)
        assert letters([line.text for line in wholes]) == letters([line.text for line in plain])
        # Tables aside, the lines are the same, in the same order.
        left = [line for line in wholes if not line.is_table]
        assert left == [line for line in lines if line in left]


def letters(lines: list[str]) -> Counter[str]:
    rows = (line for text in lines for line in text.split("\n") if set(line) - set("|- "))
    text = "".join(rows).replace("\\|", "|")
    return Counter(char for char in text if not char.isspace() and char not in "|\x02-")
