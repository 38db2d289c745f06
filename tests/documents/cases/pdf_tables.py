"""Cases of tables in PDF files: what is a table of data, and what stays lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tests.documents.case import Case
from tests.documents.pdf_maker import at, column, field, made

BEFORE = "The harbour was opened in the spring of that year."
AFTER = "Ships came from all over the world to see it."
ROWS = (("Port", "Ships", "Cargo"), ("Oslo", "41", "wool"), ("Bergen", "9", "grain and coal"))
AS_TABLE = "| Port | Ships | Cargo | | --- | --- | --- | | Oslo | 41 | wool | | Bergen | 9 | grain"
XS = (72, 172, 272, 400)
TOP, STEP = 640, 20


def line(x: float, y: float, to_x: float, to_y: float) -> bytes:
    return b"%g %g m %g %g l S\n" % (x, y, to_x, to_y)


def ys(count: int) -> list[int]:
    return [TOP - STEP * number for number in range(count + 1)]


def ruled(rows: int, xs: Sequence[float] = XS) -> bytes:
    """Return the lines of a grid."""
    heights = ys(rows)
    across = b"".join(line(xs[0], y, xs[-1], y) for y in heights)
    return across + b"".join(line(x, heights[0], x, heights[-1]) for x in xs)


def boxes(rows: int, paint: bytes) -> bytes:
    """Return a rectangle for each cell."""
    return b"".join(
        b"%g %g %g %g re %s\n" % (left + 1, y + 1, right - left - 2, STEP - 2, paint)
        for y in ys(rows)[1:]
        for left, right in pairwise(XS)
    )


def filled(rows: int) -> bytes:
    """Return a grid of rectangles as thin as lines, as word processors write it."""
    heights = ys(rows)
    across = b"".join(b"%g %g %g 0.5 re f\n" % (XS[0], y, XS[-1] - XS[0]) for y in heights)
    down = (b"%g %g 0.5 %g re f\n" % (x, heights[-1], STEP * rows) for x in XS)
    return across + b"".join(down)


def cells(rows: Sequence[Sequence[str]], xs: Sequence[float] = XS, step: float = STEP) -> bytes:
    return b"".join(
        at(xs[place] + 4, TOP + 6 - step * (number + 1), text)
        for number, row in enumerate(rows)
        for place, text in enumerate(row)
        if text
    )


def page(*drawn: bytes) -> bytes:
    return made(at(72, 700, BEFORE) + b"".join(drawn) + at(72, 500, AFTER))


def by_columns(rows: Sequence[Sequence[str]]) -> bytes:
    """Return cells that are drawn column by column."""
    return b"".join(
        at(XS[place] + 4, TOP + 6 - STEP * (number + 1), row[place])
        for place in range(len(XS) - 1)
        for number, row in enumerate(rows)
    )


LEFT = (
    "The ship left the harbour in the",
    "early morning, and nobody knew",
    "where it went on that day of",
    "the year in which it was built.",
)
RIGHT = (
    "Grain was cheap, and so was the",
    "coal that came over the sea to",
    "the towns of the north, whose",
    "people were glad to have it.",
)
FORM_OBJECT = (
    b"<</Type/XObject/Subtype/Form/BBox[0 0 612 792]/Matrix[2 0 0 2 0 0]/Length %d>>"
    b"stream\n%s\nendstream"
)


def with_form(drawing: bytes, content: bytes) -> bytes:
    """Return a page whose lines are drawn by a form object at half their size."""
    data = made(content, objects=[FORM_OBJECT % (len(drawing), drawing)])
    return data.replace(b"/Resources<<", b"/Resources<</XObject<</Fm 4 0 R>>", 1)


CASES = [
    Case("ruled", "a.pdf", page(ruled(3), cells(ROWS)), has=(BEFORE, AS_TABLE, AFTER), silent=True),
    Case("rectangles as lines", "a.pdf", page(filled(3), cells(ROWS)), has=(AS_TABLE, AFTER)),
    Case("a box for each cell", "a.pdf", page(boxes(3, b"S"), cells(ROWS)), has=(AS_TABLE, AFTER)),
    Case(
        "all lines in one path",
        "a.pdf",
        page(ruled(3).replace(b" S\n", b"\n"), b"S\n", cells(ROWS)),
        has=(BEFORE, AS_TABLE, AFTER),
    ),
    Case(
        "lines below a scale",
        "a.pdf",
        page(
            b"q 2 0 0 2 0 0 cm\n",
            b"".join(line(36, y / 2, 200, y / 2) for y in ys(3)),
            b"".join(line(x / 2, 320, x / 2, 290) for x in XS),
            b"Q\n",
            cells(ROWS),
        ),
        has=(AS_TABLE, AFTER),
    ),
    Case(
        "lines in a form object",
        "a.pdf",
        with_form(
            b"".join(line(36, y / 2, 200, y / 2) for y in ys(3))
            + b"".join(line(x / 2, 320, x / 2, 290) for x in XS),
            b"/Fm Do\n" + cells(ROWS),
        ),
        has=(AS_TABLE,),
    ),
    Case(
        "open at the sides",
        "a.pdf",
        page(
            b"".join(line(XS[0], y, XS[-1], y) for y in ys(3)),
            b"".join(line(x, 640, x, 580) for x in XS[1:-1]),
            cells(ROWS),
        ),
        has=(AS_TABLE, AFTER),
    ),
    Case(
        "drawn column by column",
        "a.pdf",
        page(ruled(3), by_columns(ROWS)),
        has=(BEFORE, AS_TABLE, AFTER),
    ),
    Case(
        "cell over two columns",
        "a.pdf",
        page(
            b"".join(line(72, y, 400, y) for y in ys(3)),
            b"".join(line(x, 640, x, 580) for x in (72, 172, 400)),
            line(272, 620, 272, 580),
            cells((("Town", "Ships by year", ""), ("", "1990", "2000"), ("Oslo", "3", "4"))),
        ),
        has=("| Town | Ships by year | | | --- | --- | --- | | | 1990 | 2000 | | Oslo | 3 | 4 |",),
    ),
    Case(
        "cell over two rows",
        "a.pdf",
        page(
            b"".join(line(72, y, 400, y) for y in (640, 620, 580)),
            line(172, 600, 400, 600),
            b"".join(line(x, 640, x, 580) for x in XS),
            cells((("Town", "Year", "Ships"), ("Oslo", "1990", "3"), ("", "2000", "4"))),
        ),
        has=("| Oslo | 1990 | 3 | | | 2000 | 4 |",),
    ),
    Case(
        "two lines in a cell",
        "a.pdf",
        page(
            ruled(3),
            cells((ROWS[0], ("Oslo", "41", ""))),
            at(276, 611, "wool, coal", size=8),
            at(276, 603, "and grain", size=8),
            cells((("",), ("",), ("Bergen", "9", "fish"))),
        ),
        has=("| Oslo | 41 | wool, coal and grain | | Bergen | 9 | fish |",),
    ),
    Case(
        "divided word in a cell",
        "a.pdf",
        page(
            ruled(3),
            cells((ROWS[0], ("Oslo", "41", ""))),
            at(276, 611, "many docu-", size=8),
            at(276, 603, "ments", size=8),
            cells((("",), ("",), ("Bergen", "9", "fish"))),
        ),
        has=("| Oslo | 41 | many documents |",),
    ),
    Case(
        "empty cells",
        "a.pdf",
        page(ruled(3), cells((ROWS[0], ("Oslo", "", "wool"), ("", "9", "")))),
        has=("| Oslo | | wool | | | 9 |",),
    ),
    Case(
        "bar in a cell",
        "a.pdf",
        page(ruled(2), cells((ROWS[0], ("a|b", "1", "c")))),
        has=(r"| a\|b | 1 | c |",),
    ),
    Case(
        "raised digit in a cell",
        "a.pdf",
        page(
            ruled(2),
            cells((ROWS[0], ("Oslo", "10", ""))),
            at(189.5, 612, "6", size=7),
            cells((("",), ("", "", "wool"))),
        ),
        has=("| Oslo | 10^6 | wool |",),
    ),
    Case(
        "two tables",
        "a.pdf",
        page(
            ruled(2),
            cells((("A", "B", "C"), ("1", "2", "3"))),
            b"1 0 0 1 0 -60 cm\n",
            ruled(2),
            cells((("D", "E", "F"), ("4", "5", "6"))),
        ),
        has=("| A | B | C | | --- | --- | --- | | 1 | 2 | 3 |", "| D | E | F | | --- |"),
    ),
    Case(
        "page whose lower left corner is not at 0",
        "a.pdf",
        page(ruled(3), cells(ROWS)).replace(b"MediaBox[0 0 612 792]", b"MediaBox[-90 300 500 790]"),
        has=(BEFORE, AS_TABLE, AFTER),
        silent=True,
    ),
    Case(
        "frame around a page",
        "a.pdf",
        page(b"50 50 500 700 re S\n", column(BEFORE, AFTER, top=640)),
        has=(BEFORE, BEFORE, AFTER),
        lacks=("|",),
    ),
    Case(
        "boxes of running text",
        "a.pdf",
        page(
            b"60 560 240 80 re 300 560 240 80 re S\n",
            column(*LEFT, top=620, x=64),
            column(*RIGHT, top=620, x=304),
        ),
        has=(" ".join(LEFT), " ".join(RIGHT)),
        lacks=("|",),
    ),
    Case(
        "underlined words",
        "a.pdf",
        made(column(BEFORE, AFTER) + line(72, 698, 200, 698) + line(72, 684, 200, 684)),
        has=(BEFORE, AFTER),
        lacks=("|",),
    ),
    Case(
        "field in a table keeps its value",
        "a.pdf",
        made(
            ruled(2) + cells((("Name", "Age", "Town"), ("Jane", "41", ""))),
            annotations=[field("town", "Oslo", 276, 606)],
        ),
        has=("Name", "Jane", "41", "Oslo"),
    ),
    Case(
        "table that is a running head",
        "a.pdf",
        made(
            *(
                b"1 0 0 1 0 140 cm\n"
                + ruled(2)
                + cells((("ACME", "Handbook", "A-1-2"), ("Version 7", "May 2023", f"Page {n}")))
                + b"1 0 0 1 0 -140 cm\n"
                + column(f"On page {n} the report speaks of the number {n * 37}.")
                for n in range(1, 5)
            )
        ),
        has=("On page 1", "On page 2", "On page 3"),
        lacks=("Page 3",),
        omitted=("line(s) of running heads",),
    ),
    # without ruling lines
    Case("lined up", "a.pdf", page(cells(ROWS)), has=(BEFORE, AS_TABLE, AFTER), silent=True),
    Case(
        "numbers lined up at the right",
        "a.pdf",
        page(
            *(
                at(72, 640 - 14 * n, name) + at(300 - 6.67 * len(value), 640 - 14 * n, value)
                for n, (name, value) in enumerate(
                    (("Wool", "7"), ("Coal", "1200"), ("Grain", "88"), ("Fish", "100000"))
                )
            )
        ),
        has=("| Wool | 7 | | --- | --- | | Coal | 1200 | | Grain | 88 | | Fish | 100000 |",),
    ),
    Case(
        "missing value",
        "a.pdf",
        page(cells((*ROWS, ("Hull", "", "fish"), ("Kiel", "5", "beer")))),
        has=("| Hull | | fish | | Kiel | 5 | beer |",),
    ),
    Case("two rows are no table", "a.pdf", page(cells(ROWS[:2])), lacks=("|",)),
    Case(
        "columns of text drawn line by line",
        "a.pdf",
        page(
            *(
                at(72, 640 - 14 * n, left) + at(320, 640 - 14 * n, right)
                for n, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
            )
        ),
        has=(LEFT[0], RIGHT[0]),
        lacks=("|",),
    ),
    Case(
        "narrow columns of text",
        "a.pdf",
        page(
            *(
                at(72, 640 - 14 * n, left) + at(240, 640 - 14 * n, right)
                for n, (left, right) in enumerate(
                    (
                        ("It was a day", "They saw the"),
                        ("in which they", "sea and many"),
                        ("went to sea", "of the ships"),
                        ("once again.", "that came in."),
                    )
                )
            )
        ),
        lacks=("|",),
    ),
    Case(
        "bullets",
        "a.pdf",
        page(cells((("-", "Apples"), ("-", "Pears"), ("-", "Plums")))),
        lacks=("|",),
    ),
    Case(
        "numbered list",
        "a.pdf",
        page(cells((("1.", "Apples"), ("2.", "Pears"), ("3.", "Plums")))),
        lacks=("|",),
    ),
    Case(
        "wide gaps that do not line up",
        "a.pdf",
        page(
            at(72, 640, "So it") + at(130, 640, "went on"),
            at(72, 626, "all the day long") + at(190, 626, "and"),
            at(72, 612, "no") + at(110, 612, "one knew it") + at(210, 612, "then"),
        ),
        lacks=("|",),
    ),
    Case("rows far apart", "a.pdf", page(cells(ROWS, step=60)), lacks=("|",)),
    Case(
        "code",
        "a.pdf",
        made(
            cells((("x = 1", "# first"), ("y = 22", "# second"), ("z = 3", "# third"))),
            font=b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
        ),
        has=("x = 1 # first",),
        lacks=("|",),
    ),
]
