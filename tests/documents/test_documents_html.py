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
    assert read(path) == "Grüße"


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


def test_markup_that_cannot_be_parsed_is_refused(tmp_path: Path) -> None:
    """What makes the parser give up raises a LoadError that names the file."""
    path = tmp_path / "page.html"
    path.write_text("<![foo bar")
    with pytest.raises(LoadError, match=r"page\.html: its markup"):
        read(path)


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    """A picture named .html raises a LoadError that names it."""
    path = tmp_path / "picture.html"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xfe\x81")
    with pytest.raises(LoadError, match=r"picture\.html: is not text"):
        read(path)
