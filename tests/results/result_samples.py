"""Results to render: an ordinary one, and one whose every name and text is an attack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from docsum_nb.findings import LEVELS, Diagnosis, Finding
from docsum_nb.ledger import RunRecord, Runs
from docsum_nb.records import Chunk, ChunkSummary, Citation, DocumentSummary, Hit, Omission, Usage
from docsum_nb.render.displayed import Displayed
from docsum_nb.results import (
    Added,
    Check,
    CheckedSentence,
    Conflict,
    Coverage,
    CoveredPoint,
    DocumentUse,
    Hits,
    Plan,
    Summary,
    Verification,
    VerifiedDocument,
)
from docsum_nb.results import Finding as SentenceFinding

TEXT = (
    "Availability met its target in three quarters. Late payments fell by 12 %.\n\n"
    "The audit is not signed. Prices rose from $5 to $6 a unit."
)

ATTACK = (
    "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
    "</style></div><a href='javascript:window.hacked=1'>x</a>\" onmouseover=\"window.hacked=1 "
    "[link](http://evil.example) ![i](http://evil.example/i.png) `code` **bold** | a | b | "
    "# head {{ 7*7 }} {% raw %} &lt; $x$ www.evil.example "
    "\x1b[31mred\x1b]0;title\x07 \r over \u202egnp.exe\u202c \u2066iso\u2069 \x9b2J \ud800 "
    "\x00 </summary></details></table><svg onload=window.hacked=1> \x1b]8;;http://evil.example\x07 "
    "<marquee><iframe srcdoc='<script>parent.hacked=1</script>'> \u202b\u05d0 " + "W" * 3000
)
"""Scripts, handlers, Markdown, templates, terminal escapes, direction marks, nulls, huge words."""


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
        Hit(
            *("handbook/late.md", "First reminder on day 14.", 0.9, {"page": 2}, "It differs."),
            marks=((6, 14), (18, 21)),
        ),
    ),
    usage=Usage(21, 31_200, 4_100, 0.0123),
    omitted=(Omission("scan.pdf", "no text on any page"),),
    question="How did the year go?",
    run_id="a1b2c3",
    seconds=42.3,
)


def hostile(text: str) -> Summary:
    """Make a result of which every text and name is the same."""
    return replace(
        ORDINARY,
        text=text,
        model=text,
        citations=(Citation(1, 0, 10**9, text, text, 0, 1, 1.0, 1, (text,)),),
        documents=(DocumentSummary(text, text, 1, text), DocumentSummary("", "", 0, "")),
        related=(
            Hit(text, text, 1.0, {"headings": [text], "page": text}, text, ((0, 9), (4, 99))),
        ),
        data={text: [text]},
        omitted=(Omission(text, text),),
        question=text,
        run_id='"><script>window.hacked=1</script>',
    )


HOSTILE = hostile(ATTACK)

EMPTY = Summary("", "openai/gpt-4o-mini")

MANY = replace(
    ORDINARY,
    documents=tuple(
        DocumentSummary(f"doc-{i:04}.pdf", "It says something. " * 20, 3, "m") for i in range(1000)
    ),
    omitted=tuple(Omission(f"scan-{i:04}.pdf", "no text on any page") for i in range(1000)),
)


def record(state: Any = "failed", text: str = "AuthenticationError: refused") -> RunRecord:
    """Make a run of a ledger."""
    return RunRecord(
        *("a1b2c3d4e5f6", text, text, state, 1.8e9, None, 1200, 7, 9, 2100, 0.00042, text),
        *("host", 1),
    )


def shown(text: str) -> dict[str, Displayed]:
    """Make one of everything that displays itself as a table, with a text wherever one can be."""
    omitted = (Omission(text, text),)
    return {
        "plan": replace(
            Plan(12, 345, 360, 1_200_000, 3, None, text, omitted, (text,), text),
            pages=2,
            vision=text,
        ),
        "added": Added(1, 2, 3, 4, omitted, (text,), (text, text)),
        "hits": Hits([_hit(text)] * 3, text),
        "runs": Runs(
            [
                replace(record("failed", text), question=text, sources=(text, text)),
                record("done", text),
            ],
            text,
        ),
        "check": Check(
            (
                CheckedSentence(
                    0,
                    9,
                    text,
                    0.5,
                    cited=True,
                    document=text,
                    passage=text,
                    findings=_findings(text),
                ),
            )
            * 2,
            (DocumentUse(text, 0, 1, (text,)), DocumentUse(text, 1, 2, (text,))),
            (Conflict(text, text, text, text, text, text, text),),
            0.5,
            3.0,
            (text,),
        ),
        "verification": Verification(
            (VerifiedDocument(text, "changed", text + "x", 2, (1, 2)),), 3, (text,)
        ),
        "coverage": Coverage(
            (CoveredPoint(text, 0.5, covered=True, sentence=text, start=0, end=9),)
        ),
        "diagnosis": Diagnosis.of(Finding(level, text, text, text, text, text) for level in LEVELS),
    }


def _findings(text: str) -> tuple[SentenceFinding, ...]:
    return (SentenceFinding("number", 0, 9, text, text),)


def _hit(text: str) -> Hit:
    return Hit(text, text, 0.5, {"headings": [text], "page": 3}, text, ((0, 32), (32, 68)))
