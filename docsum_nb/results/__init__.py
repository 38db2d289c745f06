"""What users get: records that display themselves as text, Markdown and HTML, and as tables.

    summary.py     Summary: the result; layout.py decides what every rendering of it shows, in
                   order; text.py, markdown.py and html.py give it its form
    plan.py        Plan: what a run will do
    usage.py       RunUsage: what a run took, by task and agent
    check.py       Check: what Summary.check found; verification.py and coverage.py likewise
    library.py     Hits and Added: what a library answers; Related: of a summary
    crew_output.py the output of a crew, in a cell
    dataframe.py   a result as pandas tables

All renderings show the same things in the same order; names and texts of documents are taken for
hostile everywhere.
"""

from docsum_nb.results.check import Check, CheckedSentence, Conflict, DocumentUse, Finding
from docsum_nb.results.coverage import Coverage, CoveredPoint
from docsum_nb.results.crew_output import remember_crew, report_of
from docsum_nb.results.library import Added, Hits, Related
from docsum_nb.results.not_a_run import NotARun
from docsum_nb.results.plan import Plan
from docsum_nb.results.summary import Summary
from docsum_nb.results.usage import RunUsage
from docsum_nb.results.verification import Verification, VerifiedDocument

__all__ = [
    "Added",
    "Check",
    "CheckedSentence",
    "Conflict",
    "Coverage",
    "CoveredPoint",
    "DocumentUse",
    "Finding",
    "Hits",
    "NotARun",
    "Plan",
    "Related",
    "RunUsage",
    "Summary",
    "Verification",
    "VerifiedDocument",
    "remember_crew",
    "report_of",
]
