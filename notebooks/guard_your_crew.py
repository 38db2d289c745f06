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
# Six asynchronous tasks on one agent, and one that combines them: a typical first crew. One day a
# provider refuses a single call, and the cell stays at `[*]`. This notebook shows why, and what a
# guard changes.
#
# The model is a server in this process that speaks OpenAI's protocol and gives scripted answers, so
# that it fails in the same way each time. Set `BASE_URL` to None to use the real one.

# %%
import asyncio
import logging
import time

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer

# isort: split
from crewai import LLM, Agent, Crew, Task

server = ScriptedServer(lambda call: Reply("Whales are old, and still there.", delay=1.0)).start()
MODEL = "openai/gpt-4o-mini"
BASE_URL = server.base_url  # or None for the provider's own, with its key in the environment
logging.getLogger("crewai.llms").setLevel(logging.ERROR)  # its token counting is not the topic

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
# First attempt. Every call would be answered, but an agent can execute only one task at a time.


# %%
async def bare(crew: Crew, at_most: float) -> None:
    """Kick off a crew without a guard, wait up to some seconds, and print the outcome."""
    began = time.perf_counter()
    try:
        output = await asyncio.wait_for(crew.kickoff_async(inputs=INPUTS), at_most)
        ended = f"completed: {output.raw}"
    except (RuntimeError, TimeoutError) as error:
        ended = f"{type(error).__name__}: {error}"
    print(f"{ended} after {time.perf_counter() - began:.1f} s")


await bare(crew, at_most=60)

# %% [markdown]
# So each task gets its own agent. That is the usual advice, and it works, until one call is refused
# and another one gets no answer. The refused call is retried three times and logged, but the cell
# does not end: CrewAI waits for the tasks in their order, and while it waits for the first task, it
# does not notice the error of the fourth. Without the limit of four seconds the cell would wait
# forever, and the thread does.


# %%
def as_on_that_day(call: Call) -> Reply:
    """Never answer about the history, refuse to answer about the risks."""
    if "the risks of" in call.prompt:
        return Reply("this key may not use the model", status=403, delay=0.2)
    return Reply("Whales are old.", delay=0.2, hang="the history of" in call.prompt)


server.script = as_on_that_day
apart = crew.copy()
for task in apart.tasks:
    task.agent = writer.copy()
await bare(apart, at_most=4)

# %% [markdown]
# ## After
#
# The original crew, guarded. The first error ends it at once, as the provider's own exception, with a
# note that names task and agent. The call without an answer is not waited for.

# %% raises="PermissionDeniedError" tags=["raises-exception"]
await ds.kickoff(crew, INPUTS, deadline=20)

# %% [markdown]
# If nothing is refused and one task never ends, the error of the deadline says which one.

# %% raises="DeadlineExceeded" tags=["raises-exception"]
server.script = lambda call: Reply("Whales are old.", hang="the history of" in call.prompt)
await ds.kickoff(crew, INPUTS, deadline=3)

# %% [markdown]
# ## Continue without the failed task
#
# `on_error="skip"` puts a line in place of its output and warns. `on_error="collect"` lets the others finish,
# then raises all errors together.


# %%
def refusing(call: Call) -> Reply:
    """Refuse to answer about the risks."""
    if "the risks of" in call.prompt:
        return Reply("this key may not use the model", status=403)
    return Reply("Whales are old, and still there.", delay=0.2)


server.script = refusing
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
# This crew makes seven calls. With a limit of five, the sixth one is not made. `max_cost=` is a limit
# in dollars, and `max_concurrency=` limits the number of concurrent tasks.

# %% raises="BudgetExceeded" tags=["raises-exception"]
server.script = lambda call: Reply("Whales are old, and still there.", delay=0.1)
await ds.kickoff(crew, INPUTS, max_calls=5, max_concurrency=2, deadline=20)

# %% [markdown]
# Without the limit it completes, each task on its own agent, and your objects stay unchanged.

# %%
output = await ds.kickoff(crew, INPUTS, deadline=20)
print(output.raw)
output.token_usage

# %% [markdown]
# ## Diagnose a crew
#
# The doctor checks versions, kernel, environment variables and the crew, and calls no model. With
# `probe=8` it also runs a clone of the crew alone and eight times at once, on its own scripted model.

# %%
ds.doctor(crew, inputs=INPUTS)

# %% [markdown]
# The thread of the unguarded crew is still waiting for its answer. The server sends it when it closes.

# %%
server.close()
