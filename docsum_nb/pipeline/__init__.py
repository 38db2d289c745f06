"""The one place where the steps meet: load, split, summarize, combine, cite, evaluate."""

from docsum_nb.pipeline.api import plan, summarize
from docsum_nb.pipeline.resume_run import resume

__all__ = ["plan", "resume", "summarize"]
