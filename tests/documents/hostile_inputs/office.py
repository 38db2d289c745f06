"""Hostile Office files: bombs, broken parts, cycles, and sizes that are claimed only."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.documents.hostile import Hostile
from tests.documents.office_files import (
    NAMESPACES,
    ODF,
    cells,
    docx,
    levels,
    odt,
    p,
    pptx,
    r,
    slide,
    xlsx,
    zipped,
)

MB = 2**20
DOCUMENT = f"<w:document {NAMESPACES}><w:body>"
END = "</w:body></w:document>"


def made(name: str, make: Callable[[], bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(make())
        return path

    return write


def document(inner: str) -> bytes:
    return docx(parts={"word/document.xml": f"{DOCUMENT}{inner}{END}"})


def bomb_of_entities() -> bytes:
    names = "abcdefghij"
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {names[n]} "{f"&{names[n - 1]};" * 10}">' for n in range(1, 10)
    )
    xml = f"<!DOCTYPE w:document [{entities}]>{DOCUMENT}{p(r('&j;'))}{END}"
    return docx(parts={"word/document.xml": xml})


def external_entity() -> bytes:
    declared = '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return docx(parts={"word/document.xml": f"{declared}{DOCUMENT}{p(r('&x;'))}{END}"})


def many_members() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for n in range(10_000):
            archive.writestr(f"word/media/{n}", b"")
        archive.writestr("word/document.xml", f"{DOCUMENT}{p('Text.')}{END}")
    return file.getvalue()


def long_directory() -> bytes:
    member = b"PK\x01\x02" + bytes(42)
    count = 400_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(member) * count, 0, 0)
    return b"PK\x03\x04" + bytes(26) + member * count + end


def encrypted_member() -> bytes:
    data = bytearray(document(p("Text.")))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def truncated() -> bytes:
    data = document(p("Some text. ") * 1000)
    return data[: len(data) // 2]


def flipped() -> bytes:
    data = bytearray(document(p("Some text.") * 5000))
    at = data.index(b"word/document.xml") + 60
    data[at : at + 40] = bytes(40)
    return bytes(data)


def bad_relations() -> bytes:
    return docx(
        "Text.",
        p(
            "<w:r><w:drawing><c:chart r:id='x'/><c:chart r:id='y'/><c:chart r:id='z'/></w:drawing>"
            "</w:r>"
        ),
        "<w:altChunk r:id='u'/>",
        related=(
            ("x", "chart", "../../../../etc/passwd"),
            ("y", "chart", "http://127.0.0.1:9/chart.xml"),
            ("z", "chart", "document.xml"),
            ("u", "aFChunk", "file:///etc/passwd"),
        ),
    )


def cycle_of_slides() -> bytes:
    return pptx(
        slide("<p:graphicFrame><c:chart r:id='me'/></p:graphicFrame>", title="Round"),
        related={1: (("me", "chart", "slide1.xml"), ("n", "notesSlide", "slide1.xml"))},
    )


def repeated_rows() -> bytes:
    cell = "<table:table-cell table:number-columns-repeated='16384'><text:p>words of it</text:p>"
    row = f"<table:table-row table:number-rows-repeated='1048576'>{cell}</table:table-cell>"
    return odt(f"<table:table>{row}</table:table-row></table:table>" * 20, kind="spreadsheet")


def repeated_text(cell: str) -> bytes:
    """Repeat a cell a million times, in a row that is repeated a million times."""
    repeated = (
        f"<table:table-cell table:number-columns-repeated='1000000'>{cell}</table:table-cell>"
    )
    row = f"<table:table-row table:number-rows-repeated='1000000'>{repeated}</table:table-row>"
    return odt(f"<table:table>{row}</table:table>")


def shared_string_bomb() -> bytes:
    row = "<row>" + '<c t="s"><v>0</v></c>' * 200 + "</row>"
    return xlsx(row * 2000, strings=("long " * 100_000,))


def nested(name: str, depth: int) -> str:
    return f"<w:{name}>" * depth + r("deep") + f"</w:{name}>" * depth


def nested_tables(depth: int) -> str:
    return "<w:tbl><w:tr><w:tc>" * depth + p("deep") + "</w:tc></w:tr></w:tbl>" * depth


def stored_without_end() -> bytes:
    data = bytearray(document(p("Text.")))
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<L", data, end + 16, 2**31 - 1)
    return bytes(data)


def numbers() -> bytes:
    lists = levels(("upperRoman", "%1" * 3000)).replace(
        'w:start w:val="1"', 'w:start w:val="999999999"'
    )
    items = p("x", properties='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')
    return docx(items * 3000, numbering=lists)


BUSY = "<w:r><w:t>a</w:t></w:r>"

INPUTS = [
    Hostile(
        "docx-text-bomb",
        made(
            "a.docx",
            lambda: document(
                "<w:p><w:r><w:t>"
                + "a " * (4 * MB)
                + "</w:t></w:r></w:p>" * 1
                + p("b " * (4 * MB)) * 9
            ),
        ),
        "refused",
        "split it",
    ),
    Hostile("docx-one-long-word", made("a.docx", lambda: document(p("a" * (9 * MB)))), "either"),
    Hostile(
        "docx-many-paragraphs",
        made("a.docx", lambda: document("<w:p/>" * 300_000 + p("The end."))),
        "loaded",
    ),
    Hostile(
        "docx-million-runs-in-a-paragraph",
        made("a.docx", lambda: document(f"<w:p>{BUSY * 1_000_000}</w:p>")),
        "refused",
        "holds one block of more than 8 MB",
    ),
    Hostile(
        "docx-million-empty-elements",
        made("a.docx", lambda: document("<w:x/>" * 4_000_000 + p("Text."))),
        "refused",
        "holds one block",
    ),
    Hostile(
        "docx-rows-of-many-cells",
        made(
            "a.docx",
            lambda: document(
                "<w:tbl>"
                + ("<w:tr>" + "<w:tc/>" * 10_000 + "</w:tr>") * 40
                + "</w:tbl>"
                + p("Text.")
            ),
        ),
        "loaded",
    ),
    Hostile(
        "docx-wide-spans",
        made(
            "a.docx",
            lambda: document(
                "<w:tbl>"
                + (
                    "<w:tr>"
                    + "<w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr>"
                    + p("a")
                    + "</w:tc>"
                    + "<w:tc>"
                    + p("b")
                    + "</w:tc></w:tr>"
                )
                * 2000
                + "</w:tbl>"
            ),
        ),
        "loaded",
    ),
    Hostile("docx-deep-tables", made("a.docx", lambda: document(nested_tables(60))), "loaded"),
    Hostile("docx-deeper-tables", made("a.docx", lambda: document(nested_tables(600))), "refused"),
    Hostile(
        "docx-deep-wrappers",
        made("a.docx", lambda: document("<w:p>" + nested("smartTag", 1900) + "</w:p>")),
        "either",
    ),
    Hostile(
        "docx-endlessly-deep",
        made("a.docx", lambda: document("<w:p>" + "<w:ins>" * 500_000)),
        "refused",
    ),
    Hostile(
        "docx-deep-equation",
        made(
            "a.docx",
            lambda: document(
                "<w:p>"
                + "<m:oMath>"
                + "<m:f><m:num>" * 900
                + "</m:num></m:f>" * 900
                + "</m:oMath></w:p>"
            ),
        ),
        "either",
    ),
    Hostile("docx-entities", made("a.docx", bomb_of_entities), "refused"),
    Hostile("docx-external-entity", made("a.docx", external_entity), "refused", "document type"),
    Hostile(
        "docx-zip-bomb",
        made("a.docx", lambda: docx(parts={"word/document.xml": b" " * (300 * MB)})),
        "refused",
    ),
    Hostile(
        "docx-zip-bomb-of-styles",
        made(
            "a.docx",
            lambda: docx(
                "Text.",
                parts={"word/styles.xml": b"<w:styles xmlns:w='w'>" + b"<w:style/>" * (20 * MB)},
            ),
        ),
        "refused",
        "split it",
    ),
    Hostile("docx-many-members", made("a.docx", many_members), "loaded"),
    Hostile("docx-long-directory", made("a.docx", long_directory), "refused", "more members"),
    Hostile("docx-encrypted-member", made("a.docx", encrypted_member), "refused", "is encrypted"),
    Hostile("docx-truncated", made("a.docx", truncated), "refused", "cut off"),
    Hostile("docx-flipped-bits", made("a.docx", flipped), "refused", "damaged"),
    Hostile("docx-wrong-offset", made("a.docx", stored_without_end), "refused"),
    Hostile(
        "docx-without-a-document",
        made("a.docx", lambda: zipped({"[Content_Types].xml": "", "word/styles.xml": ""})),
        "refused",
        "has no part word/document.xml",
    ),
    Hostile("docx-relations-to-elsewhere", made("a.docx", bad_relations), "loaded"),
    Hostile("docx-numbers-without-bound", made("a.docx", numbers), "loaded"),
    Hostile("pptx-cycle", made("a.pptx", cycle_of_slides), "loaded"),
    Hostile(
        "pptx-million-shapes",
        made("a.pptx", lambda: pptx(slide(*["<p:sp/>" * 3_000_000]))),
        "refused",
        "split it",
    ),
    Hostile(
        "pptx-deep-groups",
        made("a.pptx", lambda: pptx(slide("<p:grpSp>" * 1000 + "</p:grpSp>" * 1000))),
        "either",
    ),
    Hostile("xlsx-shared-string-bomb", made("a.xlsx", shared_string_bomb), "refused", "split it"),
    Hostile(
        "xlsx-many-strings",
        made(
            "a.xlsx",
            lambda: xlsx(
                cells("a", 1),
                parts={"xl/sharedStrings.xml": "<sst>" + "<si><t>a</t></si>" * 200_000 + "</sst>"},
            ),
        ),
        "either",
    ),
    Hostile(
        "xlsx-wide-rows",
        made(
            "a.xlsx",
            lambda: xlsx(
                "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 2000))
            ),
        ),
        "either",
    ),
    Hostile(
        "xlsx-merged-everything",
        made(
            "a.xlsx",
            lambda: xlsx(
                cells("a", "b") * 2000
                + "</sheetData>"
                + '<mergeCell ref="A1:XFD1048576"/>' * 100_000
            ),
        ),
        "loaded",
    ),
    Hostile("ods-repeated-rows", made("a.ods", repeated_rows), "loaded"),
    Hostile(
        "odt-deep-lists",
        made(
            "a.odt",
            lambda: odt(
                "<text:list><text:list-item>" * 700 + "</text:list-item></text:list>" * 700
            ),
        ),
        "either",
    ),
    Hostile(
        "odt-spaces",
        made("a.odt", lambda: odt("<text:p>a<text:s text:c='999999999'/>b</text:p>" * 5000)),
        "loaded",
    ),
    Hostile(
        "odt-repeated-text",
        made("a.odt", lambda: repeated_text(f"<text:p>{'words of a cell ' * 6000}</text:p>")),
        "loaded",
        says="cell(s) that repeat",
    ),
    Hostile(
        "odt-repeated-spaces",
        made(
            "a.odt",
            lambda: repeated_text("<text:p>" + "a<text:s text:c='1000000'/>" * 5000 + "</text:p>"),
        ),
        "loaded",
        says="row(s) that repeat",
    ),
    Hostile(
        "odt-entities",
        made(
            "a.odt",
            lambda: odt(
                "",
                parts={
                    "content.xml": '<!DOCTYPE a [<!ENTITY x "y">]>'
                    f"<office:document-content {ODF}><text:p>&x;</text:p>"
                    "</office:document-content>"
                },
            ),
        ),
        "refused",
        "document type",
    ),
    Hostile(
        "rtf-hundred-thousand-braces",
        made("a.rtf", lambda: b"{\\rtf1 " + b"{" * 100_000 + b"a" + b"}" * 100_000),
        "loaded",
    ),
    Hostile("rtf-million-braces", made("a.rtf", lambda: b"{\\rtf1 " + b"{" * MB), "either"),
    Hostile(
        "rtf-long-binary",
        made("a.rtf", lambda: b"{\\rtf1 Text.{\\pict\\bin2147483647 abc"),
        "loaded",
        "1 picture",
    ),
    Hostile(
        "rtf-megabytes-of-hex",
        made("a.rtf", lambda: b"{\\rtf1 Text.{\\pict " + b"0f" * (8 * MB) + b"}}"),
        "loaded",
        "1 picture",
    ),
    Hostile(
        "rtf-notes-in-notes",
        made("a.rtf", lambda: b"{\\rtf1 a" + b"{\\footnote b" * 50_000),
        "loaded",
    ),
    Hostile(
        "rtf-controls-only",
        made("a.rtf", lambda: b"{\\rtf1" + b"\\par\\b\\u-1?" * 100_000),
        "either",
    ),
    Hostile("csv-quotes", made("a.csv", lambda: b"a,b\n" + b'"x,' * 500_000), "loaded"),
    Hostile("csv-one-row", made("a.csv", lambda: b"a," * MB), "loaded", "column(s)"),
    Hostile("csv-one-line-of-text", made("a.csv", lambda: b"word " * (2 * MB)), "loaded"),
]
