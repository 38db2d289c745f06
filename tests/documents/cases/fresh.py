"""Bodies of mail in several parts, mailboxes, escapes of Office files, and mixed encodings."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.office_files import (
    cells,
    docx,
    odt,
    p,
    pptx,
    shape,
    slide,
    xlsx,
    zipped,
)

__all__ = ["CASES"]

HEAD = "Subject: Grain\nMIME-Version: 1.0\n"
UU = "M" + "%N$6S'(GW8,X[I1)_Z5;9L$<=](MB.,^F?1/J@5@NQ9QS\">W3B3[DFD1234"
FORM = "xmlns:form='urn:oasis:names:tc:opendocument:xmlns:form:1.0'"
EDGE = "<a:p><a:r><a:t>{}</a:t></a:r></a:p>"
FRENCH = "L’été dernier, le port a été ouvert à nouveau.\n"


def parts(kind: str, *bodies: tuple[str, str], boundary: str = "b") -> str:
    """Return a body of several parts, each a type and a text."""
    inner = "".join(f"--{boundary}\nContent-Type: {type_}\n\n{text}\n" for type_, text in bodies)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\n\n{inner}--{boundary}--\n"


def book(*addresses: str, **pages: str) -> bytes:
    """Return a book whose chapters are named by addresses."""
    items = "".join(
        f"<item id='i{at}' href='{address}' media-type='application/xhtml+xml'/>"
        for at, address in enumerate(addresses)
    )
    spine = "".join(f"<itemref idref='i{at}'/>" for at in range(len(addresses)))
    package = f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>"
    return zipped({"OPS/book.opf": package, **{f"OPS/text/{k}.xhtml": v for k, v in pages.items()}})


MAIL = [
    Case(
        "mail-of-two-html-parts",
        "a.eml",
        HEAD
        + parts("mixed", ("text/html", "<p>First half.</p>"), ("text/html", "<p>Second half.</p>")),
        has=("# Grain", "First half.", "Second half."),
        silent=True,
    ),
    Case(
        "mail-of-html-above-plain-text",
        "a.eml",
        HEAD
        + parts(
            "mixed", ("text/html", "<p>The <b>body</b>.</p>"), ("text/plain", "See *below* it.")
        ),
        has=("The **body**.", "See \\*below\\* it."),
        silent=True,
    ),
    Case(
        "mail-of-a-choice-and-more",
        "a.eml",
        HEAD
        + parts(
            "mixed",
            (
                parts(
                    "alternative",
                    ("text/plain", "Only once."),
                    ("text/html", "<p>Only once.</p>"),
                    boundary="c",
                ).removeprefix("Content-Type: "),
                "",
            ),
            ("text/markdown", "Some *more*."),
        ),
        has=("Only once.", "Some *more*."),
        lacks=("Only once. Only once.", "<p>"),
        silent=True,
    ),
    Case(
        "mail-that-was-not-delivered",
        "a.eml",
        HEAD + parts("report", ("text/plain", "Failed."), ("message/delivery-status", "Status: 5")),
        has=("Failed.",),
        omitted=("1 parts of the kind message/delivery-status",),
    ),
    Case(
        "mail-with-data-in-its-text",
        "a.eml",
        f"Subject: Grain\n\nSee it.\n\nbegin 644 a.jpg\n{f'{UU}{chr(10)}' * 9}`\nend\n\nBye.\n",
        has=("See it.", "[uuencoded data,", "Bye."),
        lacks=(UU[:20],),
        omitted=("1 piece of data replaced by short marks",),
    ),
    Case(
        "mailbox-with-from-in-its-text",
        "a.mbox",
        "From a@b Mon May  4 10:00:00 2020\nSubject: One\n\nIt was.\n\nFrom here on it is text."
        "\n\nFrom 10:30 to 12:15 we met.\n\nFrom c@d Tue May  5 10:00:00 2020\nSubject: Two\n\n"
        "Bye.",
        has=("# One", "From here on it is text.", "From 10:30 to 12:15 we met.", "# Two", "Bye."),
        lacks=("c@d", "(no subject)"),
        silent=True,
    ),
]
OFFICE = [
    Case(
        "xlsx-escaped-characters-and-running-heads",
        "a.xlsx",
        xlsx(
            cells("A_x000D_B", "C")
            + cells("x_x005F_x0041_", "one_x000D_\ntwo _xD83D__xDE00_ _x0001_")
            + "</sheetData><headerFooter><oddHeader>&amp;C&amp;12Top secret &amp;P</oddHeader>"
            "</headerFooter>"
        ),
        has=("A B: x_x0041_; C: one two 😀 �",),
        lacks=("_x000D_", "Top"),
        omitted=("running heads and feet of 2 word(s)",),
    ),
    Case(
        "xlsx-number-that-is-no-date",
        "a.xlsx",
        xlsx(
            cells("Day", "Name") + cells("<c s='1'><v>1e308</v></c>", "Omar"), formats=("dd/mm/yy",)
        ),
        has=("Day: 1e+308; Name: Omar",),
        silent=True,
    ),
    Case(
        "xlsx-numbers-in-thousands",
        "a.xlsx",
        xlsx(
            cells("Sales", "Total", "Loss", "Less")
            + "<row><c s='1'><v>1234567</v></c><c s='2'><v>2500000</v></c>"
            "<c s='3'><v>-1234567</v></c><c s='4'><v>512</v></c></row>",
            formats=(
                *("#,##0,&quot; TEUR&quot;", "0.0,,&quot; M&quot;", "#,##0,"),
                "[&gt;999999]0,,&quot;M&quot;;[&gt;999]0,&quot;K&quot;;0",
            ),
        ),
        has=("Sales: 1,235 TEUR; Total: 2.5 M; Loss: -1,235; Less: 512",),
        silent=True,
    ),
    Case(
        "pptx-escaped-characters-and-edges",
        "a.pptx",
        pptx(
            slide(
                EDGE.format("One_x000B_two"),
                shape(EDGE.format("7"), "sldNum"),
                shape(EDGE.format("Our company"), "ftr"),
            )
        ),
        has=("One two",),
        lacks=("7", "company"),
        omitted=("headers, footers and dates of 2 word(s)",),
    ),
    Case(
        "docx-part-of-another-document",
        "a.docx",
        docx(p("Main."), "<w:p><w:subDoc r:id='s'/></w:p>", related=(("s", "subDocument", "b"),)),
        has=("Main.",),
        omitted=("1 inserted file(s)",),
    ),
    Case(
        "odt-hidden-section-and-fields",
        "a.odt",
        odt(
            f"<office:forms {FORM}><form:text form:current-value='Jane'/></office:forms>"
            "<text:section text:display='none'><text:p>Not seen</text:p></text:section>"
            "<text:p>Seen.</text:p>"
        ),
        has=("Seen.",),
        lacks=("Not",),
        omitted=("hidden text of 2 word(s)", "1 form field(s) with their values"),
    ),
    Case(
        "epub-with-names-of-windows",
        "a.epub",
        book("text\\ONE.xhtml", "Text/two.xhtml", one="<p>First words.</p>", two="<p>More.</p>"),
        has=("First words.", "More."),
        silent=True,
    ),
    Case(
        "epub-without-its-chapters",
        "a.epub",
        book("one.xhtml", "two.xhtml"),
        refused="names 2 chapter(s) that are not in the file",
    ),
]
TEXT = [
    Case(
        "subtitles-with-readings",
        "a.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<ruby>漢<rt>kan</rt></ruby> it is.\n",
        has=("漢(kan) it is.",),
    ),
    Case(
        "ruby-with-and-without-brackets",
        "a.html",
        "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <ruby>字<rt>ji</rt></ruby></p>",
        has=("漢(kan) 字(ji)",),
    ),
    Case(
        "bars-and-boxes-stand-apart",
        "a.html",
        "<p>It is <meter>5 of 9</meter><progress>70%</progress><input type=radio checked>Yes"
        "<input type=radio>No</p>",
        has=("It is 5 of 9 70% [x] Yes [ ] No",),
    ),
    Case(
        "one-line-in-another-encoding",
        "a.txt",
        (FRENCH * 2).encode() + "Le café coûte cher, voilà.\n".encode("cp1252"),
        has=("été ouvert à nouveau", "Le café coûte cher, voilà."),
        lacks=("Ã", "�"),
        omitted=("1 line(s) are not in UTF-8 as the others are; they were read as windows-1252",),
    ),
    Case(
        "manual-page-for-printers",
        "a.txt",
        "N\bNA\bAM\bME\bE\n     l\bls\bs - list _\bf_\bi_\bl_\be and f\b_o\b_ of snake_case\n",
        has=("NAME ls - list file and fo of snake_case",),
        omitted=("characters that others are printed over are removed",),
    ),
    Case(
        "xml-with-its-texts-in-attributes",
        "Posts.xml",
        "<posts><row Id='1' Body='&lt;p&gt;How do I read a &lt;b&gt;file&lt;/b&gt; now?&lt;/p&gt;'"
        " Tags='a b'/><item a='The third one is in a list.'/>"
        "<row d='1 2 3 4 5 6 7' Body='The second one is plain text.'/></posts>",
        has=(
            *("How do I read a **file** now?", "The third one is in a list."),
            "The second one is plain text.",
        ),
        lacks=("a b", "3 4"),
        silent=True,
    ),
    Case(
        "xml-marks-of-notes",
        "a.fb2",
        "<FictionBook><body><p>In 1932<a type='note'>1</a> it <a note='A text of more words than "
        "six.'>was</a>.</p></body></FictionBook>",
        has=("In 1932[1] it was.",),
        omitted=("text in attributes: left out (7 words)",),
    ),
    Case(
        "text-of-a-mainframe",
        "a.txt",
        "The harbour was opened in 1901. Ships came from all over the world.".encode("cp500"),
        refused="is not text in any known encoding",
    ),
]
CASES = [*MAIL, *OFFICE, *TEXT]
