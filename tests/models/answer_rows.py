"""Answers of status 200 as providers send them, each from a document or a report, and what follows.

A row holds the answer and what must come of it: what kind of outcome, after how many requests, with
which words. The same answer is sent whole and as a stream. A few rows are made up; they say so.
"""

from __future__ import annotations

import json
from typing import Any

from tests.models.answer_forms import (
    GITHUB,
    GOOD,
    HALF,
    MADE_UP,
    THOUGHT,
    Row,
    events,
    pieces,
    row,
    sent,
    whole,
)

__all__ = ["ROWS", "Row"]

OPENAI = f"{GITHUB}openai/openai-python/blob/main/src/openai/types/chat/chat_completion.py"
RESPONSES = f"{GITHUB}openai/openai-python/blob/main/src/openai/types/responses/response_status.py"
ANTHROPIC = "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons"
LITELLM = f"{GITHUB}BerriAI/litellm/blob/main/litellm/litellm_core_utils/core_helpers.py"
"""The words of Gemini, among others, as LiteLLM's table has them."""
COHERE = f"{GITHUB}cohere-ai/cohere-python/blob/main/src/cohere/types/chat_finish_reason.py"
MISTRAL = f"{GITHUB}mistralai/client-python/blob/main/src/mistralai/models/chatcompletionchoice.py"
BEDROCK = (
    f"{GITHUB}boto/botocore/blob/develop/botocore/data/bedrock-runtime/2023-09-30/service-2.json"
)
GLM = (
    "https://docs.bigmodel.cn/api-reference/%E6%A8%A1%E5%9E%8B-api/"
    "%E6%9F%A5%E8%AF%A2%E5%BC%82%E6%AD%A5%E7%BB%93%E6%9E%9C"
)
OPENROUTER = "https://openrouter.ai/docs/api-reference/streaming"
VLLM = f"{GITHUB}vllm-project/vllm/blob/main/vllm/"
SGLANG = f"{GITHUB}sgl-project/sglang/blob/main/python/sglang/srt/"
MINIMAX = "https://platform.minimax.io/docs/api-reference/errorcode"
FASTCHAT = f"{GITHUB}lm-sys/FastChat/blob/main/fastchat/serve/openai_api_server.py"
LM_STUDIO = f"{GITHUB}lmstudio-ai/lmstudio-bug-tracker/issues/618"


def _ends() -> list[Row]:
    """Return answers by why they ended."""
    half, whole_ones = (
        HALF,
        [
            ("stop", OPENAI),
            ("end_turn", ANTHROPIC),
            ("stop_sequence", ANTHROPIC),
            ("COMPLETE", COHERE),
            ("STOP", LITELLM),
            (
                "eos",
                f"{GITHUB}togethercomputer/together-python/blob/main/src/together/types/common.py",
            ),
            ("eos_token", f"{GITHUB}huggingface/text-generation-inference/issues/1724"),
            (
                "FINISHED",
                "https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html",
            ),
            ("completed", RESPONSES),
            ("end", f"{GITHUB}earendil-works/pi/issues/2107"),
            ("endturn", f"{GITHUB}zeitlings/ayai-gpt-nexus/issues/2"),
            ("null", f"{GITHUB}Ai00-X/ai00_server/issues/90"),
        ],
    )
    cut = [
        ("length", OPENAI),
        ("max_tokens", ANTHROPIC),
        ("MAX_TOKENS", LITELLM),
        ("model_length", MISTRAL),
        ("model_context_window_exceeded", ANTHROPIC),
    ]
    refused = [
        ("content_filter", OPENAI),
        ("refusal", ANTHROPIC),
        ("SAFETY", LITELLM),
        ("PROHIBITED_CONTENT", LITELLM),
        ("sensitive", GLM),
        ("guardrail_intervened", BEDROCK),
    ]
    watsonx = "https://ibm.github.io/watsonx-ai-node-sdk/enums/"
    broken = [
        ("error", OPENROUTER),
        ("network_error", GLM),
        (
            "insufficient_system_resource",
            "https://docs.rs/crate/ds-api/latest/source/src/raw/response/non_streaming/finish_reason.rs",
        ),
        ("abort", f"{VLLM}v1/engine/__init__.py"),
        ("repetition", f"{VLLM}v1/engine/__init__.py"),
        ("ERROR", COHERE),
        ("TIMEOUT", COHERE),
        ("MALFORMED_RESPONSE", LITELLM),
        ("FINISH_REASON_UNSPECIFIED", LITELLM),
        ("malformed_model_output", BEDROCK),
        ("not_finished", f"{watsonx}0_1_x.WatsonXAI.TextGenResult.Constants.StopReason.html"),
        (
            "time_limit",
            f"{watsonx}1_7_x.WatsonXAI.TextChatResultChoice.Constants.FinishReason.html",
        ),
        (
            "modelUnloaded",
            f"{GITHUB}lmstudio-ai/lmstudio-js/blob/main/packages/lms-shared-types/src/llm/"
            "LLMPredictionStats.ts",
        ),
        ("unload", "https://github.com/ollama/ollama/blob/main/docs/api.md"),
        ("a_word_of_tomorrow", f"{GITHUB}BerriAI/litellm/pull/22138"),
    ]
    tool = [("tool_calls", OPENAI), ("tool_use", ANTHROPIC), ("pause_turn", ANTHROPIC)]
    return [
        *(row(f"whole-{word}", link, GOOD, word, "text", 1) for word, link in whole_ones),
        *(row(f"cut-{word}", link, half, word, "cut", 2, half) for word, link in cut),
        *(row(f"refused-{w}", link, "I", w, "refused", 2, "refused") for w, link in refused),
        *(row(f"broken-{word}", link, half, word, "broken", 2, word) for word, link in broken),
        *(row(f"tool-{word}", link, half, word, "broken", 2, "a tool") for word, link in tool),
    ]


