"""Names of CrewAI for flows, for questions to a person, and for what it prints."""

from __future__ import annotations

from contextvars import ContextVar

from docsum_nb.crew.crewai_names.table import (
    DOCTOR,
    FIRST_ERROR,
    FLOW,
    HUMAN,
    ISOLATION,
    QUIET,
    TABLE,
    nothing,
)

# --- what CrewAI prints -------------------------------------------------------------------------

set_suppress_console_output = TABLE.value(
    "crewai.events.utils.console_formatter:set_suppress_console_output",
    "no panels in this context",
    QUIET,
    instead=nothing,
)
should_suppress_console_output = TABLE.value(
    "crewai.events.utils.console_formatter:should_suppress_console_output",
    "whether there are none",
    QUIET,
    instead=nothing,
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
    f"{_HUMAN}:get_provider", "whether the user has set one", HUMAN, instead=nothing
)
set_human_provider = TABLE.value(f"{_HUMAN}:set_provider", _ASKS, HUMAN, instead=nothing)
reset_human_provider = TABLE.value(f"{_HUMAN}:reset_provider", _ASKS, HUMAN, instead=nothing)
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
