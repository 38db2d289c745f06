"""``summarize`` as a CrewAI Flow: SummaryFlow, its state, and the run that goes step by step."""

from docsum_nb.flow.state import SummaryState
from docsum_nb.flow.summary_flow import SummaryFlow

__all__ = ["SummaryFlow", "SummaryState"]
