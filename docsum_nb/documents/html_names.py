"""What the elements of a page mean, by their names, roles and classes.

Decides which elements begin a line of their own, which leave no text, and which name a part of the
page such as its menu. Refuses nothing: an element of unknown name is part of its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = [
    "ANCHORS",
    "BLOCKS",
    "HEADINGS",
    "PREFORMATTED",
    "SAYING",
    "Attributes",
    "aside_kind",
    "code_language",
    "emphasis",
    "is_hidden",
    "is_note",
    "is_skipped",
    "positive",
    "region_kind",
    "script_kind",
]

Attributes = Mapping[str, str]

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    (
        *HEADINGS,
        *("address", "article", "aside", "blockquote", "body", "caption"),
        *("center", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "footer", "form", "frameset", "header", "hgroup", "hr", "html", "legend", "li"),
        *("main", "menu", "nav", "noframes", "noscript", "ol", "optgroup", "option", "p", "pre"),
        *("search", "section", "summary", "table", "tbody", "td", "textarea", "tfoot", "th"),
        *("thead", "tr", "ul", "ix:header", "listing", "plaintext", "xmp"),
    )
)
PREFORMATTED = frozenset(("pre", "listing", "xmp", "plaintext"))
ANCHORS = frozenset(("¶", "#", "§", "🔗", "\uf0c1", "[", "]", "[edit]"))
"""Words of links to the heading that they stand in."""
_ASIDES = {
    **dict.fromkeys(("template", "xml"), "hidden"),
    **dict.fromkeys(("button", "datalist", "select"), "control"),
    **dict.fromkeys(("canvas", "iframe", "audio", "video"), "fallback"),
    "svg": "drawing",
}
_FOR_SCREEN_READERS = frozenset(
    (
        *("sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "offscreen"),
        *("screen-reader-only", "screenreader", "element-invisible", "assistive-text", "u-hidden"),
    )
)
"""Classes of text that is kept off the screen."""
_EMPHASIS = {
    **dict.fromkeys(("b", "strong"), "strong"),
    **dict.fromkeys(("em", "i", "cite", "dfn"), "em"),
    **dict.fromkeys(("del", "s", "strike"), "del"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
}
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-(?:source-)?|brush:\s?|sourceCode\s)([\w+#-]{1,40})"
)
_NO_LANGUAGE = frozenset(("default", "text", "none", "plaintext", "notranslate", "console"))
_LINE_NUMBERS = {
    "td": frozenset(("linenos", "lineno", "gutter", "rouge-gutter", "blob-num", "line-numbers")),
    "span": frozenset(("linenos", "lineno")),
    "div": frozenset(("linenodiv",)),
}

SAYING = frozenset(
    (
        *("hidden", "aria-hidden", "class", "id", "style", "role", "epub:type", "type", "srcdoc"),
        *("open", "shadowrootmode"),
    )
)
"""The attributes that may say what an element is; most elements have none of them."""
_LONGEST = 2_000
_MOST_CLASSES = 2_000
"""Characters of an attribute that are looked at."""
_HIDING = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)", re.I
)
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_ROLES = {
    "main": "main",
    "article": "article",
    "navigation": "nav",
    "menu": "nav",
    "menubar": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "aside",
    "search": "form",
    "dialog": "hidden",
    "alertdialog": "hidden",
}
_NAMES = {
    **{each: each for each in ("main", "article", "section", "nav", "header", "footer", "form")},
    "aside": "aside",
    "search": "form",
    "noscript": "noscript",
    "noframes": "noscript",
    "h1": "title",
    "ix:header": "hidden",
}
# Parts of names of classes and ids, as words: "cookie-banner", "site_nav", "lang-switcher".
_NOTICE = re.compile(r"cookie|consent|gdpr|onetrust|didomi|usercentrics|cookiebot", re.I)
_MENU = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navi|navigation|menu|menus|submenu|breadcrumbs?|sidebar|pagination"
    r"|pager|skip|skiplinks?|lang|langs|languages?|social|share|sharing|footer|topbar|toolbar"
    r"|interlanguage|catlinks|sitemap)(?:$|[\s_-])",
    re.I,
)
_EDIT = frozenset(
    ("mw-editsection", "headerlink", "anchorjs-link", "mw-jump-link", "skip-link", "mwe-math-extra")
)
_RENDERED = frozenset(
    ("katex-html", "mathjax", "mathjax_display", "mathjax_preview", "mathjax_svg", "mjx-chtml")
)
_NOTE = re.compile(r"noteref|footnote|fnref|endnote|reference|\bcite_ref|\bftnref|\bfn\d", re.I)
_NOTE_NAMES = frozenset(("class", "id", "role", "epub:type", "rel", "data-type"))
_KEPT_WHOLE = ("html", "body", "main", "article")
# Notes, boxes and glossaries of a book or page, which are its text wherever they stand.
_NOTES = re.compile(
    r"(?:^|\s)(?:doc-)?(?:footnotes?|endnotes?|rearnotes?|notes?|tip|example|glossary|epigraph"
    r"|pullquote|sidebar|case-study)(?:\s|$)"
)


def region_kind(name: str, attributes: Attributes) -> str:
    """Return the kind of region that an element begins; empty if it begins none."""
    if not attributes:
        return "hidden" if name == "dialog" else _NAMES.get(name, "")
    role = attributes.get("role", "").lower()
    if name not in _KEPT_WHOLE and is_hidden(name, attributes):
        return "hidden"
    if name in ("aside", "section", "div", "footer") and _is_of_text(attributes):
        return ""
    if name == "dialog":
        return "hidden" if "open" not in attributes else ""
    if role in _ROLES and name not in ("html", "body"):
        return _ROLES[role]
    if name in _NAMES:
        return _NAMES[name]
    if name not in ("div", "ul", "ol", "p", "td", "table", "dl"):
        return ""
    if not ("id" in attributes or "class" in attributes):
        return ""
    return _kind_by_names(attributes.get("id", "")[:200], attributes.get("class", "")[:_LONGEST])


@lru_cache(maxsize=_MOST_CLASSES)
def _kind_by_names(named: str, classes: str) -> str:
    names = f"{named} {classes}"
    if _NOTICE.search(names):
        return "cookie"
    return "menu" if _MENU.search(names) else ""


@lru_cache(maxsize=_MOST_CLASSES)
def _classes(value: str) -> frozenset[str]:
    """Return the names in an attribute ``class``; pages have few that differ."""
    return frozenset(value[:_LONGEST].lower().split())


def is_skipped(name: str, attributes: Attributes) -> bool:
    """Return whether an element leaves no text, such as a script or the numbers of lines."""
    if name in ("script", "style"):
        return name != "script" or not attributes.get("type", "").startswith("math/tex")
    numbers = _LINE_NUMBERS.get(name)
    if numbers is None or not attributes:
        return False
    return not numbers.isdisjoint(attributes.get("class", "")[:200].lower().split())


def emphasis(name: str) -> str:
    """Return ``"strong"``, ``"em"``, ``"del"`` or ``"code"``; empty for other elements."""
    return _EMPHASIS.get(name, "")


def code_language(attributes: Attributes) -> str:
    """Return the language of a block of code as highlighters mark it, empty if they do not."""
    classes = attributes.get("class")
    found = _LANGUAGE.search(classes[:200]) if classes else None
    return "" if found is None or found[1] in _NO_LANGUAGE else found[1]


def is_hidden(name: str, attributes: Attributes) -> bool:
    """Return whether a browser does not show an element, by its attributes alone."""
    hidden = attributes.get("hidden")
    if hidden is not None and hidden.lower() != "until-found":
        return True
    if attributes.get("aria-hidden", "").lower() == "true":
        return True
    classes = attributes.get("class")
    if classes and name not in HEADINGS and not _FOR_SCREEN_READERS.isdisjoint(_classes(classes)):
        return True
    style = attributes.get("style", "")
    return bool(style) and _HIDING.search(style[:_LONGEST]) is not None


def aside_kind(name: str, attributes: Attributes) -> str:
    """Return what an element is that holds no text of its line; empty if it is part of the line.

    Returns:
        ``"control"`` for what is there to be clicked, ``"hidden"`` for what waits for a script,
        ``"fallback"`` for the words of browsers without films, ``"drawing"``, or ``"rendering"``
        for what repeats a formula that stands beside it.
    """
    if not attributes:
        return _ASIDES.get(name, "")
    if value := attributes.get("class"):
        classes = _classes(value)
        if not _RENDERED.isdisjoint(classes):
            return "rendering"
        if not _EDIT.isdisjoint(classes):
            return "control"
    if name == "template" and "shadowrootmode" in attributes:
        return ""
    return "" if name == "iframe" and "srcdoc" in attributes else _ASIDES.get(name, "")


def _is_of_text(attributes: Attributes) -> bool:
    values = (attributes.get(name) for name in ("epub:type", "role"))
    return any(value and _NOTES.search(value[:200]) for value in values)


def is_note(attributes: Attributes) -> bool:
    """Return whether an element is the mark of a footnote."""
    return any(
        _NOTE.search(value[:200]) for name, value in attributes.items() if name in _NOTE_NAMES
    )


def script_kind(name: str, attributes: Attributes) -> str:
    """Return ``"sup"`` or ``"sub"`` for what is raised or lowered, else an empty text."""
    if name in ("sup", "sub"):
        return name
    style = attributes.get("style")
    found = _RAISED.search(style[:_LONGEST]) if style and name in ("span", "font", "a") else None
    return "" if found is None else ("sup" if found[1].lower() == "super" else "sub")


def positive(value: str | None, default: int = 1) -> int:
    """Return the number of an attribute, at least 1 and of four digits at most."""
    digits = (value or "").strip()
    if digits.isascii() and digits.isdecimal() and len(digits) < 5:
        return max(1, int(digits))
    return default
