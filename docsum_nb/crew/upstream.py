"""Every name of CrewAI's that this package depends on and that CrewAI may move, in one place.

When CrewAI renames something, this is the module to read: each entry says what it is used for and
which promise no longer holds without it. ``TABLE.lost()`` checks all of them in milliseconds,
whenever a guard is made and when the doctor looks. Importing this module never fails because of a
single name, so ``summarize``, which needs few of them, goes on without the others.

To add a name:

* a class or function: ``X = TABLE.kind("module:X", "what for", PROMISE)`` or ``TABLE.value(...)``,
  and import ``X`` from here;
* a private attribute: ``X = TABLE.attribute("module:Class._x", "what for", PROMISE)``, and write
  ``X.of(crew)``, ``X.set(crew, value)`` or ``X.replace(crew, method)``;
* fields of events, hooks' contexts or results that are read as they are: ``TABLE.members(...)``;
* that a function of CrewAI's calls what ``replace`` has put in place: ``TABLE.call(...)``.

A new promise is a ``Promise`` below; ``money=True`` if a call that should not be made is paid for.
``tests/test_contracts.py`` finds names of CrewAI's that are used elsewhere and are not here,
``tests/crew/test_upstream.py`` simulates the loss of each one.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace
from typing import Any

from docsum_nb.upstream import Attribute, Promise, Table, found

__all__ = ["TABLE"]

TABLE = Table("crewai")

# --- promises -----------------------------------------------------------------------------------

GUARD = Promise("the guard of crews", money=True)
MAX_CALLS = Promise("max_calls", money=True)
MAX_COST = Promise("max_cost", money=True)
STOP = Promise("that no call follows a deadline or cancel", money=True)
UNASKED = Promise("that a call made without asking is noticed")
INPUTS = Promise("that placeholders without an input are reported")
FIRST_ERROR = Promise("that the first error is raised at once")
ENDS = Promise("that a task ends, whatever it raises")
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
FLOW = Promise("SummaryFlow")
EVALUATE = Promise("saying why a document is related")
PROBE = Promise("the doctor's probe")
DOCTOR = Promise("the doctor's look at crews and flows")

BOUNDS = (MAX_CALLS, MAX_COST, STOP)
NOT_OF_A_GUARD = (SUMMARIZE, FLOW, EVALUATE, PROBE, DOCTOR)
"""What is promised elsewhere; a guard promises the rest."""


def _nothing(*_: Any) -> None:
    """Stand for a function that the work can do without."""


# --- what is documented, and is the ground of all -----------------------------------------------

Crew = TABLE.kind("crewai:Crew", "kickoffs are guarded in the class", GUARD, DOCTOR)
Agent = TABLE.kind(
    "crewai:Agent", "the agent that evaluates; telling it from custom ones", EVALUATE
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
BaseTool = TABLE.kind("crewai.tools:BaseTool", "the search of the library as a tool", EVALUATE)
TOOL_RUN = TABLE.attribute("crewai.tools:BaseTool._run", "looks into a tool's code", DOCTOR)
TOOL_ARUN = TABLE.attribute("crewai.tools:BaseTool._arun", "looks into a tool's code", DOCTOR)
TABLE.parameters("crewai:Crew.kickoff inputs", "kicks a double off", GUARD)
TABLE.parameters("crewai:Crew.akickoff inputs", "kicks a double off", GUARD)
TABLE.parameters("crewai:Task.aexecute_sync context", "performs the lean task", SUMMARIZE)
TABLE.parameters("crewai:Task.execute_sync context", "performs the task of evaluating", EVALUATE)
TABLE.members(
    "crewai:Task.name description expected_output agent", "the lean task and its texts", SUMMARIZE
)
TABLE.members(
    "crewai.agents.agent_builder.base_agent:BaseAgent.role goal backstory aexecute_task",
    "the lean agent and its texts",
    SUMMARIZE,
)

# --- hooks: whether a call may be made ----------------------------------------------------------

_DISPATCH = "crewai.hooks.dispatch"

HookAborted = TABLE.kind(
    f"{_DISPATCH}:HookAborted",
    "the one error that CrewAI lets out of a hook",
    GUARD,
    base=Exception,
)
TABLE.parameters(f"{_DISPATCH}:HookAborted reason source", "what a hook has against a call", GUARD)
InterceptionPoint = TABLE.value(f"{_DISPATCH}:InterceptionPoint", "where hooks are called", GUARD)
scoped_hooks = TABLE.value(f"{_DISPATCH}:scoped_hooks", "hooks for one run, in all threads", GUARD)
register_scoped = TABLE.value(f"{_DISPATCH}:register_scoped", "adds such a hook", GUARD)
TABLE.members(f"{_DISPATCH}:InterceptionPoint.PRE_MODEL_CALL", "asks before a call", *BOUNDS)
TABLE.members(f"{_DISPATCH}:InterceptionPoint.POST_MODEL_CALL", "sees an answer", USAGE)
TABLE.members(f"{_DISPATCH}:InterceptionPoint.PRE_TOOL_CALL", "asks before a tool", STOP)
TABLE.members(f"{_DISPATCH}:InterceptionPoint.INPUT", "sees inputs", INPUTS)
TABLE.members(f"{_DISPATCH}:InterceptionPoint.PRE_STEP POST_STEP", "sees flow steps", PROGRESS)

_CALL = "crewai.hooks.llm_hooks:LLMCallHookContext"


def _call_context_fault(name: str) -> str:
    """Check that a hook is handed what the executor, or a direct call, has under a name."""
    parts = {each: SimpleNamespace() for each in ("messages", "llm", "agent", "task", "crew")}
    context = found(_CALL)
    executed = context(SimpleNamespace(**parts, iterations=0))
    direct = context(executor=None, **parts)
    right = all(getattr(made, name, None) is parts[name] for made in (executed, direct))
    return "" if right else f"context.{name} is missing"


for _name, _use, _promises in (
    ("llm", "the model that is about to be called", (MAX_CALLS, MAX_COST, USAGE)),
    ("messages", "how long the prompt is", (MAX_COST,)),
    ("agent", "who calls", (MAX_COST, PROGRESS)),
    ("task", "for which task", (MAX_CALLS, MAX_COST, PROGRESS)),
):
    TABLE.condition(f"{_CALL}.{_name}", partial(_call_context_fault, _name), _use, *_promises)

TABLE.members(f"{_CALL}.response", "the answer, if its tokens must be counted", USAGE)
TABLE.members("crewai.hooks.tool_hooks:ToolCallHookContext.task", "for which task", PROGRESS)
TABLE.members(
    "crewai.hooks.contexts:StepContext.kind flow step_name", "the step of a flow", PROGRESS
)
_ASKED = "whether a model was called without asking"
TABLE.members("crewai.tasks.task_output:TaskOutput.messages", _ASKED, UNASKED)
TABLE.members("crewai:Agent.executor_class", _ASKED, UNASKED)
TABLE.members("crewai.hooks.contexts:InputContext.crew payload", "the inputs of a crew", INPUTS)
TABLE.call(
    "crewai.utilities.agent_utils:_setup_before_llm_call_hooks",
    "PRE_MODEL_CALL",
    "an executor asks before a call",
    *BOUNDS,
)
TABLE.call(
    "crewai.llms.base_llm:BaseLLM._invoke_before_llm_call_hooks",
    "PRE_MODEL_CALL",
    "a model asks before a call",
    *BOUNDS,
)

# --- events: what a call took, what failed ------------------------------------------------------

_LLM_EVENTS = "crewai.events.types.llm_events"


add_stream_sink = TABLE.value(
    "crewai.events.stream_context:add_stream_sink",
    "sees events in the thread that emits them",
    USAGE,
    STREAMING,
    WARNINGS,
    instead=_nothing,
)
reset_stream_sinks = TABLE.value(
    "crewai.events.stream_context:reset_stream_sinks",
    "ends that",
    USAGE,
    instead=_nothing,
)
LLMCallCompletedEvent = TABLE.kind(
    f"{_LLM_EVENTS}:LLMCallCompletedEvent", "what a call took", USAGE
)
TABLE.members(
    f"{_LLM_EVENTS}:LLMCallCompletedEvent.usage call_type response finish_reason",
    "its tokens",
    USAGE,
)
LLMCallStartedEvent = TABLE.kind(
    f"{_LLM_EVENTS}:LLMCallStartedEvent", "what is sent, if its tokens must be counted", USAGE
)
TABLE.members(f"{_LLM_EVENTS}:LLMCallStartedEvent.messages tools", "what is sent", USAGE)
LLMCallFailedEvent = TABLE.kind(f"{_LLM_EVENTS}:LLMCallFailedEvent", "a call that failed", USAGE)
LLMStreamChunkEvent = TABLE.kind(
    f"{_LLM_EVENTS}:LLMStreamChunkEvent", "a piece of an answer", STREAMING
)
TABLE.members(f"{_LLM_EVENTS}:LLMStreamChunkEvent.chunk task_name", "its text", STREAMING)
LLMCallType = TABLE.value(
    f"{_LLM_EVENTS}:LLMCallType",
    "tells an answer from a tool's",
    USAGE,
    EVALUATE,
    PROBE,
    instead=SimpleNamespace(LLM_CALL=None),
)
TABLE.members(f"{_LLM_EVENTS}:LLMCallType.LLM_CALL", "an answer", USAGE, EVALUATE, PROBE)
ToolUsageErrorEvent = TABLE.kind(
    "crewai.events.types.tool_usage_events:ToolUsageErrorEvent", "a tool that failed", WARNINGS
)
TABLE.members(
    "crewai.events.types.tool_usage_events:ToolUsageErrorEvent.tool_name error",
    "its name and error",
    WARNINGS,
)
UsageMetrics = TABLE.kind("crewai.types.usage_metrics:UsageMetrics", "tokens of a kickoff", USAGE)
TABLE.members(
    "crewai.types.usage_metrics:UsageMetrics.add_usage_metrics from_provider_dict prompt_tokens "
    "completion_tokens cached_prompt_tokens cache_creation_tokens successful_requests",
    "adds tokens up",
    USAGE,
    MAX_COST,
)

# --- failures that CrewAI goes on from, and reports by its own printing, or not at all -----------

Logger = TABLE.kind("crewai.utilities.logger:Logger", "prints failures of verbose crews", WARNINGS)
LOG = TABLE.attribute("crewai.utilities.logger:Logger.log", "hears them of all", WARNINGS)
TABLE.parameters("crewai.utilities.logger:Logger.log level message", "their text", WARNINGS)
hook_dispatch = TABLE.value(f"{_DISPATCH}:", "where hooks are called", WARNINGS)
INVOKE_HOOK = TABLE.function(
    f"{_DISPATCH}:_invoke_hook", "sees that a hook of the user's raised", WARNINGS
)
event_bus = TABLE.value("crewai.events.event_bus:", "where listeners are called", WARNINGS)
CALL_HANDLER = TABLE.function(
    "crewai.events.event_bus:is_call_handler_safe", "sees that a listener raised", WARNINGS
)
EventBus = TABLE.kind("crewai.events.event_bus:CrewAIEventsBus", "calls listeners", WARNINGS)
ACALL_HANDLERS = TABLE.attribute(
    "crewai.events.event_bus:CrewAIEventsBus._acall_handlers",
    "sees that an asynchronous listener raised",
    WARNINGS,
)
BaseAgentTool = TABLE.kind(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool", "delegates to a coworker", WARNINGS
)
DELEGATE = TABLE.attribute(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool._execute",
    "sees that there is no such coworker",
    WARNINGS,
)
MCPToolWrapper = TABLE.kind(
    "crewai.tools.mcp_tool_wrapper:MCPToolWrapper", "a tool of an MCP server by its URL", WARNINGS
)
MCP_ATTEMPT = TABLE.attribute(
    "crewai.tools.mcp_tool_wrapper:MCPToolWrapper._execute_single_attempt",
    "sees that it failed",
    WARNINGS,
)
Memory = TABLE.kind("crewai.memory.unified_memory:Memory", "saves in the background", WARNINGS)
SUBMIT_SAVE = TABLE.attribute(
    "crewai.memory.unified_memory:Memory._submit_save",
    "sees that saving failed, in the context of its task",
    WARNINGS,
)
AgentExecutor = TABLE.kind(
    "crewai.agents.agent_executor:AgentExecutor", "carries an agent's work out", WARNINGS
)
STEP_CALLBACK_RESULT = TABLE.attribute(
    "crewai.agents.agent_executor:AgentExecutor._handle_step_callback_task_result",
    "sees that an asynchronous step_callback raised",
    WARNINGS,
)

_DOING = "what a task is doing, by the names of events"
TABLE.public(
    "crewai.events ToolUsageStartedEvent MCPConnectionStartedEvent MCPToolExecutionStartedEvent "
    "LLMCallStartedEvent LLMGuardrailStartedEvent MemoryRetrievalStartedEvent "
    "MemoryQueryStartedEvent MemorySaveStartedEvent KnowledgeRetrievalStartedEvent "
    "AgentReasoningStartedEvent AgentExecutionStartedEvent LiteAgentExecutionStartedEvent",
    _DOING,
    PROGRESS,
)
TABLE.members("crewai.events.base_events:BaseEvent.event_id started_event_id", _DOING, PROGRESS)

# --- a crew, its tasks and agents: what a double replaces or resets ------------------------------

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
    "crewai:Crew.agents tasks manager_agent stream verbose id", "what a double is made of", GUARD
)
TABLE.members(
    "crewai:Task.id agent async_execution context output tools", "what a double is made of", GUARD
)
TABLE.members(
    "crewai:Task.used_tools tools_errors processed_by_agents", "starts at zero", ISOLATION
)
TABLE.members("crewai:Agent.id role llm", "what a double is made of", GUARD)
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
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool", "delegates to clones", ISOLATION
)
TABLE.members(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool.agents", "the coworkers", ISOLATION
)
DELEGATE = TABLE.attribute(
    "crewai.tools.agent_tools.base_agent_tools:BaseAgentTool._execute",
    "delegates to clones",
    ISOLATION,
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

# --- models -------------------------------------------------------------------------------------

rate_limit_retry = TABLE.value(
    "crewai.llms.retry:_active_llm_rate_limit_retry",
    "whether CrewAI tries a 429 again",
    RETRIES,
    instead=ContextVar("docsum_nb_no_rate_limit_retry"),
)
TABLE.members("crewai:BaseLLM.model provider", "the name and price of a model", MAX_COST, USAGE)
TABLE.members("crewai:BaseLLM.additional_params", "whether its client tries again", RETRIES)
RATE_LIMIT_WRAPPED = Attribute("_crewai_rate_limit_wrapped")


def _wrapped_fault() -> str:
    """Check that CrewAI marks the calls that it tries again, and so leaves marked ones alone."""
    marked = RATE_LIMIT_WRAPPED.known(found("crewai:LLM.call"))
    return "" if marked else f"crewai.LLM.call.{RATE_LIMIT_WRAPPED.name} is missing"


TABLE.condition(
    "crewai:LLM.call._crewai_rate_limit_wrapped", _wrapped_fault, "a call is not tried again",
    RETRIES,
)  # fmt: skip
base_llm = TABLE.value("crewai.llms.base_llm:", "where a call is made", CONCURRENCY)
_MADE = "a call holds a slot while it is made"
WITH_RETRIES = TABLE.function("crewai.llms.base_llm:run_with_rate_limit_retry", _MADE, CONCURRENCY)
AWITH_RETRIES = TABLE.function(
    "crewai.llms.base_llm:arun_with_rate_limit_retry", _MADE, CONCURRENCY
)


def _made_fault(name: str, function: Attribute) -> str:
    """Check that a model's method makes its call by way of a function of CrewAI's."""
    code = getattr(found(f"crewai:LLM.{name}"), "__code__", None)
    made = code is not None and function.name in code.co_names
    return "" if made else f"crewai.LLM.{name} does not call {function.name}"


for _name, _function in (("call", WITH_RETRIES), ("acall", AWITH_RETRIES)):
    TABLE.condition(
        f"crewai:LLM.{_name} > {_function.name}",
        partial(_made_fault, _name, _function),
        _MADE,
        CONCURRENCY,
    )
agent_utils = TABLE.value("crewai.utilities.agent_utils:", "where answers are looked at", USAGE)
FINALIZE = TABLE.function(
    "crewai.utilities.agent_utils:_validate_and_finalize_llm_response",
    "sees answers that have no event",
    USAGE,
    MAX_COST,
    UNASKED,
)
TRACK_TOKENS = TABLE.attribute(
    "crewai:BaseLLM._track_token_usage_internal", "sees usage that has no event", USAGE, MAX_COST
)
llm_call_context = TABLE.value(
    "crewai.llms.base_llm:llm_call_context", "one call of a model of this package", EVALUATE, PROBE
)
_REPORTS = "a model of this package reports its calls"
CALL_STARTED = TABLE.attribute("crewai:BaseLLM._emit_call_started_event", _REPORTS, EVALUATE, PROBE)
CALL_COMPLETED = TABLE.attribute(
    "crewai:BaseLLM._emit_call_completed_event", _REPORTS, EVALUATE, PROBE
)
CALL_FAILED = TABLE.attribute("crewai:BaseLLM._emit_call_failed_event", _REPORTS, EVALUATE, PROBE)
TABLE.parameters(
    "crewai:BaseLLM._emit_call_completed_event response call_type messages from_task from_agent",
    _REPORTS,
    EVALUATE,
    PROBE,
)

# --- what CrewAI prints -------------------------------------------------------------------------

set_suppress_console_output = TABLE.value(
    "crewai.events.utils.console_formatter:set_suppress_console_output",
    "no panels in this context",
    QUIET,
    instead=_nothing,
)
should_suppress_console_output = TABLE.value(
    "crewai.events.utils.console_formatter:should_suppress_console_output",
    "whether there are none",
    QUIET,
    instead=_nothing,
)

# --- flows --------------------------------------------------------------------------------------

Flow = TABLE.kind("crewai.flow.flow:Flow", "the class of SummaryFlow", FLOW)
FlowState = TABLE.kind("crewai.flow.flow:FlowState", "its state", FLOW)
flow_start = TABLE.value("crewai.flow.flow:start", "marks its first step", FLOW)
flow_listen = TABLE.value("crewai.flow.flow:listen", "marks the other steps", FLOW)
FlowMethod = TABLE.kind("crewai.flow.flow_wrappers:FlowMethod", "steps that are inherited", FLOW)
TABLE.members("crewai.flow.flow:Flow.kickoff_async", "one run of a flow at once", ISOLATION)
_KICKED_OFF = "a crew or flow that is kicked off within the work ends by itself"
TABLE.members("crewai.flow.flow:Flow.kickoff stream", _KICKED_OFF, FIRST_ERROR)
TABLE.members("crewai.flow.flow:Flow.is_crewai_internal", _KICKED_OFF, FIRST_ERROR)
TABLE.members("crewai:Crew.kickoff_for_each_async akickoff_for_each", _KICKED_OFF, FIRST_ERROR)
EXECUTE_METHOD = TABLE.attribute(
    "crewai.flow.flow:Flow._execute_method", "sees a step that fails", FIRST_ERROR
)
EXECUTE_RACING_LISTENERS = TABLE.attribute(
    "crewai.flow.flow:Flow._execute_racing_listeners",
    "knows that a flow may go on from a step that fails",
    FIRST_ERROR,
)
for _runs in ("_execute_start_method", "_execute_single_listener"):
    TABLE.call(
        f"crewai.flow.flow:Flow.{_runs}", "_execute_method", "sees a step that fails", FIRST_ERROR
    )
TABLE.call(
    "crewai.flow.flow:Flow._execute_listeners",
    "_execute_racing_listeners",
    "knows that a flow may go on from a step that fails",
    FIRST_ERROR,
)
FLOW_STATE = TABLE.attribute("crewai.flow.flow:Flow._state", "the crews in a flow's state", DOCTOR)

# --- questions to a person -----------------------------------------------------------------------

_HUMAN = "crewai.core.providers.human_input"
_EXECUTOR = "crewai.agents.agent_executor:AgentExecutor"
_ASKS = "asks about the answer of a task"

SyncHumanInputProvider = TABLE.kind(f"{_HUMAN}:SyncHumanInputProvider", _ASKS, HUMAN)
get_human_provider = TABLE.value(
    f"{_HUMAN}:get_provider", "whether the user has set one", HUMAN, instead=_nothing
)
set_human_provider = TABLE.value(f"{_HUMAN}:set_provider", _ASKS, HUMAN, instead=_nothing)
reset_human_provider = TABLE.value(f"{_HUMAN}:reset_provider", _ASKS, HUMAN, instead=_nothing)
HANDLE_TRAINING = TABLE.attribute(
    f"{_HUMAN}:SyncHumanInputProvider._handle_training_feedback", _ASKS, HUMAN
)
HANDLE_TRAINING_ASYNC = TABLE.attribute(
    f"{_HUMAN}:SyncHumanInputProvider._handle_training_feedback_async", _ASKS, HUMAN
)
OUTPUT_STRING = TABLE.attribute(f"{_HUMAN}:SyncHumanInputProvider._get_output_string", _ASKS, HUMAN)
TRAINING_MODE = TABLE.attribute(f"{_EXECUTOR}._is_training_mode", _ASKS, HUMAN)
FEEDBACK_MESSAGE = TABLE.attribute(f"{_EXECUTOR}._format_feedback_message", _ASKS, HUMAN)
INVOKE_LOOP = TABLE.attribute(f"{_EXECUTOR}._invoke_loop", _ASKS, HUMAN)
INVOKE_LOOP_ASYNC = TABLE.attribute(f"{_EXECUTOR}._ainvoke_loop", _ASKS, HUMAN)
TABLE.members(f"{_EXECUTOR}.messages ask_for_human_input task agent", _ASKS, HUMAN)
TABLE.call(f"{_EXECUTOR}._handle_human_feedback", "handle_feedback", _ASKS, HUMAN)
TABLE.call(f"{_EXECUTOR}._ahandle_human_feedback", "handle_feedback_async", _ASKS, HUMAN)

_FLOW_ASKS = "a flow asks"
FLOW_FEEDBACK = TABLE.attribute("crewai.flow.flow:Flow._request_human_feedback", _FLOW_ASKS, HUMAN)
TABLE.members("crewai.flow.flow:Flow.ask", _FLOW_ASKS, HUMAN)
ConsoleProvider = TABLE.kind(
    "crewai.flow.async_feedback.providers:ConsoleProvider", _FLOW_ASKS, HUMAN
)
TABLE.members(
    "crewai.flow.async_feedback.providers:ConsoleProvider.request_feedback request_input",
    _FLOW_ASKS,
    HUMAN,
)
HumanFeedbackRequestedEvent = TABLE.kind(
    "crewai.events.types.flow_events:HumanFeedbackRequestedEvent", _FLOW_ASKS, HUMAN
)
HumanFeedbackReceivedEvent = TABLE.kind(
    "crewai.events.types.flow_events:HumanFeedbackReceivedEvent", _FLOW_ASKS, HUMAN
)
crewai_event_bus = TABLE.value("crewai.events.event_bus:crewai_event_bus", _FLOW_ASKS, HUMAN)
current_flow_method_name = TABLE.value(
    "crewai.flow.flow_context:current_flow_method_name",
    "the step that asks",
    HUMAN,
    instead=ContextVar("docsum_nb_no_step", default=""),
)
TABLE.members(
    "crewai.flow.async_feedback.types:PendingFeedbackContext.emit method_name method_output "
    "message",
    _FLOW_ASKS,
    HUMAN,
)
_HOOK_ASKS = "a hook asks"
ToolCallHookContext = TABLE.kind("crewai.hooks.tool_hooks:ToolCallHookContext", _HOOK_ASKS, HUMAN)
TABLE.members("crewai.hooks.tool_hooks:ToolCallHookContext.request_human_input", _HOOK_ASKS, HUMAN)
LLMCallHookContext = TABLE.kind("crewai.hooks.llm_hooks:LLMCallHookContext", _HOOK_ASKS, HUMAN)
TABLE.members("crewai.hooks.llm_hooks:LLMCallHookContext.request_human_input", _HOOK_ASKS, HUMAN)

# --- the doctor's probe: what a double must not reach -------------------------------------------

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
