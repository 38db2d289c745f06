"""Names of CrewAI for a crew, its tasks and agents: what a clone replaces or resets."""

from __future__ import annotations

from docsum_nb.crew.crewai_names.table import (
    CONCURRENCY,
    ENDS,
    EVALUATED,
    FIRST_ERROR,
    GUARD,
    ISOLATION,
    PROBE,
    PROGRESS,
    RESUMED,
    RETRIES,
    STREAMING,
    TABLE,
    TIMEOUT,
    USAGE,
    WARNINGS,
    WRITTEN_BACK,
)

# --- a crew, its tasks and agents: what a clone replaces or resets ------------------------------

CrewOutput = TABLE.kind("crewai.crews.crew_output:CrewOutput", "the output of a crew", USAGE)
TABLE.members("crewai.crews.crew_output:CrewOutput.token_usage", "its own count", USAGE)
StreamingOutputBase = TABLE.kind(
    "crewai.types.streaming:StreamingOutputBase", "an output that streams", STREAMING
)
TABLE.members("crewai.types.streaming:StreamingOutputBase.result", "it at the end", STREAMING)
StreamSessionBase = TABLE.kind(
    "crewai.types.streaming:StreamSessionBase", "the output of a flow that streams", STREAMING
)
TABLE.members("crewai.types.streaming:StreamSessionBase.result", "it at the end", STREAMING)
ASYNC_ITERATOR = TABLE.attribute(
    "crewai.types.streaming:StreamingOutputBase._async_iterator", "which kind it is", STREAMING
)
TaskOutput = TABLE.kind("crewai.tasks.task_output:TaskOutput", "what replaces an output", ENDS)
TABLE.members(
    "crewai.tasks.task_output:TaskOutput.name description expected_output raw agent",
    "what it holds",
    ENDS,
)
TABLE.members(
    "crewai:Crew.agents tasks manager_agent stream verbose id", "what a clone is made of", GUARD
)
TABLE.members(
    "crewai:Task.id agent async_execution context output tools", "what a clone is made of", GUARD
)
TABLE.members(
    "crewai:Task.used_tools tools_errors processed_by_agents", "starts at zero", ISOLATION
)
TABLE.members("crewai:Agent.id role llm", "what a clone is made of", GUARD)
TABLE.members("crewai:Agent.agent_executor", "must not be shared", ISOLATION)
TABLE.members("crewai:Agent.tools_handler", "must not be shared", ISOLATION)
ToolsHandler = TABLE.kind(
    "crewai.agents.tools_handler:ToolsHandler", "the last call of a tool", ISOLATION
)
TABLE.members("crewai.agents.tools_handler:ToolsHandler.cache", "answers of tools", ISOLATION)

_BEGINS = "the place where every task passes the guard"
_PASSES = (FIRST_ERROR, ENDS, CONCURRENCY, PROGRESS)
EXECUTE_CORE = TABLE.attribute("crewai:Task._execute_core", _BEGINS, *_PASSES)
AEXECUTE_CORE = TABLE.attribute("crewai:Task._aexecute_core", _BEGINS, *_PASSES)
TABLE.call("crewai:Task.execute_sync", "_execute_core", _BEGINS, *_PASSES)
TABLE.call("crewai:Task._execute_task_async", "_execute_core", _BEGINS, *_PASSES)
TABLE.call("crewai:Task.aexecute_sync", "_aexecute_core", _BEGINS, *_PASSES)

