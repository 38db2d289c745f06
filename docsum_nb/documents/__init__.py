"""From sources to chunks: load documents, count tokens, split along the structure.

Text keeps its offsets throughout: a chunk is an exact span of its document. Imports stay light.
Refuses what cannot be read with one line that names the document and what helps.
"""

from docsum_nb.documents.load import Loaded, load
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.split import split
from docsum_nb.documents.terms import has_words, words
from docsum_nb.documents.tokens import token_counter

__all__ = ["Loaded", "has_words", "load", "sentence_spans", "split", "token_counter", "words"]
