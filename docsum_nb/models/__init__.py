"""How models are called; the only place that imports litellm.

One layer retries, limits, stores and meters, for the embedded model and for every provider alike.
"""

from docsum_nb.models.ask import Asker
from docsum_nb.models.blamed import asked_of, with_cause
from docsum_nb.models.chat import ChatModel
from docsum_nb.models.model import Model, as_model
from docsum_nb.models.opening import open_model
from docsum_nb.models.retry import is_too_long
from docsum_nb.models.structured import check_schema, schema_instructions
from docsum_nb.models.telling import Telling
from docsum_nb.models.upstream import lost_promises

__all__ = [
    "Asker",
    "ChatModel",
    "Model",
    "Telling",
    "as_model",
    "asked_of",
    "check_schema",
    "is_too_long",
    "lost_promises",
    "open_model",
    "schema_instructions",
    "with_cause",
]
