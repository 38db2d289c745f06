"""Markup taken off: what remains of Markdown, reStructuredText and HTML is what a reader reads.

Lines keep their numbers, so that the caller can find the source of what remains.
Refuses nothing: markup that cannot be understood stays as it stands.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.block_rules import quicken
from docsum_nb.documents.html_tags import markup_tags, plain_html

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = [
    "block_parser",
    "mask_extensions",
    "mask_front_matter",
    "mask_rst",
    "notes_in",
    "plain_inline",
    "targets_in",
]

# Parsing pairs brackets and emphasis in worse than linear time; no real paragraph is this long.
_INLINE_LIMIT = 50_000
_MOST_BRACKETS = 2_000

_INLINE_MARKUP = re.compile(r"[*_`<\[\\~]|&#?\w+;|(?<!\S):[a-z]")
_FRONT_MATTER_LINES = 100

_EMOJI = re.compile(r"(?<!\S):[a-z][a-z0-9_+-]{1,30}:(?!\S)")
_RST_FOOTNOTE = re.compile(r"\[\^?[\w.-]{1,40}\]_")
_RST_SUBSTITUTION = re.compile(r"(?<![\w|])\|[^|\s][^|\n]{0,60}\|_{0,2}(?![\w|])")
_FOOTNOTE = re.compile(r"\[\^([^\]\n]{1,40})\]")
_NOTE = re.compile(r" {0,3}\[\^([^\]\n]{1,40})\]:")
# A role of reStructuredText, or a link: its words, and its target behind them.
_ROLE = re.compile(r"(:[\w:+.-]{1,30}:|(?<!`))`([^`<]{1,200}+)(<[^`>]{0,500}+>)?+`(_{0,2})")
_UNDEFINED_LINK = re.compile(r"(?<![\w\])])!?\[([^\[\]\n]{1,500})\](?:\[[^\[\]\n]{0,200}\])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_RST_TARGET = re.compile(r"[ \t]{0,12}\.\. _`?([^:`\n]{1,80})`?:")
_RST_LINK = re.compile(r"(?<![\w`])([^\W_][\w.+-]{0,60}+)(?<=_)(?![\w`])")
# Brackets that are no marks, until links without a target are found.
_BRACKETS = str.maketrans("[]", "\ufdd0\ufdd1")
_BRACKETS_AGAIN = str.maketrans("\ufdd0\ufdd1", "[]")
# A link of a wiki: its words stand behind a stroke, or are the page itself. Arrays of numbers and
# tests of a shell have no letter at the beginning. Code stays.
_WIKI_LINK = re.compile(
    r"`[^`\n]{1,300}`|(?<![\w\])\[])(!?)\[\[(?=[^\W\d_])"
    r"([^\[\]|\n]{1,100})(?:\|([^\[\]|\n]{1,100}))?\]\](?![\[(\]])"
)
# A role of MyST, as in {ref}`name`.
_MYST_ROLE = re.compile(r"\{[a-z][\w:+.-]{0,30}\}(?=`)")
_TASK = re.compile(r"\A\[[ xX]\]\s+(?=\S)")
_SHORTCODE = re.compile(r"\{\{[<%][^{}\n]{0,500}[>%]\}\}|\{%[^{}\n]{0,500}%\}")
_FRONT_MATTER = {"---": ("---", "..."), "+++": ("+++",), "{": ("}",)}
_JSON_KEY = re.compile(r"\s*\"[^\"]{1,200}\"\s*:")
_OPENING = re.compile(
    r"\s{0,12}(?:(?:!!!|\?\?\?\+?|===)\s+[\w\"].{0,200}|:{3,}\s?\{?\w[^.]{0,200}|:{3,}|"
    r"(?:>\s?){1,9}\[![A-Za-z]{3,20}\][+-]?.{0,100}|\[\[?_?TOC_?\]?\])\s*$"
)
_MODULE = re.compile(
    r"import\s+(?:[\w*{$].{0,500}\sfrom\s+)?[\"'][^\"'\n]{1,300}[\"'];?\s*$|import\s+\{\s*$"
    r"|export\s+(?:default\b|const\s|let\s|var\s|function\b|async\s|class\s|\{|\*)"
)
_LONGEST_EXPORT = 200  # lines
_DEFINED = re.compile(r":\s+\S")
_LITERAL = re.compile(r"\s*(?:[#>|`~+*-]|\d{1,9}[.)]\s|\$\s|<)")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,60}")
_SHORT_TARGET = re.compile(r"[\w+*-]{0,20}")

_DIRECTIVE = re.compile(r"(\s*)\.\.(?:\s+(.*))?$")
_ADMONITION = re.compile(
    r"(attention|caution|danger|error|hint|important|note|tip|warning|seealso|epigraph)::\s*(.*)"
)
_TITLED = re.compile(r"(?:admonition|topic|rubric|compound|container)::")
_VERSION = re.compile(r"(?:deprecated|deprecated-removed|version\w+)::\s*\S*\s*(.*)")
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
    parser = quicken(parser, runs=True, leaves=True)
    # The first parse fills the tables of rules, the only moment at which threads would collide.
    parser.parse("a")
    parser.inline.parse("*a*", parser, {}, [])
    return parser


def plain_inline(content: str, env: dict[str, Any]) -> str:
    """Return the content of one paragraph without its markup.

    Args:
        content: The paragraph, without the marks of lists and quotes around it.
        env: What the block parser left, which holds the definitions of links. ``"notes"`` in it
            names the footnotes that are defined, ``"rst"`` whether this is reStructuredText, and
        ``"targets"`` the targets of links that this defines.

    Returns:
        The text that a reader sees. Images leave nothing, links leave their text. What only looks
        like markup stays: ``<name>``, ``Foo<Bar>``, ``a[i][j]``, ``2*3*4``, ``<a@b.example>``.
    """
    plain = "{" not in content and not (env.get("rst") and "|" in content)
    if plain and not _INLINE_MARKUP.search(content):
        return content
    if len(content) > _INLINE_LIMIT or content.count("[") > _MOST_BRACKETS:
        return _ESCAPED.sub(r"\1", plain_html(content))
    content = _MYST_ROLE.sub("", _EMOJI.sub("", _SHORTCODE.sub("", _TASK.sub("", content))))
    if env.get("rst"):
        content = _ROLE.sub(_words_of_role, content)
        content = _RST_SUBSTITUTION.sub("", _RST_FOOTNOTE.sub("", content))
        targets = env.get("targets", ())
        content = _RST_LINK.sub(lambda each: _words_of_link(each[0], targets), content)
    if "[[" in content:
        content = _WIKI_LINK.sub(_words_of_wiki_link, content)
    notes = env.get("notes", ())
    if notes:
        content = _FOOTNOTE.sub(lambda each: "" if each[1] in notes else each[0], content)
    tokens: list[Token] = []
    parser = block_parser()
    parser.inline.parse(content, parser, env, tokens)
    return _UNDEFINED_LINK.sub(r"\1", _rendered(tokens)).translate(_BRACKETS_AGAIN)


def notes_in(lines: Sequence[str]) -> frozenset[str]:
    """Return the names of the footnotes that lines of Markdown define (``[^name]: ...``)."""
    return frozenset(found[1] for line in lines if (found := _NOTE.match(line)))


def targets_in(lines: Sequence[str]) -> frozenset[str]:
    """Return the names of the targets that reStructuredText defines, in small letters."""
    return frozenset(found[1].lower() for line in lines if (found := _RST_TARGET.match(line)))


def _words_of_link(name: str, targets: Collection[str]) -> str:
    return name[:-1] if name[:-1].lower() in targets else name


def _words_of_role(match: re.Match[str]) -> str:
    role, words, _target, end = match.groups()
    # Without a name before it or a mark behind it, it is code, as in Markdown.
    return words.rstrip() if role or end else match.group()


def _words_of_wiki_link(match: re.Match[str]) -> str:
    embedded, page, words = match.groups()
    if page is None:
        return match.group()
    return "" if embedded else words or page


def _rendered(tokens: list[Token]) -> str:
    """Return what a reader sees of inline tokens."""
    tags = [token.content if token.type == "html_inline" else "" for token in tokens]
    texts = [_text_of(token) for token in tokens]
    befores = [texts[at - 1][-1:] if at else "" for at in range(len(tokens))]
    for at, replacement in markup_tags(tags, befores).items():
        texts[at] = replacement
    _keep_literal(tokens, texts)
    return "".join(texts)


def _text_of(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.info == "auto":
        return "<" if token.nesting == 1 else ">"
    if token.type in ("text_special", "code_inline"):
        return token.content.translate(_BRACKETS)
    return token.content if token.type in ("text", "html_inline") else ""


def _keep_literal(tokens: list[Token], texts: list[str]) -> None:
    """Restore the signs of what is no emphasis and no link though CommonMark takes it for one."""
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.nesting == 1:
            opened.append(at)
        elif token.nesting == -1 and opened:
            start = opened.pop()
            if token.type in ("em_close", "strong_close"):
                inside = _inside_word(texts, start) and _inside_word(texts, at)
                if inside or (token.markup == "__" and _is_name(texts[start + 1 : at])):
                    texts[start] = texts[at] = token.markup
            elif token.type == "link_close" and texts[start] == "":
                target = str(tokens[start].attrGet("href") or "")
                if _after_word(texts, start) and _SHORT_TARGET.fullmatch(target):
                    texts[start], texts[at] = "[", f"]({target})"


def _inside_word(texts: list[str], at: int) -> bool:
    following = texts[at + 1][:1] if at + 1 < len(texts) else ""
    return _after_word(texts, at) and following.isascii() and following.isalnum()


def _is_name(parts: list[str]) -> bool:
    """Return whether what two underscores stand around is a name such as ``__init__``."""
    return len(parts) == 1 and _NAME.fullmatch(parts[0]) is not None


def _after_word(texts: list[str], at: int) -> bool:
    last = texts[at - 1][-1:] if at else ""
    return last.isascii() and last.isalnum()


def mask_front_matter(lines: list[str]) -> list[str]:
    """Blank the block of settings that opens many Markdown files.

    Args:
        lines: The text's lines, without their ends.

    Returns:
        As many lines. The block stands among the first 100 lines: between ``---`` and ``---`` or
        ``...`` (YAML), ``+++`` and ``+++`` (TOML), or ``{`` and ``}`` (JSON). If a blank line
        follows the first, that is a rule.
    """
    head = [line.rstrip() for line in lines[:_FRONT_MATTER_LINES]]
    closing = _FRONT_MATTER.get(head[0]) if head else None
    if closing is None or len(head) < 2 or not head[1]:
        return lines
    end = next((n for n, line in enumerate(head[1:], 2) if line in closing), 0)
    if head[0] == "{" and not _JSON_KEY.match(head[1]):
        return lines
    return [""] * end + lines[end:]


def mask_extensions(lines: list[str]) -> list[str]:
    """Blank the lines that dialects of Markdown add and that hold no prose.

    Args:
        lines: The text's lines, without their ends.

    Returns:
        As many lines, without imports and exports of MDX, the opening lines of admonitions
        (``!!! note``, ``> [!WARNING]``, ``:::tip``) and shortcodes. What stands in an admonition
        is kept, and so is the first line of a paragraph that is indented alone.
    """
    kept = list(lines)
    last = len(lines) - 1
    for at in range(len(lines)):
        line = kept[at]
        if _OPENING.match(line):
            kept[at] = ""
            if line.lstrip()[:1] in ("!", "?", "="):
                _raise_body(kept, at, _indent(line))
        elif line[:6] in ("import", "export") and _MODULE.match(line):
            for below in range(at, min(at + _LONGEST_EXPORT, len(lines))):
                if not lines[below].strip():
                    break
                kept[below] = ""
        elif line[:1] == ":" and _DEFINED.match(line):
            _raise_definition(kept, lines, at)
        elif _NOTE.match(line):
            kept[at] = line[line.index("]:") + 2 :].lstrip()
        elif (
            kept[at][:4].isspace()
            and at < last
            and not (at and lines[at - 1].strip())
            and lines[at + 1].strip()
            and _indent(lines[at + 1]) < min(4, _indent(line))
            and not _LITERAL.match(line)
        ):
            # CommonMark takes the first line of such a paragraph for code.
            kept[at] = line.lstrip()
    return kept


def _raise_definition(kept: list[str], lines: list[str], at: int) -> None:
    """Remove the colon of a definition and blank the term above it; other lines stay."""
    if _is_term(lines, at - 1):
        kept[at - 1], kept[at] = "", lines[at][1:].lstrip()
    elif at and lines[at - 1][:1] == ":":
        kept[at] = lines[at][1:].lstrip()


def _is_term(lines: list[str], at: int) -> bool:
    """Check whether a line names what the next one defines: it stands alone and is no sentence."""
    if at < 0 or (at and lines[at - 1].strip()):
        return False
    return bool(lines[at].strip()) and not lines[at].rstrip().endswith((".", "!", "?", ":", ";"))


def _raise_body(kept: list[str], index: int, indent: int) -> None:
    """Move the body below a line to the line's own indentation, where it is taken for text."""
    first = next((line for line in kept[index + 1 : index + 4] if line.strip()), "")
    shift = _indent(first) - indent
    for below in range(index + 1, len(kept)):
        line = kept[below]
        if line.strip() and _indent(line) <= indent:
            return
        if shift > 0:
            kept[below] = line[min(shift, _indent(line)) :]


