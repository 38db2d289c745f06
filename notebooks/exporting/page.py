"""An executed notebook as one HTML page that opens offline."""

from __future__ import annotations

from typing import Any

from nbconvert import HTMLExporter

__all__ = ["to_page"]


def to_page(notebook: Any, name: str) -> str:
    """Write an executed notebook as HTML that loads nothing from the network.

    Args:
        notebook: Its content, with outputs.
        name: The page's title.
    """
    exporter = HTMLExporter(template_name="lab", mathjax_url="", require_js_url="", jquery_url="")
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    return str(body)
