"""Text that would act if anything let it, and the checks that a rendering of it is only text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Literal

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from docsum_nb.characters import clean, harmless
from tests.results.result_samples import ATTACK

__all__ = ["BIG", "CHECKS", "TRAPS", "Kind", "check_html", "check_markdown", "check_terminal"]

TRAPS = (
    "</pre></code></textarea></title><script>hacked()</script><!-- <style>@import 'http://e.vil'; "
    "<base href=http://e.vil><meta http-equiv=refresh content=0;url=http://e.vil> "
    "[a](javascript:hacked()) [b]: javascript:hacked() <javascript:hacked()> ![c](//e.vil/c.png) "
    "[[wiki]] ![[embed]] $$\\href{javascript:hacked()}{x}$$ \\(x\\) \\[y\\] \\begin{align}z$ "
    "\x1b]8;;http://e.vil\x1b\\link\x1b]8;;\x1b\\ \x1bPq\x1b\\ \x1b[2J\x1b[H \x9d8;;\x9c \x85 "
    "\u2028 \u202emoc.live\u202c \u2067 \U000e0041 \x00 \x08\x08 \r\n# no heading\n---\n- no list\n"
    f"```\n    no code\n| no | table |\n|---|---|\n''' \"\"\" \\ %s {{0}} {ATTACK}"
)
BIG = "W" * 1_000_000 + TRAPS
"""A megabyte on one line."""

Kind = Literal["terminal", "html", "markdown", "json"]

ELEMENTS = {
    *("div", "style", "p", "span", "sup", "a", "ul", "li", "bdi", "blockquote", "strong", "mark"),
    *("details", "summary", "pre", "code", "table", "thead", "tbody", "tr", "th", "td", "progress"),
    *("h3", "em", "br", "img", "button"),
}
OF_A_PAGE = {"html", "head", "meta", "title", "body", "main"}
MATHEMATICS = re.compile(r"\$|\\[(\[]|\\begin")
ATTRIBUTES = {
    *("class", "id", "href", "dir", "role", "tabindex", "aria-label", "aria-level", "title"),
    *("scope", "colspan", "max", "value", "open", "src", "width", "height", "alt"),
    *("type", "hidden", "popover", "popovertarget", "popovertargetaction", "autofocus"),
}


def check_terminal(text: str) -> None:
    """Check that no character moves a cursor, changes the order of others or cannot be written."""
    text.encode()
    assert clean(text) == text.replace("\t", " ")


def check_html(html: str) -> None:
    """Check that elements and attributes are ours, and nothing is fetched, run or typeset."""
    html.encode()
    page = BeautifulSoup(html, "html.parser")
    root, more = (page, set()) if page.body is None else (page.body, OF_A_PAGE)
    assert {tag.name for tag in page.select("*")} <= ELEMENTS | more
    for style in page.select("style"):
        rules = re.sub(r"/\*.*?\*/", "", style.decode_contents(), flags=re.DOTALL)
        assert not re.search(r"url\(|@import|expression|javascript", rules)
        style.decompose()
    tags = root.select("*")
    assert {name for tag in tags for name in tag.attrs} <= ATTRIBUTES
    assert all(str(tag["href"]).startswith("#docsum-") for tag in page.select("[href]"))
    assert all(str(tag["popovertarget"]).startswith("docsum-") for tag in page.select("button"))
    assert all(str(tag["src"]).startswith("data:image/png;base64,") for tag in page.select("[src]"))
    values = [str(value) for tag in tags for value in tag.attrs.values()]
    check_terminal("\n".join([*values, page.get_text()]))
    for shown_text in root.find_all(string=MATHEMATICS):
        assert shown_text.find_parent(class_="mathjax_ignore") or shown_text.find_parent("pre")


def check_markdown(markdown: str) -> None:
    """Check that a generous reader finds no link, picture, tag, code or table in it.

    Nor a formula, in what JupyterLab reads before it, and in what MathJax reads after it.
    """
    check_terminal(markdown)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    page = BeautifulSoup(parser.render(markdown), "html.parser")
    assert {tag.name for tag in page.select("*")} <= {
        *("div", "p", "strong", "em", "h3", "ul", "li", "blockquote", "br", "pre", "code")
    }
    check_html(str(page))
    outside = re.sub(r"(?m)^    .*$", "", markdown)
    assert not re.search(r"\$|\\\\[()\[\]]|\\(?:begin|end)\{", outside)


def check_json(text: str) -> None:
    """Check that JSON is read back, and can be written and printed."""
    json.loads(text)
    text.encode()
    assert harmless(text) == text


CHECKS: dict[Kind, Callable[[str], None]] = {
    "terminal": check_terminal,
    "html": check_html,
    "markdown": check_markdown,
    "json": check_json,
}
