"""Cases of PDF files: what stands on the pages, beside them, and what is left out."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.document_samples import pdf
from tests.documents.pdf_maker import at, checkbox, column, field, made, note

BODY = (
    "The harbour was opened in the spring of that year.",
    "Ships came from all over the world to see it.",
)


def headed(*, head: str, foot: str, pages: int = 5, first: int = 1) -> bytes:
    """Return a file whose pages have a head and a foot; ``#`` stands for the page's number."""
    return made(
        *(
            at(72, 760, head.replace("#", str(number)))
            + column(
                f"On page {number} the report speaks of the number {number * 37} and goes",
                "on with more words about its subject, which ends here.",
            )
            + at(280, 30, foot.replace("#", str(number)))
            for number in range(first, first + pages)
        )
    )


def divided(left: str, right: str, before: str = "", after: str = "") -> bytes:
    """Return a page on which a word is divided between two lines."""
    return made(column(f"{before} This is about {left}-", f"{right} and so on. {after}"))


def outline(title: str) -> tuple[bytes, bytes]:
    return (
        b"<</Type/Outlines/First 5 0 R/Last 5 0 R/Count 1>>",
        b"<</Title(%s)/Parent 4 0 R/Dest[10 0 R/Fit]>>" % title.encode(),
    )


CASES = [
    Case("lines", "a.pdf", made(column(*BODY)), has=BODY, silent=True, quoted=(BODY[0],)),
    # hyphens at the ends of lines
    Case("divided word", "a.pdf", divided("docu", "ments"), has=("about documents and",)),
    Case("long-term", "a.pdf", divided("long", "term"), has=("long-term and",)),
    Case("price-determining", "a.pdf", divided("price", "determining"), has=("price-determining",)),
    Case(
        "compound seen elsewhere",
        "a.pdf",
        divided("water", "cooled", before="A water-cooled engine."),
        has=("about water-cooled and",),
    ),
    Case(
        "word seen elsewhere",
        "a.pdf",
        divided("under", "standing", before="Our understanding grew."),
        has=("about understanding and",),
        lacks=("under-standing",),
    ),
    Case(
        "both parts are words",
        "a.pdf",
        divided("tenant", "landlord", before="The tenant and the landlord met."),
        has=("about tenant-landlord and",),
    ),
    Case("capital after the hyphen", "a.pdf", divided("Anglo", "Saxon"), has=("Anglo-Saxon",)),
    Case("number after the hyphen", "a.pdf", divided("COVID", "19"), has=("COVID-19",)),
    Case("non-profit", "a.pdf", divided("non", "profit"), has=("non-profit",)),
    Case("evidence-based", "a.pdf", divided("evidence", "based"), has=("evidence-based",)),
    Case("a suffix is no word", "a.pdf", divided("long", "ing"), has=("about longing and",)),
    Case(
        "two divisions",
        "a.pdf",
        made(column("It is an ex-", "pla-", "nation of it.")),
        has=("explanation of it.",),
    ),
    Case(
        "dash at a line's end",
        "a.pdf",
        made(column("It came late -", "very late.")),
        has=("late - very late.",),
    ),
    # running heads, footers, page numbers
    Case(
        "head and page number",
        "a.pdf",
        headed(head="ACME Corp. Confidential annual report 2023", foot="Page # of 5"),
        has=("ACME Corp. Confidential annual report 2023", "On page 1", "On page 2", "On page 5"),
        lacks=("Page 2 of 5", "ends here. ACME"),
        omitted=("9 line(s) of running heads",),
        unquoted=("Page 3 of 5",),
    ),
    Case(
        "page numbers alone",
        "a.pdf",
        headed(head="", foot="#"),
        lacks=("ends here. 3",),
        omitted=("5 line(s)",),
    ),
    Case(
        "page numbers that begin late",
        "a.pdf",
        headed(head="", foot="- # -", first=117),
        lacks=("- 119 -",),
        omitted=("5 line(s)",),
    ),
    Case(
        "number in the head",
        "a.pdf",
        headed(head="Chapter 2: Ships #", foot=""),
        lacks=("Chapter 2: Ships",),
        omitted=("5 line(s)",),
    ),
    Case(
        "two pages",
        "a.pdf",
        headed(head="", foot="Page # of 2", pages=2),
        lacks=("Page 1 of 2",),
        omitted=("2 line(s)",),
    ),
    Case(
        "one page",
        "a.pdf",
        headed(head="The Title", foot="Page #", pages=1),
        has=("The Title", "Page 1"),
        silent=True,
    ),
    Case(
        "roman page numbers",
        "a.pdf",
        made(
            *(column(f"Preface {len(n) * 7} of it.") + at(300, 30, n) for n in ("ii", "iii", "iv"))
        ),
        lacks=("iii",),
        omitted=("3 line(s)",),
    ),
    Case(
        "rows of figures at the foot stay",
        "a.pdf",
        made(*(column(f"Table {n}.") + at(72, 40, f"{n * n} {n * 17}") for n in range(2, 7))),
        has=("4 34", "9 51", "16 68", "25 85", "36 102"),
        silent=True,
    ),
    Case(
        "what repeats in the middle stays",
        "a.pdf",
        made(*(column(f"Part {n * 13}.", "Nothing to report.", top=400) for n in range(4))),
        has=("Nothing to report.",) * 4,
        silent=True,
    ),
    Case(
        "sentence over a page break",
        "a.pdf",
        made(column("The ship left the harbour and"), column("reached the sea by night.")),
        quoted=("The ship left the harbour and reached the sea by night.",),
    ),
    Case(
        "sentence over a page break with heads",
        "a.pdf",
        made(
            *(
                at(72, 770, "Annual report") + column(text) + at(300, 30, str(number))
                for number, text in enumerate(
                    ["It begins here and", "goes on over there and", "ends at the end."], start=1
                )
            )
        ),
        has=("begins here and goes on over there and ends at the end.",),
        omitted=("5 line(s)",),
    ),
    # raised digits
    Case(
        "power",
        "a.pdf",
        made(at(72, 700, "About 10") + at(120.2, 706, "6", size=7) + at(128, 700, "people came.")),
        has=("10^6 people",),
    ),
    Case(
        "footnote mark",
        "a.pdf",
        made(at(72, 700, "It was in 1932") + at(146.3, 705, "1", size=7) + at(156, 700, "that it")),
        has=("1932^1",),
        lacks=("19321",),
    ),
    Case(
        "mark after a word",
        "a.pdf",
        made(at(72, 700, "the agreement") + at(147, 706, "12", size=7) + at(158, 700, "says")),
        has=("agreement^12",),
    ),
    Case(
        "digits of one size",
        "a.pdf",
        made(column("In 1932 and H2O and A4.")),
        has=("In 1932 and H2O and A4.",),
    ),
    Case(
        "lowered digits",
        "a.pdf",
        made(at(72, 700, "H") + at(81, 697, "2", size=7) + at(86, 700, "O is water.")),
        lacks=("^",),
    ),
    # forms
    Case(
        "text field",
        "a.pdf",
        made(
            column("Name of applicant:", "Date:"),
            annotations=[field("n", "Jane Roe-Smith", 200, 700)],
        ),
        has=("Name of applicant: Jane Roe-Smith", "Date:"),
    ),
    Case(
        "field away from any line",
        "a.pdf",
        made(column("A form."), annotations=[field("Remarks", "All is well", 72, 300)]),
        has=("A form.", "Remarks: All is well"),
    ),
    Case(
        "boxes",
        "a.pdf",
        made(
            column("Yes", "No"),
            annotations=[checkbox("y", 120, 700, on=True), checkbox("n", 120, 686, on=False)],
        ),
        has=("Yes ☒", "No ☐"),
    ),
    Case(
        "choice",
        "a.pdf",
        made(
            column("Country:"),
            annotations=[
                field("c", "Chile", 200, 700).replace(
                    b"/FT/Tx", b"/FT/Ch/Ff 131072/Opt[(Chile)(Peru)]"
                )
            ],
        ),
        has=("Country: Chile",),
    ),
    Case(
        "password field",
        "a.pdf",
        made(column("Password:"), annotations=[field("p", "hunter2", 200, 700, more=b"/Ff 8192")]),
        lacks=("hunter2",),
    ),
    Case(
        "empty field",
        "a.pdf",
        made(column("Name:"), annotations=[field("n", "", 200, 700)]),
        has=("Name:",),
        silent=True,
    ),
    Case(
        "several lines in a field",
        "a.pdf",
        made(column("A form."), annotations=[field("Remarks", r"first\nsecond", 72, 300)]),
        has=("Remarks: first second",),
    ),
    Case(
        "form without text",
        "a.pdf",
        made(b"", annotations=[field("Name", "Jane Roe", 72, 300)]),
        has=("Name: Jane Roe",),
    ),
    # beside the text
    Case(
        "note",
        "a.pdf",
        made(column(*BODY), annotations=[note("Check this.")]),
        lacks=("Check this",),
        omitted=("1 note(s)",),
    ),
    Case(
        "text written onto the page",
        "a.pdf",
        made(column(*BODY), annotations=[note("Approved by Jane.", b"FreeText")]),
        has=("Approved by Jane.",),
    ),
    Case(
        "attached file",
        "a.pdf",
        made(
            column(*BODY),
            catalog=b"/Names<</EmbeddedFiles<</Names[(a.txt) 4 0 R]>>>>",
            objects=[
                b"<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 5 0 R>>>>",
                b"<</Type/EmbeddedFile/Length 3>>stream\nabc\nendstream",
            ],
        ),
        omitted=("1 attached file(s): a.txt",),
    ),
    Case(
        "bookmark is a heading",
        "a.pdf",
        made(
            column("Early Years", *BODY), catalog=b"/Outlines 4 0 R", objects=outline("Early Years")
        ),
        has=("# Early Years", "The harbour"),
        unquoted=("Early Years The",),
    ),
    Case(
        "bookmark of a numbered heading",
        "a.pdf",
        made(
            column("2.1 Early Years", *BODY),
            catalog=b"/Outlines 4 0 R",
            objects=outline("Early Years"),
        ),
        has=("# 2.1 Early Years",),
    ),
    Case(
        "bookmark of nothing",
        "a.pdf",
        made(column(*BODY), catalog=b"/Outlines 4 0 R", objects=outline("Elsewhere")),
        lacks=("#", "Elsewhere"),
    ),
    Case(
        "paragraphs",
        "a.pdf",
        made(column("A short title", top=740) + column(*BODY, "It went well.", "All were glad.")),
        quoted=("The harbour was opened",),
        unquoted=("A short title The",),
    ),
    Case(
        "outside the page",
        "a.pdf",
        made(column(*BODY) + at(-900, 500, "Hidden words.")),
        lacks=("Hidden",),
        omitted=("1 line(s) outside of the visible page",),
    ),
    Case(
        "above and below the page",
        "a.pdf",
        made(column(*BODY) + at(72, 900, "Cut off."), at(72, -40, "Below.") + column(BODY[0])),
        has=BODY,
        lacks=("Cut off", "Below"),
        omitted=("2 line(s) outside of the visible page",),
    ),
    Case(
        "plain angle brackets",
        "a.pdf",
        made(column("Call f(<name>) with a < b now.")),
        has=("<name>",),
    ),
    # pages without text
    Case(
        "scanned page among others",
        "a.pdf",
        pdf([BODY[0], None]),
        has=(BODY[0],),
        omitted=("page(s) 2: no text, only a picture",),
    ),
    Case("scan", "a.pdf", pdf([None, None]), refused="it is probably scanned"),
    Case("blank pages", "a.pdf", made(b"", b""), refused="holds no text on 2 page(s)"),
    Case("empty page", "a.pdf", made(column(BODY[0]), b"", column(BODY[1])), has=BODY, silent=True),
    Case(
        "letters without meaning",
        "a.pdf",
        made(
            column("Some words that nobody can read."),
            font=b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+Odd/Encoding/Identity-H"
            b"/DescendantFonts[4 0 R]>>",
            objects=[
                b"<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+Odd/FontDescriptor 5 0 R"
                b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
                b"<</Type/FontDescriptor/FontName/ABCDEF+Odd/Flags 4/FontBBox[0 0 9 9]"
                b"/ItalicAngle 0/Ascent 9/Descent 0/CapHeight 9/StemV 9>>",
            ],
        ),
        refused="which letters it shows",
    ),
    # refused, or as it can be
    Case("password", "a.pdf", pdf(["Secret."], encrypted=True), refused="is encrypted"),
    Case("no PDF", "a.pdf", b"Just text, no PDF at all.", refused="is"),
    Case("cut off", "a.pdf", made(column(*BODY))[:300], refused="is damaged or cut off"),
    Case("rubbish before", "a.pdf", b"rubbish\n" * 9 + made(column(*BODY)), has=BODY),
    Case("rubbish after", "a.pdf", made(column(*BODY)) + b"\n rubbish" * 900, has=BODY),
    Case(
        "no cross-reference",
        "a.pdf",
        made(column(*BODY)).replace(b"startxref", b"startxxxx"),
        has=BODY,
    ),
    Case(
        "wrong offsets",
        "a.pdf",
        made(column(*BODY)).replace(b"%PDF-1.6\n", b"%PDF-1.6\n%moved\n"),
        has=BODY,
    ),
    Case(
        "a page that is missing",
        "a.pdf",
        made(column(BODY[0]), column(BODY[1])).replace(b"Kids[10 0 R", b"Kids[99 0 R"),
        has=(BODY[1],),
    ),
    Case("upper-case suffix", "A.PDF", made(column(*BODY)), has=BODY),
]
