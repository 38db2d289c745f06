"""Cases of signs that are text, hidden and embedded parts of pages, feeds, JSON and logs."""

# ruff: noqa: E501  # a case is read best as one line
from __future__ import annotations

from tests.documents.case import Case
from tests.documents.cases.web import AROUND, HIDES, LONG, epub

_LETTER = "I was told of it by a man who lives in the north.\nHe was not amused by what he saw there, and\nsaid so to all of us. "


def page(paragraph: str) -> str:
    return f"<p>{paragraph}<p>{LONG}"


SIGNS = [
    Case("stars", "a.html", page("Write *x* or **y** to have it set in bold."), has=("Write \\*x\\* or \\*\\*y\\*\\*",), quoted=("Write *x* or **y** to have it set in bold.",)),
    Case("stars-that-are-no-marks", "a.html", page("The sum of 2*3*4 and 2 * 3 is not the same."), has=("2*3*4 and 2 * 3",), quoted=("The sum of 2*3*4 and 2 * 3 is not the same.",)),
    Case("underscores", "a.html", page("Call _it_ by snake_case or __init__ and _me_ too."), has=("\\_it\\_ by snake_case or __init__",), quoted=("Call _it_ by snake_case or __init__ and _me_ too.",)),
    Case("link-of-markdown", "a.html", page("Links are set as [words](address) or [words][name] in it."), quoted=("Links are set as [words](address) or [words][name] in it.",)),
    Case("definition-of-markdown", "a.html", page("[name]: the address of the page is set here."), quoted=("[name]: the address of the page is set here.",)),
    Case("ticks", "a.html", page("Code is set in `ticks` or ``more`` of them, it is said."), quoted=("Code is set in `ticks` or ``more`` of them, it is said.",)),
    Case("ticks-beside-code", "a.html", page("Use <code>a_[x](y)</code> and one ` tick in the text."), has=("`a_[x](y)` and one \\` tick",), quoted=("Use a_[x](y) and one ` tick in the text.",)),
    Case("tags-as-text", "a.html", page("The &lt;b&gt;bold&lt;/b&gt; and &lt;Foo&gt; are tags &lt;!-- so --&gt; here."), quoted=("The <b>bold</b> and <Foo> are tags <!-- so --> here.",)),
    Case("references-as-text", "a.html", page("Write &amp;lt; for &lt; and &amp;amp; for &amp; in pages."), quoted=("Write &lt; for < and &amp; for & in pages.",)),
    Case("references-of-no-name", "a.html", page("Ask R&amp;D; they know &amp;c; and &amp;#38; as well."), has=("R&D; they know &c; and \\&#38;",)),
    Case("backslashes", "a.html", page("The path is C:\\new\\*.txt and \\\\server\\share on it."), quoted=("The path is C:\\new\\*.txt and \\\\server\\share on it.",)),
    Case("number-at-the-start", "a.html", page("1. This is a paragraph of the page and no list."), has=("1\\. This is",), quoted=("1. This is a paragraph of the page and no list.",)),
    Case("dash-at-the-start", "a.html", page("- This is a paragraph of the page and no list."), quoted=("- This is a paragraph of the page and no list.",)),
    Case("sign-at-the-start", "a.html", page("# This is a paragraph of the page and no title."), quoted=("# This is a paragraph of the page and no title.",)),
    Case("arrow-at-the-start", "a.html", page("&gt; This is a paragraph of the page and no quotation."), quoted=("> This is a paragraph of the page and no quotation.",)),
    Case("table-of-bars", "a.html", page("a | b<br>--|--<br>The bars of it stand here."), has=("a | b \\--|--",)),
    Case("emoji-and-shortcode", "a.html", page("Type :smile: or {{% note %}} or {% if %} to see the sign."), quoted=("Type :smile: or {{% note %}} or {% if %} to see the sign.",)),
    Case("directive-as-text", "a.html", page(".. note:: is a directive of another language.<p>It ends in two colons::<p>Here the next words stand."), quoted=(".. note:: is a directive of another language.", "Here the next words stand.")),
    Case("sign-in-a-heading", "a.html", f"<h2>The *x* of &lt;Foo&gt; in `a`</h2><p>{LONG}", has=("## The \\*x\\* of \\<Foo> in \\`a\\`",)),
    Case("own-marks-beside-signs", "a.html", page("It is <b>bold</b> and 5 * <i>two</i>* of them, they say."), quoted=("It is bold and 5 * two* of them, they say.",)),
    Case("json-signs", "a.json", '{"a": "# no title is here but words", "b": "- the *words* of [links](address) are <b>here</b> and so on."}', has=("a: \\# no title",), quoted=("b: - the *words* of [links](address) are <b>here</b> and so on.",)),
]  # fmt: skip

