"""Everything that is known before the first call: documents, chunks, models, sizes, the plan.

Errors of the source, the model's name, its key, the prompts, the library or the ledger are raised
here, before anything is paid for.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from docsum_nb.documents import load
from docsum_nb.documents.tokens import vocabulary
from docsum_nb.errors import InputError
from docsum_nb.events import Stage
from docsum_nb.ledger import Ledger
from docsum_nb.models import ChatModel, lost_promises, open_model, schema_instructions
from docsum_nb.options import Options
from docsum_nb.pipeline.chunking import cut
from docsum_nb.pipeline.sizes import (
    AGENT_CALLS,
    EXTRACT_WORDS,
    LABEL_TOKENS,
    LEAST_AGENT_WINDOW,
    LEAST_ANSWER,
    NAMED_TOKENS,
    Sizes,
    agent_answer_tokens,
    agent_context_tokens,
    answer_tokens,
    extract_text_tokens,
    merge_calls,
    merge_depth,
    sizes_for,
)
from docsum_nb.prompts import Prompts, load_prompts
from docsum_nb.records import Chunk, Document, Omission, PlannedDocument
from docsum_nb.results import Plan

if TYPE_CHECKING:
    from docsum_nb.library import Library

__all__ = ["Prepared", "open_ledger", "plan_of", "prepare", "remaining_of"]


@dataclass(frozen=True)
class Prepared:
    """All that a run works with."""

    options: Options
    documents: tuple[Document, ...]
    chunks: tuple[Chunk, ...]
    """Of all documents, in order."""
    omitted: tuple[Omission, ...]
    models: tuple[ChatModel, ...]
    """The model, and its fallbacks."""
    sizes: Sizes
    prompts: Prompts
    library: Library | None

    @property
    def model(self) -> ChatModel:
        """The model asked first."""
        return self.models[0]

    @property
    def window(self) -> int:
        """The smallest window: a fallback must be able to take what the first model takes."""
        return min(each.window for each in self.models)

    @property
    def schema_tokens(self) -> int:
        """Tokens of the instructions for ``response_model``; 0 without one."""
        schema = self.options.response_model
        return 0 if schema is None else self.model.count(schema_instructions(schema))

    @property
    def evaluates(self) -> bool:
        """Whether a language model is to say why documents of the library are relevant."""
        if self.library is None or self.model.settings.embedded:
            return False
        return self.window >= LEAST_AGENT_WINDOW

    def chunk_counts(self) -> dict[str, int]:
        """Count the chunks of each document."""
        return Counter(chunk.document for chunk in self.chunks)

    def words_for(self, chunk: Chunk, counts: dict[str, int]) -> int:
        """Choose the length of a chunk's summary: it may be the document's, or the whole result."""
        if counts[chunk.document] > 1:
            return self.sizes.chunk_words
        return self.sizes.final_words if len(self.documents) == 1 else self.sizes.document_words


def prepare(
    options: Options,
    *,
    cut: Callable[..., list[Chunk]] = cut,
    to_ask: bool = True,
    stage: Callable[[Stage], object] = lambda stage: None,
    fetched: Callable[[int, int], object] = lambda files, size: None,
    when_stopped: Callable[[Callable[[], object]], None] = lambda end: None,
) -> Prepared:
    """Read the source and make everything ready; blocking, and without any call of a model.

    Args:
        options: What was asked for.
        cut: Cuts the documents, as ``chunking.cut`` does.
        to_ask: Whether the models will be asked; for a plan alone they need no key.
        stage: Called with the stage when one that takes long starts.
        fetched: As for ``documents.load``.
        when_stopped: As for ``documents.load``.

    Raises:
        InputError: if the source, the model, the prompts or a size cannot be used, or the library
            holds nothing.
        ExceptionGroup: with ``on_error="collect"``, of every document that cannot be read.
        LibraryError: if the library cannot be opened.
    """
    # Quick checks come first: a model may take seconds to open.
    loaded = load(
        options.source,
        on_error=options.on_error,
        follow_links=options.follow_links,
        fetched=fetched,
        when_stopped=when_stopped,
    )
    library = _open_library(options.library)
    settings = options.model
    imports = not settings.embedded and "litellm" not in sys.modules
    if imports:
        stage("importing")
    models = tuple(open_model(each, to_ask=to_ask) for each in settings.with_fallbacks())
    if imports:
        stage("loading")
    _check_prices(options, models)
    prompts = load_prompts(options.prompts)
    count = models[0].count
    sizes = sizes_for(
        window=min(each.window for each in models),
        prompt_tokens=max(each.overhead + _beyond(each) for each in models)
        + _longest_prompt(prompts, options, models[0]),
        final_words=options.length,
        chunk_tokens=options.chunk_tokens,
    )
    chunks = cut(
        loaded.documents,
        max_tokens=sizes.chunk_tokens,
        count=count,
        vocabulary=vocabulary(models[0].name),
    )
    return Prepared(
        options,
        loaded.documents,
        tuple(chunks),
        loaded.omitted,
        models,
        sizes,
        prompts,
        library,
    )


def _check_prices(options: Options, models: tuple[ChatModel, ...]) -> None:
    unknown = [model.name for model in models if model.price(1, 1) is None]
    if options.max_cost is not None and unknown:
        raise InputError(
            f"max_cost needs the price of {unknown[0]}, which is not known: give "
            f"Model({unknown[0]!r}, prices=(PROMPT, ANSWER)), in dollars for a million tokens"
        )


def open_ledger(options: Options) -> Ledger | None:
    """Open the ledger that was asked for.

    Raises:
        LedgerError: if it cannot be written.
    """
    return None if options.ledger is False else Ledger(_as_path(options.ledger))


def _as_path(path: object) -> Path | None:
    return None if path is None else Path(str(path))


def plan_of(prepared: Prepared) -> Plan:
    """Count the calls and bound the tokens of a run, without a request."""
    models = prepared.models
    doubts = tuple(each.name_warning for each in models if each.name_warning)
    return replace(
        remaining_of(prepared, ()),
        warnings=(*doubts, *_lost_promises(prepared)),
        no_key=next((each.missing_key for each in models if each.missing_key), None),
        contents=_contents(prepared),
    )


def _contents(prepared: Prepared) -> tuple[PlannedDocument, ...]:
    counts = prepared.chunk_counts()
    tokens: Counter[str] = Counter()
    for chunk in prepared.chunks:
        tokens[chunk.document] += chunk.tokens
    return tuple(
        PlannedDocument(each.name, len(each.text), counts[each.name], tokens[each.name], each.path)
        for each in prepared.documents
    )


def _lost_promises(prepared: Prepared) -> tuple[str, ...]:
    """Return the promises that the installed LiteLLM breaks; raises if a bound is one of them."""
    if all(each.settings.embedded for each in prepared.models):
        return ()
    options = prepared.options
    bounds = (options.max_calls, options.max_tokens, options.max_cost)
    return lost_promises(bounded=any(bound is not None for bound in bounds))


def remaining_of(prepared: Prepared, done: Collection[int]) -> Plan:
    """Count the calls and bound the tokens of what is left of a run.

    Args:
        prepared: What the run works with.
        done: The indexes of the chunks that are summarized already. Merges count as not done.
    """
    sizes, counts = prepared.sizes, prepared.chunk_counts()
    chunks = [chunk for place, chunk in enumerate(prepared.chunks) if place not in done]
    longest = partial(_longest_answer, prepared.models)
    answers = [longest(answer_tokens(prepared.words_for(chunk, counts))) for chunk in chunks]
    parts = [*counts.values(), len(prepared.documents)]
    merges = sum(merge_calls(part, sizes.fan_in) for part in parts)
    depths = [merge_depth(part, sizes.fan_in) for part in parts]
    # Every summary but the last is the input of exactly one merge, at its largest.
    summaries = len(prepared.chunks) + merges
    largest = max(answer_tokens(sizes.document_words), answer_tokens(sizes.final_words))
    extracts = prepared.options.response_model is not None
    calls = len(chunks) + merges + extracts + prepared.evaluates
    sent = sum(chunk.tokens for chunk in chunks) + calls * sizes.prompt_tokens
    sent += (summaries - 1) * (answer_tokens(sizes.document_words) + NAMED_TOKENS)
    answered = sum(answers) + merges * longest(largest)
    if extracts:
        schema = prepared.schema_tokens
        sent += extract_text_tokens(prepared.window, sizes, schema_tokens=schema) + schema
        answered += longest(answer_tokens(EXTRACT_WORDS))
    if prepared.evaluates:
        asked = agent_context_tokens(prepared.window)
        said = agent_answer_tokens(prepared.window)
        # Each further call sends what was said and found before it as well.
        sent += AGENT_CALLS * (asked + (AGENT_CALLS - 1) * 2 * said)
        answered += AGENT_CALLS * longest(said)
    if prepared.model.settings.embedded:
        sent = answered = 0
    return Plan(
        documents=len(prepared.documents),
        chunks=len(chunks),
        calls=calls,
        tokens=sent + answered,
        depth=1 + max(depths[:-1]) + depths[-1] + extracts + prepared.evaluates,
        cost_usd=_dearest(prepared.models, sent, answered, _largest_prompt(prepared)),
        model=prepared.model.name,
        omitted=prepared.omitted,
    )


def _longest_answer(models: tuple[ChatModel, ...], max_tokens: int) -> int:
    return max(model.longest_answer(max_tokens) for model in models)


def _beyond(model: ChatModel) -> int:
    """Return by how many tokens an answer may exceed its limit, as a reasoning model's does."""
    return max(0, model.longest_answer(LEAST_ANSWER) - LEAST_ANSWER)


