"""The one place where the steps meet: load, split, summarize, combine, cite, evaluate."""

from docsum_nb.pipeline.doors import plan, summarize

__all__ = ["plan", "summarize"]