def _thoughts() -> list[Row]:
    """Return answers with a thought in the text."""
    parsers, vllm = f"{SGLANG}parser/reasoning_parser.py", f"{VLLM}reasoning/"
    open_webui = f"{GITHUB}open-webui/open-webui/blob/main/backend/open_webui/utils/middleware.py"
    gemma, granite = f"{vllm}gemma4_utils.py", f"{vllm}granite_reasoning_parser.py"
    apriel = f"{GITHUB}ggml-org/llama.cpp/blob/master/models/templates/"
    marked = [
        ("think", parsers, f"<think>{THOUGHT}</think>\n\n{GOOD}"),
        ("only-closed", f"{GITHUB}vllm-project/vllm/issues/13125",
         f"{THOUGHT}\n</think>\n\n{GOOD}"),
        ("only-closed-in-line", f"{GITHUB}deepseek-ai/DeepSeek-R1/issues/352",
         f"{THOUGHT}</think>{GOOD}"),
        ("only-closed-first", f"{GITHUB}InternLM/lmdeploy/issues/3321", f"</think>\n\n{GOOD}"),
        ("thinking", open_webui, f"<thinking>{THOUGHT}</thinking>{GOOD}"),
        ("reasoning", open_webui, f"<reasoning>\n{THOUGHT}\n</reasoning>\n{GOOD}"),
        ("reason", open_webui, f"<reason>\n{THOUGHT}\n</reason>\n{GOOD}"),
        ("thought", open_webui, f"<thought>{THOUGHT}</thought>\n{GOOD}"),
        ("exaone", f"{GITHUB}LG-AI-EXAONE/EXAONE-Deep/blob/main/README.md",
         f"{THOUGHT}\n</thought>\n\n{GOOD}[|endofturn|]"),
        ("magistral", f"{vllm}mistral_reasoning_parser.py", f"[THINK]{THOUGHT}[/THINK]{GOOD}"),
        ("seed", f"{vllm}seedoss_reasoning_parser.py",
         f"<seed:think>{THOUGHT}</seed:think>{GOOD}"),
        ("kimi", parsers, f"◁think▷{THOUGHT}◁/think▷{GOOD}"),
        ("openthinker", open_webui,
         f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|>\n\n"
         f"<|begin_of_solution|>{GOOD}<|end_of_solution|>"),
        ("harmony", f"{GITHUB}johnbean393/Sidekick/issues/75",
         f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final"
         f"<|message|>{GOOD}"),
        ("harmony-return", f"{GITHUB}thinking-machines-lab/tinker-cookbook/pull/51",
         f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|channel|>final<|message|>{GOOD}"
         "<|return|>"),
        ("harmony-without-tokens", f"{GITHUB}oobabooga/textgen/issues/7374",
         f"analysis{THOUGHT}assistantfinal{GOOD}"),
        ("granite", granite,
         f"Here is my thought process: {THOUGHT}\n\nHere is my response: {GOOD}"),
        ("granite-quantized", granite,
         f"Here's my thought process: {THOUGHT}\n\nHere's my response: {GOOD}"),
        ("cohere", f"{vllm}cohere_command_reasoning_parser.py",
         f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>{GOOD}<|END_RESPONSE|>"),
        ("hunyuan", f"{vllm}hunyuan_a13b_reasoning_parser.py",
         f"<think>\n{THOUGHT}\n</think>\n<answer>\n{GOOD}\n</answer>"),
        ("apertus", f"{vllm}apertus_reasoning_parser.py",
         f"<|inner_prefix|>{THOUGHT}<|inner_suffix|>{GOOD}"),
        ("gemma", gemma, f"<|channel>thought\n{THOUGHT}<channel|>{GOOD}<turn|>"),
        ("gemma-label", gemma, f"thought\n{GOOD}<turn|><eos>"),
        ("pangu", f"{vllm}pangu_reasoning_parser.py",
         f"[unused16]{THOUGHT}[unused17]{GOOD}"),
        ("apriel", f"{apriel}Apriel-1.6-15b-Thinker-fixed.jinja",
         f"Here are my reasoning steps:\n{THOUGHT}\n[BEGIN FINAL RESPONSE]\n{GOOD}"),
        ("apriel-closed", f"{apriel}unsloth-Apriel-1.5.jinja",
         f"{THOUGHT}\n[BEGIN FINAL RESPONSE]\n{GOOD}\n[END FINAL RESPONSE]\n<|end|>"),
        ("glm-box", GLM,
         f"<think>{THOUGHT}</think><|begin_of_box|>{GOOD}<|end_of_box|>"),
    ]  # fmt: skip
    about = "The tag <think> opens a thought and </think> closes it. Ships carry coal."
    closing = "Everything before the `</think>` tag is dropped; the </think> mark ends it."
    # A stream of nothing is asked for plainly at once, for what it may lack.
    return [
        *(row(f"thought-{name}", link, text, "stop", "text", 1) for name, link, text in marked),
        row("about-thoughts", f"{GITHUB}open-webui/open-webui/pull/11708", about, "stop", "text",
            1, about),
        row("about-closing", f"{GITHUB}AAswordman/Operit/issues/727", closing, "stop", "text", 1,
            closing),
        row("thought-cut", f"{GITHUB}jundot/omlx/pull/82",
            f"<think>{THOUGHT}", "length", "room", 2, "used up its room"),
        row("thought-unclosed", f"{GITHUB}QwenLM/Qwen3.8/issues/216",
            f"<think>{THOUGHT}", "stop", "empty", 2, "no text"),
        row("room-used-up", f"{GITHUB}vllm-project/vllm/issues/52640",
            {"role": "assistant", "content": None, "reasoning": THOUGHT},
            "length", "room", 2, "max_tokens"),
        row("room-used-up-empty", f"{GITHUB}webai-at-home/webai-at-home/issues/192",
            {"role": "assistant", "content": "", "reasoning_content": THOUGHT},
            "length", "room", 2, "max_tokens"),
        Row("thought-repeated", f"{GITHUB}jundot/omlx/issues/2457",
            whole({"role": "assistant", "content": "", "reasoning_content": THOUGHT}, "length"),
            events([{"role": "assistant", "reasoning_content": THOUGHT}, THOUGHT], "length"),
            "room", 2, "used up its room", 2),
        row("answer-among-thoughts", f"{GITHUB}vllm-project/vllm/issues/17357",
            {"role": "assistant", "content": None, "reasoning_content": GOOD},
            "stop", "empty", 2, "no text", streamed=3),
        row("filtered", f"{GITHUB}interviewstreet/hiring-agent/issues/435",
            {"role": "assistant", "content": None}, "content_filter", "refused", 2, "refused"),
    ]  # fmt: skip


def _choice(message: Any, reason: str) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**whole(GOOD), "choices": [choice]}


