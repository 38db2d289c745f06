"""Markup taken off: what remains of Markdown, reStructuredText and HTML is what a reader reads.

Lines keep their numbers, so that whoever calls can find the source of what remains.
Refuses nothing: markup that cannot be understood stays as it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = [
    "block_parser",
    "mask_front_matter",
    "mask_rst",
    "plain_html",
    "plain_inline",
    "plain_references",
]

# Parsing pairs brackets and emphasis in worse than linear time; no real paragraph is this long.
_INLINE_LIMIT = 50_000
_MOST_BRACKETS = 2_000

_INLINE_MARKUP = re.compile(r"[*_`<\[\\|~]|&#?\w+;|(?<!\S):[a-z]")
_FRONT_MATTER_LINES = 100
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_HIDDEN_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|pre|table|svg|code)\b.*?(?:</\1\s*>|\Z)", re.S | re.I
)
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|li|ul|ol|h[1-6]|summary|details|td|tr)\b[^<>]*>", re.I)

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\[\^?[\w.-]{1,40}\]_", ""),  # footnote of reStructuredText
        (r"\[\^[^\]\n]{1,40}\]", ""),  # footnote of Markdown
        (r"(?<![\w|])\|[^|\s][^|\n]{0,60}\|_{0,2}(?![\w|])", ""),  # substitution, mostly a badge
        (r"(?<!\S):[a-z][a-z0-9_+-]{1,30}:(?!\S)", ""),  # emoji
    )
)
# A role of reStructuredText, or a link: its words, and its target behind them.
_ROLE = re.compile(r"(:[\w:+.-]{1,30}:|(?<!`))`([^`<]{1,200}+)(<[^`>]{0,500}+>)?+`(_{0,2})")
_UNDEFINED_LINK = re.compile(r"!?\[([^\[\]\n]{1,500})\](?:\[[^\[\]\n]{0,200}\])")

_DIRECTIVE = re.compile(r"(\s*)\.\.(?:\s+(.*))?$")
_ADMONITION = re.compile(
    r"(?:admonition|attention|caution|danger|error|hint|important|note|tip|warning|seealso"
    r"|deprecated|versionadded|versionchanged|topic|epigraph|rubric|compound|container)::"
)
_OPTION = re.compile(
    r"\s*:(?:alt|align|caption|class|figclass|height|hidden|linenos|maxdepth|name|scale|target"
    r"|width|glob|header-rows|widths|language|lines|emphasize-lines):"
)
_UNDERLINE = re.compile(r"([~^\"'*+#.`:_=-])\1{2,}\s*$")
_RST_SIGNS = re.compile(
    r"^[^\S\n]*+\.\. |^([~^\"'*+#.`])\1{3,}+[^\S\n]*+$|^[^\S\n]*+:(?:alt|target|width):"
    r"|::[^\S\n]*+$",
    re.M,
)


@lru_cache(maxsize=1)
def block_parser() -> MarkdownIt:
    """Return the parser of blocks; ``plain_inline`` reads what is inside them.

    Returns:
        A parser that several threads may share.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    # The first parse fills the tables of rules, the only moment at which threads would collide.
    parser.parse("a")
    parser.inline.parse("*a*", parser, {}, [])
    return parser


def plain_inline(content: str, env: dict[str, Any]) -> str:
    """Take the markup off the content of one paragraph.

    Args:
        content: The paragraph, without the marks of lists and quotes around it.
        env: What the block parser left, which holds the definitions of links.

    Returns:
        The text that a reader sees. Images leave nothing, links leave their text.
    """
    if not _INLINE_MARKUP.search(content):
        return content
    if len(content) > _INLINE_LIMIT or content.count("[") > _MOST_BRACKETS:
        return plain_html(content)
    content = _ROLE.sub(_words_of_role, content)
    for pattern, replacement in _REWRITES:
        content = pattern.sub(replacement, content)
    tokens: list[Token] = []
    parser = block_parser()
    parser.inline.parse(content, parser, env, tokens)
    return _UNDEFINED_LINK.sub(r"\1", "".join(_rendered(token) for token in tokens))


def _words_of_role(match: re.Match[str]) -> str:
    role, words, _target, end = match.groups()
    # Without a name before it or a mark behind it, it is code, as in Markdown.
    return words.rstrip() if role or end else match.group()


def _rendered(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "html_inline":
        return " " if token.content.lower().startswith("<br") else ""
    return token.content if token.type in ("text", "text_special", "code_inline") else ""


def plain_references(text: str) -> str:
    """Replace character references (``&amp;``, ``&#38;``) by the characters that they name."""
    if "&" not in text:
        return text
    # Python refuses to read a number of thousands of digits.
    return unescape(_LONG_REFERENCE.sub("\ufffd", text))


def plain_html(content: str) -> str:
    """Take the tags off a piece of HTML, with everything that is not running text.

    Returns:
        The text, with a blank line wherever a block begins or ends.
    """
    bare = _HIDDEN_HTML.sub("\n\n", content)
    return plain_references(_TAG.sub("", _BLOCK_TAG.sub("\n\n", bare)))


def mask_front_matter(lines: list[str]) -> list[str]:
    """Blank the block of settings that opens many Markdown files.

    Args:
        lines: The text's lines, without their ends.

    Returns:
        As many lines. The block stands between a first line ``---`` and a line ``---`` or ``...``
        among the first 100, as for Pandoc; where a blank line follows the first, that is a rule.
    """
    head = [line.rstrip() for line in lines[:_FRONT_MATTER_LINES]]
    if len(head) < 2 or head[0] != "---" or not head[1]:
        return lines
    end = next((n for n, line in enumerate(head[1:], 2) if line in ("---", "...")), 0)
    return [""] * end + lines[end:]


def mask_rst(lines: list[str]) -> list[str]:
    """Blank the lines of reStructuredText that hold no prose.

    Args:
        lines: The text's lines, without their ends.

    Returns:
        As many lines, with directives, their options and bodies, literal blocks and titles empty.
        Notes, warnings and other admonitions keep their body.
    """
    if not any(map(_RST_SIGNS.search, lines)):
        return lines
    kept = list(lines)
    for index, line in enumerate(lines):
        if _OPTION.match(line):
            kept[index] = ""
        elif _is_title(lines, index):
            kept[index] = kept[index + 1] = ""
    for index, line in enumerate(lines):
        directive = _DIRECTIVE.match(line) if kept[index] else None
        if directive:
            kept[index] = ""
            if not _ADMONITION.match(directive[2] or ""):
                _blank_body(kept, index, len(directive[1]))
        elif line.rstrip().endswith("::") and kept[index]:
            _blank_body(kept, index, len(line) - len(line.lstrip()))
    return kept


def _is_title(lines: list[str], index: int) -> bool:
    """Tell whether the next line underlines this one as a title of reStructuredText."""
    title = lines[index].strip()
    if not title or index + 1 >= len(lines) or (index and lines[index - 1][:1].isalnum()):
        return False
    rule = _UNDERLINE.match(lines[index + 1])
    return rule is not None and title[0].isalnum() and len(lines[index + 1].strip()) >= len(title)


def _blank_body(kept: list[str], index: int, indent: int) -> None:
    for below in range(index + 1, len(kept)):
        line = kept[below]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            return
        kept[below] = ""
