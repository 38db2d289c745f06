"""The one reading of a failed request: its kind, the provider's words, the cause, the cure."""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.errors import described
from docsum_nb.provider_errors.addresses import base_of, path_advice
from docsum_nb.provider_errors.cause_table import Failure
from docsum_nb.provider_errors.causes import cause_of
from docsum_nb.provider_errors.classification import failure_of_reply, status_that_counts, waits_s
from docsum_nb.provider_errors.exception_chain import attribute, chain_of, class_names, words_of
from docsum_nb.provider_errors.provider_reply import ProviderReply, reply_of, said_in
from docsum_nb.render.one_line import one_line

__all__ = ["Fault", "explained", "fault_of"]

_TO_HTTPS = ("plain http request was sent to https", "http request to an https server")
_NO_JSON = ("expecting value: line 1 column 1 (char 0)", "received: '<")
_LOST = "error in response object"
"""What LiteLLM says for an error of one text in a body of status 200, as LM Studio sends it."""
_ADVICE = {
    401: "check the key",
    403: "check what the key may do",
    407: "write user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
}


@dataclass(frozen=True)
class Fault:
    """What is known of a failed request."""

    failure: Failure
    status: int | None = None
    """Of the answer as it came; ``None`` if none came."""
    words: str = ""
    """The provider's own, or what happened to the connection; on one line, perhaps empty."""
    advice: str = ""
    """What to change; empty if that is not known."""
    waits: float | None = None
    """Seconds that the provider asks to wait; ``None`` if it names none."""

    @property
    def line(self) -> str:
        """What happened and what to change, on one line; empty if the error itself says it all."""
        if self.status is not None:
            parts = [f"HTTP status {self.status}", self.advice]
        else:
            parts = [self.words, self.advice]
        return "; ".join(part for part in parts if part)


def fault_of(error: BaseException, address: str | None = None) -> Fault:
    """Return what is known of a failed request.

    Args:
        error: As a client of a provider raised it.
        address: Of the server, as the user gave it; ``None`` if it is the provider's own.
    """
    reply = reply_of(error)
    if reply is None:
        cause = cause_of(error, address)
        if cause is not None and not (cause.doubt and _names_a_status(error)):
            return Fault(cause.failure, None, cause.words, cause.advice)
        reply = said_in(error)
        if reply.status is None:
            return Fault(_by_class(error))
        if (unread := _unread(error, reply, address)) is not None:
            return unread
    failure = _named(error) or failure_of_reply(reply)
    return Fault(
        failure,
        status_that_counts(reply),
        reply.words,
        _advice(reply, failure, address),
        waits_s(reply),
    )


def explained(error: BaseException, address: str | None = None) -> str:
    """Return an error's kind and words, with the cause and what to change if they lack it."""
    said = described(error)
    fault = fault_of(error, address)
    if fault.status is not None or not fault.words or fault.words in said:
        return said
    return f"{said} ({fault.line})"


def _unread(error: BaseException, reply: ProviderReply, address: str | None) -> Fault | None:
    """Return what is known if an answer came that the client could not read, else ``None``."""
    if not type(error).__module__.startswith("litellm") or (reply.status or 0) < 500:
        return None  # LiteLLM's 500 stands for all that it does not know
    if (failure := failure_of_reply(reply)) is Failure.TOO_LONG:
        return None
    inner = one_line(words_of(chain_of(error)[-1]), max_chars=200)
    if any(words in reply.texts for words in _NO_JSON):
        words = "what came back is no JSON, such as a web page"
        return Fault(Failure.DOUBTFUL, None, words, path_advice(address))
    return Fault(failure, None, f"what came back cannot be read as an answer: {inner}")


def _names_a_status(error: BaseException) -> bool:
    return isinstance(attribute(error, "status_code"), int)


def _named(error: BaseException) -> Failure | None:
    """Return what the class of an error says: LiteLLM knows more wordings than are listed here."""
    if any("ContextWindowExceededError" in class_names(link) for link in chain_of(error)):
        return Failure.TOO_LONG
    return None


def _by_class(error: BaseException) -> Failure:
    """Return the kind of an error that is no answer and no fault of a connection that is known."""
    names = class_names(error)
    if "TimeoutError" in names:
        return Failure.TIMEOUT
    if attribute(error, "lasting") is True:
        return Failure.PERMANENT
    # ModelError: an answer came, and cannot be used.
    transient = names.intersection({"ConnectionError", "ModelError"})
    return Failure.TRANSIENT if transient else Failure.PERMANENT


def _advice(reply: ProviderReply, failure: Failure, address: str | None) -> str:
    if failure is Failure.SPENT:
        return "waiting does not help; look at the account's plan, limits and balance"
    if failure is Failure.TOO_LONG:
        return "the request is too long for the model, or for what it may take in a minute"
    if any(words in reply.texts for words in _TO_HTTPS):
        return "write https:// in base_url"
    if _LOST in reply.texts:
        return path_advice(address)
    if reply.status in (404, 405, 501) and (address or reply.html):
        return path_advice(address or base_of(reply.url))
    return _ADVICE.get(reply.status or 0, "")
