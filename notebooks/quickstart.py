# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quickstart
#
# You have five chapters to read, and the handbook that they belong to: here Python's language
# reference, which is part of every Python. You need no API key and no network: the model
# `"extractive"` quotes sentences from the documents. To use a language model, change `MODEL`; nothing
# else changes.

# %%
import pydoc_data.topics
import tempfile
from pathlib import Path

import docsum_nb as ds

MODEL = "extractive"  # or "openai/gpt-4o-mini"
FOLDER = Path(tempfile.mkdtemp())  # yours would be a folder that stays

# %% [markdown]
# Documents are a folder, a glob, a list of files or, as here, texts by name.

# %%
handbook = dict(pydoc_data.topics.topics)
chapters = {name: handbook.pop(name) for name in ("assert", "exceptions", "raise", "try", "with")}
{name: len(text) for name, text in chapters.items()}

# %% [markdown]
# The library contains the documentation in which related passages are searched. It is filled once, and
# updated if something has changed.

# %%
library = ds.Library(FOLDER / "library")
library.add(handbook)

# %% [markdown]
# How much will it cost? The plan says it before the first call: exact numbers of documents, chunks and
# calls, and upper bounds of tokens and cost.

# %%
QUESTION = "How is an exception handled?"
ds.plan(chapters, model=MODEL, library=library, question=QUESTION)

# %% [markdown]
# `summarize` starts a run. `await` waits for it, with a panel below the cell: progress, a map of all
# chunks, a Cancel button. The cell's stop button works as well, and the answers until then are kept.

# %%
LEDGER = FOLDER / "ledger.sqlite3"
run = ds.summarize(
    chapters, model=MODEL, library=library, question=QUESTION, length=90, ledger=LEDGER
)
summary = await run
summary

# %% [markdown]
# Every sentence that a source supports has a citation: the passage, its document and exact position.

# %%
citation = summary.citations[0]
print(f"{citation.document}, characters {citation.source_start} to {citation.source_end}:")
print(citation.passage)

# %% [markdown]
# For further work, get a part of it as a pandas DataFrame: `"documents"`, `"chunks"`, `"citations"`, or
# the related passages of the library, `"related"`.

# %%
summary.to_frame("related")[["document", "score", "passage"]]

# %% [markdown]
# Where did the time go? The plot has a line for each chunk; with a language model, waiting for the
# provider and retries have their own colors.

# %%
axes = ds.plots.timeline(run)
# %% [markdown]
# Every answer is stored in the ledger before you see it, so the same call makes no request again. This
# is also how to resume after a crash.

# %%
again = await ds.summarize(
    chapters, model=MODEL, library=library, question=QUESTION, length=90, ledger=LEDGER
)
print(f"{run.state.calls} calls before, {again.usage.calls} now")

# %% [markdown]
# Save the summary as Markdown, as JSON, or as an HTML page to send to others.

# %%
page = FOLDER / "summary.html"
page.write_text(summary.to_html(page=True), encoding="utf-8")
