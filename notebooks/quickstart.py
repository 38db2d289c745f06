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
# # Quickstart: summarize what this package is built on
#
# The documents are the READMEs of the packages that docsum_nb needs, which are on every machine
# that has it. The private documentation is Python's own language reference. No key and no network:
# `"extractive"` takes sentences from the documents as they are. Change `MODEL` to have them
# summarized by a language model; nothing else changes.

# %%
import importlib.metadata
import pydoc_data.topics
import re
import tempfile
from pathlib import Path

import docsum_nb as ds

MODEL = "extractive"  # or "openai/gpt-4o-mini"
FOLDER = Path(tempfile.mkdtemp())  # yours would be a folder that stays

# %% [markdown]
# Documents are a folder, a glob, a list of files or, as here, a mapping of names to texts.

# %%
names = [re.split(r"[^\w.-]", needed)[0] for needed in importlib.metadata.requires("docsum_nb")]
readmes = {name: importlib.metadata.metadata(name).json["description"] for name in names}
len(readmes)

# %% [markdown]
# The library is what a summary is to be compared with. Filling it takes a second, and happens once.

# %%
library = ds.Library(FOLDER / "library")
library.add(pydoc_data.topics.topics)

# %% [markdown]
# What will it take? The plan knows before the first call: documents, chunks and calls exactly,
# tokens and cost at most.

# %%
ds.plan(readmes, model=MODEL, library=library)

# %% [markdown]
# A run starts when it is made. `await` waits for it, with a panel below the cell: what is done, a
# map of all chunks, a Cancel button. The cell's stop button works as well, and what was answered by
# then is kept.

# %%
QUESTION = "How do I run and await asynchronous code?"
run = ds.summarize(
    readmes, model=MODEL, library=library, question=QUESTION, ledger=FOLDER / "ledger.sqlite3"
)
summary = await run
summary

# %% [markdown]
# Every sentence that a source supports has a citation: the passage with its document, heading and
# exact place.

# %%
citation = summary.citations[0]
print(citation.document, citation.headings, citation.source_start, citation.source_end)
print(citation.passage)

# %% [markdown]
# To work on with it, take a part of it as a table: `"documents"`, `"chunks"`, `"citations"`, or
# what the library holds on the matter, `"related"`.

# %%
summary.to_frame("related")[["document", "score", "passage"]].head()

# %% [markdown]
# Where did the time go? A line for each chunk; with a paid model, waiting for the provider and
# retries stand out in their colors.

# %%
ds.plots.timeline(run);

# %% [markdown]
# Every answer is in the ledger before you see it, so the same call again asks for nothing. That is
# also how to go on after a crash.

# %%
again = await ds.summarize(
    readmes, model=MODEL, library=library, question=QUESTION, ledger=FOLDER / "ledger.sqlite3"
)
print(f"{run.state.calls} calls before, {again.usage.calls} now")

# %% [markdown]
# Keep it: as Markdown, as JSON, or as a page to send to somebody.

# %%
page = FOLDER / "summary.html"
page.write_text(summary.to_html(page=True), encoding="utf-8")
