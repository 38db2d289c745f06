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
# # A run in widgets
#
# A callback of a widget cannot await, and a blocking one freezes the kernel. A run needs neither: it
# starts at once, works in the background, and its panel shows the progress. Here are three ways to
# display it, from the simplest to the most complete.

# %%
import pydoc_data.topics
import tempfile
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display

import docsum_nb as ds

MODEL = "extractive"  # or "openai/gpt-4o-mini"
topics = pydoc_data.topics.topics  # Python's language reference
chapters = {name: topics[name] for name in ("assert", "exceptions", "raise", "try", "with")}

# %% [markdown]
# ## A run in the background
#
# The cell ends at once, and the panel stays below it: progress, a map of all chunks (hover over one to
# see its name, click it for its text and summary), a Cancel button. When the run is over,
# its result takes the panel's place, so that a saved notebook keeps it.

# %%
run = ds.summarize(chapters, model=MODEL, length=90, ledger=False)
run

# %% [markdown]
# Meanwhile, other cells can run. Wait for the result when you need it.

# %%
summary = await run
len(summary.documents)

# %% [markdown]
# ## In a layout of your own
#
# `run.widget()` is the panel as a widget. The button's callback starts a run and puts its panel into
# the layout; nothing waits.

# %%
question = widgets.Text("How is an exception handled?", description="Question")
ask = widgets.Button(description="Ask", button_style="primary")
below = widgets.VBox()
runs: list[ds.Run[ds.Summary]] = []


def start(button: widgets.Button) -> None:
    """Start a run and show it."""
    runs.append(
        ds.summarize(chapters, model=MODEL, question=question.value, length=90, ledger=False)
    )
    below.children = [runs[-1].widget()]


ask.on_click(start)
layout = display(widgets.VBox([question, ask, below]), display_id=True)

# %% [markdown]
# Widgets need their kernel. To keep the result in the saved notebook, replace the layout by it.

# %%
ask.click()  # as you would
answer = await runs[-1]
layout.update(answer)

# %% [markdown]
# ## The whole form
#
# Choose files, see the plan and its cost, start, stop, resume, read. With `voila` it is a web page, for
# people who do not use notebooks.

# %%
folder = Path(tempfile.mkdtemp())
for name, text in chapters.items():
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
form = ds.app(source=folder, model=MODEL, question=question.value, length=90)
form

# %% [markdown]
# The same call as code. After a run in the form, `form.run` and `form.summary` are available in the
# next cell.

# %%
print(form.code)
