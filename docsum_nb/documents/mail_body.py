"""Lines in the body of a message that repeat another message, or that a program added.

Decides which lines are a signature, the footer of a mailing, a telephone or a lawyer, or a
quotation of another message. All of it in linear time; a body is never left without anything.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docsum_nb.records import Document

__all__ = ["Quotes", "omissions_of", "without_footer", "without_repeats", "without_signature"]

_LONGEST_SIGNATURE = 12
_ABOVE_SIGNATURES = ("\n-- \n", "\n--\n")
_QUOTED = re.compile(r"[ \t]{0,3}>")
_MARKS = re.compile(r"[>\s]+")
_BEFORE_A_QUOTE = re.compile(
    r"-{3,}\s?(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Message d'origine)"
    r"|_{32}$"  # Outlook's
)
_ATTRIBUTION = re.compile(r"(?:On|Am|Le|El|Il)\b[^\n]{5,300}:$")
_LINK = re.compile(r"https?://|mailto:|www\.", re.I)
_OF_A_MAILING = re.compile(
    r"\b(?:unsubscribe|opt[ -]out|abmelden|abbestellen|d[ée]sabonner|se d[ée]sinscrire)\b"
    r"|\byou(?: are|'re)? receiv(?:e|ed|ing) this (?:e-?mail|message|mail|newsletter)\b"
    r"|\b(?:view|read|open) (?:this|it)(?: (?:e-?mail|message|newsletter))? in (?:your|a) browser\b"
    r"|\b(?:manage|update|change) (?:your )?(?:e-?mail )?(?:preferences|subscriptions?)\b",
    re.I,
)
_OF_A_DEVICE = re.compile(r"(?:Sent from my|Von meinem|Envoyé de mon) [^\n]{1,40}", re.I)
_OF_A_LAWYER = re.compile(
    r"\bnot (?:an? |the )?(?:intended|named) (?:recipient|addressee)\b"
    r"|\b(?:e-?mail|message) (?:and any [\w ]{1,40})?(?:is|are|may be) (?:strictly )?confidential\b"
    r"|\bnicht der (?:richtige|vorgesehene|beabsichtigte) (?:Adressat|Empfänger)\b"
    r"|\bconsider the environment before printing\b",
    re.I,
)
_LONGEST_NOTICE = 2_000
"""Characters of a paragraph that may be a notice of confidentiality."""
_LONGEST_FOOTER = 600
"""Characters of a paragraph that may be the footer of a mailing."""
_LONGEST_WITHOUT_LINK = 200
_SUFFIXES = (".eml", ".msg")


def without_repeats(documents: Sequence[Document]) -> tuple[list[Document], list[Omission]]:
    """Return documents without the lines of a message that quote another one of them.

    Args:
        documents: Messages and others, in any order.

    Returns:
        The documents in their order, and an omission for each that has lost lines.
    """
    mails = [each for each in documents if each.name.lower().endswith(_SUFFIXES)]
    if len(mails) < 2:
        return list(documents), []
    quotes = Quotes()
    for mail in mails:
        quotes.hear(mail.text)
    kept: list[Document] = []
    omitted: list[Omission] = []
    for document in documents:
        text, repeated = document.text, 0
        if document.name.lower().endswith(_SUFFIXES):
            text, repeated = quotes.without(text)
        kept.append(replace(document, text=text) if repeated else document)
        omitted += [
            Omission(document.name, each.reason) for each in omissions_of(repeated=repeated)
        ]
    return kept, omitted


def omissions_of(
    *, signatures: int = 0, mailings: int = 0, repeated: int = 0
) -> tuple[Omission, ...]:
    """Return an omission for each kind of lines, by their numbers; none for 0."""
    counts = {
        "line{} of signatures": signatures,
        "line{} of footers of mailings": mailings,
        "quoted line{} of earlier messages": repeated,
    }
    return tuple(
        Omission("", f"{count:,} {what.format('' if count == 1 else 's')}")
        for what, count in counts.items()
        if count
    )


class Quotes:
    """What was said in a mailbox so far, to know what a message only repeats."""

    def __init__(self) -> None:
        self._said: set[int] = set()

    def hear(self, text: str) -> None:
        """Note what a message says itself, before any is asked for what it repeats."""
        for line in text.split("\n"):
            if _BEFORE_A_QUOTE.match(line):
                break
            if line.strip() and not _QUOTED.match(line):
                self._said.add(hash(_MARKS.sub(" ", line).strip()))

    def without(self, text: str) -> tuple[str, int]:
        """Return a text without quoted lines that an earlier one has, and how many they were."""
        kept: list[str] = []
        left = 0
        below = False
        for line in text.split("\n"):
            below = below or bool(_BEFORE_A_QUOTE.match(line))
            bare = _MARKS.sub(" ", line).strip()
            if (below or _QUOTED.match(line)) and bare and hash(bare) in self._said:
                if kept and _ATTRIBUTION.match(kept[-1].strip()):
                    kept.pop()
                    left += 1
                left += 1
            elif not (bare == "" and _QUOTED.match(line)):
                kept.append(line)
        self._said.update(hash(_MARKS.sub(" ", line).strip()) for line in kept if line.strip())
        return "\n".join(kept), left


def without_signature(text: str) -> tuple[str, int]:
    """Return a text without the signature below a line ``-- ``, and the lines of that.

    Many programs take the blank off the end of that line.
    """
    body, mark, signature = max(map(text.rpartition, _ABOVE_SIGNATURES), key=_body_length)
    lines = len(signature.strip().split("\n"))
    if not mark or lines > _LONGEST_SIGNATURE or "\n>" in signature:
        return text, 0
    return body, lines


def _body_length(parts: tuple[str, str, str]) -> int:
    return len(parts[0])


def without_footer(text: str, *, is_html: bool = False) -> tuple[str, int]:
    """Return a text without what a mailing service or a telephone adds to it, and the lines of it.

    That is a first paragraph with a link to the same in a browser, and last ones on how to
    unsubscribe. A text of nothing else stays.

    Args:
        text: The body.
        is_html: Whether it was HTML, of which the addresses of links are not in the text.
    """
    paragraphs = text.strip("\n").split("\n\n")
    first, last = 0, len(paragraphs)
    while last > 1 and _is_footer(paragraphs[last - 1], is_html=is_html):
        last -= 1
    if (
        last > 1
        and "browser" in paragraphs[0].lower()
        and _is_footer(paragraphs[0], is_html=is_html)
    ):
        first = 1
    left = [*paragraphs[:first], *paragraphs[last:]]
    lines = sum(1 for each in left for line in each.split("\n") if line.strip())
    return ("\n\n".join(paragraphs[first:last]), lines) if lines else (text, 0)


def _is_footer(paragraph: str, *, is_html: bool) -> bool:
    words = paragraph.strip()
    if len(words) <= _LONGEST_NOTICE and _OF_A_LAWYER.search(words):
        return True
    if len(words) > (_LONGEST_WITHOUT_LINK if is_html else _LONGEST_FOOTER):
        return False
    of_mailing = _OF_A_MAILING.search(words) and (is_html or _LINK.search(words))
    return not words or bool(of_mailing or _OF_A_DEVICE.fullmatch(words))
