"""What kind of failure a provider's answer is: tables of known wordings, and rules for others.

Decides, in this order: too long, spent, no room, else by the status. A wording is a set of pieces
of text that all have to be there; nothing is a pattern, so that a megabyte of it takes a moment.
Refuses to guess: an unknown wording is taken for "too long" only if a status of a refused request
goes with words about a length, a bound and the prompt.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from docsum_nb.provider_errors.cause_table import Failure
from docsum_nb.provider_errors.exception_chain import MOST_CHARS
from docsum_nb.provider_errors.provider_reply import ProviderReply, texts_in
from docsum_nb.provider_errors.retry_after import asked_in_headers

__all__ = ["failure_of_reply", "status_in", "status_that_counts", "waits_s"]

_TOO_LONG_CODES = {
    *("context_length_exceeded", "model_context_window_exceeded", "request_too_large"),
    *("tokens_limit_reached", "exceed_context_size_error", "prompt_too_long"),
    "1261",  # Zhipu
}
_TOO_LONG = (
    ("maximum context length",),  # OpenAI, vLLM, OpenRouter, DeepSeek, Mistral, Aleph Alpha
    ("maximum context limit",),
    ("exceed context limit",),  # Anthropic: input length and `max_tokens` exceed context limit
    ("context limit exceeded",),
    ("exceeds the context window",),  # OpenAI, responses
    ("context window exceeds",),  # MiniMax
    ("exceeds the available context size",),  # llama.cpp
    ("exceeds context size",),
    ("exceeds the context length",),  # Ollama
    ("exceeds context length",),
    ("exceeds max context length",),
    ("exceeded max context length",),
    ("longer than the model's context length",),  # SGLang, Together
    ("longer than the maximum model length",),  # vLLM
    ("too long to fit into the model",),
    ("greater than the context length",),  # LM Studio
    ("context the overflows",),  # LM Studio, as it spells it
    ("context overflows",),
    ("context length of only",),
    ("maximum prompt length is",),  # xAI
    ("prompt is too long",),  # Anthropic, Fireworks
    ("prompt too long",),
    ("prompt: length",),
    ("input is too long",),  # Bedrock, Replicate
    ("too many input tokens",),
    ("too many tokens:",),  # Cohere: too many tokens: total number of tokens in the prompt
    ("prompt has too many tokens",),  # AI21
    ("expected maxlength:",),
    ("prompt tokens", "exceed model maximum"),  # Bedrock's Mantle
    ("range of input length should be",),  # DashScope
    ("exceeded model token limit",),  # Moonshot
    ("input token count", "exceeds the maximum"),  # Gemini
    ("input tokens exceed the configured limit",),  # OpenAI
    ("request payload size exceeds",),  # Vertex
    ("`inputs` tokens + `max_new_tokens` must be",),  # TGI
    ("tokens + max_new_tokens must be",),
    ("inputs` must have less than",),
    ("max tokens of", "exceeded"),  # Snowflake
    ("prompt is too large",),
    ("input is too large",),
    ("maximum input length is",),  # Watsonx
    ("maximum allowed input length",),
    ("exceeds the maximum allowed length",),
    ("input text length should not exceed",),  # NLP Cloud
    ("length limit exceeded",),  # Hugging Face
    ("current length is", "while limit is"),  # Cerebras
    ("request body too large for",),  # GitHub Models
    ("exceeds the limit of", "token count"),  # Copilot
    ("reduce the length of the messages",),  # Groq
    ("exceed max message tokens",),  # Volcengine
    ("token limit", "input", "exceed"),
    ("\u8d85\u8fc7\u6700\u5927\u957f\u5ea6",),  # "exceeds the greatest length"
    ("\u8f93\u5165\u957f\u5ea6\u8d85",),  # "the input's length exceeds"
    ("\u4e0a\u4e0b\u6587\u957f\u5ea6",),  # "the context's length"
)
_NOT_TOO_LONG = (
    ("max_tokens is too large",),  # what is asked for as answer; cutting the prompt changes nothing
    ("max_completion_tokens is too large",),
    ("string_above_max_length",),
    ("invalid 'user'", "string too long"),
    ("maximum tokens you requested exceeds",),  # Bedrock
)

_SPENT_CODES = {
    *("insufficient_quota", "billing_not_active", "billing_hard_limit_reached"),
    *("exceeded_current_quota_error", "insufficient_balance", "insufficient_credits"),
    *("account_deactivated", "account_suspended", "billing_error", "payment_required"),
    *("arrearage", "allocationquota.freetieronly", "freetieronly"),
    *("1110", "1112", "1113", "1309"),  # Zhipu: account not active, locked, in arrears, plan over
    *("accountoverdueerror", "servicenotopen", "credits_exhausted", "freeusagelimiterror"),
}
_SPENT = (
    ("credit balance is too low",),  # Anthropic
    ("insufficient balance",),  # DeepSeek, Moonshot, Zhipu
    ("balance", "insufficient"),  # SiliconFlow
    ("insufficient funds",),
    ("insufficient credit",),
    ("not enough credit",),
    ("no credits",),
    ("out of credits",),
    ("run out of", "credit"),
    ("run out of", "balance"),
    ("run out of", "budget"),
    ("requires more credits",),  # OpenRouter
    ("used all available credits",),  # xAI
    ("purchase more credits",),
    ("credits have been exhausted",),
    ("exceeded your monthly included credits",),  # Hugging Face
    ("monthly spending limit",),
    ("spending limit", "exceeded"),
    ("spend limit", "reached"),
    ("billing hard limit",),
    ("billing details to continue",),
    ("account is not active",),  # OpenAI: billing_not_active
    ("account", "suspended"),  # Moonshot, Fireworks
    ("account", "in arrears"),
    ("account is in good standing",),  # DashScope
    ("please recharge",),
    ("recharge your account",),
    ("free tier", "has been exhausted"),  # DashScope: free quota
    ("free allocated quota exceeded",),
    ("\u4f59\u989d\u4e0d\u8db3",),  # "balance insufficient"
    ("\u6b20\u8d39",),  # "in arrears"
    ("payment required",),
    ("free-models-per-day",),  # OpenRouter
    ("specified api usage limits",),  # Anthropic: until the first of the next month
)
_LOADING = (("loading model",), ("currently loading",), ("model is loading",))
_CODES_OF = {
    400: "invalid_request_error invalid_request bad_request badrequesterror invalid_argument "
    "invalid_parameter invalidparameter context_length_exceeded failed_precondition "
    "validation_error",
    401: "authentication_error invalid_api_key invalidapikey unauthorized unauthenticated "
    "invalid_authentication invalid_authentication_error",
    402: "billing_error insufficient_credits insufficient_balance",
    403: "permission_error permission_denied forbidden access_denied",
    404: "not_found_error not_found model_not_found notfounderror",
    413: "request_too_large payload_too_large",
    429: "rate_limit_error rate_limit_exceeded too_many_requests insufficient_quota "
    "resource_exhausted throttling throttlingexception",
    500: "server_error api_error internal_server_error internal",
    503: "unavailable service_unavailable",
    504: "timeout timeout_error deadline_exceeded",
    529: "overloaded_error overloaded",
}
"""Codes of errors by the status that each stands for, if a body names no number: as OpenAI,
Anthropic, Google, DashScope, AWS and vLLM write them."""
_STATUSES = {code: status for status, codes in _CODES_OF.items() for code in codes.split()}
_A_DAY = ("per day", "perday", "daily", "(rpd)", "(tpd)", "per_day", "/day", "a day", "24 hours")
_LONGER = ("per month", "permonth", "monthly", "/ month", "/month", "per week", "weekly")
_NO_ALLOWANCE = "limit: 0"

_REFUSED = (400, 413, 422, 500)
_ABOUT_LENGTH = ("token", "length", "context", "long", "size", "character")
_ABOUT_PROMPT = ("prompt", "input", "context", "message", "request", "sequence", "document")
_ABOUT_BOUND = ("exceed", "maximum", "too long", "too large", "longer than", "greater than")
_ABOUT_BOUND_WITH_FIGURES = ("limit", "allowed", "max ", "at most", "less than", "<=", "over ")
_LEAST_FIGURES = 3
"""Digits of a number that may be one of tokens."""
_ABOUT_ANSWER = ("max_tokens", "max_completion_tokens", "completion tokens", "output tokens")
_ABOUT_OTHERS = ("image", "file size", "tool", "stop sequence", "rate limit", "per minute")


def failure_of_reply(reply: ProviderReply) -> Failure:
    """Return what kind of failure a provider's answer is.

    Args:
        reply: As read; of an error in a body of status 200, with the status that the body names.
    """
    status = status_that_counts(reply)
    if _is_too_long(reply, status):
        return Failure.TOO_LONG
    # MiniMax refuses with status 500 if the balance is used up.
    if status == 402 or (status is not None and 400 <= status <= 500 and _is_spent(reply, status)):
        return Failure.SPENT
    if status in (429, 529) or (status == 503 and _comes_back(reply)):
        return Failure.OVERLOAD
    if status is None or status < 400:
        return Failure.TRANSIENT
    transient = status in (408, 409, 425) or status >= 500
    return Failure.TRANSIENT if transient and status != 501 else Failure.PERMANENT


def status_that_counts(reply: ProviderReply) -> int | None:
    """Return the status of an answer, or the one in its body if that is the truer one.

    Gateways wrap a provider's 429 in a 502 of their own, and some servers answer with 200 and an
    error in the body. ``None`` if neither is there.
    """
    status = reply.status
    if status is not None and 400 <= status < 500:
        return status
    named = _status_of_codes(reply.codes)
    failed = status is not None and status >= 500
    if named is None or (failed and not _is_refusal(named)):
        return status
    return named


def status_in(body: Any) -> int | None:
    """Return the status that the codes in a decoded body stand for; ``None`` if none is known."""
    return _status_of_codes(texts_in(body)[1])


def _status_of_codes(codes: Iterable[str]) -> int | None:
    known = set(codes)
    numbers = [status for status in map(_status_number, known) if status is not None]
    named = [_STATUSES[code] for code in known if code in _STATUSES]
    # A number is more exact than a name, and a refusal is what a gateway's failure is about.
    refusals = list(filter(_is_refusal, numbers)) or list(filter(_is_refusal, named))
    return min(refusals or numbers or named, default=None)


def _status_number(code: str) -> int | None:
    if not code.isdecimal() or len(code) not in (3, 5):
        return None
    number = int(code[:3])  # FastChat writes 40303
    return number if 400 <= number < 600 else None


def _is_refusal(status: int) -> bool:
    return 400 <= status < 500 or status == 529


def _comes_back(reply: ProviderReply) -> bool:
    return waits_s(reply) is not None or _has(reply.texts, _LOADING)


def _is_too_long(reply: ProviderReply, status: int | None) -> bool:
    texts = reply.texts
    if _has(texts, _NOT_TOO_LONG):
        return False
    if status == 429 or "throttling" in texts:
        # A limit of tokens a minute that is smaller than the request.
        named = "request too large" in texts or _asks_for_more_than_the_limit(texts)
        return named or _is_larger_than_a_minutes_tokens(reply)
    if status == 413:
        return not _is_spent(reply, status)  # with any words, or none
    if reply.codes & _TOO_LONG_CODES or _has(texts, _TOO_LONG):
        return True
    return status in _REFUSED and _speaks_of_length(texts)


def _speaks_of_length(texts: str) -> bool:
    def about(words: tuple[str, ...]) -> bool:
        return any(word in texts for word in words)

    if not about(_ABOUT_LENGTH) or not about(_ABOUT_PROMPT) or about(_ABOUT_OTHERS):
        return False
    if not about(_ABOUT_BOUND) and not (about(_ABOUT_BOUND_WITH_FIGURES) and _has_figures(texts)):
        return False
    return not about(_ABOUT_ANSWER) or about(("prompt", "input", "context"))


def _has_figures(texts: str) -> bool:
    run = 0
    for char in texts[:MOST_CHARS]:
        run = run + 1 if char.isdecimal() else run if char in ",_" and run else 0
        if run >= _LEAST_FIGURES:
            return True
    return False


def _asks_for_more_than_the_limit(texts: str) -> bool:
    limit = _number_after(texts, "limit")
    requested = _number_after(texts, "requested")
    return limit is not None and requested is not None and requested > limit > 0


def _is_larger_than_a_minutes_tokens(reply: ProviderReply) -> bool:
    """Return whether a request has more tokens than its account may send in a minute.

    Anthropic and others name the limit in a header only, and ask to wait, however long it takes.
    """
    limits = (reply.headers.get(name, "") for name in _LIMITS_A_MINUTE)
    most = [int(limit) for limit in limits if limit.isdecimal() and len(limit) < 12]
    return bool(most) and reply.sent / _MOST_BYTES_A_TOKEN > max(most) > 0


def _is_spent(reply: ProviderReply, status: int) -> bool:
    texts = reply.texts
    quota = "\n".join([texts, *reply.codes])
    if reply.codes & _SPENT_CODES:
        return not _is_a_rate_of_dashscope(texts)
    if _has(texts, _SPENT) or _is_zero(texts):
        return True
    if status not in (403, 429):
        return False
    if any(word in quota for word in _LONGER):
        return waits_s(reply) is None
    if any(word in quota for word in _A_DAY):
        # A day's allowance that is filled up all the time names a time; Gemini's is a guess.
        return waits_s(reply) is None or "perday" in quota
    return False


def _is_a_rate_of_dashscope(texts: str) -> bool:
    # Its ``insufficient_quota`` is a rate, too: "Allocated quota exceeded, please increase ..."
    return "allocated quota exceeded" in texts and "free" not in texts


def _is_zero(texts: str) -> bool:
    at = texts.find(_NO_ALLOWANCE)
    after = texts[at + len(_NO_ALLOWANCE) :][:1]
    return at >= 0 and after not in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".")


def _has(texts: str, wordings: tuple[tuple[str, ...], ...]) -> bool:
    return any(all(piece in texts for piece in wording) for wording in wordings)


def _number_after(texts: str, word: str) -> float | None:
    """Return the first number that stands right behind a word; ``None`` if there is none."""
    at = texts.find(word)
    while at >= 0:
        behind = texts[at + len(word) :][:24].lstrip(" :~=").replace(",", "")
        digits = "".join(takewhile(str.isdecimal, behind))
        if digits:
            return float(digits)
        at = texts.find(word, at + 1)
    return None


_LIMITS_A_MINUTE = (
    *("anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-tokens-limit"),
    *("x-ratelimit-limit-tokens", "x-ratelimit-limit-tokens-minute"),
)
_MOST_BYTES_A_TOKEN = 6
"""Of a request: text has about four, and what is escaped six for each character."""
_BEFORE_A_TIME = ("try again in ", "retry in ", "retry after ", "try again after ")
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0}
_UNITS |= {"min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0}
_UNITS |= {"hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0}


def waits_s(reply: ProviderReply) -> float | None:
    """Return the seconds that an answer asks to wait; ``None`` if it names none.

    The headers count first; some providers write it into their words only.
    """
    asked = asked_in_headers(reply.headers)
    return asked if asked is not None else _time_in(reply.texts)


def _time_in(texts: str) -> float | None:
    """Return the time in "Please try again in 7m43.1s"; ``None`` if there is none."""
    for before in _BEFORE_A_TIME:
        at = texts.find(before)
        if at >= 0:
            return _seconds(texts[at + len(before) :][:32])
    return None


def _seconds(text: str) -> float | None:
    total, rest = None, text
    while True:
        number = "".join(takewhile(lambda char: char.isdecimal() or char == ".", rest))
        rest = rest[len(number) :].lstrip(" ")
        unit = "".join(takewhile(str.isalpha, rest))
        if not number.strip(".") or unit not in _UNITS or number.count(".") > 1:
            return total
        total = (total or 0.0) + float(number) * _UNITS[unit]
        rest = rest[len(unit) :]
