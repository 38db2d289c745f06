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
# # Failures, resume, budget
#
# Paid answers are the expensive part of a long run, and a run can end in many ways before it is
# done. Here it ends in four of them, and each time the question is: what is kept, and what does it
# cost to go on?
#
# The documents are docstrings of the standard library. The model is a server in this process that
# speaks OpenAI's protocol and fails when it is told to; a real one is one line.

# %%
import importlib
import inspect
import tempfile
from pathlib import Path

from scripted_model import Reply, ScriptedModel

import docsum_nb as ds

LEDGER = Path(tempfile.mkdtemp()) / "ledger.sqlite3"
MODULES = ("calendar", "difflib", "heapq", "inspect", "shelve", "string", "tempfile", "unittest")
documents = {name: inspect.getdoc(importlib.import_module(name)) for name in MODULES}


def holds(prompt: str, name: str) -> bool:
    """Tell whether a prompt holds the text of a module, to its end."""
    return documents[name][-40:] in prompt


def first_line(prompt: str) -> Reply:
    """Answer with the first line of the text that is to be summarized."""
    lines = [text.partition("\n")[0] for name, text in documents.items() if holds(prompt, name)]
    return Reply(lines[0] if lines else "Eight modules, each for one thing.", delay=0.1)


def refusing(prompt: str) -> Reply:
    """Refuse one of the texts, after half a second."""
    if holds(prompt, "tempfile"):
        return Reply("the provider's filter refuses this text", status=400, delay=0.5)
    return first_line(prompt)


server = ScriptedModel(refusing)
PRICES = (3.00, 15.00)  # dollars for a million tokens of prompts, and of answers
MODEL = ds.Model("openai/scripted", base_url=server.base_url, api_key="none", prices=PRICES)
# MODEL = "openai/gpt-4o-mini"

# %% [markdown]
# ## A call is refused
#
# The cell ends with the provider's own error, as soon as it comes. What was answered by then is in
# the ledger, and in `run.partial`.

# %% raises="BadRequestError" tags=["raises-exception"]
run = ds.summarize(documents, model=MODEL, ledger=LEDGER)
await run

# %%
print(f"{run.state.calls} calls, ${run.state.cost_usd:.4f}")
run.partial.to_frame()[["document", "summary", "cost_usd"]]

# %%
[omission.what for omission in run.partial.omitted]

# %% [markdown]
# ## What was run, and going on with it
#
# The ledger also knows the runs, those of other kernels and of a killed process too.

# %%
ds.runs(LEDGER)

# %% [markdown]
# The provider takes the text today. `resume()` goes on with the newest run that is not finished,
# under its own id and with its arguments, and asks only for what is missing. Keys are not kept in
# the ledger: this process still knows the one it had, after a restart the model is given again.

# %%
server.answer = first_line
summary = await ds.resume(model=MODEL, ledger=LEDGER)
print(f"{summary.usage.calls} calls for {len(summary.documents)} documents")

# %% [markdown]
# ## Going on without it
#
# Where the provider will not change its mind, `on_error="skip"` summarizes the rest and says what
# is missing. `on_error="collect"` finishes the rest as well, and then raises all errors together.

# %%
server.answer = refusing
summary = await ds.summarize(
    documents, model=MODEL, question="What leaves files behind?", on_error="skip", ledger=LEDGER
)
summary.omitted

# %% [markdown]
# ## Time is up
#
# Today it does not answer about the last module. The deadline ends the cell on time, whatever is
# waited for, and says where it was.

# %% raises="DeadlineExceeded" tags=["raises-exception"]
server.answer = lambda prompt: Reply("It is.", delay=0.1, silent=holds(prompt, "unittest"))
await ds.summarize(documents, model=MODEL, question="What is slow?", deadline=2, ledger=LEDGER)

# %% [markdown]
# ## The money is spent
#
# The plan bounds the cost before anything is paid for.

# %%
server.answer = first_line
QUESTION = "What has a command line?"
ds.plan(documents, model=MODEL, question=QUESTION)

# %% [markdown]
# `max_cost` holds before the request that might exceed it: each one is reserved at the most it may
# cost. The error says what remains to be done, and what that would take.

# %% raises="BudgetExceeded" tags=["raises-exception"]
await ds.summarize(documents, model=MODEL, question=QUESTION, max_cost=0.012, ledger=LEDGER)

# %% [markdown]
# The same call again goes on with a budget of its own, for what is paid from now on.

# %%
summary = await ds.summarize(
    documents, model=MODEL, question=QUESTION, max_cost=0.10, ledger=LEDGER
)
print(f"{summary.usage.calls} calls, ${summary.usage.cost_usd:.4f}")
axes = ds.plots.cost(summary)
# %% [markdown]
# ## Forget
#
# The ledger holds texts of yours. What is deleted is gone from the file: one run, with the answers
# that no other one has used, or everything.

# %%
ds.runs(LEDGER)

# %%
ds.forget(run.id, ledger=LEDGER)

# %%
ds.forget(everything=True, ledger=LEDGER)

# %%
server.close()
