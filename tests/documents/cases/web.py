"""Cases of web pages, EPUB books, XML and notebooks."""

# ruff: noqa: E501  # a case is read best as one line
from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.documents.case import Case

LONG = (
    "The harbour of the old town was opened in 1901 and has grown ever since. "
    "Ships from all over the world bring coffee, timber and machines. "
)
HIDES = "parts that the page hides"
AROUND = "around the text"


def epub(
    *chapters: tuple[str, str], spine: str = "", extra: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Make a book of chapters: names and bodies."""
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>'
        for name, _ in chapters
    )
    refs = spine or "".join(f'<itemref idref="{name}"/>' for name, _ in chapters)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Book</dc:title>'
        "<dc:creator>Jane Roe</dc:creator><dc:date>2019</dc:date></metadata><manifest>"
        '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        f"{items}</manifest><spine><itemref idref='nav'/>{refs}</spine></package>"
    )
    points = "".join(
        f"<navPoint><navLabel><text>Part {name}</text></navLabel><content src='{name}.xhtml#x'/>"
        "</navPoint>"
        for name, _ in chapters
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr("OPS/book.opf", package)
        archive.writestr("OPS/toc.ncx", f"<ncx><navMap>{points}</navMap></ncx>")
        archive.writestr("OPS/nav.xhtml", "<html><body><nav>CONTENTS</nav></body></html>")
        for name, body in chapters:
            archive.writestr(
                f"OPS/{name}.xhtml",
                f'<?xml version="1.0" encoding="utf-8"?><html><head><title/></head>'
                f'<body><a id="x"/>{body}</body></html>',
            )
        for name, data in extra:
            archive.writestr(name, data)
    return file.getvalue()


def notebook(*outputs: dict[str, Any], source: str = "run()", **cell: Any) -> str:
    """Make a notebook of one cell of code."""
    code = {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code | cell]})


def shown(**data: Any) -> dict[str, Any]:
    """Make an output with data of some types; ``__`` stands for a slash."""
    types = {key.replace("__", "/"): value for key, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": types}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stderr", "text": text}


HTML = [
    Case("exponent", "a.html", "<p>About 10<sup>6</sup> cars", has=("About 10^6 cars",)),
    Case("negative-exponent", "a.html", "<p>10<sup>−3</sup> m<sup>2</sup>", has=("10^−3 m^2",)),
    Case("exponent-of-words", "a.html", "<p>e<sup>i x</sup>", has=("e^(i x)",)),
    Case("note-after-year", "a.html", "<p>In 1932<sup>1</sup> it", has=("In 1932[1] it",)),
    Case("note-after-word", "a.html", "<p>as Kant wrote<sup>12</sup>", has=("wrote[12]",)),
    Case(
        "note-that-is-a-link",
        "a.html",
        "<p>In 45<sup><a href='#fn1'>1</a></sup><sup><a href='#fn2'>[2]</a></sup> cases",
        has=("In 45[1] [2] cases",),
    ),
    Case("link-around-note", "a.html", "<p>age 7<a href='#n3'><sup>3</sup></a>", has=("7[3]",)),
    Case("note-by-style", "a.html", "<p>12<span style='vertical-align: super'>3</span>", has=("^3",)),
    Case("ordinal", "a.html", "<p>the 19<sup>th</sup> and 2<sup>e</sup>", has=("19th and 2e",)),
    Case("trade-mark", "a.html", "<p>Acme<sup>TM</sup> Ltd", has=("Acme™ Ltd",)),
    Case("subscripts", "a.html", "<p>H<sub>2</sub>O, x<sub>i</sub>", has=("H2O, x_i",)),
    Case("soft-hyphens", "a.html", "<p>Donau&shy;dampf&#8203;schiff", has=("Donaudampfschiff",)),
    Case("half-a-word-bold", "a.html", "<p>un<b>frei</b>willig", has=("unfreiwillig",)),
    Case("drop-cap", "a.html", "<p><b>T</b>he ship", has=("The ship",)),
    Case("button-beside-words", "a.html", "<p>Go<button>Buy</button>on", has=("Go on",), lacks=("Buy",), omitted=("buttons",)),
    Case(
        "choices",
        "a.html",
        "<p>Country<select><option>Chad<option>Mali</select>of birth",
        has=("Country of birth",),
        lacks=("Chad",),
        omitted=("buttons and lists of choices: left out (2 words)",),
    ),
    Case("button-in-heading", "a.html", "<h3><button>What is it?</button></h3><p>A ship.", has=("### What is it?", "A ship.")),
    Case("display-none", "a.html", f"<div style='display: none'><p>SECRET WORDS</div><p>{LONG}", lacks=("SECRET",), omitted=(f"{HIDES}: left out (2 words)",)),
    Case("hidden-attribute", "a.html", f"<p hidden>GONE</p><p>{LONG}", lacks=("GONE",), omitted=(HIDES,)),
    Case("found-when-searched", "a.html", f"<p hidden=until-found>STAYS</p><p>{LONG}", has=("STAYS",)),
    Case("hidden-in-a-line", "a.html", f"<p>a<span style='visibility:hidden'>GONE</span>b {LONG}", lacks=("GONE",), omitted=(HIDES,)),
    Case("hidden-page", "a.html", f"<div style='display:none'><p>{LONG}</div>", has=("The harbour",)),
    Case("hidden-row", "a.html", "<table><tr><th>a<th>b<tr hidden><td>GONE<td>2<tr><td>x<td>y</table><p>" + LONG, has=("| x | y |",), lacks=("GONE",), omitted=(HIDES,)),
    Case("dialog", "a.html", f"<div role=dialog>Join our list</div><p>{LONG}", lacks=("Join",), omitted=(HIDES,)),
    Case("xbrl-header", "a.html", f"<ix:header><ix:hidden>us-gaap:Member</ix:hidden></ix:header><p>{LONG}", lacks=("us-gaap",), omitted=(HIDES,)),
    Case("template", "a.html", "<template><p>GONE</p></template><p>kept", has=("kept",), lacks=("GONE",)),
    Case("word-conditions", "a.html", "<p><![if !supportLists]>1.<![endif]>First<!--[if mso]><p>GONE<![endif]-->", has=("1.First",), lacks=("supportLists", "GONE")),
    Case("sphinx-anchor", "a.html", "<h1>Use<a class=headerlink href='#use'>¶</a></h1><p>Text", has=("# Use", "Text"), lacks=("¶",)),
    Case("mediawiki-edit", "a.html", "<h2>History<span class=mw-editsection>[<a href=x>edit</a>]</span></h2><p>x", has=("## History",), lacks=("edit",)),
    Case("formula-once", "a.html", "<p>So <span><span style='display:none'><math><semantics><mi>E</mi><annotation encoding='application/x-tex'>{\\displaystyle E=mc^{2}}</annotation></semantics></math></span><img alt='E=mc' aria-hidden=true></span>.", has=("So $E=mc^{2}$.",), lacks=("displaystyle",)),
    Case("formula-of-elements", "a.html", "<p><math><msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><mfrac><mn>1</mn><mi>y</mi></mfrac></math>", has=("x^2=1/y",)),
    Case("katex", "a.html", "<p><span class=katex><span class=katex-mathml><math><semantics><mi>a</mi><annotation encoding='application/x-tex'>a_b</annotation></semantics></math></span><span class=katex-html aria-hidden=true>ab</span></span>", has=("$a_b$",), lacks=("$ab",)),
    Case("mathjax-script", "a.html", "<p>If <span class=MathJax>xx</span><script type='math/tex'>x<y</script> then", has=("$x<y$ then",), lacks=("xx",)),
    Case("layout-table", "a.html", f"<table><tr><td>Home News<td><h1>Title</h1><p>{LONG}<p>{LONG}</table>", has=("# Title", "The harbour"), lacks=("|",), quoted=("The harbour of the old town was opened in 1901",)),
    Case("layout-without-heading", "a.html", f"<table><tr><td>Menu<td><p>{LONG}<p>{LONG}</table>", lacks=("|",), quoted=("Ships from all over",)),
    Case("mail-in-tables", "a.html", f"<table role=presentation><tr><td><table><tr><td>Dear Ann,<tr><td>{LONG}</table></table>", has=("Dear Ann,", "The harbour"), lacks=("|",)),
    Case("nested-data-table", "a.html", "<table><tr><td>Sales<table><tr><th>Year<th>Sum<tr><td>2019<td>5</table></table>", has=("Sales", "| Year | Sum |", "| 2019 | 5 |")),
    Case("rowspan", "a.html", "<table><tr><th>Region<th>Year<tr><td rowspan=2>North<td>2019<tr><td>2020</table>", has=("| North | 2019 |", "| | 2020 |")),
    Case("colspan", "a.html", "<table><tr><th>a<th>b<th>c<tr><td colspan=2>x<td>y</table>", has=("| x | | y |",)),
    Case("bar-in-cell", "a.html", "<table><tr><th>a<th>b<tr><td>x|y<td>z</table>", has=("| x\\|y | z |",)),
    Case("caption", "a.html", "<table><caption>Sums</caption><tr><th>a<th>b<tr><td>1<td>2</table>", has=("Sums", "| a | b |")),
    Case("main", "a.html", f"<div>Shop Login</div><main><h1>T</h1><p>{LONG}</main><div>Terms</div>", has=("# T", "The harbour"), lacks=("Login", "Terms"), omitted=(f"{AROUND}: left out (3 words)",)),
    Case("main-by-role", "a.html", f"<div>Shop</div><div role=main><p>{LONG}</div>", lacks=("Shop",), omitted=(AROUND,)),
    Case("small-main", "a.html", f"<main><p>Loading</main><div><p>{LONG * 3}</div>", has=("The harbour",)),
    Case("articles", "a.html", f"<div>Shop</div><article><p>{LONG}</article><article><p>Next one is of the sea and of its ships.</article>", has=("The harbour", "Next one"), lacks=("Shop",)),
    Case("title-outside-main", "a.html", f"<header><h1>The Title</h1></header><main><p>{LONG}</main>", has=("# The Title", "The harbour")),
    Case("pandoc", "a.html", f"<title>R</title><header id=title-block-header><h1>R</h1><p>Jane Roe<p>May 2020</header><nav id=TOC><a href='#a'>TOC</a></nav><h1 id=a>A</h1><p>{LONG}", has=("# R", "Jane Roe", "May 2020", "# A"), lacks=("TOC",), omitted=(AROUND,)),
    Case("article-in-aside", "a.html", f"<p>Ad</p><aside><p>{LONG * 2}</aside>", has=("The harbour",)),
    Case("side-bar", "a.html", f"<p>{LONG}</p><aside><p>Follow us everywhere</aside>", lacks=("Follow",), omitted=(f"{AROUND}: left out (3 words)",)),
    Case("pull-quote", "a.html", f"<article><p>{LONG}</p><aside>A port is a door.</aside></article>", has=("A port is a door.",), silent=True),
    Case("article-in-noscript", "a.html", f"<div>Loading</div><noscript><p>{LONG * 2}</noscript>", has=("The harbour",)),
    Case("switch-scripts-on", "a.html", f"<noscript>Enable JavaScript now</noscript><p>{LONG}", lacks=("Enable",), omitted=("browsers without scripts: left out (3 words)",)),
    Case("cookie-notice", "a.html", f"<div id=cookie-banner><p>We use cookies to make it better.</div><p>{LONG * 3}", lacks=("cookies",), omitted=("cookie notices",), unquoted=("cookies",)),
    Case("page-of-cookies", "a.html", f"<div id=cookie-policy><p>Our cookies are few. {LONG}</div>", has=("Our cookies",), silent=True),
    Case("languages", "a.html", f"<ul class=lang-switcher><li><a href=1>Deutsch</a><li><a href=2>Suomi</a></ul><p>{LONG}", lacks=("Suomi",), omitted=(AROUND,)),
    Case("page-of-links", "a.html", "<nav><a href=1>One</a><a href=2>Two</a></nav>", has=("One", "Two")),
    Case("form-around-page", "a.html", f"<form><h1>T</h1><p>{LONG * 2}<input type=submit value=Go></form>", has=("# T", "The harbour"), silent=True),
    Case("field-values", "a.html", f"<p>{LONG}<p>Name: <input value='Ann Roe'><p><input type=checkbox checked> agrees", has=("Name: Ann Roe", "[x] agrees")),
    Case("letters-of-items", "a.html", "<ol type=a><li>one<li>two</ol><ol start=7><li>seven</ol>", has=("a. one", "b. two", "7. seven")),
    Case("wrong-charset", "a.html", "<meta charset=iso-8859-1><p>Zürich – Genève".encode(), has=("Zürich – Genève",)),
    Case("windows-quotes", "a.html", "<meta charset=iso-8859-1><p>“yes” – no".encode("cp1252"), has=("“yes” – no",)),
    Case("two-breaks", "a.html", f"{LONG}<br><br>{LONG}", quoted=("The harbour",)),
    Case("deleted", "a.html", "<p>pay <del>5</del> <ins>6</ins> pounds", has=("~~5~~ 6 pounds",)),
    Case("ruby", "a.html", "<p><ruby>漢<rt>kan</rt></ruby>字", has=("漢(kan)字",)),
    Case("code", "a.html", "<div class='highlight-python'><pre><span>x</span> = 1\ny</pre></div>", has=("```python x = 1 y ```",)),
    Case("line-numbers", "a.html", "<table><tr><td class=linenos><pre>1\n2</pre><td><pre>a\nb</pre></table>", has=("``` a b ```",), lacks=("1",)),
    Case("own-elements", "a.html", "<x-title>One</x-title><x-text>Two</x-text>", has=("One Two",)),
]  # fmt: skip

BOOKS = [
    Case("epub", "b.epub", epub(("two", f"<p>{LONG}</p>"), ("one", "<h1>One</h1><p>First.</p>")), has=("# The Book", "Jane Roe", "2019", "## Part two", "The harbour", "# One", "First."), lacks=("CONTENTS", "Part one")),
    Case("epub-order", "b.epub", epub(("a", "<p>Alpha</p>"), ("b", "<p>Beta</p>"), spine="<itemref idref='b'/><itemref idref='a'/>"), has=("Beta", "Alpha"), silent=True),
    Case("epub-outside-order", "b.epub", epub(("a", "<p>Alpha</p>"), ("b", "<p>Beta</p>"), spine="<itemref idref='a'/>"), has=("Alpha",), lacks=("Beta",), omitted=("1 page(s): not in the order of reading (OPS/b.xhtml)",)),
    Case("epub-drm", "b.epub", epub(("a", "x"), extra=(("META-INF/rights.xml", "<r/>"),)), refused="is protected against copying (DRM)"),
    Case("epub-encrypted", "b.epub", epub(("a", "x"), extra=(("META-INF/encryption.xml", "<e xmlns:n='u'><n:EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes256-cbc'/></e>"),)), refused="DRM"),
    Case("epub-fonts", "b.epub", epub(("a", "<p>Alpha</p>"), extra=(("META-INF/encryption.xml", "<e xmlns:n='u'><n:EncryptionMethod Algorithm='http://www.idpf.org/2008/embedding'/></e>"),)), has=("Alpha",)),
    Case("epub-of-nothing", "b.epub", b"no book", refused="is not a EPUB book, or is cut off"),
]  # fmt: skip

XML = [
    Case("docbook", "d.xml", "<book xmlns='http://docbook.org/ns/docbook'><title>B</title><chapter><title>C</title><para>One <emphasis>two</emphasis> three.</para><itemizedlist><listitem><para>item</para></listitem></itemizedlist><programlisting>x = 1</programlisting></chapter></book>", has=("# B", "## C", "One *two* three.", "- item", "``` x = 1 ```"), silent=True),
    Case("jats", "d.nxml", "<article><front><journal-meta><issn>1</issn></journal-meta><article-meta><title-group><article-title>T</article-title></title-group><abstract><p>Short.</p></abstract></article-meta></front><body><sec><title>S</title><p>See 10<sup>6</sup> cells<xref>1</xref>.</p></sec></body></article>", has=("# T", "Short.", "## S", "See 10^6 cells1."), omitted=("metadata: left out (1 words)",)),
    Case("tei", "d.xml", "<TEI xmlns='http://www.tei-c.org/ns/1.0'><teiHeader><fileDesc><titleStmt><title>Poem</title></titleStmt></fileDesc></teiHeader><text><body><div><head>I</head><p><persName>Ann</persName> went <hi>home</hi>.</p></div></body></text></TEI>", has=("# Poem", "## I", "Ann went *home*.")),
    Case("records", "d.xml", "<r><x><name>Ann</name><city>Paris</city></x><x><name>Bo</name></x></r>", has=("Ann", "Paris", "Bo"), lacks=("AnnParis",)),
    Case("calls-table", "d.xml", "<article><table><tgroup><thead><row><entry>a</entry><entry>b</entry></row></thead><tbody><row><entry>1</entry><entry>2</entry></row></tbody></tgroup></table></article>", has=("| a | b |", "| 1 | 2 |")),
    Case("own-entity", "d.xml", "<!DOCTYPE a [<!ENTITY firm 'Acme Ltd'>]><a><p>By &firm; now</p></a>", has=("By Acme Ltd now",), silent=True),
    Case("outer-entity", "d.xml", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a><p>By &x; now</p></a>", has=("By", "now"), lacks=("root:",)),
    Case("not-well-formed", "d.xml", "<a><p>One & two<br><p>three</a>", has=("One & two", "three"), omitted=("is not well-formed",)),
    Case("cdata", "d.xml", "<a><p><![CDATA[x < y]]></p></a>", has=("x < y",)),
    Case("fiction-book", "d.fb2", "<FictionBook><body><section><title><p>One</p></title><p>Text.</p></section></body><binary>QUJD</binary></FictionBook>", has=("## One", "Text."), lacks=("QUJD",), omitted=("embedded data",)),
    Case("latin-1", "d.xml", "<?xml version='1.0' encoding='iso-8859-1'?><a><p>Zürich</p></a>".encode("latin-1"), has=("Zürich",)),
]  # fmt: skip

NOTEBOOKS = [
    Case("report", "n.ipynb", notebook(shown(text__html=f"<h2>Report</h2><p>{LONG}", text__plain="<IPython.core.display.HTML object>")), has=("## Report", "The harbour"), lacks=("IPython",), silent=True),
    Case("frame", "n.ipynb", notebook(shown(text__html="<style>a{}</style><table class=dataframe><thead><tr><th></th><th>x</th></tr></thead><tbody><tr><th>0</th><td>5</td></tr></tbody></table>", text__plain="   x\n0  5")), has=("| | x |", "| 0 | 5 |"), lacks=("a{}",)),
    Case("chart", "n.ipynb", notebook(shown(text__html="<div id=p></div><script>draw()</script>", text__plain="<Chart at 0x7f>"), source="draw"), lacks=("<Chart",), omitted=("widgets and charts: left out (1)",)),
    Case("picture", "n.ipynb", notebook(shown(image__png="QUJD", text__plain="<Figure size 640x480>")), lacks=("QUJD", "Figure"), omitted=("pictures in outputs: left out (1)",)),
    Case("progress", "n.ipynb", notebook(stream("  0%|   | 0/9\r 50%|## | 4/9\r100%|###| 9/9\n")), has=("100%",), lacks=("50%",)),
    Case("colours", "n.ipynb", notebook(stream("\x1b[38;5;9mred\x1b[0m \x1b]0;title\x07\x1b[2Kend")), has=("red end",), lacks=("title", "\x1b")),
    Case("error", "n.ipynb", notebook({"output_type": "error", "ename": "\x1b[31mValueError", "evalue": "bad\x1b[0m", "traceback": ["long"]}), has=("ValueError: bad",), lacks=("\x1b", "long")),
    Case("attachment", "n.ipynb", notebook(cell_type="markdown", source="See ![x](attachment:a.png) here", attachments={"a.png": {"image/png": "QUJD"}}), has=("See",), lacks=("QUJD",), omitted=("attached pictures: left out (1)",)),
    Case("version-3", "n.ipynb", json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": [{"cell_type": "code", "language": "python", "metadata": {}, "collapsed": False, "input": "x = 1", "prompt_number": 1, "outputs": [{"output_type": "stream", "stream": "stdout", "text": "one\rtwo"}]}]}]}), has=("x = 1", "two"), lacks=("one",)),
    Case("cut-off", "n.ipynb", notebook(stream("x"))[:-20], refused="is not a Jupyter notebook, or is cut off"),
    Case("formula", "n.ipynb", notebook(shown(text__latex="$\\frac{1}{2}$", text__plain="1/2")), has=("$\\frac{1}{2}$",)),
]  # fmt: skip

CASES = [*HTML, *BOOKS, *XML, *NOTEBOOKS]