HIDDEN = [
    Case("class-of-a-sheet", "a.html", f"<style>/* a */ .x, .y{{color:red;display:none}}</style><p>{LONG}<div class='a y'>GONE too</div>b<span class=x>GONE</span>c", has=("bc",), lacks=("GONE",), omitted=(f"{HIDES}: left out (3 words)",)),
    Case("id-of-a-sheet", "a.html", f"<style>div#x.y{{visibility:hidden}} #z p{{display:none}}</style><p>{LONG}<div id=x class=y>GONE</div><div id=x>STAYS</div><div id=z><p>THIS</div>", has=("STAYS", "THIS"), lacks=("GONE",), omitted=(HIDES,)),
    Case("class-shown-again", "a.html", f"<style>.x{{display:none}}.x.on{{display:block}}</style><p>{LONG}<div class='x on'>STAYS</div><div class=x style='display:block'>THIS</div>", has=("STAYS", "THIS"), silent=True),
    Case("sheet-for-paper", "a.html", f"<style>@media print{{.x{{display:none}}}}</style><style media=print>.x{{display:none}}</style><p>{LONG}<p class=x>STAYS", has=("STAYS",), silent=True),
    Case("sheet-for-the-screen", "a.html", f"<style>@media screen{{.x{{display:none}}}}</style><p>{LONG}<p class=x>GONE", lacks=("GONE",), omitted=(HIDES,)),
    Case("state-of-a-sheet", "a.html", f"<style>.x:empty{{display:none}} a .x{{display:none}}</style><p>{LONG}<p class=x>STAYS", has=("STAYS",), silent=True),
    Case("for-screen-readers", "a.html", f"<p>{LONG}<a>More<span class=sr-only> of the harbour</span></a>", lacks=("of the harbour",), omitted=(f"{HIDES}: left out (3 words)",)),
    Case("clipped-by-a-sheet", "a.html", f"<style>.off{{position:absolute;left:-9999px}}</style><p>{LONG}<p class=off>GONE<h2 class=off>Title</h2><p>x", has=("## Title",), lacks=("GONE",), omitted=(HIDES,)),
    Case("sheet-sets-apart", "a.html", "<style>.cell{display:block}</style><p><span class=cell>One</span><span class=cell>two</span>", has=("One two",)),
    Case("tabs", "a.html", "<style>.tab{display:none}</style>" + f"<div class=tab><p>{LONG}</div>" * 3, has=("The harbour", "The harbour", "The harbour"), silent=True),
    Case("template-counted", "a.html", f"<template><p>GONE words</template><p>{LONG}", lacks=("GONE",), omitted=(f"{HIDES}: left out (2 words)",)),
    Case("shadow-root", "a.html", f"<x-a><template shadowrootmode=open><p>STAYS</template></x-a><p>{LONG}", has=("STAYS",)),
    Case("drawing", "a.html", f"<svg><style>a{{}}</style><text>North <tspan>sea</tspan></text></svg><p>{LONG}", lacks=("North",), omitted=("labels in drawings: left out (2 words)",)),
    Case("page-in-a-frame", "a.html", f"<p>{LONG}<iframe srcdoc='&lt;p&gt;Inner &lt;b&gt;words&lt;/b&gt; stand.'>old browser</iframe><p>Last.", has=("Inner **words** stand.", "Last."), lacks=("old browser",)),
    Case("words-of-frames-and-films", "a.html", f"<p>{LONG}<iframe src=x>No frames</iframe><video>No films here</video><canvas>No drawing</canvas>", lacks=("No f",), omitted=("words for browsers without films and frames: left out (7 words)",)),
    Case("object", "a.html", "<object data=x><p>The words of it.</object>", has=("The words of it.",)),
]  # fmt: skip

