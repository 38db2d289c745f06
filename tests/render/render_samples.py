"""Results to render: an ordinary one, and one whose every name and text is an attack."""

from __future__ import annotations

from dataclasses import replace

from docsum_nb.records import (
    Chunk,
    ChunkSummary,
    Citation,
    DocumentSummary,
    Hit,
    Omission,
    Summary,
    Usage,
)

TEXT = (
    "Availability met its target in three quarters. Late payments fell by 12 %.\n\n"
    "The audit is not signed. Prices rose from $5 to $6 a unit."
)

ATTACK = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    "</style></div><a href='javascript:window.hacked=1'>x</a>\" onmouseover=\"window.hacked=1 "
    "[link](http://evil.example) ![i](http://evil.example/i.png) `code` **bold** | a | b | "
    "# head {{ 7*7 }} {% raw %} &lt; $x$ www.evil.example "
    "\x1b[31mred\x1b]0;title\x07 \r over \u202egnp.exe\u202c \u2066iso\u2069 \x9b2J \ud800"
)
"""Scripts, event handlers, Markdown, templates, terminal escapes, direction marks."""


def cite(number: int, sentence: str, document: str, *, page: int | None = None) -> Citation:
    """Cite a document for a sentence of ``TEXT``, white space after it included."""
    start = TEXT.index(sentence)
    end = start + len(sentence)
    while end < len(TEXT) and TEXT[end].isspace():
        end += 1
    passage = f"Passage {number} of {document}."
    return Citation(
        number, start, end, document, passage, 0, len(passage), 0.9, page, ("Review", "Numbers")
    )


ORDINARY = Summary(
    TEXT,
    "openai/gpt-4o-mini",
    citations=(
        cite(1, "Availability met its target in three quarters.", "review.pdf", page=3),
        cite(1, "Late payments fell by 12 %.", "review.pdf", page=3),
        cite(2, "Late payments fell by 12 %.", "finance.docx"),
        cite(3, "The audit is not signed.", "audit.md"),
    ),
    documents=(
        DocumentSummary("review.pdf", "Three good quarters.", 18, "m"),
        DocumentSummary("finance.docx", "Fewer late payments.", 1, "m"),
    ),
    chunks=(ChunkSummary(Chunk("review.pdf", 0, "t", 0, 1, 1), "A chunk.", "m"),),
    related=(
        Hit("handbook/late.md", "First reminder on day 14.", 0.9, {"page": 2}, "It differs."),
    ),
    usage=Usage(21, 31_200, 4_100, 0.0123),
    omitted=(Omission("scan.pdf", "no text on any page"),),
    question="How did the year go?",
    run_id="a1b2c3",
    seconds=42.3,
)

HOSTILE = replace(
    ORDINARY,
    text=ATTACK,
    model=ATTACK,
    citations=(Citation(1, 0, 10**9, ATTACK, ATTACK, 0, 1, 1.0, 1, (ATTACK,)),),
    documents=(DocumentSummary(ATTACK, ATTACK, 1, ATTACK), DocumentSummary("", "", 0, "")),
    related=(Hit(ATTACK, ATTACK, 1.0, {ATTACK: ATTACK}, ATTACK),),
    omitted=(Omission(ATTACK, ATTACK),),
    question=ATTACK,
    run_id='"><script>window.hacked=1</script>',
)

EMPTY = Summary("", "openai/gpt-4o-mini")
