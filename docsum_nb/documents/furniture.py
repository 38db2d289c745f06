"""Sentences that are no part of what a text says: what surrounds it on pages and in files.

Cookie notices, menus, licences, lists of names and of links, references, commits, captions with
their figures, headers of mail, greetings. They stay in the text; they are not quoted.
Judges a sentence alone, by its words and shape. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docsum_nb.documents.small_talk import is_small_talk

__all__ = ["is_furniture", "is_supplement"]

_LOOKED_AT = 600  # characters from the beginning
_SIGNS = re.compile(
    r"""
    \bcookies?\b[^\n]{0,150}\b(?:accept|consent|agree|policy|preferences|settings|experience|zustimm
        |akzeptier|einverstanden|accepte|acepta|partners)
    | \b(?:uses?|using|accept|verwende[nt]|nutzt|utilise|usa)\s(?:[\w’']{1,12}\s){0,2}cookies\b
    | ^\W{0,3}(?:archived|retrieved|accessed)\b[^\n]{0,200}?(?:\bfrom\b|\b[12][0-9]{3}\b)
    | ^\^\s | ^\[[0-9]{1,3}\]\s(?:[a-z]\.\s?|[^\W\d_]{2,30},?\s[a-z]\.|https?:)
    | ^\[[0-9]{1,3}\]\s[^\n]{0,80}\bet\ al\b
    | \b(?:text|content|this\ (?:work|page|document|article|file|software|project|package))\ is
        \ (?:made\ )?(?:available|licensed|distributed|released)\ under\b
    | \blicensed\ under\ (?:the|a|an)\b | \bcreative\ commons\ attribution\b
    | ^\W{0,4}(?:copyright\b|©|\(c\)\s) | \ball\ rights\ reserved\b
    | \bpermission\ is\ (?:hereby\ granted|granted\ to\ any) | \bprovided\ "as\ is"
    | \bin\ source\ and\ binary\ forms\b | \bredistributions?\ (?:of\ source|in\ binary)\b
    | \bin\ no\ event\ (?:shall|will)\ the\ (?:authors?|copyright|contributors)\b
    | \baltered\ source\ versions\b | \bno\ warranty\ that\ our\ efforts\b
    | \bsame\ disclaimer\ and\ licen[sc]e\b | \bany\ express\ or\ implied\ warranties\b
    | \backnowledgment\ in\ the\ product\ documentation\b
    | \bderivative\ work\b[^\n]{0,200}\blicensee\b | \blicensee\b[^\n]{0,200}\bderivative\ work\b
    | \b(?:terms\ of|under)\ the\ gnu\b
    | \bwithout\ (?:even\ the\ implied\ )?warranty\b | \bas\ published\ by\ the\ free\ software\b
    | \bskip\ to\ (?:main\ )?(?:content|navigation)\b
    | \b(?:jump|back)\ to\ (?:top|navigation|search)\b
    | \bsubscribe\ to\ (?:our|the)\b[^\n]{0,60}\bnewsletter | ^(?:log|sign)\ (?:in|up)\b
    | \bshare\ (?:this\ )?(?:on|via)\ (?:facebook|twitter|x|linkedin)\b
    | \b(?:next|previous|prev|up)\s?:\s[^\n]{0,150}\b(?:next|previous|prev|up|contents|index)\s?:
    | (?<!\.)\.{4,}+\s*+[0-9] | (?:\.\ ){4} | (?:[|·•»›→]\s[^|·•»›→\n]{1,60}){3}
    | ^(?:from|to|cc|bcc|subject|date|sent|reply-to|message-id|in-reply-to|x-[a-z-]{1,30})\s?:\s
    | \bsent\ from\ my\b | ^-----\s?(?:original|forwarded)
    | \([0-9a-f]{7,40}\) | \(\#[0-9]{1,7}\)\W*$ | ^(?:commit|merge\ pull\ request|merge\ branch)\s
    | \bin\ proceedings\ of\b | \barxiv\ preprint\b
    | \bdoi:\s?10\. | \bpp\.\s?[0-9]{1,5}\s?[-–]\s?[0-9]
    | \bend-to-end\ encrypted\b[^\n]{0,120}\bchat | \b(?:media|image|video|audio|sticker)\ omitted\b
    | ^(?:signed-off-by|wheel-version|metadata-version|upstream-(?:contact|name)|keywords|files
        |requires-(?:dist|python|external)|provides-(?:extra|dist)|project-url|home-?page|classifier
        |(?:author|maintainer)-email|description-content-type|license-(?:file|expression)
        |vcs-[a-z]{2,10})\s?:\s(?![^\n]*;\s\w[\w\ ]{0,40}:\s)
    | ^(?:author|maintainer|platform|dynamic|name|version)\s?:\s\S{1,60}(?:\s\S{1,60}){0,2}$
    | ^[\w.]{1,60}\([^\n()]{0,80}\)(?:\.\w{1,40}\(|\s{0,4}\#)
    | \b(?:intended|named)\ recipients?\b | \bconfidentiality\ notice\b
    | \bthis\ (?:e-?mail|message|communication|transmission)\b[^\n]{0,120}\bconfidential\b
    | \bdiese\ (?:e-?mail|nachricht)\b[^\n]{0,120}\bvertraulich | \bbefore\ printing\ this\b
    | \bunsubscribe\b[^\n]{0,80}\b(?:e-?mails?|mailing|newsletter|list|here|link|github)\b
    | \b(?:github|gitlab)\b[^\n]{0,40}\bunsubscribe\b | \breply\ to\ this\ e-?mail\b
    | \byou(?:\ are|'re|\ were)?\ receiv(?:e|ed|ing)\ this\ (?:e-?mail|message|newsletter|because)\b
    | ^(?:von|de|da)\s?:\s[^\n]{1,120}\b(?:gesendet|datum|envoy[ée]|enviado|inviato|date|data)\s?:\s
    | \b(?:join|get\ help|questions?|chat)\b[^\n]{0,60}\b(?:discord|gitter|mailing\ list)\b
    | ^\.{0,2}/\S{1,80}\s--?\w | ^(?:version|release)\s[0-9][\w.]{0,20}\s?\(
    | (?:\s[-–—]\s(?:(?!\s[-–—]\s)[^\n]){1,80}){5} | ^>>>\s | ^python3?\s-m\s[^\n]{1,80}\s\#\s
    | ^!?\[[^\]\n]{1,200}\]\([^)\n]{1,200}\.(?:png|svg|jpe?g|gif)\)
    | \bneither\ the\ names?\ of\b[^\n]{0,200}\bendorse\b | \babove\ copyright\ notice\b
    | ^format:\shttps?: | ^license:\s | \(\#[0-9]{1,7},\s | \bby\ @[\w-]{1,40}\ in\ (?:https?:|\#)
    | ^(?:for\ [^\n.,]{1,40},?|please|see(?:\ also)?|check|visit|read|consult|report)\s[^\n]{0,90}
        (?:https?://|\bwww\.|\b\w[\w-]{0,40}\.(?:md|txt|rst|org|com|io|dev)\b)[^\n]{0,40}$
    | \byou\ should\ have\ received\ a\ copy\ of\b
    | ^(?:function|macro|variable|data\ type|method|constructor)\s?:\s
    | ^please\ consider\ (?:sponsoring\ (?:the|this|my|our|its|us|me)|donating\ (?:to|via|at|if))\b
    | \btidelift\ subscription\b
    | ^follow\ us\ on\ (?:twitter|x|facebook|instagram|linkedin|mastodon|bluesky|youtube)\b
    | \bon\ debian\ systems,?\ the\ (?:full|complete)\ text\ of\b[^\n]{0,80}\b(?:licen[sc]e|l?gpl)
    | ^(?:usage|synopsis):\s[^\n]{1,80}\s\[(?:--?\w|(?:options?|flags?)[.…]{0,3}\])
    | (?:\[--?[a-z][^\]\n]{0,60}\]\s{0,3}){3}
    | \$\([a-z_]{2,40}\)\s--?[a-z] | \s@echo\s[^\n]{0,200}\s@echo\b
    | \b(?:if|while)\ \[\ (?:!\ )?["$-][^\n]{1,80}\ \];?\ (?:then|do)\b
    | \bcase\ "?\$\{?[a-z_]\w{0,40}\}?"?\ in\b | \bcase\ "\$[0-9]"\ in\b
    | \bfor\ \w{1,30}\ in\ [^\n;]{1,80};\ do\b
    | ;;\sesac\b | ^\$\ [a-z_./][\w./=-]{0,40}\s | (?:\s\$\ [a-z_./][^\n$]{1,120}){2}
    | ^[\w-]{1,40}(?:::[\w-]{1,40}){1,6}\s" | \(gdb\)\s | ^source:\s[^\n]{1,100}\ssection:\s
    | ^package:\s[^\n]{1,100}\s(?:architecture|version|depends|maintainer):\s
    | ^-r\s\S{1,60}\.txt\b | ^[\w.-]{1,40}(?:\[[\w,]{1,40}\])?\s?[<>=~!]=\s?[0-9]{1,4}\.[0-9]
    | ^(?:if|for|while|with|def|elif)\s[^\n]{1,120}\):\s\w{1,40}\(
    | \s--\s[^\n|]{1,80}\s\|\s[^\n|]{1,80}\s\|\s
    | ;\s(?:and|or)\W*$ | \bduly\ caused\ this\ report\b
    """,
    re.X | re.I,
)
_SUPPLEMENTS = re.compile(
    r"(?:^|[/-])(?:(?i:licen[sc]es?|copying|copyright|changelog|code_of_conduct|entry_points)"
    r"|NOTICE|AUTHORS|THANKS|CREDITS|MAINTAINERS|RECORD|WHEEL|INSTALLER|CHANGES|HISTORY|NEWS)"
    r"(?:\.\w{1,8}){0,2}$"
)
_NUMBER = re.compile(r"[-+±(]*[0-9][0-9.,:%)/–-]*")
_NUMBER_SHARE = 0.3
_LEAST_NUMBERS = 4
_LEAST_MARKS = 6  # braces and semicolons, of which settings and code have many
_MARK_SHARE = 0.25
_LEAST_ITEMS = 4
_ITEM_WORDS = 3.2  # of an item of a list of names, on the average at most
_NAME_SHARE = 0.85
_CAMEL_CASE = re.compile(r"[a-z]{1,40}[A-Z]")
_LEAST_NAMES = 6
_IDENTIFIER_SHARE = 0.7
_SMALL = frozenset(["and", "und", "et", "y", "e", "de", "von", "van", "der", "la", "&", "or"])


def is_furniture(sentence: str) -> bool:
    """Return whether a sentence surrounds a text rather than belongs to it.

    Args:
        sentence: On one line, without markup; the first 600 characters count.
    """
    head = sentence[:_LOOKED_AT]
    if _SIGNS.search(head) or is_small_talk(head):
        return True
    spaced = head.split()
    marks = sum(map(head.count, "{};")) if "{" in head and head.count(";") > 1 else 0
    if marks >= _LEAST_MARKS and marks >= _MARK_SHARE * len(spaced):
        return True
    numbers = sum(1 for word in spaced if _NUMBER.fullmatch(word))
    if numbers >= _LEAST_NUMBERS and numbers >= _NUMBER_SHARE * len(spaced):
        return True
    return _is_index(spaced) or _is_list_of_names(head)


def is_supplement(name: str) -> bool:
    """Return whether a file comes with others and says nothing of their subject.

    Args:
        name: Its name, such as ``"LICENSE.txt"`` or ``"changelog.gz/changelog"``.
    """
    return _SUPPLEMENTS.search(name) is not None


def _is_index(spaced: Sequence[str]) -> bool:
    """Check whether words are names of a program, as the index of its functions has them."""
    if len(spaced) < _LEAST_NAMES:
        return False
    return sum(map(_is_identifier, spaced)) >= _IDENTIFIER_SHARE * len(spaced)


def _is_identifier(word: str) -> bool:
    """Check whether a word is written as programs write names: an_entry, anEntry, entry()."""
    bare = word.strip("`,;").removesuffix("()")
    if not bare.replace("_", "").isalnum():
        return False
    return "_" in bare or bare != word.strip("`,;") or _CAMEL_CASE.match(bare) is not None


def _is_list_of_names(text: str) -> bool:
    """Check whether a text is names and commas: authors, users, places, titles of pages."""
    items = text.rstrip(".").split(",")
    if len(items) < _LEAST_ITEMS:
        return False
    found = [word for item in items for word in item.split() if word.lower() not in _SMALL]
    if not found or len(found) > _ITEM_WORDS * len(items):
        return False
    named = sum(1 for word in found if word[0].isupper() or "_" in word or word[-1].isdigit())
    return named >= _NAME_SHARE * len(found)
