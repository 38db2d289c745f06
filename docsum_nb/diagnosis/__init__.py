"""The doctor: what a person would check by hand before, or after, a crew freezes in a notebook.

Looks at the environment without importing CrewAI or LiteLLM, and hands a crew or flow to ``crew/``,
the only place that knows how to read one.
"""

from docsum_nb.diagnosis.api import doctor

__all__ = ["doctor"]
