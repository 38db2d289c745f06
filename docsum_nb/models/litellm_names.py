"""Every name of LiteLLM's that this package depends on and that LiteLLM may move, in one place.

Each entry says what it is used for and which promise no longer holds without it. ``TABLE.lost()``
checks all of them in milliseconds once LiteLLM is imported, which this module never does by itself:
that takes seconds. Without what ``ASK`` depends on, no model can be asked, and the run ends before
it has sent anything; the loss of another promise is a warning of the run.

To add a name: ``TABLE.public("litellm x", ...)`` for attributes of the module,
``TABLE.members(...)`` for attributes of its objects, ``x = TABLE.later("litellm.inner:x", ...)``
and ``x()`` for what is imported from inside, ``TABLE.mention(...)`` for an option that is read by
its name.
"""

from __future__ import annotations

from docsum_nb.upstream import Promise, Table, resolve

__all__ = ["TABLE", "lost_promises"]

TABLE = Table("litellm")

# --- promises -----------------------------------------------------------------------------------

ASK = Promise("asking language models", money=True)
EMBED = Promise("embedding models of a library")
ONE_RETRY_LAYER = Promise("that only this package sends a request again", money=True)
WIRE = Promise("that answers are bounded, and their end is the provider's own word")
ERRORS = Promise("that errors of providers are distinguished")
STREAMING = Promise("that the final summary is shown while it is written")
USAGE = Promise("the count of tokens")
PRICES = Promise("prices of models")
QUIET = Promise("that LiteLLM prints and warns nothing")
OFFLINE = Promise("that no tokenizer is fetched from the network")
ENDING = Promise("that connections are closed at the end of the process")
UNOBSERVED = Promise("that requests without callbacks take no CPU time for callbacks")

# --- asking -------------------------------------------------------------------------------------

TABLE.public("litellm acompletion", "sends every request", ASK)
TABLE.parameters(
    "litellm:acompletion model messages base_url api_key timeout stop stream stream_options "
    "response_format max_tokens",
    "what a request says",
    ASK,
)
TABLE.public("litellm embedding", "computes vectors for a library", EMBED)
TABLE.parameters(
    "litellm:embedding model input timeout api_base api_key encoding_format", "the same", EMBED
)
TABLE.public("litellm openai_compatible_providers", "where retries are off otherwise", ASK)
for _option in ("num_retries", "max_retries"):
    TABLE.mention("litellm.main:completion", _option, "no retries beneath ours", ONE_RETRY_LAYER)
TABLE.mention(
    "litellm.main:completion", "drop_params", "options that a provider does not know", ASK
)
TABLE.public("litellm get_llm_provider BadRequestError", "who provides a model", ASK)
TABLE.public("litellm supports_response_schema", "whether a model takes a schema", ASK)
TABLE.public(
    "litellm APIError AuthenticationError PermissionDeniedError NotFoundError RateLimitError "
    "UnprocessableEntityError InternalServerError BadGatewayError ServiceUnavailableError",
    "refusals that LiteLLM keeps to itself",
    ERRORS,
)

# --- what an answer says ------------------------------------------------------------------------

_TYPES = "litellm.types.utils"


def _usage_fault() -> str:
    """Check that an answer holds the usage that it was made with: it is no declared field."""
    usage = resolve(f"{_TYPES}:Usage")(prompt_tokens=1, completion_tokens=2, total_tokens=3)
    answer = resolve(f"{_TYPES}:ModelResponse")(usage=usage)
    return "" if answer.usage.completion_tokens == 2 else f"{_TYPES}.ModelResponse.usage is missing"


def _piece_fault() -> str:
    """Check that a piece of an answer holds its text: it is no declared field."""
    piece = resolve(f"{_TYPES}:Delta")(content="x")
    return "" if piece.content == "x" else f"{_TYPES}.Delta.content is missing"


