"""Names of CrewAI for the calls of models: whether one may be made, and how it is made."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace

from docsum_nb.crew.crewai_names.table import (
    BOUNDS,
    CONCURRENCY,
    EVALUATE,
    GUARD,
    INPUTS,
    MAX_CALLS,
    MAX_COST,
    PROBE,
    PROGRESS,
    RETRIES,
    STOP,
    TABLE,
    UNASKED,
    USAGE,
)
from docsum_nb.upstream import Attribute, resolve

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
    context = resolve(_CALL)
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
    marked = RATE_LIMIT_WRAPPED.known(resolve("crewai:LLM.call"))
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
    code = getattr(resolve(f"crewai:LLM.{name}"), "__code__", None)
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