def mask_rst(lines: list[str]) -> list[str]:
    """Blank the lines of reStructuredText that hold no prose.

    Args:
        lines: The text's lines, without their ends.

    Returns:
        As many lines, with directives, their options and bodies, literal blocks and titles empty.
        Notes, warnings and other admonitions keep their text. The same list if there is no sign
        of reStructuredText.
    """
    if not any(map(_RST_SIGNS.search, lines)):
        return lines
    kept = list(lines)
    for index, line in enumerate(lines):
        if _OPTION.match(line):
            kept[index] = ""
        elif _is_title(lines, index):
            kept[index] = kept[index + 1] = ""
    for index in range(len(lines)):
        line = kept[index]
        if not line:
            continue
        if directive := _DIRECTIVE.match(line):
            _mask_directive(kept, index, directive)
        elif line.rstrip().endswith("::"):
            _blank_body(kept, index, _indent(line))
    return kept


def _mask_directive(kept: list[str], index: int, directive: re.Match[str]) -> None:
    indent, rest = directive[1], directive[2] or ""
    kept[index] = ""
    if admonition := _ADMONITION.match(rest) or _VERSION.match(rest):
        kept[index] = indent + admonition[admonition.lastindex or 0]
    elif not _TITLED.match(rest):
        _blank_body(kept, index, len(indent))
        return
    _raise_body(kept, index, len(indent))


def _is_title(lines: list[str], index: int) -> bool:
    """Check whether the next line underlines this one as a title of reStructuredText."""
    title = lines[index].strip()
    if not title or index + 1 >= len(lines) or (index and lines[index - 1][:1].isalnum()):
        return False
    rule = _UNDERLINE.match(lines[index + 1])
    return rule is not None and title[0].isalnum() and len(lines[index + 1].strip()) >= len(title)


def _blank_body(kept: list[str], index: int, indent: int) -> None:
    for below in range(index + 1, len(kept)):
        line = kept[below]
        if line.strip() and _indent(line) <= indent:
            return
        kept[below] = ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