def _largest_prompt(prepared: Prepared) -> int:
    """Return the tokens of the longest prompt of a run, at most."""
    sizes = prepared.sizes
    merged = sizes.fan_in * (answer_tokens(sizes.document_words) + NAMED_TOKENS)
    # A merge never takes more texts than there are.
    merged = min(
        merged, len(prepared.chunks) * (answer_tokens(sizes.document_words) + NAMED_TOKENS)
    )
    longest = max((chunk.tokens for chunk in prepared.chunks), default=0)
    extracted = 0
    if prepared.options.response_model is not None:
        schema = prepared.schema_tokens
        extracted = extract_text_tokens(prepared.window, sizes, schema_tokens=schema) + schema
    asked = 0
    if prepared.evaluates:
        said = agent_answer_tokens(prepared.window)
        asked = agent_context_tokens(prepared.window) + (AGENT_CALLS - 1) * 2 * said
    return sizes.prompt_tokens + max(longest, merged, extracted, asked)


def _dearest(models: tuple[ChatModel, ...], sent: int, answered: int, largest: int) -> float | None:
    """Return the price at the dearest of the models, as a fallback may be."""
    prices = [model.price(sent, answered, largest=largest) for model in models]
    known = [price for price in prices if price is not None]
    return max(known) if len(known) == len(prices) else None


def _longest_prompt(prompts: Prompts, options: Options, model: ChatModel) -> int:
    texts = [str(agent) for agent in prompts.agents.values()]
    asked = [
        f"{filled.description} {filled.expected_output}"
        for task in prompts.tasks.values()
        for filled in [task.fill(question=options.question, words=1000, count=1000)]
    ]
    return max(map(model.count, texts)) + max(map(model.count, asked)) + LABEL_TOKENS + 16


def _open_library(library: object) -> Library | None:
    if library is None:
        return None
    from docsum_nb.library import Library

    opened = library if isinstance(library, Library) else Library(_library_path(library))
    if len(opened) == 0:
        raise InputError(
            f"the library {opened.path} holds nothing; fill it first: "
            f"docsum_nb.Library({str(opened.path)!r}).add(SOURCE)"
        )
    return opened


def _library_path(library: object) -> Path:
    if not isinstance(library, str | os.PathLike):
        raise InputError(f"library is a folder or a Library, not {type(library).__name__}")
    return Path(library)
