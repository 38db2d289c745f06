"""A Summary as an HTML fragment: no script, nothing from elsewhere, every text escaped.

Ids carry the run's id and the rendering's number, so that two results on one page, or one result
shown twice, do not mix up their citation links. Colors follow JupyterLab's or VS Code's theme, else
the reader's own light or dark scheme. Where a site strips styles and ids, as GitHub's preview does,
what is left reads in order: names are strong, sources carry their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2s
from itertools import count

from docsum_nb.records import SummaryRecord
from docsum_nb.render.one_line import one_line
from docsum_nb.render.templating import fill
from docsum_nb.results.layout import more_text, outline
from docsum_nb.results.paragraphs import UNSUPPORTED

__all__ = ["to_html", "to_html_page"]

_PASSAGE_CHARS = 700
_FOLD_ABOVE = 12
"""A longer list is folded away."""
_numbers: Iterator[int] = count(1)
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]+")


def to_html(summary: SummaryRecord, *, most: int | None = None) -> str:
    """Render as an HTML fragment.

    Args:
        summary: The result, complete or partial.
        most: Documents and omissions that are listed; ``None`` for all.

    Returns:
        One ``div`` of class ``docsum`` with its own style; complete without JavaScript.
    """
    page = outline(summary, passage_chars=_PASSAGE_CHARS, most=most)
    return fill(
        __package__,
        "summary.html.j2",
        page=page,
        prefix=_prefix(summary),
        readable={source.number for source in page.sources if source.reading is not None},
        unsupported=UNSUPPORTED,
        more_text=more_text,
        fold_above=_FOLD_ABOVE,
    )


def to_html_page(summary: SummaryRecord) -> str:
    """Render as a whole HTML page that opens offline.

    Args:
        summary: The result, complete or partial.
    """
    title = one_line(summary.question or "Summary", max_chars=100)
    return fill(__package__, "page.html.j2", title=title, fragment=to_html(summary))


def _prefix(summary: SummaryRecord) -> str:
    text = summary.text.encode("utf-8", "surrogatepass")
    run = _NOT_IN_ID.sub("-", summary.run_id) or blake2s(text, digest_size=4).hexdigest()
    return f"docsum-{run}-{next(_numbers)}"
