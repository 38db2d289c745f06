"""How a Summary is shown: text, Markdown, HTML, JSON; and the table of a ledger's runs.

All four show the same things in the same order. Knows the records by their fields only, so that
``records`` may call it; names and texts of documents are taken for hostile everywhere.
"""

from docsum_nb.render.fragment import to_html, to_html_page
from docsum_nb.render.json_record import to_json
from docsum_nb.render.markdown import to_markdown
from docsum_nb.render.plain import to_text
from docsum_nb.render.run_table import runs_html, runs_text

__all__ = ["runs_html", "runs_text", "to_html", "to_html_page", "to_json", "to_markdown", "to_text"]
