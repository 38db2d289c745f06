"""Everything that a run works with, read and opened before its first call.

Errors of the source, a model's name, its key, the prompts, the library or the ledger are raised
here, before anything is paid for. Text of scanned pages may still be missing then: it is put in
between ``open_source`` and ``cut_source``.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docsum_nb.documents.load import Loaded, load
from docsum_nb.documents.tokens import vocabulary
from docsum_nb.errors import InputError
from docsum_nb.events import Stage
from docsum_nb.ledger import Ledger
from docsum_nb.models import (
    ChatModel,
    Model,
    open_model,
    open_vision,
    schema_instructions,
    takes_an_import,
)
from docsum_nb.options import Options
from docsum_nb.pipeline.chunking import cut
from docsum_nb.pipeline.sizes import (
    CONTEXT_TOKENS,
    LABEL_TOKENS,
    LEAST_AGENT_WINDOW,
    LEAST_ANSWER,
    MARK_TOKENS,
    ROOMY_WINDOW,
    Merging,
    Sizes,
    sizes_for,
)
from docsum_nb.prompts import TAG_TOKENS, Prompts, load_prompts
from docsum_nb.recognition import ExpectedPages
from docsum_nb.records import Chunk, Document, Omission, SourceText

if TYPE_CHECKING:
    from docsum_nb.library import Library
    from docsum_nb.pipeline.own_search import OwnSearch

__all__ = ["Opened", "Prepared", "cut_source", "open_ledger", "open_source"]

_MOST_RANKED = 4_000_000
"""Characters of all documents from which the sentences of a summary are selected at once; of more,
they are selected from the documents' summaries."""


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
    library: Library | OwnSearch | None
    vision: tuple[ChatModel, ...] = ()
    """The model that reads pictures, and its fallbacks; empty if none was named."""
    unread: ExpectedPages | None = None
    """Of a plan, the pages that are still to be read; ``None`` if there are none."""

    @property
    def model(self) -> ChatModel:
        """The model asked first."""
        return self.models[0]

    @property
    def window(self) -> int:
        """The smallest window: a fallback must be able to take what the first model takes."""
        return min(each.window for each in self.models)

    @property
    def asks_citations(self) -> bool:
        """Whether the model is asked which passages its sentences rest on."""
        return self.options.ask_citations and self.window >= ROOMY_WINDOW

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
        return self.merging_of_chunks(counts[chunk.document]).part_words

    @property
    def refines(self) -> bool:
        """Whether the chunks of a document are read one after another, rewriting one summary."""
        return self.options.strategy == "refine"

    @property
    def document_words(self) -> int:
        """The length of a document's summary, which may be the whole result."""
        return self.merging_of_documents(len(self.documents)).part_words

    def merging_of_chunks(self, count: int) -> Merging:
        """Return how the summaries of the chunks of a document become one."""
        if self.refines:
            return Merging(self.document_words, ())
        return self.sizes.of_chunks(count, self.document_words)

    def merging_of_documents(self, count: int) -> Merging:
        """Return how the summaries of documents become one; with no level if they do not."""
        if self.options.strategy == "per-document":
            return Merging(self.sizes.final_words, ())
        return self.sizes.of_documents(count)

    def merge_calls(self, counts: Mapping[str, int]) -> int:
        """Return the merges that the summaries of chunks take: by document, then of documents.

        Args:
            counts: The summaries of each document.
        """
        by_document = sum(self.merging_of_chunks(count).calls for count in counts.values())
        return by_document + self.merging_of_documents(len(counts)).calls

    def sources(self) -> dict[str, list[SourceText]]:
        """Return the chunks of each document; none if they are too long to be ranked at once."""
        found: dict[str, list[SourceText]] = defaultdict(list)
        if sum(len(each.text) for each in self.documents) <= _MOST_RANKED:
            for chunk in self.chunks:
                found[chunk.document].append(SourceText(chunk.document, chunk.text, chunk.syntax))
        return found


@dataclass(frozen=True)
class Opened:
    """A source that was read, and all that a run works with; some pages may lack their text."""

    options: Options
    loaded: Loaded
    models: tuple[ChatModel, ...]
    """The model, and its fallbacks."""
    vision: tuple[ChatModel, ...]
    """The model that reads pictures, and its fallbacks; empty if none was named."""
    sizes: Sizes
    prompts: Prompts
    library: Library | OwnSearch | None

    def prepared(self, chunks: Sequence[Chunk] = ()) -> Prepared:
        """Return it with the chunks of the documents."""
        return Prepared(
            self.options,
            self.loaded.documents,
            tuple(chunks),
            self.loaded.omitted,
            self.models,
            self.sizes,
            self.prompts,
            self.library,
            vision=self.vision,
        )


