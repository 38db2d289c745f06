"""Why an answer ended: the providers' words for it, and what each means for a summary.

An answer is taken for whole only if its provider says so in a word that is known. An unknown word
counts as broken off: an answer that ends in the middle of a sentence must not pass for a summary. A
word that is missing from an answer that came whole counts as whole, since some servers send none.

The table is by meaning. The words are those of the providers' own references (links beside each
group), compared without case, with ``_`` for spaces and hyphens.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Ending", "broken_off", "ending_of"]


class Ending(Enum):
    """What the end of an answer means; the value is OpenAI's word for it."""

    WHOLE = "stop"
    CUT = "length"
    REFUSED = "content_filter"
    TOOL = "tool_calls"
    BROKEN = "error"


# OpenAI: https://github.com/openai/openai-python, src/openai/types/chat/chat_completion.py
# Responses: the same, src/openai/types/responses/response_status.py
# Anthropic: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
# Gemini, Vertex, Hugging Face: https://github.com/BerriAI/litellm, core_helpers.py
# Cohere: https://github.com/cohere-ai/cohere-python, src/cohere/types/chat_finish_reason.py
# Mistral: https://github.com/mistralai/client-python, models/chatcompletionchoice.py
# DeepSeek: https://docs.rs/crate/ds-api/latest/source/src/raw/response/non_streaming/finish_reason.rs
# GLM: https://docs.bigmodel.cn/api-reference (the result of an asynchronous request)
# OpenRouter: https://openrouter.ai/docs/api-reference/streaming
# Bedrock: https://github.com/boto/botocore, data/bedrock-runtime/2023-09-30 (StopReason)
# Titan: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html
# Text Generation Inference: https://github.com/huggingface/text-generation-inference/issues/1724
# vLLM: https://github.com/vllm-project/vllm/blob/main/vllm/v1/engine/__init__.py
# SGLang: https://github.com/sgl-project/sglang, python/sglang/srt/managers/schedule_batch.py
# Ollama: https://github.com/ollama/ollama/blob/main/docs/api.md
# LM Studio: https://github.com/lmstudio-ai/lmstudio-js, LLMPredictionStats.ts
# watsonx: https://ibm.github.io/watsonx-ai-node-sdk (StopReason, FinishReason)
# GigaChat: https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-chat
# "end", of some gateways: https://github.com/earendil-works/pi/issues/2107
# "endturn", once of OpenRouter: https://github.com/zeitlings/ayai-gpt-nexus/issues/2
_WORDS: dict[Ending, str] = {
    # OpenAI, Anthropic, Cohere, TGI, Together, Bedrock's Titan, AI21, llama.cpp, Aleph Alpha,
    # Baidu, LM Studio, TensorRT-LLM, Responses.
    Ending.WHOLE: (
        "stop end end_turn endturn stop_sequence complete completed finished finish done eos "
        "eos_token eosfound end_of_text endoftext end_of_turn end_id stop_words stop_word word "
        "stop_criteria_met stopstringfound stop_sequence_reached normal success succeeded"
    ),
    # OpenAI, Anthropic, Gemini, Mistral's and Anthropic's for a window that is full, Cohere, GLM,
    # LM Studio, watsonx, Responses.
    Ending.CUT: (
        "length max_tokens max_output_tokens max_length max_new_tokens max_completion_tokens "
        "maximum_tokens model_length model_context_window_exceeded context_length context "
        "contextlengthreached maxpredictedtokensreached token_limit limit max_output compaction "
        "error_limit length_capped"
    ),
    # OpenAI, Anthropic, Gemini, Cohere, GLM, Bedrock, Vertex, GigaChat.
    Ending.REFUSED: (
        "content_filter content_filtered refusal safety recitation blocklist prohibited_content "
        "spii language image_safety image_prohibited_content image_recitation image_other no_image "
        "escalation model_armor error_toxic sensitive guardrail_intervened guardrails blocked "
        "moderation jailbreak blacklist"
    ),
    # OpenAI, Anthropic, Cohere, LM Studio.
    Ending.TOOL: "tool_calls tool_call tool_use function_call toolcalls pause_turn",
    # Gemini's for what its model wrote badly, DeepSeek, GLM, OpenRouter, Mistral, Cohere, vLLM,
    # SGLang, Ollama, LM Studio, watsonx, TensorRT-LLM, Responses. "other" is Gemini's for a reason
    # that it does not name. "model_length" is Mistral's for a full window: cut, see above.
    Ending.BROKEN: (
        "error network_error insufficient_system_resource other unknown unspecified "
        "malformed_function_call malformed_response malformed_model_output malformed_tool_use "
        "unexpected_tool_call too_many_tool_calls missing_thought_signature abort aborted cancel "
        "cancelled canceled user_cancel userstopped load unload modelunloaded failed failure "
        "timeout time_limit not_finished incomplete in_progress none_yet internal_error "
        "server_error overloaded preempted repetition queued"
    ),
}
_MEANS = {word: ending for ending, words in _WORDS.items() for word in words.split()}
_PREFIXES = ("finish_reason_", "finishreason.", "stop_reason_", "stopreason.")


def ending_of(word: str | None) -> Ending:
    """Return what a provider's word for the end of an answer means.

    Args:
        word: As the provider wrote it; ``None`` or empty if it wrote none.

    Returns:
        ``BROKEN`` for a word that is not known, ``WHOLE`` for none.
    """
    plain = _plain(word)
    if plain in ("", "null", "none"):
        return Ending.WHOLE
    return _MEANS.get(plain, Ending.BROKEN)


def _plain(word: str | None) -> str:
    plain = (word or "").strip().lower().replace("-", "_").replace(" ", "_")
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    return plain


def broken_off(name: str, word: str | None) -> str:
    """Return the message of an answer that is not whole, for a user.

    Args:
        name: The model's.
        word: The provider's, for a broken answer or one that asks for a tool.
    """
    if ending_of(word) is Ending.TOOL:
        return (
            f"{name} asked for a tool instead of answering (finish reason {word!r}); none was "
            "offered to it: run again, or choose another model"
        )
    known = "" if _plain(word) in _MEANS else ", which is not a word that is known here"
    return (
        f"{name} broke its answer off (finish reason {word!r}{known}); run again, or choose "
        "another model"
    )
