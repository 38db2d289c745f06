"""The pages of a loading that are pictures: asked for, and put into their documents.

Each page is one call, through the ledger, the budget and the limits of its run. Decides where the
text of a page goes, and that the result says which pages were read so, by which model, and which
could not be read. A document that holds no text even then is omitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from docsum_nb.documents.load import Loaded
from docsum_nb.documents.reading import Picture
from docsum_nb.documents.terms import has_words
from docsum_nb.errors import InputError
from docsum_nb.events import PagesRead, StageStarted
from docsum_nb.models import ChatModel, ModelClient, with_cause
from docsum_nb.models.prepared_call import calls_of_messages
from docsum_nb.recognition.transcript import (
    PAGE_TOKENS,
    Transcript,
    messages_of,
    problem_of,
    transcript_of,
)
from docsum_nb.records import Answer, Document, Omission
from docsum_nb.run import Control, Failed, fan_out, in_thread
from docsum_nb.wording import others_kept

__all__ = ["ExpectedPages", "Recognizer", "expected_pages"]

OnError: TypeAlias = Literal["raise", "collect", "skip"]

_FILLER = "A line of text of this page. "


@dataclass(frozen=True)
class _Page:
    document: str
    picture: Picture

    @property
    def label(self) -> str:
        return f"page {self.picture.page} of {self.document}"


class Recognizer:
    """Reads the pages of one loading.

    Args:
        client: Asks the models that read pictures.
        control: The run's.
        loaded: The documents, and the pictures of their pages.
    """

    def __init__(self, client: ModelClient, control: Control, loaded: Loaded) -> None:
        self._client = client
        self._control = control
        self._loaded = loaded
        self._pages = list(_pages_of(loaded))
        self._finished = 0
        """Pages that are read or have failed."""
        self._read: dict[tuple[str, int], Transcript] = {}

    @property
    def pages(self) -> int:
        """The number of pages."""
        return len(self._pages)

    @property
    def read_pages(self) -> int:
        """The number of pages that are read."""
        return len(self._read)

    async def read(
        self, *, limit: int, on_error: OnError, note: Callable[[str, Exception], object]
    ) -> Loaded:
        """Read all pages.

        Args:
            limit: Pages in work at the same time.
            on_error: As for ``summarize``.
            note: Completes an error with what was being done.

        Returns:
            The documents with the text of their pages; those without any text are omitted.

        Raises:
            Stopping: if the run was stopped, by the first error or otherwise.
            ExceptionGroup: with ``on_error="collect"``, of all pages that could not be read.
            InputError: if there is no text in any of the documents.
            Exception: with ``on_error="skip"``, the first error if no document holds text.
        """
        self._control.emit(StageStarted("recognizing"))
        self._control.emit(PagesRead(0, self.pages))
        outcomes = await fan_out(
            partial(self._read_page, note),
            self._pages,
            limit=limit,
            control=self._control,
            keep_failures=on_error != "raise",
        )
        failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        if failed and on_error == "collect":
            raise ExceptionGroup(
                f"{len(failed)} of {self.pages} pages could not be read"
                + others_kept(len(failed), self.pages, stores=self._client.stores),
                [failure.error for failure in failed],
            )
        return self._loaded_with_text(failed)

    async def _read_page(self, note: Callable[[str, Exception], object], page: _Page) -> None:
        file = Path(page.picture.file)
        try:
            messages = await in_thread(messages_of, file)
            answer = await self._client.converse(messages, max_tokens=PAGE_TOKENS, check=problem_of)
        except Exception as error:
            if self._control.stopped_by() is None:
                note(f"reading {page.label}", error)
            raise
        finally:
            self._finished += 1
            self._control.emit(PagesRead(self._finished, self.pages))
        self._read[page.document, page.picture.page] = transcript_of(answer)
        await in_thread(file.unlink, missing_ok=True)

    def _loaded_with_text(self, failed: Sequence[Failed[_Page]]) -> Loaded:
        documents: list[Document] = []
        blank: list[Document] = []
        for document in self._loaded.documents:
            pictures = self._loaded.pictures.get(document.name, ())
            texts = [(each.offset, self._text_of(document.name, each)) for each in pictures]
            whole = with_texts(document, texts)
            (documents if has_words(whole.text) else blank).append(whole)
        if not documents and failed:
            raise failed[0].error
        omitted = [*self._loaded.omitted, *self._remarks(failed)]
        omitted += [Omission(each.name, "holds no text") for each in blank]
        if not documents:
            raise _no_text(f"{omitted[0].what}: {omitted[0].reason}")
        return Loaded(tuple(documents), tuple(omitted))

    def _text_of(self, document: str, picture: Picture) -> str:
        found = self._read.get((document, picture.page))
        return "" if found is None else found.text

    def _remarks(self, failed: Sequence[Failed[_Page]]) -> Iterator[Omission]:
        """Yield which pages were read or not, one omission for each document and remark."""
        pages: dict[tuple[str, str], list[int]] = {}
        for (document, page), transcript in self._read.items():
            pages.setdefault((document, transcript.remark), []).append(page)
        for failure in failed:
            reason = f"a picture, not read: {with_cause(failure.error)}"
            numbers = pages.setdefault((failure.item.document, reason), [])
            numbers.append(failure.item.picture.page)
        order = {document.name: at for at, document in enumerate(self._loaded.documents)}
        for (document, remark), numbers in sorted(
            pages.items(), key=lambda item: (order[item[0][0]], min(item[1]))
        ):
            yield Omission(f"{document}, {_listed(sorted(numbers))}", remark)


@dataclass(frozen=True)
class ExpectedPages:
    """The pages that a run would have to ask for."""

    pages: int
    sent: int
    """Tokens of their prompts, at most."""
    answered: int
    """Tokens of their texts, at most."""
    largest: int
    """Tokens of the longest prompt."""


def expected_pages(
    loaded: Loaded,
    models: Sequence[ChatModel],
    *,
    stored: Callable[[Sequence[str]], Mapping[str, Answer]],
    count: Callable[[str], int],
) -> tuple[Loaded, ExpectedPages]:
    """Return the documents as they may become, without a call of a model; blocking.

    Args:
        loaded: The documents, and the pictures of their pages.
        models: The model that reads pictures, and its fallbacks.
        stored: Returns the answers of the ledger by their keys.
        count: Returns the number of tokens of a text, of the model that summarizes.

    Returns:
        The documents, with filler of the largest length for each page whose text is not stored, and
        what asking for these pages takes at most.

    Raises:
        InputError: if it is known that no document holds text.
    """
    filler = _filler(count)
    texts: dict[str, list[tuple[int, str]]] = {}
    expected = ExpectedPages(0, 0, 0, 0)
    for page in _pages_of(loaded):
        messages = messages_of(Path(page.picture.file))
        calls = calls_of_messages(models, messages, max_tokens=PAGE_TOKENS)
        keys = [call.key for call in calls]
        found = stored(keys)
        answer = next((found[key] for key in keys if key in found), None)
        text = filler if answer is None else transcript_of(answer).text
        texts.setdefault(page.document, []).append((page.picture.offset, text))
        if answer is None:
            sent = max(call.size.prompt for call in calls)
            expected = ExpectedPages(
                expected.pages + 1,
                expected.sent + sent,
                expected.answered + max(call.size.answer for call in calls),
                max(expected.largest, sent),
            )
    whole = (with_texts(each, texts.get(each.name, ())) for each in loaded.documents)
    documents = tuple(each for each in whole if has_words(each.text))
    if not documents:
        raise _no_text(f"{loaded.documents[0].name}: its pages show none")
    return replace(loaded, documents=documents, pictures={}), expected


def _filler(count: Callable[[str], int]) -> str:
    """Return a text of at least as many tokens as that of a page may have."""
    lines = PAGE_TOKENS // max(1, count(_FILLER)) + 1
    # Of lines in a row, each has fewer tokens than one alone.
    short = PAGE_TOKENS / max(1, count(_FILLER * lines))
    return _FILLER * math.ceil(lines * max(1.0, short))


def with_texts(document: Document, texts: Sequence[tuple[int, str]]) -> Document:
    """Return a document with texts put in at offsets; its pages begin where they belong then.

    Args:
        document: The document.
        texts: The offset of each text in the document's text, in order.
    """
    if not texts:
        return document
    parts: list[str] = []
    at = 0
    for offset, text in texts:
        parts += [document.text[at:offset], text]
        at = offset
    parts.append(document.text[at:])
    pages = tuple(
        start + sum(len(text) for offset, text in texts if offset < start)
        for start in document.pages
    )
    return replace(document, text="".join(parts), pages=pages)


def _pages_of(loaded: Loaded) -> Iterator[_Page]:
    for document in loaded.documents:
        for picture in loaded.pictures.get(document.name, ()):
            yield _Page(document.name, picture)


def _no_text(reason: str) -> InputError:
    return InputError(f"there is no text to work on ({reason}); give a source that holds text")


def _listed(numbers: Sequence[int]) -> str:
    """Write page numbers, in order: "page 3", "pages 3, 7 to 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    written = ", ".join(" to ".join(map(str, each)) for each in ranges)
    return f"page{'s' if len(numbers) > 1 else ''} {written}"
