from __future__ import annotations

from pathlib import Path

import pytest

from docsum_nb.documents.html import read, to_markdown
from docsum_nb.errors import LoadError


def test_only_content_is_kept() -> None:
    """Scripts, styles, navigation, page header, footer and side bar leave no word."""
    page = (
        "<html><head><title>T</title><style>x{}</style></head><body><header>TOP</header>"
        "<nav>NAV</nav><script>JS</script><template>TPL</template><noscript>NOS</noscript>"
        "<main><article><header><h1>Head</h1></header><p>Some <b>bold</b> "
        "<a href='http://x.y/z'>link</a>.</p></article></main>"
        "<aside>SIDE</aside><footer>FOOT</footer></body></html>"
    )
    assert to_markdown(page) == "# Head\n\nSome **bold** link."


def test_structure_is_kept() -> None:
    """Headings, lists, tables, code blocks and the words of pictures survive."""
    page = (
        "<h2>Two</h2><ul><li>one<li>two</ul><table><tr><th>a<th>b<tr><td>1<td>2</table>"
        "<pre><code class='language-python'>x = 1\n\ny</code></pre>"
        "<img alt='A plot' src='data:image/png;base64,AAAA'>"
    )
    markdown = to_markdown(page)
    assert markdown.startswith("## Two\n\n- one\n- two")
    assert "| 1 | 2 |" in markdown
    assert "x = 1\n\ny" in markdown
    assert "A plot" in markdown
    assert "base64" not in markdown


def test_a_page_without_headings_gets_its_title() -> None:
    """The title becomes the heading where there is no other."""
    assert to_markdown("<title>My \n page</title><p>Text") == "# My page\n\nText"


@pytest.mark.parametrize(
    "data",
    [
        "<p>Grüße".encode(),
        b'<meta charset="iso-8859-1"><p>' + "Grüße".encode("latin-1"),
        "<p>Grüße".encode("utf-16"),
        b'<?xml version="1.0" encoding="iso-8859-1"?><p>' + "Grüße".encode("latin-1"),
    ],
)
def test_the_declared_encoding_is_used(tmp_path: Path, data: bytes) -> None:
    """Byte order marks and declarations decide the encoding, without a warning."""
    path = tmp_path / "page.html"
    path.write_bytes(data)
    assert read(path).text == "Grüße"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<",
        "<!--",
        "http://example.org/",
        "file.txt",
        "</p></p><table><li>",
        "<p" * 5000,
        "&#0;",
    ],
)
def test_rubbish_is_read_somehow(page: str) -> None:
    """Broken markup is no error and no warning."""
    assert isinstance(to_markdown(page), str)


def test_deep_nesting_is_read() -> None:
    """Markup nested deeper than Python's stack still gives its text."""
    assert "deep" in to_markdown("<div>" * 3000 + "deep")


def test_end_tags_may_be_left_out() -> None:
    """Paragraphs, items and cells end where the next begins, however many there are."""
    assert to_markdown("<p>a<p>b<h2>c</h2>d") == "a\n\nb\n\n## c\n\nd"
    assert to_markdown("<p>a<h1>b</h1>" * 2000).count("\n# b") == 2000


@pytest.mark.parametrize(
    "page",
    [
        "<![foo bar <p>kept",
        "<!-- never closed <p>kept</p>",
        "<?xml never closed kept",
        "<a href='never closed>kept</a> <p>kept</p>",
        '<p class="a"><b title=">">kept</b>',
        "<a <a <a <p>kept</p>",
        "</never closed kept",
        "<title>kept",
        "<p>kept &#" + "9" * 5_000 + ";</p>",
        "<p>kept 1 < 2 and <3</p>",
        "<![CDATA[kept]]>",
        "<textarea>kept</textarea>",
    ],
)
def test_what_is_never_closed_is_read_as_text(page: str) -> None:
    """No quote, comment or declaration without an end takes the rest of the page with it."""
    assert "kept" in to_markdown(page)


@pytest.mark.parametrize(
    ("page", "markdown"),
    [
        ("<!-- a --><!doctype html><?xml b?>c<!--> d", "c d"),
        ("<p>a <b>c</b><!-- > -->   d</p>", "a **c** d"),
        ("<ol start=3><li>a<li><li><p>b</ol><ol><li>c</ol>", "3. a\n5. b\n\n1. c"),
        ("<ul><li><p>a<li><p>b</ul>", "- a\n- b"),
        ("<pre>\n  a  b\n\n</pre>", "```\n  a  b\n```"),
        ("<script>a</b>'<p>'</script>c<style>d</style>", "c"),
        ("<img alt='a &lt; b'>c", "a < b c"),
        ("<table><thead><tr><td>a</thead><tr><td>b</table>", "| a |\n| --- |\n| b |"),
        ("<td colspan=3>a", "a"),
        ("<div>a</p></div>b", "a\n\nb"),
        ("<article><header>a</header></article><header>b</header>", "a"),
    ],
)
def test_markup_is_written_as_a_browser_shows_it(page: str, markdown: str) -> None:
    """Comments, lists, code, tables and tags whose end was left out come to the same text."""
    assert to_markdown(page) == markdown


def test_nesting_multiplies_nothing() -> None:
    """Quotations in one another without end do not indent each line without end."""
    lines = "a<br>" * 1_000
    assert len(to_markdown("<blockquote>" * 1_000 + lines)) < 50 * len(lines)
    assert len(to_markdown("<td colspan=1000>" * 100)) < 50_000


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    """A picture named .html raises a LoadError that names it."""
    path = tmp_path / "picture.html"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xfe\x81")
    with pytest.raises(LoadError, match=r"picture\.html: is not text"):
        read(path)