TABLE.public("litellm ModelResponse ModelResponseStream", "builds itself at its first use", ASK)
TABLE.members(f"{_TYPES}:ModelResponse.choices", "an answer", ASK)
TABLE.members(f"{_TYPES}:Choices.message finish_reason", "its text, and why it ended", ASK)
TABLE.members(f"{_TYPES}:Message.content provider_specific_fields", "its text", ASK)
TABLE.members(f"{_TYPES}:StreamingChoices.delta", "a piece of an answer", STREAMING)
TABLE.condition(
    f"{_TYPES}:Delta.content",
    _piece_fault,
    "its text",
    STREAMING,
)
TABLE.condition(
    f"{_TYPES}:ModelResponse.usage",
    _usage_fault,
    "tokens",
    USAGE,
)
TABLE.members(
    f"{_TYPES}:Usage.prompt_tokens completion_tokens prompt_tokens_details", "tokens", USAGE
)
TABLE.members(
    "litellm.litellm_core_utils.streaming_handler:CustomStreamWrapper.received_finish_reason "
    "intermittent_finish_reason chunks aclose",
    "why a stream ended, and its end",
    STREAMING,
)
aiohttp_transport = TABLE.later(
    "litellm.llms.custom_httpx.aiohttp_transport:LiteLLMAiohttpTransport",
    "sees the bytes of answers",
    WIRE,
)
TABLE.members(
    "litellm.llms.custom_httpx.aiohttp_transport:LiteLLMAiohttpTransport.handle_async_request",
    "sees the bytes of answers",
    WIRE,
)

_RECORD = "litellm.litellm_core_utils.litellm_logging:Logging"
logging_record = TABLE.later(_RECORD, "the record of a request", UNOBSERVED)
TABLE.parameters(
    f"{_RECORD}.__init__ model messages stream call_type start_time litellm_call_id "
    "litellm_trace_id function_id",
    "the record of a request",
    UNOBSERVED,
)
TABLE.members(
    f"{_RECORD}.update_environment_variables response_cost_calculator async_success_handler",
    "what only callbacks see",
    UNOBSERVED,
)
TABLE.mention(
    "litellm.main:completion", "litellm_logging_obj", "a request with a record", UNOBSERVED
)

# --- errors -------------------------------------------------------------------------------------

TABLE.public("litellm ContextWindowExceededError", "a prompt that is too long", ERRORS)
TABLE.members(
    "litellm.exceptions:MidStreamFallbackError.original_exception", "what broke a stream", ERRORS
)
TABLE.mention(
    "litellm.litellm_core_utils.exception_mapping_utils:exception_type",
    "litellm_response_headers",
    "how long a provider asks to wait",
    ERRORS,
)

# --- what is known of a model -------------------------------------------------------------------

TABLE.public("litellm model_cost", "the list of models", ASK)
TABLE.public("litellm get_model_info", "window and price of a model", PRICES)
TABLE.public("litellm validate_environment provider_list", "keys and providers", ASK)

# --- switches and the end -----------------------------------------------------------------------

TABLE.mention(
    "litellm.litellm_core_utils.exception_mapping_utils:exception_type",
    "suppress_debug_info",
    "prints nothing at an error",
    QUIET,
)
TABLE.mention(
    "litellm.utils:_select_tokenizer_helper",
    "disable_hf_tokenizer_download",
    "fetches nothing",
    OFFLINE,
)
logging_worker = TABLE.later(
    "litellm.litellm_core_utils.logging_worker:GLOBAL_LOGGING_WORKER", "ends its tasks", ENDING
)
TABLE.members(
    "litellm.litellm_core_utils.logging_worker:LoggingWorker.flush stop", "ends its tasks", ENDING
)
clients_closer = TABLE.later("litellm:close_litellm_async_clients", "closes connections", ENDING)


# --- what is lost -------------------------------------------------------------------------------


def lost_promises(*, bounded: bool) -> tuple[str, ...]:
    """Return what does not hold with the installed LiteLLM, a line for each; it is imported.

    Args:
        bounded: Whether calls, tokens or cost are bounded.

    Returns:
        The first time in a process with a line more if the version was not tested.

    Raises:
        UpstreamError: if a bound is set and cannot hold: requests would be sent again beneath it.
    """
    if bounded:
        TABLE.require(ONE_RETRY_LAYER)
    news = TABLE.news()
    return (*((news,) if news else ()), *map(str, TABLE.lost()))
