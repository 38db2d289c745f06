"""The plan of a run: its calls, tokens and cost at most, without a call of a model."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger, default_path
from docsum_nb.models import ChatModel, lost_promises
from docsum_nb.options import Options
from docsum_nb.pipeline.planned_search import with_search
from docsum_nb.pipeline.preparation import Prepared, cut_source, open_source
from docsum_nb.pipeline.sizes import (
    AGENT_CALLS,
    EXTRACT_WORDS,
    NAMED_TOKENS,
    Merging,
    agent_answer_tokens,
    agent_context_tokens,
    answer_tokens,
    extract_text_tokens,
)
from docsum_nb.private_folder import PrivateFolder
from docsum_nb.prompts.injection import orders_in
from docsum_nb.recognition import expected_pages
from docsum_nb.records import Answer, PlannedDocument
from docsum_nb.render.one_line import one_line
from docsum_nb.results import Plan

__all__ = ["addressed_to_models", "plan_of", "prepare", "remaining_of", "warnings_of"]


def prepare(options: Options) -> Prepared:
    """Read the source and make everything ready for a plan; blocking, without a call of a model.

    For a page that a model would have to read, there is filler of the largest length.

    Raises:
        InputError: as ``open_source``, which raises further errors; if no page holds text.
    """
    folder = None if options.vision is None else PrivateFolder()
    try:
        opened = open_source(
            options, pictures=None if folder is None else folder.path, to_ask=False
        )
        if not opened.loaded.pictures:
            return cut_source(opened)
        with _stored_answers() as stored:
            loaded, expected = expected_pages(
                opened.loaded, opened.vision, stored=stored, count=opened.models[0].count
            )
        return replace(cut_source(replace(opened, loaded=loaded)), unread=expected)
    finally:
        if folder is not None:
            folder.remove()


@contextlib.contextmanager
def _stored_answers() -> Iterator[Callable[[Sequence[str]], Mapping[str, Answer]]]:
    """Yield a function that returns what the ledger in the user's data folder holds."""
    if not default_path().exists():
        yield lambda keys: {}
        return

    def find(keys: Sequence[str]) -> Mapping[str, Answer]:
        try:
            return ledger.find(keys)
        except LedgerError:
            return {}  # a run reports it; a plan is at most

    try:
        ledger = Ledger()
    except LedgerError:
        yield lambda keys: {}
        return
    with contextlib.closing(ledger):
        yield find


def plan_of(prepared: Prepared) -> Plan:
    """Count the calls and bound the tokens of a run, without a request."""
    models = (*prepared.models, *prepared.vision)
    return replace(
        with_search(_with_pages(remaining_of(prepared, ()), prepared), prepared),
        warnings=warnings_of(prepared),
        no_key=next((each.missing_key for each in models if each.missing_key), None),
        contents=_contents(prepared),
    )


def warnings_of(prepared: Prepared) -> tuple[str, ...]:
    """Return what looks wrong and does not stop a run.

    Raises:
        UpstreamError: if the installed LiteLLM breaks a promise that a bound depends on.
    """
    models = (*prepared.models, *prepared.vision)
    doubts = (each.name_warning for each in models if each.name_warning)
    return (*dict.fromkeys(doubts), *_lost_promises(prepared))


def _with_pages(plan: Plan, prepared: Prepared) -> Plan:
    """Return the plan with the pages that a model is to read first, at most."""
    unread = prepared.unread
    if unread is None or not unread.pages:
        return plan
    cost = _dearest(prepared.vision, unread.sent, unread.answered, unread.largest)
    return replace(
        plan,
        calls=plan.calls + unread.pages,
        tokens=plan.tokens + unread.sent + unread.answered,
        depth=plan.depth + 1,
        cost_usd=None if cost is None or plan.cost_usd is None else plan.cost_usd + cost,
        pages=unread.pages,
        vision=prepared.vision[0].name,
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
    if all(each.settings.embedded for each in (*prepared.models, *prepared.vision)):
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
    merging = _mergings(prepared)
    merges = sum(each.calls * times for each, times in merging)
    extracts = prepared.options.response_model is not None
    calls = len(chunks) + merges + extracts + prepared.evaluates
    sent = sum(chunk.tokens for chunk in chunks) + calls * sizes.prompt_tokens
    sent += sum(each.sent_tokens * times for each, times in merging)
    if prepared.refines:
        sent += len(chunks) * (answer_tokens(prepared.document_words) + NAMED_TOKENS)
    answered = sum(answers)
    answered += sum(times * sum(map(longest, each.answers)) for each, times in merging)
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
    strategy, why = _strategy(prepared)
    return Plan(
        documents=len(prepared.documents),
        chunks=len(chunks),
        calls=calls,
        tokens=sent + answered,
        depth=(max(counts.values(), default=1) if prepared.refines else 1)
        + max(len(each.levels) for each, _ in merging[:-1])
        + len(merging[-1][0].levels)
        + extracts
        + prepared.evaluates,
        cost_usd=_dearest(prepared.models, sent, answered, _largest_prompt(prepared)),
        model=prepared.model.name,
        omitted=prepared.omitted,
        strategy=strategy,
        why=why,
    )


def _strategy(prepared: Prepared) -> tuple[str, str]:
    """Return how the summary is made, and why."""
    asked, most = prepared.options.strategy, max(prepared.chunk_counts().values(), default=1)
    if asked != "auto":
        return asked, "as asked"
    if prepared.model.settings.embedded:
        return "tree", "sentences are selected from the whole of each document, then from all"
    if most == 1:
        return "single", "each document fits into one request"
    if len(prepared.chunks) > most:
        return "tree", "chunks are summarized at the same time, each in one request"
    return "tree", (
        f"its {most} chunks are summarized at the same time; 'refine' takes {most} requests one "
        "after another"
    )


def _mergings(prepared: Prepared) -> list[tuple[Merging, int]]:
    """Return how documents are merged, each with how many are alike, and last how all of them."""
    alike = Counter(prepared.chunk_counts().values())
    chunks = [(prepared.merging_of_chunks(count), times) for count, times in alike.items()]
    return [*chunks, (prepared.merging_of_documents(len(prepared.documents)), 1)]


def _longest_answer(models: tuple[ChatModel, ...], max_tokens: int) -> int:
    return max(model.longest_answer(max_tokens) for model in models)


def _largest_prompt(prepared: Prepared) -> int:
    """Return the tokens of the longest prompt of a run, at most."""
    sizes = prepared.sizes
    merged = max(each.largest_prompt for each, _ in _mergings(prepared))
    longest = max((chunk.tokens for chunk in prepared.chunks), default=0)
    if prepared.refines:
        longest += answer_tokens(prepared.document_words) + NAMED_TOKENS
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


def addressed_to_models(prepared: Prepared) -> list[str]:
    """Return a warning if documents hold text that is addressed to a model, such as orders."""
    if prepared.model.settings.embedded:
        return []  # it selects sentences, and obeys nothing
    found = [(each.name, words) for each in prepared.documents if (words := orders_in(each.text))]
    if not found:
        return []
    name, words = found[0]
    more = f", and {len(found) - 1} more of the documents," if len(found) > 1 else ""
    return [
        f"{one_line(name, max_chars=80)}{more} may speak to the model: {words!r}. The text is "
        "sent as data that holds no instructions; check what the summary says of it"
    ]