def _cached(tokens: int) -> dict[str, Any]:
    counts = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    return {**counts, "prompt_tokens_details": {"cached_tokens": tokens}}


def _errors() -> list[Row]:
    """Return errors that come with status 200."""
    upstream = {"code": 502, "message": "Provider disconnected"}
    lost = {"code": "server_error", "message": "Provider disconnected unexpectedly"}
    mid = events(["Ships "]).split("data: ")[1]
    in_choice = whole(HALF, "error", error=upstream)
    image = "The model is not multimodal. Please remove image inputs."
    of_vllm = {
        "error": {
            "object": "error",
            "message": image,
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        }
    }
    field = 'Invalid JSON payload received. Unknown name "reasoning": Cannot find field.'
    busy = "**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**"
    return [
        sent("choice-error", "https://openrouter.ai/docs/responses", in_choice, "502", 2,
             "Provider disconnected", stream=events([HALF], "error", error=upstream)),
        sent("mid-stream-error", OPENROUTER, {"error": lost}, "500", 2, "unexpectedly",
             stream=f"data: {mid}data: " + json.dumps(
                 {"id": "cmpl-abc123", "object": "chat.completion.chunk", "error": lost,
                  "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}
             ) + "\n\n"),
        sent("error-401", f"{GITHUB}BerriAI/litellm/pull/21755",
             {"error": {"code": 401, "message": "No auth credentials found"}}, "401", 1,
             "No auth"),
        sent("vllm-in-stream", f"{GITHUB}BerriAI/litellm/pull/32237", of_vllm, "400", 1, image,
             stream=f"data: {json.dumps(of_vllm)}\n\ndata: [DONE]\n\n"),
        sent("error-event", f"{GITHUB}BerriAI/litellm/issues/25492",
             {"error": {"message": "The server had an error", "type": "server_error"}}, "500", 2,
             "had an error",
             stream=f"data: {mid}event: error\ndata: "
             '{"error": {"message": "The server had an error", "type": "server_error"}}\n\n'),
        sent("lm-studio-path", LM_STUDIO,
             {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "404", 1,
             "Unexpected endpoint"),
        sent("minimax-key", MINIMAX,
             {"base_resp": {"status_code": 1004, "status_msg": "not authorized"},
              "choices": None}, "401", 1, "not authorized"),
        sent("minimax-balance", MINIMAX,
             {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "402", 1,
             "insufficient balance"),
        sent("fastchat", FASTCHAT, {"text": busy, "error_code": 50001}, "500", 2, busy,
             stream=f"data: {mid}data: " + json.dumps({"text": busy, "error_code": 50001})
             + "\n\ndata: [DONE]\n\n"),
        sent("gemini-list", f"{GITHUB}SuzumiyaAkizuki/ComfyUI-NewBie-LLM-Formatter/issues/3",
             [{"error": {"code": 400, "message": field, "status": "INVALID_ARGUMENT"}}],
             "400", 1, "Invalid JSON payload"),
        sent("baidu", "https://cloud.baidu.com/theme/A/2231465-8",
             {"error_code": 110, "error_msg": "Access token invalid or no longer valid"}, "401", 1,
             "no longer valid"),
        sent("key-in-stream", MADE_UP,
             {"error": {"code": "401", "message": "Key was revoked"}}, "401", 1, "Key was revoked",
             stream=f"data: {mid}data: " + json.dumps(
                 {"id": "x", "error": {"code": 401, "message": "Key was revoked"},
                  "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]}
             ) + "\n\n"),
        sent("error-type", MADE_UP,
             {"type": "error", "error": {"type": "authentication_error", "message": "bad key"}},
             "401", 1, "bad key"),
        sent("message-and-code", MADE_UP,
             {"object": "error", "message": "Incorrect API key provided", "code": 40101}, "401", 1,
             "Incorrect API key"),
        sent("detail", MADE_UP, {"detail": "Model is being loaded"}, "500", 2, "being loaded"),
        sent("code-in-words", MADE_UP,
             {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "1"},
             "401", 1, "Invalid API-key"),
    ]  # fmt: skip


def _odd() -> list[Row]:
    """Return odd values in otherwise good answers."""
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
        {"type": "text", "text": GOOD},
    ]
    abort = {"type": "abort", "message": "Aborted", "status_code": None, "err_type": None}
    reasons = f"{SGLANG}managers/schedule_batch.py"
    without = f"{GITHUB}openai/openai-agents-python/pull/935"
    return [
        row("parts", f"{GITHUB}microsoft/agent-framework/issues/6978",
            {"role": "assistant", "content": parts}, "stop", "text", 1),
        *(row(f"usage-{name}", link, GOOD, "stop", "text", 1, usage=usage)
         for name, link, usage in _usages()),
        sent("usage-cached-odd", MADE_UP, whole(GOOD, usage=_cached(10**12)), "text", 1, GOOD,
             stream=events(pieces(GOOD), usage=_cached(-(10**12)))),
        *(row(f"end-token-{number}", f"{GITHUB}mzau/mlx-knife/issues/20", f"{GOOD}{mark}", "stop",
              "text", 1) for number, mark in enumerate(("<|im_end|>", "<|eot_id|>", "</s>"))),
        row("reason-object", reasons, HALF, abort, "broken", 2, "abort"),
        row("reason-object-length", reasons, HALF, {"type": "length", "length": 150}, "cut", 2,
            HALF),
        sent("message-null", f"{GITHUB}SkywalkerDarren/chatWeb/pull/21",
             _choice(None, "PROHIBITED_CONTENT"), "refused", 2, "refused",
             stream=events([], "PROHIBITED_CONTENT")),
        sent("message-null-stop", MADE_UP, _choice(None, "stop"), "empty", 2, "no text",
             streamed=3, stream=events([])),
        sent("choices-null", f"{GITHUB}AstrBotDevs/AstrBot/pull/6313",
             {**whole(GOOD), "choices": None}, "empty", 2, "no text", streamed=3,
             stream='data: {"choices": null}\n\ndata: [DONE]\n\n'),
        sent("choice-null", MADE_UP, {**whole(GOOD), "choices": [None]}, "empty", 2, "no text",
             streamed=3, stream='data: {"choices": [null]}\n\ndata: [DONE]\n\n'),
        sent("no-choices", without, {**whole(GOOD), "choices": []}, "empty", 2, "no text",
             streamed=3, stream='data: {"choices": []}\n\ndata: [DONE]\n\n'),
        row("no-reason", f"{GITHUB}XiaomiMiMo/MiMo-Code/pull/2244", GOOD, None, "text",
            1, streamed=2),
        row("empty-reason", f"{GITHUB}openai/openai-dotnet/pull/389", GOOD, "", "text", 1,
            streamed=2),
        sent("empty-reasons", f"{GITHUB}sgl-project/sglang/issues/3912", whole(GOOD), "text",
             1, GOOD, stream=events(pieces(GOOD)).replace('"finish_reason": null',
                                                        '"finish_reason": ""')),
        row("zero-width", MADE_UP,
            "\u200b\u2060\ufeff\u200d", "stop", "empty", 2, "no text", streamed=3),
        row("surrogate", f"{GITHUB}Kohaku-Lab/KohakuTerrarium/pull/48",
            "Ships carry \udcaf coal.", "stop", "text", 1, "Ships carry \ufffd coal."),
        row("surrogate-half", MADE_UP,
            "Ships carry \ud83d coal.", "stop", "text", 1, "Ships carry \ufffd coal."),
    ]  # fmt: skip


def _usages() -> list[tuple[str, str, Any]]:
    """Return usages that are odd: name, source, value."""
    tokens = ("prompt_tokens", "completion_tokens", "total_tokens")
    more = {"cached_tokens": 60}, {"reasoning_tokens": 6001}
    return [
        ("none", f"{GITHUB}crewAIInc/crewAI/issues/4056", {}),
        ("negative", f"{GITHUB}64bit/async-openai/issues/404",
         dict(zip(tokens, (1151, -35, 1116), strict=True))),
        ("more-thoughts-than-tokens", f"{GITHUB}vercel/ai/pull/18614",
         {**dict(zip(tokens, (951, 6000, 6952), strict=True)),
         "prompt_tokens_details": more[0], "completion_tokens_details": more[1]}),
        ("more-cached-than-sent", f"{GITHUB}earendil-works/pi/issues/2048", _cached(6_452)),
        ("absurd", MADE_UP, dict.fromkeys(tokens, 10**30)),
        ("infinite", MADE_UP, dict(zip(tokens, (1e400, 3, 3), strict=True))),
        ("words", MADE_UP, dict(zip(tokens, ("many", "few", "?"), strict=True))),
        ("nulls", MADE_UP, dict.fromkeys(tokens)),
    ]  # fmt: skip


ROWS = (*_ends(), *_thoughts(), *_errors(), *_odd())
