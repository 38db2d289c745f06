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
# # From the notebook to a script and a service
#
# What works in a cell should also run from cron and behind a web service, without rewriting it. The
# same run works in all three; only the way of waiting for it changes.

# %%
import asyncio
import os
import pydoc_data.topics
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import uvicorn

import docsum_nb as ds

MODEL = "extractive"  # or "openai/gpt-4o-mini"
QUESTION = "How is an exception handled?"
FOLDER = Path(tempfile.mkdtemp())
for name in ("assert", "raise", "try", "with"):
    (FOLDER / f"{name}.md").write_text(pydoc_data.topics.topics[name], encoding="utf-8")

# %% [markdown]
# ## A cell
#
# `await`, because an event loop is running here.

# %%
summary = await ds.summarize(FOLDER, model=MODEL, question=QUESTION, length=40, ledger=False)
print(summary.text)

# %% [markdown]
# ## A script
#
# `.result()`, because no event loop is running. It also works in a cell, in a callback or in a thread,
# so a function that uses it can be moved unchanged.


# %%
def gist(source: Path) -> str:
    """Summarize a folder in a sentence or two."""
    run = ds.summarize(source, model=MODEL, question=QUESTION, length=40, ledger=False)
    return run.result().text


gist(FOLDER)

# %% [markdown]
# `python notebooks/export.py NOTEBOOK.ipynb` converts a whole notebook into such a script: it calls
# `.result()` in place of awaiting a run, runs other coroutines in an event loop, and prints what cells
# display.
#
# For a job that only summarizes, the command line suffices. Its exit code is 0 for success and 1 for
# failure, which cron can check.

# %%
command = [sys.executable, "-m", "docsum_nb", "summarize", str(FOLDER), "--model", MODEL]
options = ["--question", QUESTION, "--length", "40", "--ledger", "none", "--quiet"]
done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
print(done.returncode, done.stdout.partition("Sources")[0])

# %% [markdown]
# ## A service
#
# In a server's event loop, use `await` as in a cell. [service.py](service.py) is an application for
# uvicorn (`pip install uvicorn starlette`) with a guarded flow for each request. In production it is
# started from a shell:
#
#     MODEL=openai/gpt-4o-mini uvicorn notebooks.service:application
#
# Here it runs in a thread of this kernel, on a free port.

# %%
os.environ["MODEL"] = MODEL
import service  # it reads MODEL when it is imported

listening = socket.create_server(("127.0.0.1", 0))
URL = f"http://127.0.0.1:{listening.getsockname()[1]}"
server = uvicorn.Server(uvicorn.Config(service.application, log_level="warning"))
thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
thread.start()

# %% [markdown]
# Five requests at once. The one that cannot be served gets its own error, and the others are not
# affected. If a client disconnects, its own run is stopped, and no other.


# %%
async def post(content: object) -> httpx.Response:
    """Ask the service for a summary."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return await client.post(f"{URL}/documents", json=content)


texts = [{path.stem: path.read_text("utf-8")} for path in sorted(FOLDER.glob("*.md"))]
answers = await asyncio.gather(*map(post, [*texts, "/etc/passwd"]))
for answer in answers:
    print(answer.status_code, answer.text[:90])

# %% [markdown]
# Deadlines, budgets, `on_error` and the ledger are the same in all three places. In a service each
# request uses `ledger=False` or its own ledger, unless all callers may share the answers.

# %%
server.should_exit = True
thread.join()
