"""The one place where the steps meet: load, split, summarize, combine, cite, evaluate."""

from docsum_nb.pipeline.doors import plan, summarize
from docsum_nb.pipeline.resuming import resume

__all__ = ["plan", "resume", "summarize"]
