"""The text of pages that are pictures, read by a model.

transcript.py   what a model is asked about one page, and what its answer says
recognizer.py   the pages of a loading: asked for, and put into their documents
loading.py      the same for callers without a run of their own, such as ``Library.add``
"""

from docsum_nb.recognition.loading import load_and_read
from docsum_nb.recognition.recognizer import ExpectedPages, Recognizer, expected_pages

__all__ = ["ExpectedPages", "Recognizer", "expected_pages", "load_and_read"]
