"""How models are called; the only place that imports litellm.

One layer retries, limits, stores and meters, for the extractive model and for every provider alike.
"""

from docsum_nb.models.base import ChatModel
from docsum_nb.models.client import ModelClient
from docsum_nb.models.litellm_names import lost_promises
from docsum_nb.models.model import Model, as_model, asked_of, with_cause
from docsum_nb.models.opening import begin_import, open_model, open_vision, takes_an_import
from docsum_nb.models.retry import is_too_long
from docsum_nb.models.streaming import SummaryStream
from docsum_nb.models.structured_output import check_schema, schema_instructions

__all__ = [
    "ChatModel",
    "Model",
    "ModelClient",
    "SummaryStream",
    "as_model",
    "asked_of",
    "begin_import",
    "check_schema",
    "is_too_long",
    "lost_promises",
    "open_model",
    "open_vision",
    "schema_instructions",
    "takes_an_import",
    "with_cause",
]
