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
# # A private library
#
# A summary says what the documents say. What does your own documentation say about the same topics?
# A library answers that. It is a folder with a SQLite database, searched by words, without a server, a
# network or a model. Here it contains Python's language reference.

# %%
import asyncio.timeouts
import concurrent.futures
import contextlib
import inspect
import pydoc_data.topics
import tempfile

import docsum_nb as ds

MODEL = "extractive"  # or "openai/gpt-4o-mini": an agent then says why each passage matters
library = ds.Library(tempfile.mkdtemp())  # yours would be a folder that stays
topics = dict(pydoc_data.topics.topics)

# %% [markdown]
# ## Fill it, search it
#
# `add` accepts the same sources as `summarize`: a folder of Markdown, HTML, PDF, Word or notebooks, or
# texts by name.

# %%
library.add(topics)

# %%
library.search("when is an object destroyed", k=3)

# %% [markdown]
# A document is found at most once, with the passage that matched best, and its exact position.

# %%
hit = library.search("default parameter values", k=1)[0]
print(hit.name, hit.metadata["start"], hit.metadata["end"])
print(hit.passage)

# %% [markdown]
# ## Keep it up to date
#
# `add` also updates: unchanged documents cost nothing, and changed ones are replaced, including their
# old passages. A search finds everything that was added before it started.

# %%
library.add(topics)

# %%
print([hit.name for hit in library.search("green cucumber policy")])
topics["pass"] += "\n\nThe green cucumber policy of this company forbids empty functions.\n"
library.add(topics)

# %%
library.search("green cucumber policy", k=1)

# %%
library.remove("pass")
print([hit.name for hit in library.search("green cucumber policy")])

# %% [markdown]
# ## Find related documents for a summary
#
# The documents to summarize are docstrings of three modules. `library=` adds related passages of the
# library, with the matching words marked.

# %%
modules = {
    each.__name__: "\n\n".join(
        f"## {name}\n\n{inspect.getdoc(getattr(each, name))}" for name in each.__all__
    )
    for each in (contextlib, asyncio.timeouts, concurrent.futures)
}
summary = await ds.summarize(modules, model=MODEL, library=library, length=120, ledger=False)
summary

# %% [markdown]
# As a table, to filter and to join.

# %%
summary.to_frame("related")[["document", "score", "passage"]]
