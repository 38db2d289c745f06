"""Word documents: what Word shows is read, and what is not read is reported."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.office_files import NAMESPACES, cell, docx, item, levels, p, r, row, table

FIELD = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
INSTRUCTION = "<w:r><w:instrText>{}</w:instrText></w:r>"


def math(inner: str) -> str:
    return f"<m:oMath>{inner}</m:oMath>"


def x(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def field(instruction: str, *result: str) -> str:
    return (
        FIELD.format("begin")
        + INSTRUCTION.format(instruction)
        + FIELD.format("separate")
        + "".join(result)
        + FIELD.format("end")
    )


def box(content: str, *, fallback: bool = True) -> str:
    text = f"<w:txbxContent>{content}</w:txbxContent>"
    old = f"<mc:Fallback><w:pict><v:textbox>{text}</v:textbox></w:pict></mc:Fallback>"
    return (
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
        f"{text}</wps:txbx></w:drawing></mc:Choice>{old if fallback else ''}"
        "</mc:AlternateContent></w:r>"
    )


def equation(name: str, inner: str, shown: str) -> Case:
    body = p("The rule is ", math(inner), " for all.")
    return Case(f"equation-{name}", "a.docx", docx(body), has=(f"The rule is {shown} for all.",))


EQUATIONS = [
    equation(
        "plain",
        x("E=m") + "<m:sSup><m:e>" + x("c") + "</m:e><m:sup>" + x("2") + "</m:sup></m:sSup>",
        "E=mc^2",
    ),
    equation(
        "fraction", f"<m:f><m:num>{x('a+b')}</m:num><m:den>{x('2c')}</m:den></m:f>", "(a+b)/2c"
    ),
    equation(
        "binomial",
        "<m:d><m:e><m:f><m:fPr><m:type m:val='noBar'/></m:fPr>"
        f"<m:num>{x('n')}</m:num><m:den>{x('k')}</m:den></m:f></m:e></m:d>",
        "((n ¦ k))",
    ),
    equation(
        "both-scripts",
        f"<m:sSubSup><m:e>{x('x')}</m:e><m:sub>{x('i+1')}</m:sub>"
        f"<m:sup>{x('2')}</m:sup></m:sSubSup>",
        "x_(i+1)^2",
    ),
    equation(
        "root",
        f"<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e>{x('x+1')}"
        f"</m:e></m:rad>{x('+')}<m:rad><m:deg>{x('3')}</m:deg><m:e>{x('y')}</m:e></m:rad>",
        "√(x+1)+√[3]\\(y)",
    ),
    equation(
        "sum",
        "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr>"
        f"<m:sub>{x('i=1')}</m:sub><m:sup>{x('n')}</m:sup><m:e>{x('i')}</m:e></m:nary>",
        "∑_(i=1)^n i",
    ),
    equation(
        "integral",
        f"<m:nary><m:sub>{x('0')}</m:sub><m:sup>{x('∞')}</m:sup><m:e>{x('f(x)dx')}</m:e></m:nary>",
        "∫_0^∞ f(x)dx",
    ),
    equation(
        "matrix",
        "<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e><m:m>"
        f"<m:mr><m:e>{x('a')}</m:e><m:e>{x('b')}</m:e></m:mr>"
        f"<m:mr><m:e>{x('c')}</m:e><m:e>{x('d')}</m:e></m:mr></m:m></m:e></m:d>",
        "[a, b; c, d]",
    ),
    equation(
        "cases",
        "<m:d><m:dPr><m:begChr m:val='{'/><m:endChr m:val=''/></m:dPr><m:e><m:eqArr>"
        f"<m:e>{x('1, x&gt;0')}</m:e><m:e>{x('0, else')}</m:e></m:eqArr></m:e></m:d>",
        "{1, x>0; 0, else",
    ),
    equation(
        "function",
        f"<m:func><m:fName>{x('sin')}</m:fName><m:e>{x('x')}</m:e></m:func>"
        f"{x('+')}<m:func><m:fName><m:limLow><m:e>{x('lim')}</m:e><m:lim>{x('n→∞')}</m:lim>"
        f"</m:limLow></m:fName><m:e>{x('1/n')}</m:e></m:func>",
        "sin x+lim_(n→∞)(1/n)",
    ),
    equation(
        "accent", f"<m:acc><m:accPr><m:chr m:val='̂'/></m:accPr><m:e>{x('p')}</m:e></m:acc>", "p̂"
    ),
    Case(
        "equation-of-a-whole-paragraph",
        "a.docx",
        docx(
            "It follows that",
            f"<w:p><m:oMathPara>{math(x('a=b'))}{math(x('c=d'))}</m:oMathPara></w:p>",
            f"<m:oMathPara>{math(x('e=f'))}</m:oMathPara>",
            "as was shown.",
        ),
        has=("It follows that", "a=b; c=d", "e=f", "as was shown."),
        silent=True,
        source="markitdown #1512",
    ),
]

FIELDS = [
    Case(
        "field-simple",
        "a.docx",
        docx(
            p(
                "Signed on ",
                '<w:fldSimple w:instr="DATE">' + r("1 May 2020") + "</w:fldSimple>",
                " in Rome.",
            )
        ),
        has=("Signed on 1 May 2020 in Rome.",),
        silent=True,
    ),
    Case(
        "field-complex",
        "a.docx",
        docx(
            p(
                "See ",
                field(" REF _Ref12 \\h ", r("clause 2")),
                " and ",
                field('HYPERLINK "https://example.com"', r("the page")),
                ".",
            )
        ),
        has=("See clause 2 and the page.",),
        lacks=("REF", "HYPERLINK", "example"),
    ),
    Case(
        "field-in-a-field",
        "a.docx",
        docx(
            p("Dear ", field(" IF " + "x" + " = 1 ", r("Sir")), ",")
            + p(
                "Page ",
                FIELD.format("begin"),
                INSTRUCTION.format("="),
                field("PAGE", r("7")),
                INSTRUCTION.format("+1"),
                FIELD.format("separate"),
                r("8"),
                FIELD.format("end"),
                ".",
            )
        ),
        has=("Dear Sir,", "Page 8."),
        lacks=("7",),
    ),
    Case(
        "field-over-paragraphs",
        "a.docx",
        docx(
            p(
                FIELD.format("begin"),
                INSTRUCTION.format("TOC"),
                FIELD.format("separate"),
                r("First"),
            ),
            p("Second", FIELD.format("end")),
            "After.",
        ),
        has=("First", "Second", "After."),
        lacks=("TOC",),
    ),
    Case(
        "field-that-never-ends",
        "a.docx",
        docx(p("One ", FIELD.format("begin"), INSTRUCTION.format("PAGE")), "Two.", "Three."),
        has=("One", "Two.", "Three."),
    ),
    Case(
        "checkboxes",
        "a.docx",
        docx(
            *(
                f"<w:p><w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='{n}'/></w14:checkbox>"
                f"</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>{r(word)}</w:p>"
                for n, content, word in ((1, r("☒"), " Yes"), (0, r("☐"), " No"), (1, "", " Late"))
            )
        ),
        has=("☒ Yes", "☐ No", "☒ Late"),
        silent=True,
    ),
    Case(
        "checkboxes-of-old-forms",
        "a.docx",
        docx(
            *(
                p(
                    "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox>"
                    "<w:default w:val='0'/>"
                    f"{state}</w:checkBox></w:ffData></w:fldChar></w:r>",
                    INSTRUCTION.format("FORMCHECKBOX"),
                    FIELD.format("end"),
                    word,
                )
                for state, word in (("<w:checked/>", " Paid"), ("", " Owed"))
            )
        ),
        has=("☒ Paid", "☐ Owed"),
        lacks=("FORMCHECKBOX",),
    ),
    Case(
        "choice-of-old-forms",
        "a.docx",
        docx(
            p(
                "Colour: <w:br/>".replace("<w:br/>", ""),
                "<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:ddList><w:result w:val='1'/>"
                "<w:listEntry w:val='red'/><w:listEntry w:val='blue'/></w:ddList></w:ffData>"
                "</w:fldChar></w:r>",
                INSTRUCTION.format("FORMDROPDOWN"),
                FIELD.format("end"),
            )
        ),
        has=("Colour: blue",),
        lacks=("red",),
    ),
    Case(
        "content-controls",
        "a.docx",
        docx(
            "<w:sdt><w:sdtContent>" + p("In a block.") + "</w:sdtContent></w:sdt>",
            p("Name: ", "<w:sdt><w:sdtContent>" + r("Jane") + "</w:sdtContent></w:sdt>"),
            p(
                "Date: ",
                "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
                + r("Click here to enter a date.")
                + "</w:sdtContent></w:sdt>",
            ),
            table(("a", "<w:sdt><w:sdtContent>" + p("in a cell") + "</w:sdtContent></w:sdt>")),
        ),
        has=("In a block.", "Name: Jane", "Date:", "| a | in a cell |"),
        lacks=("Click here",),
        omitted=("1 form field(s) that nobody filled in",),
    ),
]

LISTS = [
    Case(
        "list-that-goes-on-after-a-paragraph",
        "a.docx",
        docx(
            item("First"),
            item("Second"),
            "Between.",
            item("Third"),
            numbering=levels(("decimal", "%1.")),
        ),
        has=("1. First 2. Second Between. 3. Third",),
        source="mammoth #27",
    ),
    Case(
        "list-of-letters",
        "a.docx",
        docx(*(item(text) for text in "xyz"), numbering=levels(("lowerLetter", "(%1)"))),
        has=("(a) x", "(b) y", "(c) z"),
    ),
    Case(
        "list-of-three-levels",
        "a.docx",
        docx(
            item("Term"),
            item("Scope", 1),
            item("Law", 1),
            item("Place", 2),
            item("Price"),
            item("Tax", 1),
            numbering=levels(("decimal", "%1."), ("decimal", "%1.%2"), ("lowerRoman", "%1.%2(%3)")),
        ),
        has=("1. Term", "1.1 Scope", "1.2 Law", "1.2(i) Place", "2. Price", "2.1 Tax"),
        source="docling #3520",
    ),
    Case(
        "list-of-bullets-in-numbers",
        "a.docx",
        docx(
            item("Wood"),
            item("oak", 1),
            item("elm", 1),
            item("Stone"),
            numbering=levels(("decimal", "%1."), ("bullet", "")),
        ),
        has=("1. Wood", "- oak", "- elm", "2. Stone"),
    ),
    Case(
        "list-that-starts-again",
        "a.docx",
        docx(
            item("a"),
            item("b"),
            item("c", 0, 2),
            item("d", 0, 2),
            item("e"),
            numbering=levels(
                ("upperRoman", "%1."),
                more='<w:num w:numId="2"><w:abstractNumId '
                'w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/>'
                "</w:lvlOverride></w:num>",
            ),
        ),
        has=("I. a", "II. b", "V. c", "VI. d", "VII. e"),
    ),
    Case(
        "list-of-ordinals-and-words",
        "a.docx",
        docx(
            item("a"),
            item("b"),
            item("c", 1),
            item("d", 2),
            item("e", 3),
            item("f", 4),
            numbering=levels(
                ("ordinal", "%1"),
                ("ordinalText", "%2 rule:"),
                ("cardinalText", "Part %3"),
                ("decimalZero", "[%4]"),
                ("upperLetter", "%1.%5"),
            ),
        ),
        has=("1st a", "2nd b", "First rule: c", "Part One d", "[01] e", "2nd.A f"),
    ),
    Case(
        "list-of-chinese-numbers",
        "a.docx",
        docx(*(item(f"条{n}") for n in range(11)), numbering=levels(("chineseCounting", "第%1条"))),
        has=("第一条 条0", "第十条 条9", "第十一条 条10"),
    ),
    Case(
        "list-legal-levels-in-digits",
        "a.docx",
        docx(
            item("Part"),
            item("Clause", 1),
            numbering=levels(("upperRoman", "Article %1"), ("decimal", "%1.%2")).replace(
                '<w:numFmt w:val="decimal"/>', '<w:numFmt w:val="decimal"/><w:isLgl/>'
            ),
        ),
        has=("Article I Part", "1.1 Clause"),
    ),
    Case(
        "list-of-a-style",
        "a.docx",
        docx(
            p("One", style="Item"),
            p("Two", style="Item"),
            p("No number", style="Item", properties='<w:numPr><w:numId w:val="0"/></w:numPr>'),
            p("Three", style="Item"),
            numbering=levels(("decimal", "§ %1")),
        ),
        has=("§ 1 One", "§ 2 Two", "No number", "§ 3 Three"),
        lacks=("§ 3 No",),
    ),
    Case(
        "headings-keep-their-numbers",
        "a.docx",
        docx(
            item("Scope", 0, style="Heading1"),
            item("Who", 1, style="Heading2"),
            item("What", 1, style="Heading2"),
            item("Law", 0, style="Heading1"),
            numbering=levels(("decimal", "%1"), ("decimal", "%1.%2")),
        ),
        has=("# 1 Scope", "## 1.1 Who", "## 1.2 What", "# 2 Law"),
        source="docling #1212",
    ),
    Case(
        "list-that-does-not-exist",
        "a.docx",
        docx(item("Alone", 0, 77), item("Too deep", 12), numbering=levels(("decimal", "%1."))),
        has=("Alone", "Too deep"),
    ),
]

STYLES = [
    Case(
        "headings-by-style-and-outline",
        "a.docx",
        docx(
            p("Report", style="Title"),
            p("Based", style="Clause"),
            p("Deeper", style="Deep"),
            p("Outlined", properties='<w:outlineLvl w:val="1"/>'),
            p("Body", style="Heading1", properties='<w:outlineLvl w:val="9"/>'),
            p("Unknown", style="Heading3"),
        ),
        has=("# Report", "# Based", "### Deeper", "## Outlined", "Body", "### Unknown"),
        lacks=("# Body",),
    ),
    Case(
        "styles-in-a-circle",
        "a.docx",
        docx(
            p("Text.", style="A"),
            parts={
                "word/styles.xml": f"<w:styles {NAMESPACES}>"
                '<w:style w:styleId="A"><w:basedOn w:val="B"/></w:style>'
                '<w:style w:styleId="B"><w:basedOn w:val="A"/></w:style></w:styles>'
            },
        ),
        has=("Text.",),
    ),
    Case(
        "raised-and-lowered",
        "a.docx",
        docx(
            p(
                "About 10",
                r("6", '<w:vertAlign w:val="superscript"/>'),
                " cars in 1932",
                r("1", '<w:vertAlign w:val="superscript"/>'),
                r("2", '<w:vertAlign w:val="superscript"/>'),
                ", the 1",
                r("st", '<w:vertAlign w:val="superscript"/>'),
                " of H",
                r("2", '<w:vertAlign w:val="subscript"/>'),
                "O, 10",
                r("2", '<w:vertAlign w:val="subscript"/>'),
                " is binary, 5 m",
                r("-2", '<w:vertAlign w:val="superscript"/>'),
                ".",
            )
        ),
        has=("About 10^6 cars in 1932^12, the 1st of H2O, 10_2 is binary, 5 m^-2.",),
        source="markitdown PR #1322",
    ),
    Case(
        "notes",
        "a.docx",
        docx(
            p(
                "In 1932",
                '<w:r><w:footnoteReference w:id="7"/></w:r>',
                " and later",
                '<w:r><w:endnoteReference w:id="2"/></w:r>',
                ".",
            ),
            footnotes=f'<w:footnote w:id="-1">{p("sep")}</w:footnote>'
            f'<w:footnote w:id="7">{p("<w:r><w:footnoteRef/></w:r>", " The first one.")}'
            f"{p('Its second line.')}</w:footnote>"
            f'<w:footnote w:id="9">{p("never")}</w:footnote>',
            endnotes=f'<w:endnote w:id="2">{p("At the end.")}</w:endnote>',
        ),
        has=(
            "In 1932[^1] and later[^e1].",
            "[^1]: The first one. Its second line.",
            "[^e1]: At the end.",
        ),
        lacks=("19321", "sep"),
        silent=True,
    ),
    Case(
        "hidden",
        "a.docx",
        docx(
            p("Shown ", r("not shown at all ", "<w:vanish/>"), r("seen.", '<w:vanish w:val="0"/>')),
            p("a secret", style="Secret"),
        ),
        has=("Shown seen.",),
        lacks=("secret", "not shown"),
        omitted=("hidden text of 6 word(s)",),
    ),
    Case(
        "tracked-changes",
        "a.docx",
        docx(
            p(
                "The fee is ",
                '<w:del w:id="1"><w:r><w:delText>ten old</w:delText></w:r></w:del>',
                f'<w:ins w:id="2">{r("twenty")}</w:ins>',
                " euros",
                f'<w:moveFrom w:id="3">{r(" gone")}</w:moveFrom>',
                f'<w:moveTo w:id="4">{r(" today")}</w:moveTo>',
                ".",
            ),
            "<w:tbl>"
            + row("a", "b")
            + row("x", "y", properties="<w:del/>")
            + row("c", "d")
            + "</w:tbl>",
        ),
        has=("The fee is twenty euros today.", "| a | b |", "| c | d |"),
        lacks=("ten old", "gone", "| x"),
        omitted=("deleted text of 5 word(s)",),
    ),
    Case(
        "comments-and-running-heads",
        "a.docx",
        docx(
            "Body.",
            comments=f'<w:comment w:id="1">{p("Please check this.")}</w:comment>',
            header=p("ACME Confidential"),
        ),
        has=("Body.",),
        lacks=("Please", "ACME"),
        omitted=("comments of 3 word(s)", "running heads and feet of 2 word(s)"),
    ),
    Case(
        "signs",
        "a.docx",
        docx(
            p(
                "co<w:noBreakHyphen/>op".replace("<w:noBreakHyphen/>", ""),
                " ",
                "<w:r><w:t>long</w:t><w:noBreakHyphen/><w:t>term</w:t></w:r>",
                " ",
                "<w:r><w:t>Donau</w:t><w:softHyphen/><w:t>dampf\u00adschiff</w:t></w:r>",
                " ",
                "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>",
                " ",
                "<w:r><w:sym w:font='Symbol' w:char='F061'/></w:r>",
                "<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r>",
                "<w:r><w:rPr><w:rFonts w:ascii='Symbol'/></w:rPr><w:t>&#xF0B3;</w:t></w:r>",
                "<w:r><w:sym w:font='Webdings' w:char='F0FE'/></w:r>",
            )
        ),
        has=("long-term Donaudampfschiff a b c α☑≥",),
        omitted=("1 character(s) of symbol fonts",),
    ),
    Case(
        "marks-of-markdown-stay-text",
        "a.docx",
        docx(
            "# of ships: 5",
            "---",
            "```",
            "a &lt;name&gt; here",
            "&lt;!-- not a comment",
            "After all.",
        ),
        has=("\\# of ships: 5", "\\---", "\\`\\`\\`", "a <name> here", "\\<!-- not", "After all."),
        quoted=(),
    ),
    Case(
        "prose-after-marks-is-quoted",
        "a.docx",
        docx("```", "&lt;!-- open", "The harbour opened to ships of all nations in 1901."),
        quoted=("The harbour opened to ships of all nations in 1901.",),
    ),
    Case(
        "ruby-and-right-to-left",
        "a.docx",
        docx(
            p(
                "<w:r><w:ruby><w:rt>"
                + r("かんじ")
                + "</w:rt><w:rubyBase>"
                + r("漢字")
                + "</w:rubyBase></w:ruby></w:r>"
            ),
            p(r("שלום עולם", "<w:rtl/>"), properties="<w:bidi/>"),
        ),
        has=("漢字(かんじ)", "שלום עולם"),
    ),
    Case(
        "wrappers",
        "a.docx",
        docx(
            p(
                "<w:hyperlink>" + r("A link") + "</w:hyperlink>",
                " ",
                "<w:smartTag>" + r("in Rome") + "</w:smartTag>",
                " ",
                "<w:customXml>" + r("and") + "</w:customXml>",
                " ",
                "<w:bdo w:val='rtl'>" + r("more") + "</w:bdo>",
                " ",
                "<w:unheardOf>" + r("still") + "</w:unheardOf>",
            )
        ),
        has=("A link in Rome and more still",),
    ),
]

DRAWINGS = [
    Case(
        "text-box-once",
        "a.docx",
        docx(p("Before ", box(p("In the box.") + table(("k", "v"), ("1", "2")))), "After."),
        has=("Before", "In the box.", "| k | v |", "After."),
        lacks=("In the box. In the box.",),
    ),
    Case(
        "text-box-without-fallback",
        "a.docx",
        docx(p("Before ", box(p("Alone."), fallback=False))),
        has=("Before", "Alone."),
    ),
    Case(
        "text-box-of-old-files",
        "a.docx",
        docx(
            p(
                "<w:r><w:pict><v:shape><v:textbox><w:txbxContent>"
                + p("Old box.")
                + "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>",
                "<w:r><w:pict><v:shape><v:textpath string='DRAFT'/></v:shape></w:pict></w:r>",
            )
        ),
        has=("DRAFT", "Old box."),
    ),
    Case(
        "picture",
        "a.docx",
        docx(
            p(
                "See ",
                "<w:r><w:drawing><wp:inline><wp:docPr id='1' descr='A map of the port'/>"
                "<a:graphic><a:graphicData><pic:pic/></a:graphicData></a:graphic></wp:inline>"
                "</w:drawing></w:r>",
            )
        ),
        has=("See ![A map of the port]()",),
        omitted=("1 picture(s)",),
    ),
    Case(
        "chart",
        "a.docx",
        docx(
            p("<w:r><w:drawing><c:chart r:id='c1'/></w:drawing></w:r>"),
            related=(("c1", "chart", "charts/chart1.xml"),),
            parts={
                "word/charts/chart1.xml": f"<c:chartSpace {NAMESPACES}><c:chart><c:title><a:p>"
                "<a:r><a:t>Ships a year</a:t></a:r></a:p></c:title><c:ser><c:tx><c:v>Rome</c:v>"
                "</c:tx><c:cat><c:pt idx='0'><c:v>2019</c:v></c:pt><c:pt idx='1'><c:v>2020"
                "</c:v></c:pt></c:cat><c:val><c:pt idx='1'><c:v>7.5</c:v></c:pt></c:val>"
                "</c:ser></c:chart></c:chartSpace>"
            },
        ),
        has=("Ships a year", "| | Rome |", "| 2019 | |", "| 2020 | 7.5 |"),
    ),
    Case(
        "diagram",
        "a.docx",
        docx(
            p("<w:r><w:drawing><dgm:relIds r:dm='d1'/></w:drawing></w:r>"),
            related=(("d1", "diagramData", "diagrams/data1.xml"),),
            parts={
                "word/diagrams/data1.xml": f"<dgm:dataModel {NAMESPACES}><dgm:pt><a:p><a:r>"
                "<a:t>Plan</a:t></a:r></a:p></dgm:pt><dgm:pt><a:p><a:r><a:t>Do</a:t></a:r>"
                "</a:p></dgm:pt></dgm:dataModel>"
            },
        ),
        has=("- Plan", "- Do"),
    ),
    Case(
        "inserted-files",
        "a.docx",
        docx(
            "Before.",
            "<w:altChunk r:id='h'/>",
            "<w:altChunk r:id='x'/>",
            "After.",
            related=(("h", "aFChunk", "a.html"), ("x", "aFChunk", "b.rtf")),
            parts={"word/a.html": "<h1>Inner</h1><p>From HTML.</p>", "word/b.rtf": "{\\rtf1 x}"},
        ),
        has=("Before.", "# Inner", "From HTML.", "After."),
        omitted=("1 inserted file(s)",),
    ),
]

LONG = "The first party agrees to deliver the goods in time. The second party pays for them. " * 4

TABLES = [
    Case(
        "table",
        "a.docx",
        docx("Prices:", table(("Item", "Price"), ("a|b", "5"), ("two", "6"))),
        has=("Prices:", "| Item | Price |", "| --- | --- |", "| a\\|b | 5 |", "| two | 6 |"),
        silent=True,
    ),
    Case(
        "merged-cells-do-not-shift",
        "a.docx",
        docx(
            table(
                ("Region", "Year", "Sum"),
                (cell("North", '<w:vMerge w:val="restart"/>'), "2019", "1"),
                (cell("", "<w:vMerge/>"), "2020", "2"),
                (cell("Both", '<w:gridSpan w:val="2"/>'), "3"),
            )
            + "<w:tbl>"
            + row("a", "b", "c")
            + row("late", properties='<w:gridBefore w:val="2"/>')
            + "</w:tbl>"
        ),
        has=("| North | 2019 | 1 |", "| | 2020 | 2 |", "| Both | | 3 |", "| | | late |"),
        source="unstructured #2205",
    ),
    Case(
        "layout-table-is-prose",
        "a.docx",
        docx(table(("Menu", p("Old style", style="Heading1") + p(LONG) + p(LONG)))),
        has=("Menu", "# Old style", "The first party agrees"),
        lacks=("|",),
        quoted=("The second party pays for them.",),
    ),
    Case(
        "nested-table",
        "a.docx",
        docx(table(("Outer text", table(("k", "v"), ("1", "2")) + p("")))),
        has=("Outer text", "| k | v |", "| 1 | 2 |"),
        lacks=("| Outer",),
    ),
    Case(
        "list-in-a-table",
        "a.docx",
        docx(
            item("Before"),
            table(("n", "what"), ("1", item("First") + item("Second"))),
            item("After"),
            numbering=levels(("decimal", "%1.")),
        ),
        has=("1. Before", "| 1 | 2. First 3. Second |", "4. After"),
    ),
]

OTHERS = [
    Case(
        "strict-file",
        "a.docx",
        docx(
            "Strict text.",
            parts={
                "word/document.xml": '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/'
                'main"><w:body><w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r>'
                "<w:t>Strict</w:t>"
                "</w:r></w:p></w:body></w:document>"
            },
        ),
        has=("# Strict",),
    ),
    Case(
        "part-of-another-name",
        "a.docx",
        docx(
            "x",
            parts={
                "_rels/.rels": '<Relationships><Relationship Id="a" Type="http://x/officeDocument" '
                'Target="/word/document2.xml"/></Relationships>',
                "word/document2.xml": f"<w:document {NAMESPACES}><w:body>"
                f"{p('The second.')}</w:body>"
                "</w:document>",
            },
        ),
        has=("The second.",),
    ),
    Case(
        "template-with-macros",
        "a.dotm",
        docx("Text of a template."),
        has=("Text of a template.",),
    ),
]

CASES = [*EQUATIONS, *FIELDS, *LISTS, *STYLES, *DRAWINGS, *TABLES, *OTHERS]