def open_source(
    options: Options,
    *,
    pictures: Path | None = None,
    to_ask: bool = True,
    stage: Callable[[Stage], object] = lambda stage: None,
    fetched: Callable[[int, int], object] = lambda files, size: None,
    when_stopped: Callable[[Callable[[], object]], None] = lambda end: None,
) -> Opened:
    """Read the source and open everything else; blocking, and without any call of a model.

    Args:
        options: What was asked for.
        pictures: As for ``documents.load``.
        to_ask: Whether the models will be asked; for a plan alone they need no key.
        stage: Called with the stage when one that takes long starts.
        fetched: As for ``documents.load``.
        when_stopped: As for ``documents.load``.

    Raises:
        InputError: if the source, a model, the prompts or a size cannot be used, or the library
            holds nothing.
        ExceptionGroup: with ``on_error="collect"``, of every document that cannot be read.
        LibraryError: if the library cannot be opened.
    """
    # A model that takes no pictures is an error before anything is read.
    vision = () if options.vision is None else _opened_vision(options.vision, stage, to_ask=to_ask)
    # Quick checks come first: a model may take seconds to open.
    loaded = load(
        options.source,
        on_error=options.on_error,
        follow_links=options.follow_links,
        fetched=fetched,
        when_stopped=when_stopped,
        pictures=pictures,
    )
    library = _open_library(options.library)
    settings = options.model
    imports = takes_an_import(settings)
    if imports:
        stage("importing")
    models = tuple(open_model(each, to_ask=to_ask) for each in settings.with_fallbacks())
    if imports:
        stage("loading")
    _check_prices(options, (*models, *vision))
    prompts = load_prompts(options.prompts)
    window = min(each.window for each in models)
    roomy = window >= ROOMY_WINDOW and not models[0].settings.embedded
    sizes = sizes_for(
        window=window,
        prompt_tokens=max(each.overhead + _beyond(each) for each in models)
        + _longest_prompt(prompts, options, models[0], roomy=roomy),
        final_words=options.length,
        chunk_tokens=options.chunk_tokens,
        detail=options.detail,
        strategy=options.strategy,
        quotes=roomy and prompts.tasks["combine"].has("evidence"),
    )
    return Opened(options, loaded, models, vision, sizes, prompts, library)


def _opened_vision(
    model: Model, stage: Callable[[Stage], object], *, to_ask: bool
) -> tuple[ChatModel, ...]:
    if not takes_an_import(model):
        return open_vision(model, to_ask=to_ask)
    stage("importing")
    models = open_vision(model, to_ask=to_ask)
    stage("loading")
    return models


def cut_source(opened: Opened, *, cut: Callable[..., list[Chunk]] = cut) -> Prepared:
    """Cut the documents into chunks; blocking, since counting tokens takes a while.

    Args:
        opened: The documents, with the text of all their pages.
        cut: Cuts the documents, as ``chunking.cut`` does.

    Raises:
        InputError: with ``strategy="single"``, if a document does not fit into one request.
    """
    model = opened.models[0]
    chunks = cut(
        opened.loaded.documents,
        max_tokens=opened.sizes.chunk_tokens,
        count=model.count,
        vocabulary=vocabulary(model.name),
    )
    if opened.options.strategy == "single":
        _check_whole(chunks, opened.sizes.chunk_tokens)
    return opened.prepared(chunks)


def _check_whole(chunks: Sequence[Chunk], most: int) -> None:
    for chunk in chunks:
        if chunk.index > 0:
            raise InputError(
                f"strategy='single' sends each document whole, and {chunk.document} has more than "
                f"the {most:,} tokens that fit into one request: choose 'tree', or a model with a "
                "larger window"
            )


def open_ledger(options: Options) -> Ledger | None:
    """Open the ledger that was asked for.

    Raises:
        LedgerError: if it cannot be written.
    """
    return None if options.ledger is False else Ledger(_as_path(options.ledger))


def _as_path(path: object) -> Path | None:
    return None if path is None else Path(str(path))


def _check_prices(options: Options, models: tuple[ChatModel, ...]) -> None:
    unknown = [model.name for model in models if model.price(1, 1) is None]
    if options.max_cost is not None and unknown:
        raise InputError(
            f"max_cost needs the price of {unknown[0]}, which is not known: give "
            f"Model({unknown[0]!r}, prices=(PROMPT, ANSWER)), in dollars for a million tokens"
        )


def _beyond(model: ChatModel) -> int:
    """Return by how many tokens an answer may exceed its limit, as a reasoning model's does."""
    return max(0, model.longest_answer(LEAST_ANSWER) - LEAST_ANSWER)


def _longest_prompt(prompts: Prompts, options: Options, model: ChatModel, *, roomy: bool) -> int:
    unused = "" if options.strategy == "refine" else "refine"
    texts = [str(agent) for agent in prompts.agents.values()]
    asked = [
        f"{filled.description} {filled.expected_output}"
        for name, task in prompts.tasks.items()
        if name != unused
        for filled in [
            task.fill(
                options.wishes,
                context=roomy,
                evidence=roomy,
                sources=roomy and options.ask_citations,
                words=1000,
                count=1000,
            )
        ]
    ]
    around = LABEL_TOKENS + 16 + (CONTEXT_TOKENS + TAG_TOKENS if roomy else 0)
    around += MARK_TOKENS if roomy and options.ask_citations else 0
    around += 2 * TAG_TOKENS if options.strategy == "refine" else 0
    return max(map(model.count, texts)) + max(map(model.count, asked)) + around


def _open_library(library: object) -> Library | OwnSearch | None:
    if library is None:
        return None
    from docsum_nb.library import Library
    from docsum_nb.pipeline.own_search import own_search_of

    if not isinstance(library, Library | str | os.PathLike):
        own = own_search_of(library)
        if own is None:
            raise InputError(
                "library is a folder, a Library, a function search(query, k) or a CrewAI tool, "
                f"not {type(library).__name__}"
            )
        return own
    opened = library if isinstance(library, Library) else Library(library)
    if len(opened) == 0:
        raise InputError(
            f"the library {opened.path} holds nothing; fill it first: "
            f"docsum_nb.Library({str(opened.path)!r}).add(SOURCE)"
        )
    return opened
