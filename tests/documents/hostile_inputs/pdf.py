"""Hostile PDF files: loops, bombs, damage, and more of everything than a page can hold."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.documents.document_samples import pdf
from tests.documents.hostile import Hostile
from tests.documents.pdf_maker import at, build, column, field, made

WORDS = column("The harbour was opened in that year.", "Ships came to see it.")


def lines(count: int) -> bytes:
    """Return the drawing of a number of horizontal and of vertical lines."""
    return b"".join(
        b"%g 9 m %g 780 l S 9 %g m 600 %g l S\n" % (place, place, place, place)
        for place in (9 + 580 * number / count for number in range(count))
    )


def file(data: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "hostile.pdf"
        path.write_bytes(data())
        return path

    return make


def tree(kids: bytes, count: int = 1, more: dict[int, bytes] | None = None) -> bytes:
    """Return a file with this page tree; page 3 is a good one."""
    return build(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids),
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            4: b"<</Length %d>>stream\n%s\nendstream" % (len(WORDS), WORDS),
            5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            **(more or {}),
        }
    )


def packed(data: bytes, times: int = 1) -> bytes:
    """Return a stream packed several times over."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    names = b"/FlateDecode" * times
    return b"<</Filter[%s]/Length %d>>stream\n%s\nendstream" % (names, len(data), data)


def with_content(stream: bytes, resources: bytes = b"", **more: bytes) -> bytes:
    found = tree(b"3 0 R", more={4: stream, **{int(k[1:]): v for k, v in more.items()}})
    return found.replace(b"/F1 5 0 R>>>>", b"/F1 5 0 R>>%s>>" % resources)


def forms(levels: int, times: int) -> bytes:
    """Return a page that draws a form that draws a form, many times on each level."""
    draws = b"/X Do " * times
    objects = {
        10 + level: b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>"
        b"/Length %d>>stream\n%s\nendstream" % (11 + level, len(draws), draws)
        for level in range(levels)
    }
    objects[10 + levels] = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length %d>>stream\n%s\nendstream"
        % (len(WORDS), WORDS)
    )
    stream = b"<</Length %d>>stream\n%s\nendstream" % (len(draws), draws)
    found = tree(b"3 0 R", more={4: stream, **objects})
    return found.replace(b"/F1 5 0 R>>>>", b"/F1 5 0 R>>/XObject<</X 10 0 R>>>>")


def own_form() -> bytes:
    """Return a page with a form that draws itself."""
    return forms(1, 3).replace(b"/X 11 0 R", b"/X 10 0 R")


def outlines(how: str) -> bytes:
    if how == "loop":
        objects = [
            b"<</First 5 0 R/Last 5 0 R>>",
            b"<</Title(A)/Parent 4 0 R/Next 5 0 R/First 5 0 R>>",
        ]
        return made(WORDS, catalog=b"/Outlines 4 0 R", objects=objects)
    items = {
        100 + number: b"<</Title(T%d)/Parent 99 0 R/Next %d 0 R/Dest[3 0 R/Fit]>>"
        % (number, 101 + number)
        for number in range(10_000)
    }
    found = tree(b"3 0 R", more={99: b"<</First 100 0 R/Last 10099 0 R>>", **items})
    return found.replace(b"/Catalog/Pages", b"/Catalog/Outlines 99 0 R/Pages")


def many_fields() -> bytes:
    return made(WORDS, annotations=[field(f"f{n}", "v" * 50, 72, n % 700) for n in range(3_000)])


def damaged(seed: int) -> bytes:
    """Return a file in which bytes were changed at random, the same for each seed."""
    chance = random.Random(seed)  # no secret
    data = bytearray(made(WORDS, WORDS, annotations=[field("f", "value", 72, 300)]))
    for _ in range(30):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def long_divisions() -> bytes:
    return made(column(*(f"{'ab' * (n % 3)}-" for n in range(3_000)), step=0.2))


def nested_arrays() -> bytes:
    return made(b"[" * 300_000 + WORDS)


