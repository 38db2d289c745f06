"""How models are called; the only place that imports litellm.

One layer retries, limits, stores and meters, for the embedded model and for every provider alike.
"""

from docsum_nb.models.ask import Asker
from docsum_nb.models.chat import ChatModel
from docsum_nb.models.model import Model, as_model
from docsum_nb.models.opening import open_model

__all__ = ["Asker", "ChatModel", "Model", "as_model", "open_model"]
