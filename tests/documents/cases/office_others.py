"""Presentations, OpenDocument texts, and Rich Text Format."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.office_files import NAMESPACES, odt, pptx, shape, slide


def a(text: str, properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def cell(text: str, attributes: str = "") -> str:
    return f"<a:tc {attributes}><a:txBody>{a(text)}</a:txBody></a:tc>"


QUOTED = '"{}"'
TABLE = (
    "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>"
    f"<a:tr>{cell('Region')}{cell('Sum')}</a:tr><a:tr>"
    f"{cell('North', 'rowSpan=' + QUOTED.format(2))}{cell('5')}</a:tr><a:tr>"
    f"{cell('', 'vMerge=' + QUOTED.format(1))}{cell('6')}</a:tr>"
    "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
)

PPTX = [
    Case(
        "pptx-angle-brackets-are-words",
        "a.pptx",
        pptx(
            slide(
                "<a:p><a:r><a:t>The type a&lt;b&gt; has &lt;name&gt; of List&lt;String&gt; in the "
                "&lt;b&gt; tag.</a:t></a:r></a:p>"
            )
        ),
        has=("The type a<b> has <name> of List<String> in the <b> tag.",),
        silent=True,
    ),
    Case(
        "pptx-titles-text-and-notes",
        "a.pptx",
        pptx(
            slide(a("First point") + a("Second point", '<a:pPr lvl="1"/>'), title="The plan"),
            slide(a("Only one paragraph."), title="The end"),
            notes={1: "Say hello."},
        ),
        has=(
            "# The plan",
            "- First point",
            "- Second point",
            "Notes: Say hello.",
            "# The end",
            "Only one paragraph.",
        ),
        lacks=("- Only",),
        silent=True,
    ),
    Case(
        "pptx-table",
        "a.pptx",
        pptx(slide(TABLE, title="Sums")),
        has=("# Sums", "| Region | Sum |", "| North | 5 |", "| | 6 |"),
    ),
    Case(
        "pptx-groups-and-alternatives",
        "a.pptx",
        pptx(
            slide(
                f"<p:grpSp><p:grpSp>{shape(a('Deep inside.'), '-')}</p:grpSp></p:grpSp>",
                "<p:AlternateContent><p:Choice>" + shape(a("Chosen."), "-") + "</p:Choice>"
                "<p:Fallback>" + shape(a("Chosen."), "-") + "</p:Fallback></p:AlternateContent>",
            )
        ),
        has=("Deep inside.", "Chosen."),
        lacks=("Chosen. Chosen.",),
    ),
    Case(
        "pptx-numbered-list",
        "a.pptx",
        pptx(
            slide(
                *[
                    shape(
                        a("One", '<a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr>')
                        + a(
                            "under", '<a:pPr lvl="1"><a:buAutoNum type="alphaLcParenBoth"/></a:pPr>'
                        )
                        + a("Two", '<a:pPr><a:buAutoNum type="arabicPeriod"/></a:pPr>')
                        + a("Plain", "<a:pPr><a:buNone/></a:pPr>"),
                        "body",
                    )
                ]
            )
        ),
        has=("1. One", "(a) under", "2. Two", "Plain"),
    ),
    Case(
        "pptx-chart",
        "a.pptx",
        pptx(
            slide(
                "<p:graphicFrame><a:graphic><a:graphicData><c:chart r:id='c'/></a:graphicData>"
                "</a:graphic></p:graphicFrame>"
            ),
            related={1: (("c", "chart", "../charts/chart1.xml"),)},
            parts={
                "ppt/charts/chart1.xml": f"<c:chartSpace {NAMESPACES}><c:chart><c:title>"
                f"{a('Growth')}</c:title><c:ser><c:cat><c:pt idx='0'><c:v>Q1</c:v></c:pt></c:cat>"
                "<c:val><c:pt idx='0'><c:v>4.2999999999999998</c:v></c:pt></c:val></c:ser>"
                "</c:chart></c:chartSpace>"
            },
        ),
        has=("Growth", "| Q1 | 4.3 |"),
    ),
    Case(
        "pptx-hidden-slide-and-edge",
        "a.pptx",
        pptx(
            slide(a("Shown."), shape(a("Page 7"), "sldNum"), shape(a("ACME"), "ftr")),
            slide(a("Not shown."), attributes='show="0"'),
        ),
        has=("Shown.",),
        lacks=("Not shown.", "Page 7", "ACME"),
        omitted=("1 hidden slide(s)",),
    ),
    Case(
        "pptx-picture-breaks-and-raised",
        "a.pptx",
        pptx(
            slide(
                "<p:pic><p:nvPicPr><p:cNvPr id='1' descr='The quay'/></p:nvPicPr></p:pic>",
                shape(
                    "<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline='30000'/><a:t>6</a:t>"
                    "</a:r><a:br/><a:r><a:t>cars</a:t></a:r></a:p>",
                    "-",
                ),
            )
        ),
        has=("![The quay]()", "10^6 cars"),
        omitted=("1 picture(s)",),
    ),
]

T = "<text:p>{}</text:p>"
LIST_STYLE = (
    '<text:list-style style:name="L">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="("'
    ' style:num-suffix=")"/></text:list-style>'
    '<style:style style:name="S"><style:text-properties style:text-position="super 58%"/>'
    '</style:style><style:style style:name="H"><style:text-properties text:display="none"/>'
    "</style:style>"
)


def items(*texts: str, attributes: str = 'text:style-name="L"') -> str:
    inner = "".join(
        f"<text:list-item>{text if text.startswith('<') else T.format(text)}</text:list-item>"
        for text in texts
    )
    return f"<text:list {attributes}>{inner}</text:list>"


ODT = [
    Case(
        "odt-headings-and-spaces",
        "a.odt",
        odt(
            '<text:h text:outline-level="2">The <text:span>scope</text:span></text:h>'
            + T.format('One<text:s text:c="3"/>two<text:tab/>three<text:line-break/>four')
        ),
        has=("## The scope", "One two three four"),
        silent=True,
    ),
    Case(
        "odt-lists",
        "a.odt",
        odt(
            items("First", T.format("Second") + items("inner", "more", attributes=""))
            + T.format("Between.")
            + items("Third", attributes='text:style-name="L" text:continue-numbering="true"')
            + items("Again")
            + items("dot", attributes='text:style-name="none"'),
            automatic=LIST_STYLE,
        ),
        has=(
            "1. First",
            "2. Second",
            "(a) inner",
            "(b) more",
            "Between.",
            "3. Third",
            "1. Again",
            "- dot",
        ),
    ),
    Case(
        "odt-numbered-headings",
        "a.odt",
        odt(
            '<text:h text:outline-level="1">A</text:h><text:h text:outline-level="2">B</text:h>'
            '<text:h text:outline-level="2">C</text:h>',
            styles='<office:styles><text:outline-style><text:outline-level-style text:level="1" '
            'style:num-format="1"/><text:outline-level-style text:level="2" style:num-format="1" '
            'text:display-levels="2"/></text:outline-style></office:styles>',
        ),
        has=("# 1 A", "## 1.1 B", "## 1.2 C"),
    ),
    Case(
        "odt-table",
        "a.odt",
        odt(
            "<table:table><table:table-header-rows><table:table-row><table:table-cell>"
            + T.format("Item")
            + "</table:table-cell><table:table-cell>"
            + T.format("Price")
            + "</table:table-cell></table:table-row></table:table-header-rows><table:table-row>"
            '<table:table-cell table:number-columns-spanned="2">'
            + T.format("Both")
            + "</table:table-cell><table:covered-table-cell/></table:table-row><table:table-row>"
            "<table:table-cell>"
            + T.format("Oak")
            + "</table:table-cell><table:table-cell>"
            + T.format("5")
            + "</table:table-cell></table:table-row></table:table>"
        ),
        has=("| Item | Price |", "| Both | |", "| Oak | 5 |"),
    ),
    Case(
        "odt-notes-and-raised",
        "a.odt",
        odt(
            T.format(
                'In 1932<text:note text:note-class="footnote"><text:note-citation>1'
                "</text:note-citation><text:note-body>"
                + T.format("A source.")
                + '</text:note-body></text:note> about 10<text:span text:style-name="S">6'
                "</text:span> cars."
            ),
            automatic=LIST_STYLE,
        ),
        has=("In 1932[^1] about 10^6 cars.", "[^1]: A source."),
    ),
    Case(
        "odt-tracked-changes-and-hidden",
        "a.odt",
        odt(
            "<text:tracked-changes><text:changed-region><text:deletion>"
            + T.format("old words here")
            + "</text:deletion></text:changed-region></text:tracked-changes>"
            + T.format(
                'New.<text:span text:style-name="H">not seen</text:span><office:annotation>'
                + T.format("check this")
                + "</office:annotation>"
            ),
            automatic=LIST_STYLE,
        ),
        has=("New.",),
        lacks=("old", "not seen", "check"),
        omitted=("deleted text of 3 word(s)", "hidden text of 2 word(s)", "comments of 2 word(s)"),
    ),
    Case(
        "odt-boxes-formulas-pictures",
        "a.odt",
        odt(
            T.format(
                "It is <draw:frame><draw:object xlink:href='./Object 1'/><draw:image/>"
                "</draw:frame> there."
            )
            + T.format(
                "<draw:frame><draw:text-box>"
                + T.format("In a box.")
                + "</draw:text-box></draw:frame>"
            )
            + T.format("<draw:frame><draw:image/><svg:desc>The port</svg:desc></draw:frame>"),
            parts={
                "Object 1/content.xml": "<math><semantics><mi>E</mi><annotation>E = m c^2"
                "</annotation></semantics></math>"
            },
        ),
        has=("It is E = m c^2 there.", "In a box.", "![The port]()"),
        omitted=("1 picture(s)",),
    ),
    Case(
        "odp-slides",
        "a.odp",
        odt(
            "<draw:page><draw:frame><draw:text-box>"
            + items("a point", attributes="")
            + '</draw:text-box></draw:frame><draw:frame presentation:class="title"><draw:text-box>'
            + T.format("The title")
            + "</draw:text-box></draw:frame><presentation:notes><draw:frame>"
            "<draw:text-box>" + T.format("Say it.") + "</draw:text-box></draw:frame>"
            "</presentation:notes></draw:page>",
            kind="presentation",
        ),
        has=("# The title", "- a point", "Notes: Say it."),
    ),
]


def rtf(name: str, body: str, **expected: object) -> Case:
    head = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Times;}{\\f1\\fcharset204 Arial;}"
    head += "{\\f2\\fcharset128 MS Mincho;}{\\f3\\fcharset2 Symbol;}}"
    head += "{\\stylesheet{\\s0 Normal;}{\\s1 heading 1;}{\\s2 heading 2;}}"
    return Case(f"rtf-{name}", "a.rtf", f"{head}{body}}}".encode("latin-1"), **expected)  # type: ignore[arg-type]


RTF = [
    rtf(
        "paragraphs-and-headings",
        "{\\info{\\title No}}\\pard\\s1 The scope\\par\\pard\\s2 Who\\par"
        "\\pard\\s0 First.\\line second\\par Third {\\b bold}.",
        has=("# The scope", "## Who", "First. second", "Third bold."),
        lacks=("No", "Times"),
        silent=True,
    ),
    rtf(
        "unicode",
        "It\\u8217\\'92s \\u8364? 5, \\uc0\\u233 t\\u233 , {\\uc2\\u12354??x}\\u-10179\\u-8704 .",
        has=("It’s € 5, été, あx😀.",),
    ),
    rtf(
        "code-pages",
        "caf\\'e9 {\\f1 \\'cc\\'ee\\'f1\\'ea\\'e2\\'e0} {\\f2 \\'93\\'fa\\'96\\'7b} {\\f3 a}",
        has=("café Москва 日本 α",),
    ),
    rtf(
        "table",
        "\\trowd\\pard\\intbl Item\\cell Price\\cell\\row\\trowd\\pard\\intbl Oak\\cell"
        " 5\\cell\\row\\pard After.\\par",
        has=("| Item | Price |", "| Oak | 5 |", "After."),
    ),
    rtf(
        "notes-and-raised",
        "In 1932{\\super\\chftn}{\\footnote\\pard A source.\\par More.}, 10{\\super 6} cars.",
        has=("In 1932[^1], 10^6 cars.", "[^1]: A source. More."),
    ),
    rtf(
        "fields",
        'See {\\field{\\*\\fldinst HYPERLINK "http://x"}{\\fldrslt the page}}.',
        has=("See the page.",),
        lacks=("HYPERLINK",),
    ),
    rtf("list-numbers", "{\\listtext\\pard 2.1\\tab}The clause.\\par", has=("2.1 The clause.",)),
    rtf(
        "left-out",
        "{\\header Top of page\\par}Shown {\\v not at all }{\\deleted gone }"
        "{\\annotation my remark}{\\pict\\wmetafile8 0123456789abcdef}here."
        "{\\*\\unknown nothing}",
        has=("Shown here.",),
        lacks=("Top", "not at", "gone", "remark", "0123", "nothing"),
        omitted=(
            "running heads and feet of 3 word(s)",
            "hidden text of 3 word(s)",
            "deleted text of 1 word(s)",
            "comments of 2 word(s)",
            "1 picture(s)",
        ),
    ),
    rtf(
        "pictures-once",
        "{\\*\\shppict{\\pict 00}}{\\nonshppict{\\pict 00}}Text.",
        has=("Text.",),
        omitted=("1 picture(s)",),
    ),
    rtf("binary", "A{\\pict\\bin5 }}{{\\}B", has=("AB",)),
    rtf("signs", "a\\~b\\_c\\-d\\emdash e \\{\\}\\\\ \\bullet", has=("a b-cd—e {}\\ •",)),
    rtf(
        "text-box",
        "{\\shp{\\*\\shpinst{\\sp{\\sn name}{\\sv 1}}{\\shptxt\\pard In a box.\\par}}}After.",
        has=("In a box.", "After."),
        lacks=("{", "sn"),
    ),
    rtf(
        "binary-data-longer-than-the-file",
        "All ships sailed.\\par \\bin999 The rest of the words.",
        has=("All ships sailed.",),
        omitted=("byte(s) of binary data",),
    ),
    Case("rtf-that-is-text", "a.rtf", "Only words.", refused="is not a .rtf file but plain text"),
    Case("rtf-named-txt", "a.txt", b"{\\rtf1 Some words.}", has=("Some words.",), lacks=("rtf1",)),
]

CASES = [*PPTX, *ODT, *RTF]
