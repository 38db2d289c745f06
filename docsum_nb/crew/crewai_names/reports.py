"""Names of CrewAI for what it reports: its events, and failures that it goes on from."""

from __future__ import annotations

from types import SimpleNamespace

from docsum_nb.crew.crewai_names.llm_calls import _DISPATCH
from docsum_nb.crew.crewai_names.table import (
    EVALUATE,
    MAX_COST,
    PROBE,
    PROGRESS,
    STREAMING,
    TABLE,
    USAGE,
    WARNINGS,
    nothing,
)

# --- events: what a call took, what failed ------------------------------------------------------

_LLM_EVENTS = "crewai.events.types.llm_events"


add_stream_sink = TABLE.value(
    "crewai.events.stream_context:add_stream_sink",
    "sees events in the thread that emits them",
    USAGE,
    STREAMING,
    WARNINGS,
    instead=nothing,
)
reset_stream_sinks = TABLE.value(
    "crewai.events.stream_context:reset_stream_sinks",
    "ends that",
    USAGE,
    instead=nothing,
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
    "distinguishes an answer from a tool's",
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
