"""How results are shown: a Summary as text, Markdown, HTML, JSON; everything else as tables.

    outline.py   what every rendering of a Summary shows, in order; plain.py, markdown.py and
                 fragment.py give it its form
    table.py     what a table is, as text and HTML; tables.py and diagnosis.py fill tables
    frames.py    a Summary as tables to work on; json_record.py: any record as JSON
    clean.py     what a stranger's text may do to a screen; marks.py: the words that matched
    displayed.py the hooks of notebooks

All renderings show the same things in the same order. Knows the records by their fields only, so
that ``records`` may call it; names and texts of documents are taken for hostile everywhere.
"""

from docsum_nb.render.dataframe import to_frame
from docsum_nb.render.html_form import to_html, to_html_page
from docsum_nb.render.json_record import to_json
from docsum_nb.render.markdown import to_markdown
from docsum_nb.render.summary_layout import MOST_IN_A_CELL
from docsum_nb.render.text_form import to_text

__all__ = [
    "MOST_IN_A_CELL",
    "to_frame",
    "to_html",
    "to_html_page",
    "to_json",
    "to_markdown",
    "to_text",
]
