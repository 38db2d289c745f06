"""From sources to chunks: load documents, count tokens, split along the structure.

Text keeps its offsets throughout: a chunk is an exact span of its document. Imports stay light:
this module imports none, since each process that reads files imports it (``worker.py``). Refuses
what cannot be read with one line that names the document and what helps.
"""
