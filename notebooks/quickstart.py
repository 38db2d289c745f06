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
# You have five chapters to read, and a handbook of which they are a part: here Python's language
# reference, which every Python brings along. No key and no network: `"extractive"` takes sentences
# from the documents as they are. Change `MODEL` to have a language model write; nothing else
# changes.

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
# The library holds what a summary is to be seen beside. It is filled once, and again where
# something has changed.

# %%
library = ds.Library(FOLDER / "library")
library.add(handbook)

# %% [markdown]
# What will it take? The plan knows before the first call: documents, chunks and calls exactly,
# tokens and cost at most.

# %%
QUESTION = "How is an exception handled?"
ds.plan(chapters, model=MODEL, library=library, question=QUESTION)

# %% [markdown]
# A run starts when it is made. `await` waits for it, with a panel below the cell: what is done, a
# map of all chunks, a Cancel button. The cell's stop button works as well, and what was answered by
# then is kept.

# %%
LEDGER = FOLDER / "ledger.sqlite3"
run = ds.summarize(
    chapters, model=MODEL, library=library, question=QUESTION, length=90, ledger=LEDGER
)
summary = await run
summary

# %% [markdown]
# Every sentence that a source supports has a citation: the passage, its document and exact place.

# %%
citation = summary.citations[0]
print(f"{citation.document}, characters {citation.source_start} to {citation.source_end}:")
print(citation.passage)

# %% [markdown]
# To work on with it, take a part of it as a table of pandas: `"documents"`, `"chunks"`,
# `"citations"`, or what the library holds on the matter, `"related"`.

# %%
summary.to_frame("related")[["document", "score", "passage"]]

# %% [markdown]
# Where did the time go? A line for each chunk, drawn by matplotlib; with a paid model, waiting for
# the provider and retries stand out in their colors.

# %%
axes = ds.plots.timeline(run)
# %% [markdown]
# Every answer is in the ledger before you see it, so the same call again asks for nothing. That is
# also how to go on after a crash.

# %%
again = await ds.summarize(
    chapters, model=MODEL, library=library, question=QUESTION, length=90, ledger=LEDGER
)
print(f"{run.state.calls} calls before, {again.usage.calls} now")

# %% [markdown]
# Keep it: as Markdown, as JSON, or as a page to send to somebody.

# %%
page = FOLDER / "summary.html"
page.write_text(summary.to_html(page=True), encoding="utf-8")
