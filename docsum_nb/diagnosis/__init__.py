"""The doctor: what a person would check by hand before, or after, a crew freezes in a notebook.

The environment is examined without importing CrewAI or LiteLLM; a crew or flow is examined by
``crew/inspection``.
"""

from docsum_nb.diagnosis.api import doctor

__all__ = ["doctor"]
