"""Answers of status 200 as providers send them, each from a document or a report, and what follows.

A row holds the answer and what must come of it: what kind of outcome, after how many requests, with
which words. The same answer is sent whole and as a stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["GOOD", "ROWS", "Row", "events", "whole"]

GOOD = "Ships carry coal."
_HALF = "Ships carry co"
_THOUGHT = "Okay, let me see what the text says. Ships, coal"

OPENAI = "https://platform.openai.com/docs/api-reference/chat/object"
ANTHROPIC = "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons"
GEMINI = "https://ai.google.dev/api/generate-content#FinishReason"
COHERE = "https://docs.cohere.com/reference/chat"
BEDROCK = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"
OPENROUTER = "https://openrouter.ai/docs/api-reference/overview#finish-reason"
OPENROUTER_ERRORS = "https://openrouter.ai/docs/api-reference/errors"
MINIMAX = "https://platform.minimax.io/docs/api-reference/errorcode"
FASTCHAT = "https://github.com/lm-sys/FastChat/blob/main/fastchat/constants.py"
LM_STUDIO = "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/618"


@dataclass(frozen=True)
class Row:
    """One answer, and what must come of it."""

    name: str
    source: str
    """Where it is documented or was reported."""
    body: Any
    """The whole body; a text is sent as it is."""
    stream: str | None
    """The body of the stream; ``None`` to send the whole body for one, too."""
    kind: str
    """``text``, ``cut``, ``refused``, ``broken``, ``empty``, ``room``, ``large`` or a status."""
    requests: int
    said: str
    """The text, or a part of the message."""
    streamed_requests: int
    """Of a stream: one more if a plain request has to tell."""


def whole(content: Any, reason: Any = "stop", usage: Any = None, **choice: Any) -> dict[str, Any]:
    """Return the body of a chat completion."""
    message = content if isinstance(content, dict) else {"role": "assistant", "content": content}
    told = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": reason, **choice}],
        "usage": told if usage is None else usage,
    }


def events(parts: Iterable[Any], reason: Any = "stop", usage: Any = None, **choice: Any) -> str:
    """Return a stream of chat completion chunks."""
    body = whole("", reason, usage)
    base = {**body, "object": "chat.completion.chunk", "usage": None}
    lines = []
    for part in parts:
        delta = part if isinstance(part, dict) else {"role": "assistant", "content": part}
        each = {"index": 0, "delta": delta, "finish_reason": None}
        lines.append({**base, "choices": [each]})
    lines.append(
        {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason, **choice}]}
    )
    lines.append({**base, "choices": [], "usage": body["usage"]})
    return "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"


def _pieces(text: str) -> list[str]:
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def _row(
    name: str,
    source: str,
    text: Any,
    reason: Any,
    kind: str,
    requests: int,
    said: str = GOOD,
    *,
    streamed: int | None = None,
    **choice: Any,
) -> Row:
    parts = _pieces(text) if isinstance(text, str) else [text]
    return Row(
        name,
        source,
        whole(text, reason, **choice),
        events(parts, reason, **choice),
        kind,
        requests,
        said,
        requests if streamed is None else streamed,
    )


def _body(
    name: str,
    source: str,
    body: Any,
    kind: str,
    requests: int,
    said: str,
    *,
    streamed: int | None = None,
    stream: str | None = None,
) -> Row:
    told = stream if stream is not None else f"data: {json.dumps(body)}\n\n"
    return Row(
        name, source, body, told, kind, requests, said, requests if streamed is None else streamed
    )


def _ends() -> list[Row]:
    """Return answers by why they ended."""
    half, whole_ones = (
        _HALF,
        [
            ("stop", OPENAI),
            ("end_turn", ANTHROPIC),
            ("stop_sequence", ANTHROPIC),
            ("COMPLETE", COHERE),
            ("STOP", GEMINI),
            ("eos", "https://docs.together.ai/reference/chat-completions-1"),
            (
                "eos_token",
                "https://huggingface.co/docs/text-generation-inference/reference/api_reference",
            ),
            (
                "FINISH",
                "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html",
            ),
            ("completed", "https://platform.openai.com/docs/api-reference/responses/object"),
        ],
    )
    cut = [
        ("length", OPENAI),
        ("max_tokens", ANTHROPIC),
        ("MAX_TOKENS", GEMINI),
        ("model_length", "https://docs.mistral.ai/api/#tag/chat"),
        ("model_context_window_exceeded", ANTHROPIC),
    ]
    refused = [
        ("content_filter", OPENAI),
        ("refusal", ANTHROPIC),
        ("SAFETY", GEMINI),
        ("PROHIBITED_CONTENT", GEMINI),
        ("sensitive", "https://docs.z.ai/api-reference/llm/chat-completion"),
        ("guardrail_intervened", BEDROCK),
    ]
    broken = [
        ("error", OPENROUTER),
        ("network_error", "https://docs.z.ai/api-reference/llm/chat-completion"),
        (
            "insufficient_system_resource",
            "https://api-docs.deepseek.com/api/create-chat-completion",
        ),
        ("abort", "https://github.com/sgl-project/sglang/issues/1670"),
        ("ERROR", COHERE),
        ("TIMEOUT", COHERE),
        ("MALFORMED_RESPONSE", GEMINI),
        ("FINISH_REASON_UNSPECIFIED", GEMINI),
        ("malformed_model_output", BEDROCK),
        ("not_finished", "https://cloud.ibm.com/apidocs/watsonx-ai#text-generation"),
        ("unload", "https://github.com/ollama/ollama/blob/main/docs/api.md"),
        ("a_word_of_tomorrow", "https://github.com/BerriAI/litellm/issues/33968"),
    ]
    tool = [("tool_calls", OPENAI), ("tool_use", ANTHROPIC)]
    return [
        *(_row(f"whole-{word}", link, GOOD, word, "text", 1) for word, link in whole_ones),
        *(_row(f"cut-{word}", link, half, word, "cut", 2, half) for word, link in cut),
        *(_row(f"refused-{w}", link, "I", w, "refused", 2, "refused") for w, link in refused),
        *(_row(f"broken-{word}", link, half, word, "broken", 2, word) for word, link in broken),
        *(_row(f"tool-{word}", link, half, word, "broken", 2, "a tool") for word, link in tool),
    ]


def _thoughts() -> list[Row]:
    """Return answers with a thought in the text."""
    vllm = "https://docs.vllm.ai/en/latest/features/reasoning_outputs.html"
    open_webui = "https://github.com/open-webui/open-webui/issues/9808"
    harmony = "https://cookbook.openai.com/articles/openai-harmony"
    marked = [
        ("think", vllm, f"<think>{_THOUGHT}</think>\n\n{GOOD}"),
        ("only-closed", "https://github.com/vllm-project/vllm/issues/12999",
         f"{_THOUGHT}\n</think>\n\n{GOOD}"),
        ("only-closed-in-line", "https://github.com/deepseek-ai/DeepSeek-R1/issues/352",
         f"{_THOUGHT}</think>{GOOD}"),
        ("thinking", open_webui, f"<thinking>{_THOUGHT}</thinking>{GOOD}"),
        ("reasoning", open_webui, f"<reasoning>\n{_THOUGHT}\n</reasoning>\n{GOOD}"),
        ("thought", "https://huggingface.co/LGAI-EXAONE/EXAONE-Deep-7.8B",
         f"<thought>{_THOUGHT}</thought>\n{GOOD}"),
        ("magistral", "https://docs.mistral.ai/capabilities/reasoning/",
         f"[THINK]{_THOUGHT}[/THINK]{GOOD}"),
        ("seed", "https://huggingface.co/ByteDance-Seed/Seed-OSS-36B-Instruct",
         f"<seed:think>{_THOUGHT}</seed:think>{GOOD}"),
        ("kimi", "https://huggingface.co/moonshotai/Kimi-VL-A3B-Thinking",
         f"◁think▷{_THOUGHT}◁/think▷{GOOD}"),
        ("openthinker", "https://huggingface.co/open-thoughts/OpenThinker-7B",
         f"<|begin_of_thought|>{_THOUGHT}<|end_of_thought|>\n\n"
         f"<|begin_of_solution|>{GOOD}<|end_of_solution|>"),
        ("harmony", harmony,
         f"<|channel|>analysis<|message|>{_THOUGHT}<|end|><|start|>assistant<|channel|>final"
         f"<|message|>{GOOD}<|return|>"),
        ("harmony-without-tokens", "https://github.com/vllm-project/vllm/issues/22403",
         f"analysis{_THOUGHT}assistantfinal{GOOD}"),
        ("granite", "https://huggingface.co/ibm-granite/granite-3.2-8b-instruct",
         f"Here is my thought process: {_THOUGHT}\n\nHere is my response: {GOOD}"),
        ("cohere", "https://docs.cohere.com/docs/reasoning",
         f"<|START_THINKING|>{_THOUGHT}<|END_THINKING|><|START_RESPONSE|>{GOOD}<|END_RESPONSE|>"),
        ("hunyuan", "https://huggingface.co/tencent/Hunyuan-7B-Instruct",
         f"<think>\n{_THOUGHT}\n</think>\n<answer>\n{GOOD}\n</answer>"),
    ]  # fmt: skip
    about = "The tag <think> opens a thought and </think> closes it. Ships carry coal."
    closing = "Everything before the `</think>` tag is dropped; the </think> mark ends it."
    # A stream of nothing is asked for plainly at once, for what it may lack.
    return [
        *(_row(f"thought-{name}", link, text, "stop", "text", 1) for name, link, text in marked),
        _row("about-thoughts", vllm, about, "stop", "text", 1, about),
        _row("about-closing", vllm, closing, "stop", "text", 1, closing),
        _row("thought-cut", "https://github.com/vllm-project/vllm/issues/13125",
             f"<think>{_THOUGHT}", "length", "room", 2, "used up its room"),
        _row("thought-unclosed", "https://github.com/infiniflow/ragflow/issues/5698",
             f"<think>{_THOUGHT}", "stop", "empty", 2, "no text"),
        _row("room-used-up", "https://github.com/vllm-project/vllm/issues/17357",
             {"role": "assistant", "content": None, "reasoning_content": _THOUGHT},
             "length", "room", 2, "max_tokens"),
        _row("filtered", "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter",
             {"role": "assistant", "content": None}, "content_filter", "refused", 2, "refused"),
    ]  # fmt: skip


def _choice(message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**whole(GOOD), "choices": [choice]}


def _cached(tokens: int) -> dict[str, Any]:
    counts = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    return {**counts, "prompt_tokens_details": {"cached_tokens": tokens}}


def _errors() -> list[Row]:
    """Return errors that come with status 200."""
    upstream = {"code": 502, "message": "Provider disconnected"}
    mid = events(["Ships "]).split("data: ")[1]
    in_choice = whole(_HALF, "error", error=upstream)
    return [
        _body("choice-error", OPENROUTER_ERRORS, in_choice, "502", 2, "Provider disconnected",
              stream=events([_HALF], "error", error=upstream)),
        _body("error-401", "https://github.com/BerriAI/litellm/pull/21755",
              {"error": {"code": 401, "message": "No auth credentials found"}}, "401", 1,
              "No auth"),
        _body("error-401-in-stream", OPENROUTER_ERRORS,
              {"error": {"code": "401", "message": "Key was revoked"}}, "401", 1, "Key was revoked",
              stream=f"data: {mid}data: " + json.dumps(
                  {"id": "x", "error": {"code": 401, "message": "Key was revoked"},
                   "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}
              ) + "\n\n"),
        _body("error-type", ANTHROPIC,
              {"type": "error", "error": {"type": "authentication_error", "message": "bad key"}},
              "401", 1, "bad key"),
        _body("error-event", "https://github.com/BerriAI/litellm/issues/25492",
              {"error": {"message": "The server had an error", "type": "server_error"}}, "500", 2,
              "had an error",
              stream=f"data: {mid}event: error\ndata: "
              '{"error": {"message": "The server had an error", "type": "server_error"}}\n\n'),
        _body("lm-studio-path", LM_STUDIO,
              {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "404", 1,
              "Unexpected endpoint"),
        _body("minimax-key", MINIMAX,
              {"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": None},
              "401", 1, "login fail"),
        _body("minimax-balance", MINIMAX,
              {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "402", 1,
              "insufficient balance"),
        _body("fastchat", FASTCHAT,
              {"object": "error", "message": "Incorrect API key provided", "code": 40101}, "401", 1,
              "Incorrect API key"),
        _body("gemini-list", "https://github.com/BerriAI/litellm/issues/40578",
              [{"error": {"code": 403, "message": "no access", "status": "PERMISSION_DENIED"}}],
              "403", 1, "no access"),
        _body("detail", "https://fastapi.tiangolo.com/tutorial/handling-errors/",
              {"detail": "Model is being loaded"}, "500", 2, "being loaded"),
        _body("baidu", "https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh",
              {"error_code": 110, "error_msg": "Access token invalid"}, "401", 1, "token invalid"),
        _body("dashscope", "https://help.aliyun.com/zh/model-studio/error-code",
              {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "1"},
              "401", 1, "Invalid API-key"),
    ]  # fmt: skip


def _odd() -> list[Row]:
    """Return odd values in otherwise good answers."""
    mistral = "https://docs.mistral.ai/capabilities/reasoning/"
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": _THOUGHT}]},
        {"type": "text", "text": GOOD},
    ]
    litellm = "https://github.com/BerriAI/litellm/issues/33968"
    opencode = "https://github.com/sst/opencode/issues/423"
    odd = [
        ("none", {}),
        ("negative", {"prompt_tokens": -500, "completion_tokens": -500, "total_tokens": -1000}),
        ("absurd", {"prompt_tokens": 10**30, "completion_tokens": 10**30, "total_tokens": 10**30}),
        ("infinite", {"prompt_tokens": 1e400, "completion_tokens": 3, "total_tokens": 3}),
        ("words", {"prompt_tokens": "many", "completion_tokens": "few", "total_tokens": "?"}),
        ("nulls", {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}),
    ]
    return [
        _row("parts", mistral, {"role": "assistant", "content": parts}, "stop", "text", 1),
        *(_row(f"usage-{name}", opencode, GOOD, "stop", "text", 1, usage=usage)
          for name, usage in odd),
        _row("end-token", "https://github.com/ggml-org/llama.cpp/issues/9606", f"{GOOD}<|im_end|>",
             "stop", "text", 1),
        _row("reason-object", "https://github.com/sgl-project/sglang/issues/1670", _HALF,
             {"type": "abort", "message": "Aborted"}, "broken", 2, "abort"),
        _body("message-null", litellm, _choice(None), "empty", 2, "no text", streamed=3,
              stream=events([])),
        _body("choice-null", litellm, {**whole(GOOD), "choices": [None]}, "empty", 2, "no text",
              streamed=3, stream='data: {"choices": [null]}\n\ndata: [DONE]\n\n'),
        _body("details-odd", opencode, whole(GOOD, usage=_cached(10**12)), "text", 1, GOOD,
              stream=events(_pieces(GOOD), usage=_cached(-(10**12)))),
        _row("no-reason", "https://github.com/ggml-org/llama.cpp/issues/9291", GOOD, None, "text",
             1, streamed=2),
        _row("empty-reason", litellm, GOOD, "", "text", 1, streamed=2),
        _row("zero-width", "https://github.com/crewAIInc/crewAI/issues/1949",
             "\u200b\u2060\ufeff\u200d", "stop", "empty", 2, "no text", streamed=3),
        _row("surrogate", "https://github.com/python/cpython/issues/117015",
             "Ships carry \ud83d coal.", "stop", "text", 1, "Ships carry \ufffd coal."),
        _body("no-choices", litellm, {**whole(GOOD), "choices": []}, "empty", 2, "no text",
              streamed=3, stream='data: {"choices": []}\n\ndata: [DONE]\n\n'),
    ]  # fmt: skip


ROWS = (*_ends(), *_thoughts(), *_errors(), *_odd())
