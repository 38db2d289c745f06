"""A model behind LiteLLM: checked when it is opened, asked through one asynchronous call.

An answer is the same whole or as a stream: text, reason, usage, cost. Retries are not made here;
``retry.py`` makes the only ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from docsum_nb.documents.tokens import SPARE, token_counter
from docsum_nb.errors import InputError, ModelError
from docsum_nb.models.base import NotStreamed
from docsum_nb.models.finish_reasons import Ending, broken_off
from docsum_nb.models.litellm_api import (
    address_in_environment,
    info_of,
    key_for,
    key_missing,
    known_provider,
    loaded,
    name_warning_for,
    provider_error,
    takes_schemas,
    unprocessable,
    without_retries,
)
from docsum_nb.models.metering import Meter
from docsum_nb.models.model import Model
from docsum_nb.models.opening_checks import check_reachable
from docsum_nb.models.reasoning import is_known_to_think
from docsum_nb.models.request_record import unobserved_record
from docsum_nb.models.responses import ModelReply, read_stream, read_whole
from docsum_nb.models.structured_output import schema_instructions
from docsum_nb.models.transport import UNPROCESSABLE, TransportFacts
from docsum_nb.models.unicode import writable_all
from docsum_nb.prompts import material
from docsum_nb.provider_errors import Failure, fault_of, public_address, sanitized, shorten_error
from docsum_nb.records import Answer, Request

__all__ = ["LiteLLMModel"]

_UNKNOWN_WINDOW = 8_192
_REASONING_TOKENS = 8_192
"""Room for what a reasoning model thinks before it writes; it counts as part of the answer."""
_LENGTHS = ("max_completion_tokens", "max_tokens")
"""Parameters that bound the length of an answer; providers refuse both together."""
_CONNECTING = 0.9
"""Part of the timeout that a connection may take."""
_MESSAGE_TOKENS = 128
"""What the format of the messages takes, and the words on what is data in them, generously."""
_NO_STREAMS = (400, 404, 405, 415, 422, 501)
"""What servers answer that know no streams; others mean the request, however it is answered."""
_OF_THE_REQUEST = (Failure.TOO_LONG, Failure.SPENT)
"""Refusals that a plain request meets as well."""
_STREAMING = {"stream": True, "stream_options": {"include_usage": True}}

_unstreamed: set[tuple[str, str | None]] = set()
"""Models, by name and address, whose streams failed in this process."""
_untagged: set[tuple[str, str | None]] = set()
"""Models, by name and address, that begin with a thought without an opening mark."""


class LiteLLMModel:
    """A model of LiteLLM's.

    Args:
        settings: How it is called.
        to_ask: Whether it will be asked; only then it needs a key.

    Raises:
        InputError: if LiteLLM does not know who provides the model, or the provider's key is
            missing. Nothing is sent for it.
    """

    def __init__(self, settings: Model, *, to_ask: bool = True) -> None:
        self.settings = settings
        self.name = settings.name
        provider, api_base = known_provider(settings)
        self._address = settings.base_url or api_base or address_in_environment(provider)
        check_reachable(settings, provider, self._address)
        self._without_retries = without_retries(provider)
        self.missing_key = key_missing(settings)
        if to_ask and self.missing_key is not None:
            raise InputError(self.missing_key)
        self._api_key = key_for(settings)
        self.account: tuple[str, ...] = (provider, self._address or "", str(hash(self._api_key)))
        info = info_of(settings.name)
        self.name_warning = name_warning_for(settings, provider, info)
        self.window = (
            settings.context_window
            or info.get("max_input_tokens")
            or info.get("max_tokens")
            or _UNKNOWN_WINDOW
        )
        self.overhead = _MESSAGE_TOKENS
        self._thinking = _REASONING_TOKENS if info.get("supports_reasoning") else 0
        self._most_output = info.get("max_output_tokens")
        self._takes_schemas = takes_schemas(settings.name)
        # LiteLLM says so if it has to make up the stream from a whole answer.
        self._may_stream = info.get("supports_native_streaming") is not False
        self.count = token_counter(settings.name)
        self._meter = Meter(settings, info, self.window, self.count)

    def answer(self, request: Request) -> Coroutine[Any, Any, Answer]:
        """Ask once; see ``ChatModel``."""
        return self.complete(
            self._messages(request),
            max_tokens=request.max_tokens,
            response_format=self._response_format(request),
            plain=True,
        )

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        response_format: Any = None,
        may_be_empty: bool = False,
        plain: bool = False,
    ) -> Answer:
        """Send messages unchanged, once; see ``Converser``.

        With ``plain``, they are texts of the system and the user only.

        Raises:
            ModelError: if the answer is empty, and may not be.
            TimeoutError: if there was no whole answer within the model's timeout.
            Exception: what LiteLLM raises.
        """
        settings = self.settings
        messages = writable_all(messages)
        parameters = self._parameters(max_tokens, response_format)
        wire = TransportFacts(self.longest_answer(max_tokens or _REASONING_TOKENS))
        late = f"gave no whole answer within {settings.timeout:g} s"
        with self._own_errors(lambda: late, wire):
            async with asyncio.timeout(settings.timeout):
                with wire.watching():
                    arguments = self._arguments(messages, parameters, stop=stop)
                    if plain:
                        arguments |= unobserved_record(loaded(), self.name, messages, parameters)
                    response = await loaded().acompletion(**arguments)
            reply = read_whole(self._checked(response), wire)
        return self._answer(reply, messages, may_be_empty=may_be_empty)

    @property
    def streams(self) -> bool:
        """Whether it is worth asking for a stream; see ``Streamer``."""
        return self._may_stream and (self.name, self._address) not in _unstreamed

    def stream_no_more(self) -> None:
        """Remember that streams fail; see ``Streamer``."""
        _unstreamed.add((self.name, self._address))

    async def stream(self, request: Request, show: Callable[[str], None]) -> Answer:
        """Ask once for a stream; see ``Streamer``.

        Raises:
            NotStreamed: if the provider takes no such request, or the stream ended without a text,
                or without saying why.
            TimeoutError: if nothing more came for the model's timeout, or it was not over within
                ``give_up_after``.
            Exception: what LiteLLM raises for a plain request.
        """
        settings, loop = self.settings, asyncio.get_running_loop()
        messages = writable_all(self._messages(request))
        parameters = self._parameters(request.max_tokens, None) | _STREAMING
        wire = TransportFacts(self.longest_answer(request.max_tokens))
        held = (self.name, self._address) in _untagged or is_known_to_think(self.name)
        over_at = loop.time() + settings.give_up_after
        pieces = 0

        def heard() -> None:
            nonlocal pieces
            pieces += 1
            limit.reschedule(min(loop.time() + settings.timeout, over_at))

        def late() -> str:
            if loop.time() < over_at:
                return f"wrote nothing more for {settings.timeout:g} s"
            return f"was still writing after give_up_after={settings.give_up_after:g} s"

        try:
            with self._own_errors(late, wire):
                async with asyncio.timeout(min(settings.timeout, settings.give_up_after)) as limit:
                    with wire.watching():
                        arguments = self._arguments(messages, parameters)
                        stream = await loaded().acompletion(**arguments)
                        reply = await read_stream(
                            self._checked(stream), show, heard, wire=wire, held=held
                        )
        except Exception as error:
            fault = fault_of(error, self._address)
            status = fault.status
            refused = not pieces and status in _NO_STREAMS and wire.is_error
            if not refused or fault.failure in _OF_THE_REQUEST:
                raise
            reason = f"takes no request for a stream (status {status})"
            raise NotStreamed(reason, refused=True, lasting=True) from error
        return self._whole(reply, messages)

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer; see ``ChatModel``."""
        return self.key_of_messages(
            self._messages(request),
            max_tokens=request.max_tokens,
            response_format=self._response_format(request),
        )

    def key_of_messages(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        response_format: Any = None,
    ) -> Any:
        """Return everything that decides the answer to messages as they are."""
        call = [self._parameters(max_tokens, response_format), list(stop) if stop else None]
        return [self.name, self._address, list(messages), *call]

    def longest_answer(self, max_tokens: int) -> int:
        """Return how long an answer may really become; see ``ChatModel``."""
        for name in _LENGTHS:
            if isinstance(given := self.settings.params.get(name), int):
                return given
        most = max_tokens + self._thinking
        return min(most, self._most_output or most)

    def with_more_room(self, request: Request) -> Request | None:
        """Return a request with room for a longer thought; see ``ChatModel``."""
        if any(name in self.settings.params for name in _LENGTHS):
            return None
        sent = int(SPARE * self._meter.counted(self._messages(request))) + self.overhead
        before = self.longest_answer(request.max_tokens)
        most = min(4 * before + _REASONING_TOKENS, self.window - sent)
        if self._most_output:
            most = min(most, self._most_output)
        larger = replace(request, max_tokens=most - self._thinking)
        # A little more is used up like the room before it.
        return larger if self.longest_answer(larger.max_tokens) > 1.2 * before else None

    def price(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float | None:
        """Return what tokens can cost at most; see ``ChatModel``."""
        return self._meter.most(prompt_tokens, completion_tokens, largest=largest)

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        if request.schema is not None and not self._takes_schemas:
            asked = f"{request.instructions}\n\n{schema_instructions(request.schema)}"
            request = replace(request, instructions=asked)
        return _messages(request)

    def _response_format(self, request: Request) -> Any:
        return request.schema if self._takes_schemas else None

    def _parameters(self, max_tokens: int | None, response_format: Any) -> dict[str, Any]:
        call = dict(self.settings.params)
        if response_format is not None:
            call["response_format"] = response_format
        if max_tokens is not None and not any(name in call for name in _LENGTHS):
            call["max_tokens"] = self.longest_answer(max_tokens)
        return call

    def _arguments(
        self,
        messages: Sequence[dict[str, Any]],
        parameters: dict[str, Any],
        *,
        stop: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Return all that a request is made of; ``parameters`` go first."""
        settings = self.settings
        arguments = {
            "model": settings.name,
            "messages": list(messages),
            "base_url": settings.base_url,
            "api_key": self._api_key,
            "timeout": _timeout(settings),
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "stop": list(stop) if stop else None,
        }
        return arguments | self._without_retries | parameters

    def _checked(self, response: Any) -> Any:
        """Return a response; LiteLLM returns ``None`` for what it could not process."""
        if response is None:
            raise unprocessable(self.settings.name, None, self._address)
        return response

    @contextmanager
    def _own_errors(self, late: Callable[[], str], wire: TransportFacts) -> Iterator[None]:
        """Raise the provider's own errors, without LiteLLM's around them, and those of the body."""
        try:
            yield
            if (failed := self._failure_in(wire)) is not None:
                raise failed
        except Exception as error:
            if (failed := self._failure_in(wire)) is not None:
                failed._docsum_nb_says_all = True  # type: ignore[attr-defined]
                sanitized(failed)
                raise failed from None
            if isinstance(error, TimeoutError):
                raise TimeoutError(f"{self.name} {late()}") from error
            # What breaks a stream is a MidStreamFallbackError there, for a router to catch.
            original = getattr(error, "original_exception", None)
            raised = shorten_error(original if isinstance(original, Exception) else error)
            if wire.status == UNPROCESSABLE and getattr(raised, "status_code", None) == 400:
                raised = unprocessable(self.settings.name, raised, self._address)
            # Behind it are the same failure's earlier forms, some hundred lines of a client's
            # inside; the error itself says all of it.
            raised.__suppress_context__ = True
            sanitized(raised)
            if raised is error:
                raise
            raise raised from None

    def _failure_in(self, wire: TransportFacts) -> Exception | None:
        """Return the error that a body of status 200 holds, or why it was not read to its end."""
        if wire.stopped:
            if wire.elsewhere:
                return ModelError(f"the server of {self.name} {wire.stopped}", lasting=True)
            return ModelError(
                f"{self.name} {wire.stopped}, so it was not read further; check what answers at "
                f"{public_address(self.settings.base_url)}",
                lasting=True,
            )
        found = wire.error
        if found is None:
            return None
        error: Exception = provider_error(
            self.name, found.status, found.message, body=found.body, address=self._address
        )
        return error

    def _whole(self, reply: ModelReply, messages: Sequence[dict[str, Any]]) -> Answer:
        """Return the answer of a stream, if it is one."""
        if reply.reason is None:
            reason = "ended a stream without saying that the answer is whole"
            raise NotStreamed(reason, refused=False, lasting=True)
        if not reply.text and reply.ending is Ending.WHOLE and not reply.unfinished:
            # LiteLLM drops what stands beside the text, such as a refusal.
            usage = self._meter.usage(reply, messages)
            raise NotStreamed("streamed no text", refused=False, lasting=False, usage=usage)
        return self._answer(reply, messages)

    def _answer(
        self, reply: ModelReply, messages: Sequence[dict[str, Any]], *, may_be_empty: bool = False
    ) -> Answer:
        """Return the answer; one without a text if the reason for that is known."""
        usage = self._meter.usage(reply, messages)
        if reply.untagged:
            _untagged.add((self.name, self._address))
        if reply.ending in (Ending.BROKEN, Ending.TOOL):
            raise ModelError(broken_off(self.name, reply.reason), usage=usage)
        empty = not reply.text and reply.ending is Ending.WHOLE
        if empty and (reply.unfinished or not may_be_empty):
            raise ModelError(
                f"{self.name} answered with no text{' but a thought' if reply.unfinished else ''} "
                f"(finish reason {reply.reason!r}); run again, or choose another model",
                usage=usage,
            )
        reason = "refusal" if reply.reason == "refusal" else reply.ending.value
        return Answer(
            reply.text,
            self.name,
            usage,
            reason,
            counted=usage.counted > 0,
            ended=reply.reason or "",
        )


def _timeout(settings: Model) -> Any:
    """Return the client's own bounds: ours comes first, save that a connection has less time.

    So a server that does not answer is distinguished from one that takes long. The client's bound
    for an answer starts again with every byte that trickles in.
    """
    import httpx

    return httpx.Timeout(settings.timeout + 1, connect=_CONNECTING * settings.timeout)


def _messages(request: Request) -> list[dict[str, Any]]:
    """Render a request; texts and names are set apart from the instructions."""
    return [
        {"role": "system", "content": request.role},
        {"role": "user", "content": f"{request.instructions}\n\n{material(request)}"},
    ]
