"""A Summary as an HTML fragment: no script, nothing from elsewhere, every text escaped.

Ids carry the run's id, so that two results on one page do not mix up their citation links. Colors
follow JupyterLab's or VS Code's theme, else the reader's own light or dark scheme.
"""

from __future__ import annotations

import re
from hashlib import blake2s
from typing import TYPE_CHECKING

from docsum_nb.render.outline import outline
from docsum_nb.render.templating import fill

if TYPE_CHECKING:
    from docsum_nb.records import Summary

__all__ = ["to_html", "to_html_page"]

_PASSAGE_CHARS = 700
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]+")


def to_html(summary: Summary) -> str:
    """Render as an HTML fragment.

    Args:
        summary: The result, complete or partial.

    Returns:
        One ``div`` of class ``docsum`` with its own style; complete without JavaScript.
    """
    page = outline(summary, passage_chars=_PASSAGE_CHARS)
    return fill(__package__, "summary.html.j2", page=page, prefix=_prefix(summary))


def to_html_page(summary: Summary) -> str:
    """Render as a whole HTML page that opens offline.

    Args:
        summary: The result, complete or partial.
    """
    return fill(__package__, "page.html.j2", fragment=to_html(summary))


def _prefix(summary: Summary) -> str:
    text = summary.text.encode("utf-8", "surrogatepass")
    run = _NOT_IN_ID.sub("-", summary.run_id) or blake2s(text, digest_size=4).hexdigest()
    return f"docsum-{run}"
