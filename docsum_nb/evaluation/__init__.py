"""How good summaries are, by figures that need no model, and models side by side.

Uses public entry points only: a comparison is made of runs of ``summarize``.
"""

from docsum_nb.evaluation.comparison import ComparedModel, ComparedText, Comparison, compare
from docsum_nb.evaluation.measures import Evaluation, evaluate, evaluate_library
from docsum_nb.evaluation.rouge import Rouge, rouge

__all__ = [
    "ComparedModel",
    "ComparedText",
    "Comparison",
    "Evaluation",
    "Rouge",
    "compare",
    "evaluate",
    "evaluate_library",
    "rouge",
]
