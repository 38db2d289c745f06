"""Sheets and delimited text: rows as records, values as they are shown."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.office_files import cells, odt, xlsx

PEOPLE = cells("Name", "Age", "City") + cells("Jane", 41, "Rome") + cells("Omar", 7, "Oslo")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def ole(*names: str) -> bytes:
    """Write a compound file whose directory has entries of these names."""
    header = bytearray(OLE + bytes(504))
    header[30:32] = (9).to_bytes(2, "little")
    entries = b""
    for name in ("Root Entry", *names):
        raw = name.encode("utf-16-le")
        entry = raw.ljust(64, b"\0") + (len(raw) + 2).to_bytes(2, "little")
        entries += entry.ljust(128, b"\0")
    return bytes(header) + entries.ljust(4096, b"\0")


def number(value: object, style: int) -> str:
    return f'<c s="{style}"><v>{value}</v></c>'


FORMATS = (
    "0.0%",
    "yyyy-mm-dd",
    "#,##0.00 [$€-407]",
    "h:mm",
    "[h]:mm",
    "&quot;No. &quot;000",
    "General",
    "0.00E+00",
    "d. mmmm yyyy h:mm",
    "#,##0;[Red](#,##0)",
    "$#,##0",
)

XLSX = [
    Case(
        "xlsx-records",
        "a.xlsx",
        xlsx(PEOPLE),
        has=(
            "2 rows; columns: Name, Age, City",
            "- Name: Jane; Age: 41; City: Rome",
            "- Name: Omar; Age: 7; City: Oslo",
        ),
        lacks=("#",),
        silent=True,
    ),
    Case(
        "xlsx-several-sheets",
        "a.xlsx",
        xlsx(PEOPLE, "", cells("One word"), names=("People", "Empty", "Note")),
        has=("# People", "2 rows", "# Note", "One word"),
        lacks=("Empty",),
        silent=True,
    ),
    Case(
        "xlsx-hidden-sheet",
        "a.xlsx",
        xlsx(
            PEOPLE,
            cells("secret", "salary"),
            names=("Open", "Pay"),
            states=("visible", "veryHidden"),
        ),
        has=("Jane",),
        lacks=("secret",),
        omitted=("1 hidden sheet(s): Pay",),
    ),
    Case(
        "xlsx-hidden-rows-and-columns",
        "a.xlsx",
        xlsx(
            '<cols><col min="2" max="2" hidden="1"/></cols>'
            + PEOPLE
            + cells("Gone", 1, "Nowhere", attributes='hidden="1"')
        ),
        has=("- Name: Jane; City: Rome", "- Name: Omar; City: Oslo"),
        lacks=("41", "Gone"),
        omitted=("1 hidden row(s)", "1 hidden column(s)"),
    ),
    Case(
        "xlsx-numbers-as-shown",
        "a.xlsx",
        xlsx(
            cells("Kind", "Value")
            + "".join(
                cells(str(n), number(value, n))
                for n, value in enumerate(
                    (
                        0.125,
                        43952,
                        1234.5,
                        0.75,
                        1.5,
                        7,
                        0.30000000000000004,
                        12345,
                        43952.5,
                        -1234,
                        5,
                    ),
                    1,
                )
            ),
            formats=FORMATS,
        ),
        has=(
            "Value: 12.5%",
            "Value: 2020-05-01",
            "Value: 1,234.50 €",
            "Value: 18:00",
            "Value: 36:00:00",
            "Value: No. 7",
            "Value: 0.3",
            "Value: 1.23E+04",
            "Value: 2020-05-01 12:00",
            "Value: -1,234",
            "Value: $5",
        ),
    ),
    Case(
        "xlsx-days-from-1904",
        "a.xlsx",
        xlsx(
            cells("Kind", "Day") + cells("a", number(42490, 1)) + cells("b", number(42491, 1)),
            formats=("yyyy-mm-dd",),
            properties='<workbookPr date1904="1"/>',
        ),
        has=("Day: 2020-05-01", "Day: 2020-05-02"),
    ),
    Case(
        "xlsx-shared-and-rich-strings",
        "a.xlsx",
        xlsx(
            '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>1</v></c>'
            '<c t="s"><v>99</v></c></row>',
            strings=("Title", "<r><t>two </t></r><r><t>parts</t></r><rPh><t>よみ</t></rPh>"),
        ),
        has=("Title", "two parts"),
        lacks=("よみ",),
    ),
    Case(
        "xlsx-formulas",
        "a.xlsx",
        xlsx(
            cells("What", "Sum")
            + cells("kept", "<c><f>A1+1</f><v>5</v></c>")
            + cells("text", '<c t="str"><f>A1</f><v>done</v></c>')
            + cells("lost", "<c><f>B2*2</f></c>")
            + cells("true", '<c t="b"><v>1</v></c>')
            + cells("bad", '<c t="e"><v>#DIV/0!</v></c>')
        ),
        has=("Sum: 5", "Sum: done", "What: lost", "Sum: TRUE", "Sum: #DIV/0!"),
        lacks=("A1",),
        omitted=("1 formula(s) whose result is not stored",),
    ),
    Case(
        "xlsx-merged-cells",
        "a.xlsx",
        xlsx(
            '<row r="1"><c r="A1" t="inlineStr"><is><t>Region</t></is></c><c r="B1" t="inlineStr">'
            '<is><t>Year</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>North</t></is>'
            '</c><c r="B2"><v>2019</v></c></row><row r="3"><c r="B3"><v>2020</v></c></row>'
            '<row r="4"><c r="A4" t="inlineStr"><is><t>South</t></is></c><c r="B4"><v>2021</v></c>'
            '</row></sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
        ),
        has=("Region: North; Year: 2019", "Region: North; Year: 2020", "Region: South; Year: 2021"),
    ),
    Case(
        "xlsx-title-above-and-gaps",
        "a.xlsx",
        xlsx(
            cells("Prices of the year 2020")
            + cells()
            + '<row><c r="B4" t="inlineStr"><is><t>Item</t></is></c><c r="D4" t="inlineStr"><is>'
            '<t>Price</t></is></c></row><row><c r="B5" t="inlineStr"><is><t>Oak</t></is></c>'
            '<c r="D5"><v>12</v></c></row>'
        ),
        has=("Prices of the year 2020", "1 row; columns: Item, Price", "- Item: Oak; Price: 12"),
    ),
    Case(
        "xlsx-without-names-of-columns",
        "a.xlsx",
        xlsx(cells("Jane", 41, "Rome") + cells("Omar", 7, "Oslo")),
        has=("2 rows", "- column A: Jane; column B: 41; column C: Rome"),
    ),
    Case(
        "xlsx-that-claims-a-million-rows",
        "a.xlsx",
        xlsx(PEOPLE + '<row r="1048576"><c r="XFD1048576"><v>9</v></c></row>'),
        has=("2 rows", "Jane"),
        omitted=("15,384 column(s) beyond the first 1,000",),
    ),
    Case(
        "xlsx-named-xls-with-text",
        "a.xls",
        "Name;Age\nJane;41\nOmar;7\n",
        has=("2 rows; columns: Name, Age", "- Name: Jane; Age: 41"),
    ),
    Case(
        "html-named-xls",
        "a.xls",
        "<html><body><table><tr><td>Name</td><td>Age</td></tr><tr><td>Jane</td><td>41</td></tr>"
        "</table></body></html>",
        has=("Jane", "41"),
        lacks=("<td>",),
    ),
    Case(
        "old-excel",
        "a.xls",
        ole("Workbook"),
        refused="is an old Excel file (.xls); save it as .xlsx",
    ),
    Case(
        "old-word",
        "a.doc",
        ole("WordDocument"),
        refused="is an old Word file (.doc); save it as .docx",
    ),
    Case("old-word-named-docx", "a.docx", ole("x", "WordDocument"), refused="save it as .docx"),
    Case("old-powerpoint", "a.ppt", ole("PowerPoint Document"), refused="save it as .pptx"),
    Case(
        "password",
        "a.xlsx",
        ole("EncryptionInfo", "EncryptedPackage"),
        refused="is password-protected; save it without a password",
    ),
    Case(
        "message", "a.doc", ole("__properties_version1.0"), refused="is an Outlook message (.msg)"
    ),
    Case("some-compound-file", "a.docx", ole("Unknown"), refused="old binary Office file"),
    Case(
        "binary-workbook",
        "a.xlsx",
        xlsx(PEOPLE, parts={"xl/workbook.bin": b"x"}),
        refused="is a binary Excel file (.xlsb); save it as .xlsx",
    ),
    Case(
        "docx-that-is-text", "a.docx", "Only words.", refused="is not a .docx file but plain text"
    ),
    Case("docx-that-is-rtf", "a.docx", b"{\\rtf1 In another format.}", has=("In another format.",)),
    Case(
        "docx-that-is-html",
        "a.docx",
        "<!DOCTYPE html><p>From a web page.</p>",
        has=("From a web page.",),
    ),
    Case("docx-that-is-xlsx", "a.docx", xlsx(PEOPLE), has=("Name: Jane",)),
    Case("doc-that-is-text", "a.doc", "The harbour opened in 1901.\n", has=("The harbour opened",)),
    Case(
        "xml-of-2003",
        "a.doc",
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument/>',
        refused="is an XML file of Office 2003; save it as .docx",
    ),
    Case(
        "file-of-pages",
        "a.docx",
        xlsx("", parts={"[Content_Types].xml": "", "Index/Document.iwa": "x"}).replace(
            b"xl/", b"zz/"
        ),
        refused="is a file of Pages, Numbers or Keynote",
    ),
]

CSV = [
    Case(
        "csv-comma",
        "a.csv",
        'Name,Said\nJane,"yes, and ""no"""\nOmar,\n',
        has=("2 rows; columns: Name, Said", '- Name: Jane; Said: yes, and "no"', "- Name: Omar"),
        silent=True,
    ),
    Case(
        "csv-semicolon",
        "a.csv",
        "Artikel;Preis\nHolz;1,50\nStein;2,75\n",
        has=("columns: Artikel, Preis", "- Artikel: Holz; Preis: 1,50"),
    ),
    Case("csv-tab", "a.tsv", "Name\tAge\nJane, Dr.\t41\n", has=("- Name: Jane, Dr.; Age: 41",)),
    Case("csv-bar", "a.csv", "Name|Age\nJane|41\nOmar|7\n", has=("- Name: Omar; Age: 7",)),
    Case("csv-declared", "a.csv", "sep=;\nA,1;B,2\nx;y\n", has=("- A,1: x; B,2: y",)),
    Case(
        "csv-line-break-in-quotes",
        "a.csv",
        'Name,Note\nJane,"first\nsecond"\nOmar,x\n',
        has=("2 rows", "- Name: Jane; Note: first second", "- Name: Omar; Note: x"),
    ),
    Case(
        "csv-quote-never-closed",
        "a.csv",
        'Name,Note\nJane,"open\nOmar,x\nEve,y\n',
        has=("3 rows", '- Name: Jane; Note: "open', "- Name: Omar; Note: x"),
    ),
    Case(
        "csv-cp1252",
        "a.csv",
        "Ort;Straße\nKöln;Übergang 7\nBonn;Allee 9\n".encode("cp1252"),
        has=("columns: Ort, Straße", "- Ort: Köln; Straße: Übergang 7"),
    ),
    Case(
        "csv-utf-16",
        "a.csv",
        "Name\tAge\nJosé\t41\n".encode("utf-16"),
        has=("- Name: José; Age: 41",),
    ),
    Case(
        "csv-without-header",
        "a.csv",
        "1,2.5\n2,3.5\n3,4.5\n",
        has=("3 rows", "- column A: 1; column B: 2.5"),
    ),
    Case(
        "csv-header-twice-the-same",
        "a.csv",
        "a,a\n1,2\n3,4\n",
        has=("3 rows", "- column A: a; column B: a", "- column A: 1"),
    ),
    Case("csv-ragged", "a.csv", "a,b\n1,2,3\n4\n", has=("- a: 1; b: 2; column C: 3", "- a: 4")),
    Case("csv-one-column", "a.csv", "Harbour\nBridge\n", has=("2 rows", "- Harbour", "- Bridge")),
    Case("csv-old-mac-lines", "a.csv", "a,b\r1,2\r", has=("- a: 1; b: 2",)),
    Case(
        "csv-many-rows",
        "a.csv",
        "n,m\n" + "1,2\n" * 100_005,
        has=("100,005 rows; columns: n, m",),
        omitted=("5 row(s) beyond the first 100,000",),
    ),
    Case("csv-binary", "a.csv", b"\0\1\2\3" * 100, refused="is not text in any known encoding"),
]

