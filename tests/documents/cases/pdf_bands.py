"""Cases of PDF tables with horizontal lines only, and of lines that make no table."""

from __future__ import annotations

from collections.abc import Sequence

from tests.documents.case import Case
from tests.documents.cases.pdf_tables import line
from tests.documents.pdf_maker import at, column, made

LEFT, RIGHT = 72, 520
XS = (76, 330, 400, 470)
BEFORE = "The harbor was opened in the spring of that year, and it was a good year."
PROSE = (
    "The council met on Monday and agreed on the budget for the coming year. It was",
    "a long meeting, in which every member spoke about the harbor and its quays, and",
    "about the ships that had come from all over the world to see the new lighthouse.",
)
ITEMS = (
    ("Description", "Quantity", "Price", "Amount"),
    ("Consulting on the layout of the new harbor and its quays in May", "12", "95.00", "1,140.00"),
    ("Travel", "2", "140.50", "281.00"),
    ("Total", "", "", "1,421.00"),
)


def across(*heights: float, left: float = LEFT, right: float = RIGHT) -> bytes:
    return b"".join(line(left, y, right, y) for y in heights)


def rows(rows: Sequence[Sequence[str]], tops: Sequence[float], xs: Sequence[float] = XS) -> bytes:
    return b"".join(
        at(x, y, text, size=8)
        for y, row in zip(tops, rows, strict=True)
        for x, text in zip(xs, row, strict=True)
        if text
    )


def page(*drawn: bytes) -> bytes:
    return made(column(BEFORE, top=740) + b"".join(drawn))


BOOKTABS = (
    ("Method", "Year", "Score"),
    ("LexRank", "2004", "28.4"),
    ("Lead", "1990", "38.5"),
)
CASES = [
    Case(
        "paper-with-lines-above-below-and-under-the-header",
        "paper.pdf",
        page(
            across(700, 680, 620),
            rows(BOOKTABS, (686, 660, 640), (76, 200, 300)),
            column(*PROSE, top=590),
        ),
        has=(
            BEFORE,
            "| Method | Year | Score | | --- | --- | --- | | LexRank | 2004 | 28.4 | | Lead |",
            "The council met on Monday",
        ),
    ),
    Case(
        "invoice-with-a-line-below-each-row",
        "invoice.pdf",
        page(across(700, 680, 660, 640, 620), rows(ITEMS, (686, 666, 646, 626))),
        has=(
            "| Description | Quantity | Price | Amount |",
            "| Consulting on the layout of the new harbor and its quays in May | 12 | 95.00 |",
            "| Travel | 2 | 140.50 | 281.00 |",
            "| Total |  |  | 1,421.00 |",
        ),
    ),
    Case(
        "cells-of-several-lines-between-lines",
        "wrapped.pdf",
        page(
            across(700, 670, 640, 610),
            rows(
                (("Task", "Owner"), ("", "of it"), ("Paint the quay", "Roe"), ("and the mole", "")),
                (690, 678, 660, 648),
                (76, 330),
            ),
            rows((("Build", "Poe"),), (620,), (76, 330)),
        ),
        has=("| Task | Owner of it |", "| Paint the quay and the mole | Roe |", "| Build | Poe |"),
    ),
    Case(
        "prose-between-lines-of-one-width-is-no-table",
        "lines.pdf",
        page(
            across(720, 650, 600, 560),
            column(*PROSE, top=700),
            column(*PROSE, top=640, step=13),
            column(*PROSE[:2], top=590),
        ),
        has=("The council met", "a long meeting"),
        lacks=("| ---",),
    ),
    Case(
        "rules-of-a-running-head-and-of-footnotes-are-no-table",
        "head.pdf",
        page(
            across(760, 120),
            at(72, 766, "Annual report", size=8),
            at(480, 766, "Page 7", size=8),
            across(722),
            column(*PROSE, top=600),
            at(72, 100, "1 See the report of 1902.", size=8),
        ),
        has=("The council met",),
        lacks=("| ---",),
    ),
    Case(
        "columns-of-text-between-lines-are-no-table",
        "news.pdf",
        page(
            across(720, 700, 560),
            at(76, 706, "North", size=8),
            at(320, 706, "South", size=8),
            b"".join(
                at(x, 690 - 12 * number, text, size=8)
                for number, text in enumerate(
                    (
                        "the ships that had come from far away to",
                        "see the harbor were many, and they",
                    )
                    * 5
                )
                for x in (76, 320)
            ),
        ),
        has=("the ships that had come",),
        lacks=("| ---",),
    ),
    Case(
        "words-with-lines-below-them-are-no-table",
        "underlined.pdf",
        page(
            column(*PROSE, top=700),
            across(698, 684, 670, left=110, right=180),
            across(698, 684, 670, left=230, right=300),
        ),
        has=("The council met",),
        lacks=("| ---",),
    ),
]
