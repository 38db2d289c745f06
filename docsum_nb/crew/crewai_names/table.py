"""The table of names of CrewAI, the promises that depend on them, and the classes used by all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from docsum_nb.upstream import Promise, Table

TABLE = Table("crewai")

GUARD = Promise("the guard of crews", money=True)
MAX_CALLS = Promise("max_calls", money=True)
MAX_COST = Promise("max_cost", money=True)
STOP = Promise("that no call follows a deadline or cancel", money=True)
UNASKED = Promise("that a call made without asking is noticed")
INPUTS = Promise("that placeholders without an input are reported")
FIRST_ERROR = Promise("that the first error is raised at once")
ENDS = Promise("that a task ends with any error it raises")
CONCURRENCY = Promise("max_concurrency")
ISOLATION = Promise("that concurrent tasks and runs share nothing")
RETRIES = Promise("one layer of retries")
TIMEOUT = Promise("max_execution_time of agents")
USAGE = Promise("the count of tokens and cost")
STREAMING = Promise("that text is shown while it is written")
PROGRESS = Promise("that progress and errors name the task")
WARNINGS = Promise("that failures CrewAI goes on from are reported")
QUIET = Promise("that CrewAI prints nothing beside a run")
WRITTEN_BACK = Promise("that outputs are in the user's tasks, agents and crews afterwards")
RESUMED = Promise("that a restored crew pays for what is missing only", money=True)
EVALUATED = Promise("crew.test under a guard")
HUMAN = Promise("that a question to a person can be answered, and left")
SUMMARIZE = Promise("summarize")
NO_FILES = Promise("that tasks without files take no thread for them")
FLOW = Promise("SummaryFlow")
EVALUATE = Promise("saying why a document is related")
IN_CREWS = Promise("a library in a user's own crew")
PROBE = Promise("the doctor's probe")
DOCTOR = Promise("the doctor's look at crews and flows")
PRIVATE = Promise("that no other user of this machine can read what CrewAI keeps of a run")

BOUNDS = (MAX_CALLS, MAX_COST, STOP)
NOT_OF_A_GUARD = (SUMMARIZE, NO_FILES, FLOW, EVALUATE, IN_CREWS, PROBE, DOCTOR)
"""What is promised elsewhere; a guard promises the rest."""


def nothing(*_: Any) -> None:
    """Do nothing: the stand-in of a function that the work can do without."""


def _message_alone(message: str) -> str:
    return message


# --- documented names, used by all modules ------------------------------------------------------

Crew = TABLE.kind("crewai:Crew", "kickoffs are guarded in the class", GUARD, DOCTOR)
Agent = TABLE.kind(
    "crewai:Agent", "the agent that evaluates; CrewAI's own agents against custom ones", EVALUATE
)
Task = TABLE.kind("crewai:Task", "the lean task", SUMMARIZE, EVALUATE)
Process = TABLE.value(
    "crewai:Process", "whether a manager works", DOCTOR, instead=SimpleNamespace(hierarchical=None)
)
BaseAgent = TABLE.kind(
    "crewai.agents.agent_builder.base_agent:BaseAgent", "the lean agent", SUMMARIZE
)
BaseLLM = TABLE.kind(
    "crewai.llms.base_llm:BaseLLM", "models of this package for agents", EVALUATE, PROBE
)
BaseTool = TABLE.kind(
    "crewai.tools:BaseTool", "the search of the library as a tool", EVALUATE, IN_CREWS
)
TABLE.members(
    "crewai.tools:BaseTool.name description args_schema cache_function max_usage_count",
    "the search of the library as a tool",
    IN_CREWS,
)
Knowledge = TABLE.kind(
    "crewai.knowledge.knowledge:Knowledge", "the library as the knowledge of agents", IN_CREWS
)
TABLE.parameters(
    "crewai.knowledge.knowledge:Knowledge.__init__ collection_name sources storage",
    "the library as the knowledge of agents",
    IN_CREWS,
)
BaseKnowledgeStorage = TABLE.kind(
    "crewai.knowledge.storage.base_knowledge_storage:BaseKnowledgeStorage",
    "the library as the knowledge of agents",
    IN_CREWS,
)
ToolFailure = TABLE.value(
    "crewai.tools:ToolFailure",
    "reports that the library could not be searched",
    IN_CREWS,
    instead=_message_alone,
)
TOOL_RUN = TABLE.attribute("crewai.tools:BaseTool._run", "looks into a tool's code", DOCTOR)
TOOL_ARUN = TABLE.attribute("crewai.tools:BaseTool._arun", "looks into a tool's code", DOCTOR)
TABLE.parameters("crewai:Crew.kickoff inputs", "kicks a clone off", GUARD)
TABLE.parameters("crewai:Crew.akickoff inputs", "kicks a clone off", GUARD)
TABLE.parameters("crewai:Task.aexecute_sync context", "performs the lean task", SUMMARIZE)
task_module = TABLE.value("crewai.task:", "where files of a task are deleted", NO_FILES)
CLEAR_FILES = TABLE.function(
    "crewai.task:clear_task_files", "is not called for tasks without files", NO_FILES
)
TABLE.parameters("crewai:Task.execute_sync context", "performs the task of evaluating", EVALUATE)
TABLE.members(
    "crewai:Task.name description expected_output agent", "the lean task and its texts", SUMMARIZE
)
TABLE.members(
    "crewai.agents.agent_builder.base_agent:BaseAgent.role goal backstory aexecute_task",
    "the lean agent and its texts",
    SUMMARIZE,
)
db_storage_path = TABLE.value(
    "crewai_core.paths:db_storage_path",
    "the folder of the database that crews are replayed from",
    PRIVATE,
    instead=lambda: "",
)
