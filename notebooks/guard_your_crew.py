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
# # Guard your own crew
#
# Six asynchronous tasks on one agent, and one that combines them: the crew everybody writes first.
# One day a provider refuses a single call, and the cell stays at `[*]`. This notebook shows why,
# and what a guard changes.
#
# The model is a server in this process that speaks OpenAI's protocol and answers as it is told, so
# that it fails today as it did then. Change `BASE_URL` to have the real one, which will not.

# %%
import asyncio
import logging
import time

from scripted_model import Reply, ScriptedModel

import docsum_nb as ds

# isort: split
from crewai import LLM, Agent, Crew, Task

server = ScriptedModel(lambda prompt: Reply("Whales are old, and still there.", delay=1.0))
MODEL = "openai/gpt-4o-mini"
BASE_URL = server.base_url  # or None for the provider's own, with its key in the environment
logging.getLogger("crewai.llms").setLevel(logging.ERROR)  # how it counts tokens is not the matter

# %%
llm = LLM(model=MODEL, base_url=BASE_URL, api_key="none" if BASE_URL else None, max_retries=0)
writer = Agent(role="writer", goal="Summarize.", backstory="A careful one.", llm=llm)
parts = [
    Task(
        name=part,
        description=f"Summarize the {part} of {{topic}}.",
        expected_output="A sentence.",
        agent=writer,
        async_execution=True,
    )
    for part in ("history", "present", "future", "risks", "people", "money")
]
combine = Task(
    name="combine",
    description="Combine the sentences.",
    expected_output="A paragraph.",
    agent=writer,
    context=parts,
)
crew = Crew(agents=[writer], tasks=[*parts, combine])
INPUTS = {"topic": "whales"}

# %% [markdown]
# ## Before
#
# First attempt. Every call would be answered, but one agent can do one task at a time.


# %%
async def bare(crew: Crew, at_most: float) -> None:
    """Kick a crew off as it is, wait for some seconds at most, and tell how that ends."""
    began = time.perf_counter()
    try:
        output = await asyncio.wait_for(crew.kickoff_async(inputs=INPUTS), at_most)
        ended = f"completed: {output.raw}"
    except (RuntimeError, TimeoutError) as error:
        ended = f"{type(error).__name__}: {error}"
    print(f"{ended} after {time.perf_counter() - began:.1f} s")


await bare(crew, at_most=60)

# %% [markdown]
# So each task gets an agent of its own. That is what the forum says, and it works, until the day on
# which one call is refused and another one gets no answer. The refusal is asked for three times over
# and logged, but the cell does not end: CrewAI waits for the tasks in their order, and while the
# first one is waited for, nobody takes the fourth one's error. Without the bound of four seconds it
# would be for ever, and the thread does wait on.


# %%
def as_on_that_day(prompt: str) -> Reply:
    """Never answer about the history, refuse to answer about the risks."""
    if "the risks of" in prompt:
        return Reply("this key may not use the model", status=403, delay=0.2)
    return Reply("Whales are old.", delay=0.2, silent="the history of" in prompt)


server.answer = as_on_that_day
apart = crew.copy()
for task in apart.tasks:
    task.agent = writer.copy()
await bare(apart, at_most=4)

# %% [markdown]
# ## After
#
# The crew as it was first, guarded. The first error ends it at once, as the provider's own
# exception, with a note that names task and agent. What gets no answer is left to itself.

# %% raises="PermissionDeniedError" tags=["raises-exception"]
await ds.kickoff(crew, INPUTS, deadline=20)

# %% [markdown]
# Where nothing is refused and one task just never ends, the deadline says which.

# %% raises="DeadlineExceeded" tags=["raises-exception"]
server.answer = lambda prompt: Reply("Whales are old.", silent="the history of" in prompt)
await ds.kickoff(crew, INPUTS, deadline=3)

# %% [markdown]
# ## Going on without the task that failed
#
# `on_error="skip"` puts a line in its place and warns. `on_error="collect"` lets the others finish,
# then raises all errors together.


# %%
def refusing(prompt: str) -> Reply:
    """Refuse to answer about the risks."""
    if "the risks of" in prompt:
        return Reply("this key may not use the model", status=403)
    return Reply("Whales are old, and still there.", delay=0.2)


server.answer = refusing
run = ds.kickoff(crew, INPUTS, on_error="skip", deadline=20)
output = await run
for task in output.tasks_output:
    print(f"{task.name}: {task.raw}")
run.state.warnings

# %% raises="ExceptionGroup" tags=["raises-exception"]
await ds.kickoff(crew, INPUTS, on_error="collect", deadline=20)

# %% [markdown]
# ## A budget
#
# The seven calls of this crew do not fit into five: the sixth one is not made. With `max_cost=` it
# is dollars, and `max_concurrency=` bounds the tasks at once.

# %% raises="BudgetExceeded" tags=["raises-exception"]
server.answer = lambda prompt: Reply("Whales are old, and still there.", delay=0.1)
await ds.kickoff(crew, INPUTS, max_calls=5, max_concurrency=2, deadline=20)

# %% [markdown]
# With room for all of them it completes, each task on an agent of its own, and your objects stay as
# they were.

# %%
output = await ds.kickoff(crew, INPUTS, deadline=20)
print(output.raw)
output.token_usage

# %% [markdown]
# ## What is wrong with it?
#
# The doctor looks at versions, kernel, switches and the crew, and calls nothing. With `probe=8` it
# also runs a double of the crew alone and eight times at once, on a scripted model of its own.

# %%
ds.doctor(crew, inputs=INPUTS)

# %% [markdown]
# The thread of the bare crew has waited for its answer until now. The server gives it as it closes.

# %%
server.close()