ODS_ROWS = "".join(
    "<table:table-row>"
    + "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in row)
    + "</table:table-row>"
    for row in (("Name", "Due"), ("Jane", "01/05/2020"), ("Omar", "12.5%"))
)

ODS = [
    Case(
        "ods-records",
        "a.ods",
        odt(
            f'<table:table table:name="People">{ODS_ROWS}<table:table-row '
            'table:number-rows-repeated="1048570"><table:table-cell '
            'table:number-columns-repeated="16384"/></table:table-row></table:table>'
            f'<table:table table:name="Pay" table:style-name="h">{ODS_ROWS}</table:table>',
            kind="spreadsheet",
            automatic='<style:style style:name="h"><style:table-properties table:display="false"/>'
            "</style:style>",
        ),
        has=(
            "# People",
            "2 rows; columns: Name, Due",
            "- Name: Jane; Due: 01/05/2020",
            "- Name: Omar; Due: 12.5%",
        ),
        lacks=("Pay",),
        omitted=("hidden sheet Pay of 3 row(s)",),
    ),
    Case(
        "ods-filtered-rows",
        "a.ods",
        odt(
            '<table:table table:name="T">'
            + ODS_ROWS.replace(
                "<table:table-row>", '<table:table-row table:visibility="filter">', 3
            ).replace(' table:visibility="filter"', "", 2)
            + "</table:table>",
            kind="spreadsheet",
        ),
        has=("Name: Jane",),
        lacks=("Omar",),
        omitted=("1 hidden row(s)",),
    ),
    Case(
        "odf-with-a-password",
        "a.odt",
        odt("", parts={"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"}),
        refused="is password-protected; save it without a password",
    ),
]

CASES = [*XLSX, *CSV, *ODS]