SKIPPED_OUTPUT = TABLE.attribute(
    "crewai.tasks.conditional_task:ConditionalTask.get_skipped_task_output",
    "sees that a task is skipped",
    PROGRESS,
)
GET_AGENT_TO_USE = TABLE.attribute(
    "crewai:Crew._get_agent_to_use", "an agent's clone for each concurrent task", ISOLATION
)
TABLE.call(
    "crewai.crews.utils:prepare_task_execution",
    "_get_agent_to_use",
    "an agent's clone for each concurrent task",
    ISOLATION,
)
CREW_INPUTS = TABLE.attribute("crewai:Crew._inputs", "the inputs of one kickoff", ISOLATION)
KICKOFF_EVENT_ID = TABLE.attribute("crewai:Crew._kickoff_event_id", "one kickoff", ISOLATION)
_OWN = "stays out of the coworkers of the agent it is a clone of"
ADD_DELEGATION_TOOLS = TABLE.attribute("crewai:Crew._add_delegation_tools", _OWN, ISOLATION)
TABLE.call("crewai:Crew._prepare_tools", "_add_delegation_tools", _OWN, ISOLATION)
_STORED = "stores outputs under the ids of the user's tasks, for replay"
STORE_EXECUTION_LOG = TABLE.attribute("crewai:Crew._store_execution_log", _STORED, WRITTEN_BACK)
TABLE.call("crewai:Crew._execute_tasks", "_store_execution_log", _STORED, WRITTEN_BACK)
TABLE.members("crewai:Crew.replay", "goes on from a stored output", ISOLATION)
TABLE.members("crewai:Crew.usage_metrics token_usage", "what a kickoff took", WRITTEN_BACK)
TABLE.members(
    "crewai:Task.start_time end_time delegations retry_count prompt_context",
    "what a task leaves beside its output",
    WRITTEN_BACK,
)
TABLE.members("crewai.hooks.contexts:StepContext.task payload", "a task's output", WRITTEN_BACK)
TABLE.members("crewai:Task.input_files", "files are kept by the task's id", ISOLATION)
TABLE.members("crewai:Agent.tools knowledge", "what a clone has of its own", ISOLATION)
TABLE.members("crewai:Agent.tools_results", "must not be shared", ISOLATION, WRITTEN_BACK)
LAST_MESSAGES = TABLE.attribute(
    "crewai:Agent._last_messages", "the conversation of an execution", ISOLATION, WRITTEN_BACK
)
TOOL_FAILURES = TABLE.attribute(
    "crewai:Agent._tool_failures", "the failures of an execution", ISOLATION, WRITTEN_BACK
)
MCP_RESOLVER = TABLE.attribute("crewai:Agent._mcp_resolver", "must not be shared", ISOLATION)
_RESTORED = "whether a crew was restored"
TABLE.members("crewai:Crew.checkpoint_kickoff_event_id", _RESTORED, RESUMED)
TABLE.parameters("crewai:Crew.kickoff from_checkpoint", _RESTORED, RESUMED)
TABLE.parameters("crewai:Crew.akickoff from_checkpoint", _RESTORED, RESUMED)
CrewEvaluator = TABLE.kind(
    "crewai.utilities.evaluators.crew_evaluator_handler:CrewEvaluator",
    "looks the tasks up that it evaluates",
    EVALUATED,
)
TABLE.members(
    "crewai.utilities.evaluators.crew_evaluator_handler:CrewEvaluator.crew evaluate",
    "looks the tasks up that it evaluates",
    EVALUATED,
)

# --- an agent that executes: one task at a time ---------------------------------------------------

_ONE = "an agent that is executing already is stood in for by a clone"
TABLE.members("crewai:Agent.execute_task aexecute_task kickoff kickoff_async", _ONE, ISOLATION)
IS_EXECUTING = TABLE.attribute(
    "crewai.agents.agent_executor:AgentExecutor._is_executing", _ONE, ISOLATION
)
BaseAgentTool = TABLE.kind(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool",
    "delegates to a coworker",
    ISOLATION,
    WARNINGS,
)
TABLE.members(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool.agents", "the coworkers", ISOLATION
)
DELEGATE = TABLE.attribute(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool._execute",
    "delegates to clones, sees that there is no such coworker",
    ISOLATION,
    WARNINGS,
)
for _tool in ("delegate_work_tool:DelegateWorkTool", "ask_question_tool:AskQuestionTool"):
    TABLE.call(
        f"crewai.tools.agent_tools.{_tool}._run", "_execute", "delegates to clones", ISOLATION
    )
CHECK_EXECUTION_ERROR = TABLE.attribute(
    "crewai:Agent._check_execution_error", "whether an agent tries again", RETRIES
)
for _handler in ("_handle_execution_error", "_handle_execution_error_async"):
    TABLE.call(
        f"crewai:Agent.{_handler}",
        "_check_execution_error",
        "whether an agent tries again",
        RETRIES,
    )
TABLE.members("crewai:Agent.copy", "what was given to an agent, of its copy", RETRIES)
TABLE.members("crewai:Agent.entity_type", "whether an agent is a copy", RETRIES)
GUARDRAIL_RETRY_COUNTS = TABLE.attribute(
    "crewai:Task._guardrail_retry_counts", "starts empty", ISOLATION
)
TIMES_EXECUTED = TABLE.attribute("crewai:Agent._times_executed", "failures so far", RETRIES)
TABLE.members("crewai:Agent.max_retry_limit", "tries of an agent", RETRIES)
TABLE.members("crewai:Agent.max_execution_time", "ends a task in time", TIMEOUT)
TABLE.call("crewai:Task._execute_core", "execute_task", "ends a task in time", TIMEOUT)
TABLE.call("crewai:Task._aexecute_core", "aexecute_task", "ends a task in time", TIMEOUT)

# --- the doctor's probe: what a clone must not reach -------------------------------------------

LLMGuardrail = TABLE.kind(
    "crewai.tasks.llm_guardrail:LLMGuardrail", "asks the scripted model instead", PROBE
)
CREW_MEMORY = TABLE.attribute("crewai:Crew._memory", "no memory", PROBE)
OUTPUT_HANDLER = TABLE.attribute(
    "crewai:Crew._task_output_handler", "keeps the record of the last kickoff", PROBE
)
RPM_CONTROLLER = TABLE.attribute("crewai:Agent._rpm_controller", "no waiting for max_rpm", PROBE)
ORIGINAL_OUTPUT_FILE = TABLE.attribute(
    "crewai:Task._original_output_file", "no file is written", PROBE
)
GUARDRAIL = TABLE.attribute("crewai:Task._guardrail", "asks the scripted model instead", PROBE)
GUARDRAILS = TABLE.attribute("crewai:Task._guardrails", "asks the scripted model instead", PROBE)
