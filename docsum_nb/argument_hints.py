"""What to write instead of an argument that a public function does not take.

Decides it by one table of the names that other tools have for the same, then by likeness.
Signatures stay as they are written: nothing is examined before Python has refused a call. What is
raised within the function passes unchanged. Shows given numbers, and no text: it may be a key.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import wraps
from typing import Any, TypeVar

from docsum_nb.errors import show_briefly

__all__ = ["explains_arguments", "unexpected_argument"]

_Taker = TypeVar("_Taker", bound=Callable[..., Any])

_NAMES = {
    "source": (
        "write source=...",
        "path paths file files filename folder directory document documents doc docs data input "
        "inputs content contents texts url urls sources",
    ),
    "crew_or_flow": ("write crew_or_flow=...", "crew flow"),
    "work": ("write work=...", "function func fn callable coroutine target crew flow"),
    "path": ("write path=...", "folder directory dir location uri"),
    "run_id": ("write run_id=...", "run id"),
    "model": ("write model=...", "llm model_name engine deployment"),
    "name": ("write name=...", "model model_name llm"),
    "models": ("write models=[...]", "model llm llms"),
    "length": (
        "write length={}, in words",
        "words max_words num_words n_words word_count word_limit max_length summary_length",
    ),
    "deadline": (
        "write deadline={}, in seconds",
        "timeout timeout_s time_limit max_time max_seconds seconds max_execution_time",
    ),
    "chunk_tokens": ("write chunk_tokens=..., in tokens", "chunk_size chunk_length max_chunk_size"),
    "max_concurrency": (
        "write max_concurrency={}",
        "n_workers num_workers max_workers workers n_jobs num_proc threads n_threads num_threads "
        "processes parallel concurrency batch_size",
    ),
    "timeout": ("write timeout={}, in seconds", "request_timeout"),
    "show": (
        "write show={}",
        "verbose quiet silent progress progress_bar show_progress tqdm display",
    ),
    "question": ("write question=...", "query instruction instructions task"),
    "prompts": (
        "write question=... or focus=...; prompts=FOLDER replaces the built-in texts",
        "prompt prompt_template system_prompt system_message",
    ),
    "language": ("write language=...", "lang output_language target_language"),
    "ledger": (
        "write ledger=..., a file, or ledger=False for none",
        "cache cache_dir cache_path use_cache db database",
    ),
    "max_cost": (
        "write max_cost={}, in US dollars",
        "budget max_budget cost_limit max_usd max_price max_dollars",
    ),
    "max_calls": ("write max_calls={}", "max_requests request_limit max_iter max_iterations"),
    "on_event": (
        "write on_event=..., a function that is called with every event",
        "callback callbacks on_progress progress_callback step_callback task_callback hook",
    ),
    "response_model": (
        "write response_model=..., a pydantic model class",
        "schema output_schema response_schema response_format output_format output_model "
        "output_pydantic output_json pydantic_model structured_output",
    ),
    "on_error": (
        "write on_error='raise', 'collect' or 'skip'",
        "errors ignore_errors skip_errors raise_on_error return_exceptions",
    ),
    "strategy": ("write strategy=...", "chain_type mode method algorithm summary_type"),
    "ask_citations": ("write ask_citations=True", "citations cite with_citations"),
    "follow_links": ("write follow_links=True", "follow_symlinks followlinks"),
    "sample": ("write sample={}", "n n_samples sample_size"),
    "older_than_days": ("write older_than_days={}", "days age older_than"),
    "embedder": ("write embedder=...", "model embedding embeddings embedding_model encoder"),
    "k": ("write k={}", "top_k n limit top_n n_results num_results max_results"),
    "where": ("write where={{...}}", "filter filters metadata"),
    "inputs": ("write inputs={{...}}", "kwargs args arguments"),
    "api_key": ("write api_key=...", "key token openai_api_key"),
    "base_url": ("write base_url=...", "api_base endpoint url host azure_endpoint openai_api_base"),
    "fallbacks": ("write fallbacks=[...]", "fallback fallback_models"),
    "max_retries": ("write max_retries={}", "retries num_retries n_retries retry"),
    "requests_per_minute": ("write requests_per_minute={}", "rpm max_rpm rate_limit"),
    "tokens_per_minute": ("write tokens_per_minute={}", "tpm"),
    "context_window": (
        "write context_window={}, in tokens",
        "num_ctx n_ctx context_length max_context max_input_tokens",
    ),
    "prices": ("write prices=(PROMPT, ANSWER), in US dollars for a million tokens", "price cost"),
    "params": ("write params={{...}}", "model_kwargs llm_kwargs extra_params"),
}
"""For each argument, how it is written, and the names that others have for it."""
_OPPOSITE = ("quiet", "silent")
_OF_MODEL = frozenset(
    {"api_key", "base_url", "context_window", "fallbacks", "give_up_after", "max_retries"}
    | {"params", "prices", "requests_per_minute", "tokens_per_minute"}
)
"""Settings of a ``Model``, and not of the functions that take one."""
_OF_REQUEST = {
    **dict.fromkeys(("max_tokens", "max_output_tokens", "max_completion_tokens"), "max_tokens"),
    **{name: name for name in ("temperature", "top_p", "seed", "reasoning_effort", "service_tier")},
    **{name: name for name in ("frequency_penalty", "presence_penalty", "extra_body")},
}
"""Parameters of a request, which go in ``params`` of a ``Model``."""
_NOT_OF_PLAN = frozenset(
    {"deadline", "max_concurrency", "ledger", "on_event", "client", "show"}
    | {"max_cost", "max_calls", "max_tokens"}
)
"""What ``summarize`` takes, and ``plan`` does not."""


def explains_arguments(taker: _Taker) -> _Taker:
    """Return a function, or a class, whose error for wrong arguments says what to write.

    Raises:
        TypeError: out of a call, if the arguments are not those of the signature, as in Python.
    """
    if not isinstance(taker, type):
        return _explaining(taker, taker.__qualname__)  # type: ignore[return-value]
    taker.__init__ = _explaining(taker.__init__, taker.__name__)  # type: ignore[misc]
    return taker


def _explaining(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def explaining(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except TypeError as error:
            # The traceback of a call that was refused ends here: nothing has run.
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            explained = _explained(error, function, name, named)
        raise explained

    return explaining


def unexpected_argument(given: str, value: Any, *, taken: Collection[str], name: str) -> TypeError:
    """Return the error for an argument that is not taken, with what to write instead.

    Args:
        given: Its name.
        value: What was given by it; shown if it is a number.
        taken: The names that are taken, in order.
        name: The function or class.
    """
    hint = _hint(given, value, taken, name)
    error = TypeError(f"{name}() got an unexpected keyword argument {given!r}; {hint}")
    show_briefly(error)
    return error


def _explained(
    error: TypeError, function: Callable[..., Any], name: str, named: Mapping[str, Any]
) -> TypeError:
    """Return the error of a refused call, with what to write instead."""
    parameters = inspect.signature(function).parameters
    for given, value in named.items():
        if given not in parameters:
            taken = [each for each in parameters if each != "self"]
            return unexpected_argument(given, value, taken=taken, name=name)
    words = str(error).replace(f"{name}.__init__()", f"{name}()")
    others = [each.name for each in parameters.values() if each.kind is each.KEYWORD_ONLY]
    if others and "positional argument" in words and "missing" not in words:
        some = ", ".join(f"{each}=..." for each in others[:3])
        words += f"; give the others by name: {some}{' and so on' if others[3:] else ''}"
    explained = TypeError(words)
    show_briefly(explained)
    return explained


def _hint(given: str, value: Any, taken: Collection[str], name: str) -> str:
    word = given.lower()
    if hint := _renamed(word, value, taken, name):
        return hint
    for near in get_close_matches(word, taken, n=1, cutoff=0.7):
        return f"did you mean {near!r}?"
    for near in get_close_matches(word, [*_other_names()], n=3, cutoff=0.8):
        if hint := _renamed(near, value, taken, name):
            return hint
    if "inputs" in taken:
        return f"what your crew or function takes goes in inputs={{{given!r}: ...}}"
    if name == "start":
        return f"what your function takes goes in functools.partial(function, {given}=...)"
    return f"help(docsum_nb.{name}) explains what it takes"


def _renamed(word: str, value: Any, taken: Collection[str], name: str) -> str:
    """Return what to write for a name of the tables; empty if it is nothing that can be given."""
    shown = repr(value) if isinstance(value, int | float) else "..."
    own = [each for each, (_, names) in _NAMES.items() if word == each or word in names.split()]
    for each in own:
        # Of all others, it is the name of a column.
        if each in taken and (each != "name" or name == "Model"):
            if each == "show" and isinstance(value, int):
                shown = repr(bool(value) != (word in _OPPOSITE))
            return _NAMES[each][0].format(shown)
    if name == "plan" and not _NOT_OF_PLAN.isdisjoint({word, *own}):
        return "plan sends nothing: give it to summarize"
    settings = [f"{each}={shown}" for each in own if each in _OF_MODEL]
    if word in _OF_REQUEST:
        settings = [f'params={{"{_OF_REQUEST[word]}": {shown}}}']
    return _of_model(word, settings[0], shown, taken) if settings else ""


def _of_model(word: str, setting: str, shown: str, taken: Collection[str]) -> str:
    """Return how a setting of a model is written; empty if the function takes no model."""
    if "params" in taken:
        return f"write {setting}"
    if "models" in taken:
        return f"write models=[docsum_nb.Model(NAME, {setting}), ...]"
    if "model" in taken:
        return f"write model=docsum_nb.Model(NAME, {setting})"
    if "inputs" in taken:
        return f"it is a setting of your agents' model: crewai.LLM(NAME, {word}={shown})"
    return ""


def _other_names() -> Iterable[str]:
    yield from _OF_MODEL
    yield from _OF_REQUEST
    for _, names in _NAMES.values():
        yield from names.split()
