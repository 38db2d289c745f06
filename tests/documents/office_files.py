"""Office files made of their XML, as small as the formats allow."""

from __future__ import annotations

import io
import zipfile
from itertools import zip_longest

__all__ = [
    "NAMESPACES",
    "ODF",
    "cell",
    "cells",
    "docx",
    "item",
    "levels",
    "odt",
    "p",
    "pptx",
    "r",
    "relations",
    "row",
    "shape",
    "slide",
    "table",
    "xlsx",
    "zipped",
]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{address}"'
    for prefix, address in {
        "w": W,
        "r": OFFICE,
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    }.items()
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
    for key, name, more in (
        ("Title", "Title", ""),
        ("Heading1", "heading 1", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
        ("Heading2", "heading 2", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
        ("Clause", "Our Clause", '<w:basedOn w:val="Heading1"/>'),
        ("Deep", "Deep", '<w:basedOn w:val="Clause"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr>'),
        ("Secret", "Secret", "<w:rPr><w:vanish/></w:rPr>"),
        ("Item", "Item", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'),
    )
)


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """Write a container."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def relations(*targets: tuple[str, str, str]) -> str:
    """Write relationships of (identifier, kind, target); an address is external."""
    inner = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if "://" in target else "/>")
        for key, kind, target in targets
    )
    schema = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{schema}">{inner}</Relationships>'


def r(text: str, properties: str = "") -> str:
    """Write a run of a Word document."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def p(*runs: str, style: str = "", properties: str = "") -> str:
    """Write a paragraph of a Word document; a run that is no XML is its text."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    inner = "".join(run if run.startswith("<") else r(run) for run in runs)
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{inner}</w:p>"


def docx(
    *body: str,
    parts: dict[str, str | bytes] | None = None,
    related: tuple[tuple[str, str, str], ...] = (),
    **named: str,
) -> bytes:
    """Write a Word document.

    Args:
        body: The XML of its blocks; what is no XML is a paragraph.
        parts: More parts, by their names.
        related: More relationships of the document.
        named: The content of common parts: ``numbering``, ``footnotes``, ``comments``, ...
    """
    inner = "".join(block if block.startswith("<") else p(block) for block in body)
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{inner}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {NAMESPACES}>{STYLES}</w:styles>",
        "word/_rels/document.xml.rels": relations(
            ("s", "styles", "styles.xml"),
            *((f"n-{name}", name, f"{name}.xml") for name in named),
            *related,
        ),
    }
    for name, content in named.items():
        root = "hdr" if name == "header" else name
        found[f"word/{name}.xml"] = f"<w:{root} {NAMESPACES}>{content}</w:{root}>"
    return zipped({**found, **(parts or {})})


def levels(*given: tuple[str, str], list_id: int = 1, more: str = "") -> str:
    """Write a list of (format, pattern), a level each."""
    inner = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{pattern}"/></w:lvl>'
        for at, (form, pattern) in enumerate(given)
    )
    abstract = f'<w:abstractNum w:abstractNumId="{list_id}">{inner}</w:abstractNum>'
    return (
        f'{abstract}<w:num w:numId="{list_id}"><w:abstractNumId w:val="{list_id}"/></w:num>{more}'
    )


def item(text: str, level: int = 0, list_id: int = 1, style: str = "") -> str:
    """Write a paragraph of a list."""
    numbers = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>'
    return p(text, style=style, properties=numbers)


def table(*rows: tuple[str, ...]) -> str:
    """Write a table; a cell that is no XML is its text, one that begins ``<w:tcPr`` has more."""
    return f"<w:tbl>{''.join(row(*cells) for cells in rows)}</w:tbl>"


def row(*cells: str, properties: str = "") -> str:
    inner = "".join(f"<w:tc>{cell if cell.startswith('<') else p(cell)}</w:tc>" for cell in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"


def cell(text: str, properties: str) -> str:
    return f"<w:tcPr>{properties}</w:tcPr>{p(text)}"


def pptx(
    *slides: str,
    notes: dict[int, str] | None = None,
    related: dict[int, tuple[tuple[str, str, str], ...]] | None = None,
    parts: dict[str, str | bytes] | None = None,
) -> bytes:
    """Write a presentation.

    Args:
        slides: The XML of each slide.
        notes: The speaker's notes by the number of the slide, counted from 1.
        related: More relationships by the number of the slide.
        parts: More parts, by their names.
    """
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {NAMESPACES}><p:sldIdLst>{listed}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"r{n}", "slide", f"slides/slide{n}.xml") for n in range(1, len(slides) + 1))
        ),
    }
    for n, content in enumerate(slides, 1):
        found[f"ppt/slides/slide{n}.xml"] = content
        targets = list((related or {}).get(n, ()))
        if notes and n in notes:
            targets.append(("n", "notesSlide", f"../notesSlides/notesSlide{n}.xml"))
            found[f"ppt/notesSlides/notesSlide{n}.xml"] = slide(
                shape(f"<a:p><a:r><a:t>{notes[n]}</a:t></a:r></a:p>", "body")
            )
        if targets:
            found[f"ppt/slides/_rels/slide{n}.xml.rels"] = relations(*targets)
    return zipped({**found, **(parts or {})})


def slide(*shapes: str, title: str = "", attributes: str = "") -> str:
    """Write a slide; a shape that is no shape yet is the content of a body."""
    head = shape(f"<a:p><a:r><a:t>{title}</a:t></a:r></a:p>", "title") if title else ""
    inner = "".join(each if each.startswith("<p:") else shape(each, "") for each in shapes)
    return (
        f"<p:sld {NAMESPACES} {attributes}><p:cSld><p:spTree>{inner}{head}</p:spTree></p:cSld>"
        "</p:sld>"
    )


def shape(paragraphs: str, kind: str) -> str:
    """Write a shape with text; a placeholder of a kind, ``""`` for the body, ``"-"`` for none."""
    named = f' type="{kind}"' if kind else ""
    holder = "" if kind == "-" else f"<p:ph{named}/>"
    return (
        f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:txBody>{paragraphs}</p:txBody>"
        "</p:sp>"
    )


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def xlsx(
    *sheets: str,
    names: tuple[str, ...] = (),
    states: tuple[str, ...] = (),
    strings: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    parts: dict[str, str | bytes] | None = None,
    properties: str = "",
) -> bytes:
    """Write a workbook.

    Args:
        sheets: The rows of each sheet; what follows ``</sheetData>`` may be in it.
        names: The names of the sheets; others are called Sheet1, Sheet2, ...
        states: ``"hidden"`` for hidden sheets.
        strings: The shared strings.
        formats: Formats of numbers; a cell with ``s="1"`` has the first.
        parts: More parts, by their names.
        properties: What the workbook says of itself.
    """
    count = len(sheets)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n + 1}" r:id="r{n}" state="{state}"/>'
        for n, (name, state) in enumerate(
            zip_longest(
                names or [f"Sheet{n + 1}" for n in range(count)],
                states[:count] or ["visible"] * count,
                fillvalue="visible",
            )
        )
    )
    codes = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode="{code}"/>' for n, code in enumerate(formats)
    )
    styles = "".join(f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats)))
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}">{properties}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            ("s", "sharedStrings", "sharedStrings.xml"),
            ("f", "styles", "styles.xml"),
            *((f"r{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(count)),
        ),
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">'
        + "".join(
            f"<si>{each if each.startswith('<') else f'<t>{each}</t>'}</si>" for each in strings
        )
        + "</sst>",
        "xl/styles.xml": f'<styleSheet xmlns="{SHEET}"><numFmts>{codes}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
    }
    for n, rows in enumerate(sheets):
        before, _, after = rows.partition("</sheetData>")
        columns, _, data = before.rpartition("</cols>")
        columns = f"{columns}</cols>" if columns else ""
        found[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{SHEET}" xmlns:r="{OFFICE}">{columns}'
            f"<sheetData>{data}</sheetData>{after}</worksheet>"
        )
    return zipped({**found, **(parts or {})})


def cells(*values: object, attributes: str = "") -> str:
    """Write a row of a sheet; a value that is XML is a cell."""
    return f"<row {attributes}>{''.join(map(_sheet_cell, values))}</row>"


def _sheet_cell(value: object) -> str:
    if isinstance(value, str):
        return value if value.startswith("<c") else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return "<c/>" if value is None else f"<c><v>{value}</v></c>"


ODF = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("style", "style"),
            ("draw", "drawing"),
            ("presentation", "presentation"),
            ("svg", "svg-compatible"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def odt(
    body: str,
    *,
    kind: str = "text",
    automatic: str = "",
    styles: str = "",
    parts: dict[str, str | bytes] | None = None,
) -> bytes:
    """Write an OpenDocument file: a ``"text"``, a ``"spreadsheet"`` or a ``"presentation"``."""
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {ODF}><office:automatic-styles>{automatic}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>",
            "styles.xml": f"<office:document-styles {ODF}>{styles}</office:document-styles>",
            **(parts or {}),
        }
    )