INPUTS = [
    Hostile(
        "page tree that is its own child", file(lambda: tree(b"2 0 R 2 0 R 3 0 R", 3)), "either"
    ),
    Hostile(
        "page that is its own parent",
        file(lambda: tree(b"3 0 R").replace(b"Parent 2 0 R", b"Parent 3 0 R")),
        "either",
    ),
    Hostile(
        "page tree 5,000 deep",
        file(
            lambda: tree(
                b"100 0 R",
                1,
                {
                    100 + n: b"<</Type/Pages/Parent 2 0 R/Count 1/Kids[%d 0 R]>>"
                    % (101 + n if n < 4_999 else 3)
                    for n in range(5_000)
                },
            )
        ),
        "either",
    ),
    Hostile("count of two billion pages", file(lambda: tree(b"3 0 R", 2_000_000_000)), "either"),
    Hostile("count below zero", file(lambda: tree(b"3 0 R", -5)), "either"),
    Hostile(
        "100,000 pages of one",
        file(lambda: tree(b"3 0 R " * 100_000, 100_000)),
        "loaded",
        "not read",
    ),
    Hostile("form that draws itself", file(own_form), "either"),
    Hostile("forms in forms, ten to the power of nine", file(lambda: forms(8, 10)), "either"),
    Hostile("forms in forms, a hundred to the power of six", file(lambda: forms(5, 100)), "either"),
    Hostile("outline in a loop", file(lambda: outlines("loop")), "loaded"),
    Hostile("outline of 10,000", file(lambda: outlines("long")), "loaded"),
    Hostile(
        "stream of 300 MB in 300 kB",
        file(lambda: with_content(packed(b" " * 300_000_000))),
        "either",
    ),
    Hostile(
        "stream packed twice, 1 GB",
        file(lambda: with_content(packed(b"q Q " * 60_000_000, 2))),
        "either",
    ),
    Hostile(
        "5 MB of text on a page",
        file(
            lambda: with_content(
                packed(
                    b"BT /F1 1 Tf 9 9 Td "
                    + b"(words and more words of it) Tj 0 -1 Td " * 130_000
                    + b"ET"
                )
            )
        ),
        "either",
    ),
    Hostile(
        "one line of two million letters",
        file(lambda: with_content(packed(b"BT /F1 1 Tf 9 9 Td (" + b"a" * 2_000_000 + b") Tj ET"))),
        "either",
    ),
    Hostile("nesting of 300,000 arrays", file(nested_arrays), "either"),
    Hostile("nesting of 100,000 states", file(lambda: made(b"q " * 100_000 + WORDS)), "loaded"),
    Hostile(
        "page as large as a country",
        file(lambda: made(WORDS).replace(b"[0 0 612 792]", b"[0 0 9e30 9e30]")),
        "either",
    ),
    Hostile(
        "page without size",
        file(lambda: made(WORDS).replace(b"[0 0 612 792]", b"[0 0 0 0]")),
        "either",
    ),
    Hostile(
        "picture of a page as large as a country",
        file(lambda: pdf([None]).replace(b"[0 0 612 792]", b"[0 0 99999 99999]")),
        "refused",
    ),
    Hostile(
        "picture of 60,000 times 60,000",
        file(lambda: pdf([None]).replace(b"/Width 1/Height 1/", b"/Width 60000/Height 60000/")),
        "refused",
    ),
    Hostile("50,000 ruling lines", file(lambda: made(WORDS + lines(50_000))), "loaded"),
    Hostile("a table of 400 lines each way", file(lambda: made(WORDS + lines(400))), "loaded"),
    Hostile(
        "30 pages of 380 lines each way",
        file(lambda: made(*(WORDS + lines(380) for _ in range(30)))),
        "loaded",
    ),
    Hostile(
        "lines without end",
        file(lambda: made(WORDS + b"1e38 0 0 1e38 0 0 cm 1e38 1e38 m -1e38 1e38 l S\n" + lines(9))),
        "loaded",
    ),
    Hostile(
        "4,000 words that line up",
        file(
            lambda: made(
                b"".join(at(9 + n % 30 * 19, 780 - n // 30 * 5, "x") for n in range(4_000))
            )
        ),
        "loaded",
    ),
    Hostile("3,000 fields", file(many_fields), "loaded"),
    Hostile("3,000 divided words", file(long_divisions), "loaded"),
    Hostile(
        "cross-reference in a loop",
        file(lambda: made(WORDS).replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev 9")),
        "either",
    ),
    Hostile(
        "objects in an object stream in itself",
        file(
            lambda: build(
                {
                    1: b"<</Type/Catalog/Pages 2 0 R>>",
                    2: b"<</Type/ObjStm/N 1/First 4/Extends 2 0 R/Length 9>>"
                    b"stream\n2 0 <<>>\nendstream",
                }
            )
        ),
        "refused",
    ),
    Hostile("cut in the middle", file(lambda: pdf(["Words."] * 2_000)[:90_000]), "either"),
    Hostile(
        "zeros in the middle",
        file(
            lambda: (lambda data: data[:2_000] + bytes(4_000) + data[6_000:])(
                pdf(["Words of it."] * 100)
            )
        ),
        "either",
    ),
    Hostile("nothing but its mark", file(lambda: b"%PDF-1.7"), "refused", "damaged or cut off"),
    Hostile("mark and a megabyte of zeros", file(lambda: b"%PDF-1.7" + bytes(2**20)), "refused"),
    *(
        Hostile(f"changed bytes {seed}", file(lambda seed=seed: damaged(seed)), "either")  # type: ignore[misc]
        for seed in range(6)
    ),
]
