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
# Paid answers are the expensive part of a long run, and a run can stop in many ways before it is
# done. This notebook shows four of them. Each time the question is: what is kept, and what does it
# cost to resume?
#
# The documents are docstrings of the standard library. The model is a server in this process that
# speaks OpenAI's protocol and fails on purpose; to use a real one, change one line.

# %%
import importlib
import inspect
import tempfile
from pathlib import Path

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer

LEDGER = Path(tempfile.mkdtemp()) / "ledger.sqlite3"
MODULES = ("calendar", "difflib", "heapq", "inspect", "shelve", "string", "tempfile", "unittest")
documents = {name: inspect.getdoc(importlib.import_module(name)) for name in MODULES}


def holds(prompt: str, name: str) -> bool:
    """Return whether a prompt contains the whole text of a module."""
    return documents[name][-40:] in prompt


def first_line(call: Call) -> Reply:
    """Answer with the first line of the text that is to be summarized."""
    lines = [
        text.partition("\n")[0] for name, text in documents.items() if holds(call.prompt, name)
    ]
    return Reply(lines[0] if lines else "Eight modules, each for one thing.", delay=0.1)


def refusing(call: Call) -> Reply:
    """Refuse one of the texts, after half a second."""
    if holds(call.prompt, "tempfile"):
        return Reply("the provider's filter refuses this text", status=400, delay=0.5)
    return first_line(call)


server = ScriptedServer(refusing).start()
PRICES = (3.00, 15.00)  # dollars for a million tokens of prompts, and of answers
MODEL = ds.Model("openai/scripted", base_url=server.base_url, api_key="none", prices=PRICES)
# MODEL = "openai/gpt-4o-mini"

# %% [markdown]
# ## A call is refused
#
# The cell ends with the provider's own error, as soon as it occurs. The answers until then are in
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
# ## List the runs, and resume
#
# The ledger also lists the runs, including those of other kernels and of killed processes.

# %%
ds.runs(LEDGER)

# %% [markdown]
# Today the provider accepts the text. `resume()` continues the newest unfinished run, with its id and
# its arguments, and requests only the missing answers. API keys are not stored in the ledger: this
# process still has the key; after a restart, pass the model again.

# %%
server.script = first_line
summary = await ds.resume(model=MODEL, ledger=LEDGER)
print(f"{summary.usage.calls} calls for {len(summary.documents)} documents")

# %% [markdown]
# ## Continue without the failed chunk
#
# If the provider keeps refusing the text, `on_error="skip"` summarizes the rest and lists what is
# missing. `on_error="collect"` finishes the rest as well, and then raises all errors together.

# %%
server.script = refusing
summary = await ds.summarize(
    documents, model=MODEL, question="What leaves files behind?", on_error="skip", ledger=LEDGER
)
summary.omitted

# %% [markdown]
# ## A deadline passes
#
# Now the model does not answer about the last module. The deadline ends the cell on time, and the
# error says what the run was waiting for.

# %% raises="DeadlineExceeded" tags=["raises-exception"]
server.script = lambda call: Reply("It is.", delay=0.1, hang=holds(call.prompt, "unittest"))
await ds.summarize(documents, model=MODEL, question="What is slow?", deadline=2, ledger=LEDGER)

# %% [markdown]
# ## The budget is spent
#
# The plan shows the maximum cost before anything is paid for.

# %%
server.script = first_line
QUESTION = "What has a command line?"
ds.plan(documents, model=MODEL, question=QUESTION)

# %% [markdown]
# `max_cost` stops before the request that might exceed it, since the maximum cost of each request is
# reserved. The error says what remains to be done, and what that would cost.

# %% raises="BudgetExceeded" tags=["raises-exception"]
await ds.summarize(documents, model=MODEL, question=QUESTION, max_cost=0.012, ledger=LEDGER)

# %% [markdown]
# The same call continues, with a new budget for the new calls.

# %%
summary = await ds.summarize(
    documents, model=MODEL, question=QUESTION, max_cost=0.10, ledger=LEDGER
)
print(f"{summary.usage.calls} calls, ${summary.usage.cost_usd:.4f}")
axes = ds.plots.cost(summary)
# %% [markdown]
# ## Delete runs and answers
#
# The ledger contains your texts. Deleted data is removed from the file: either one run, with the
# answers that no other run has used, or everything.

# %%
ds.runs(LEDGER)

# %%
ds.forget(run.id, ledger=LEDGER)

# %%
ds.forget(everything=True, ledger=LEDGER)

# %%
server.close()