WORDS = [
    Case("links-that-touch", "a.html", "<p><a>One</a><a>Two</a>, <a>a</a><b>b</b>", has=("One Two, ab",)),
    Case("labels-that-touch", "a.html", "<p><label>Name</label><label>Town</label> <span>Price</span><span>5</span>", has=("Name Town Price 5",)),
    Case("parts-of-a-word", "a.html", "<p>un<b>believ</b>able <span>wor</span><span>ld</span> <span>T</span><span>he</span> <a>anti</a>body", has=("unbelievable world The antibody",)),
    Case("hyphen-at-a-line-end", "a.html", "<p>It is a long-\n term plan for short-\nand mid-term work of the town.", has=("a long-term plan for short- and mid-term",)),
    Case("hyphen-in-markdown", "a.md", "It is a long-\nterm plan for short-\nand mid-term work of the town.", quoted=("It is a long-term plan for short- and mid-term work of the town.",)),
    Case("items-after-z", "a.html", "<ol type=a start=26><li>x<li>y</ol><ol style='list-style-type:lower-greek'><li>g</ol><ol type=I start=0><li>n</ol>", has=("z. x", "aa. y", "α. g", "0. n")),
    Case("letter-in-pre", "a.html", f"<p>{LONG}<pre>From: Ann\n\n   {_LETTER}\n\n{_LETTER}\n\n  a   b   c\n  1   2   3\n</pre>", has=("I was told",), quoted=("He was not amused by what he saw there, and said so to all of us.",)),
    Case("code-in-pre", "a.html", f"<p>{LONG}<pre># Adds the two numbers. It is fast.\ndef add(a, b):\n    return a + b\n</pre>", has=("``` # Adds",), unquoted=("Adds the two",)),
    Case("signs-in-pre", "a.html", f"<p>{LONG}<pre>{_LETTER}\n\nThe *x* of it is <b>set</b> in bold by `us`, they say.</pre>", quoted=("The *x* of it is set in bold by `us`, they say.",)),
]  # fmt: skip

FEEDS = [
    Case("rss", "a.xml", "<rss version='2.0'><channel><title>News</title><item><title>R&amp;amp;D</title><description>&lt;p&gt;It is &lt;b&gt;old&lt;/b&gt; &amp;amp; big.&lt;/p&gt;</description></item><item><title>Two</title><description>Plain words.</description></item></channel></rss>", has=("# News", "## R&D", "It is **old** & big.", "## Two", "Plain words."), silent=True),
    Case("atom", "a.xml", "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><entry><title>One</title><content type='html'><![CDATA[<p>It is old.<p>So it is.]]></content><summary type='text'>Use &lt;b&gt; here</summary></entry></feed>", has=("# News", "## One", "It is old.", "So it is.", "Use \\<b> here")),
    Case("atom-xhtml", "a.xml", "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>It is <em>old</em>.</p></div></content></entry></feed>", has=("It is *old*.",)),
    Case("tags-in-other-xml", "a.xml", "<article><para>Write &lt;p&gt; before it.</para></article>", has=("Write \\<p> before it.",)),
    Case("epub-notes", "b.epub", epub(("a", f"<p>{LONG}<a epub:type='noteref' href='#n'>1</a></p><aside epub:type='footnote' id='n'><p>See the <a href='x'>list</a>.</p></aside>")), has=("[1]", "See the list."), silent=True),
    Case("epub-boxes", "b.epub", epub(("a", f"<p>{LONG}</p><aside class='sidebar'><p>A box.</p></aside><footer><p>The end.</p></footer>")), has=("A box.", "The end."), silent=True),
    Case("notes-of-a-page", "a.html", f"<p>{LONG}</p><aside role=doc-footnote>The note.</aside><aside>Follow us</aside>", has=("The note.",), lacks=("Follow",), omitted=(AROUND,)),
]  # fmt: skip

DATA = [
    Case("json-deep", "a.json", '{"a": ' * 90 + '["The text of it is here."]' + "}" * 90, has=("a: The text of it is here.",), silent=True),
    Case("json-too-deep", "a.json", "[" * 9_000 + '"The text of it is here."' + "]" * 9_000, omitted=("nests too deep to be read as JSON",)),
    Case("json-html", "a.json", '{"body": "<p>It is <b>old</b>.</p><p>So it is &amp; stays.</p><p hidden>GONE</p>"}', has=("It is **old**.", "So it is & stays."), lacks=("GONE",), omitted=(f"{HIDES}: left out (1 words)",)),
    Case("log-of-json", "a.log", '{"ts": "2024-01-01T10:00:00Z", "level": "info", "msg": "The server is up and runs now.", "port": 80}\n{"time": 5, "message": "It has ended well, they say.", "err": {"code": 1}}\n{"log": "x", "a": null}\n', has=("2024-01-01T10:00:00Z info The server is up and runs now. port: 80", '5 It has ended well, they say. err: {"code": 1}', "x"), lacks=("msg",)),
]  # fmt: skip

CASES = [*SIGNS, *HIDDEN, *WORDS, *FEEDS, *DATA]
