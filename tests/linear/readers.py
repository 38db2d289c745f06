"""Every function of the package that reads a text from outside, as a function of one text.

``READERS`` names them as ``module.function``. ``unread`` finds public functions of the reading
modules that are neither there nor, with a reason, in ``EXEMPT``.
"""

from __future__ import annotations

import inspect
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

import httpx
from pydantic import BaseModel

from docsum_nb import characters, errors, findings, provider_errors, secrets
from docsum_nb.crew import evaluate, scripted_model
from docsum_nb.crew.inspection import texts as examined_texts
from docsum_nb.documents import (
    adoc,
    claims,
    delimited,
    docx,
    embedded_data,
    encodings,
    epub,
    furniture,
    html,
    html_inline,
    html_names,
    html_parse,
    html_pre,
    html_styles,
    html_tags,
    json_text,
    logs,
    mail,
    markup,
    negation,
    notebook,
    number_formats,
    odf,
    org,
    path_hints,
    pdf_lines,
    pptx,
    quantities,
    rows,
    rst,
    rtf,
    sentences,
    small_talk,
    sniff,
    source_marks,
    source_sentences,
    subtitles,
    support,
    symbols,
    terms,
    tex,
    tokens,
    turns,
    xlsx,
    xml,
    xml_mending,
)
from docsum_nb.documents import cite as citing
from docsum_nb.documents import (
    markdown as markdown_text,
)
from docsum_nb.documents import (
    plain as plain_text,
)
from docsum_nb.documents import (
    tables as document_tables,
)
from docsum_nb.documents import text as text_files
from docsum_nb.documents.html_writer import PageWriter
from docsum_nb.documents.load import load
from docsum_nb.documents.outline import may_have_headings, outline
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.split import split
from docsum_nb.events import RunState
from docsum_nb.form import style
from docsum_nb.ledger import stored_json
from docsum_nb.library import analysis, entries, folder, query, search
from docsum_nb.models import (
    Model,
    degenerate,
    extractive,
    finish_reasons,
    opening_checks,
    prices,
    reasoning,
    responses,
    retry,
    structured_output,
    unicode,
    unwrapping,
    validation,
)
from docsum_nb.models.language import language_of
from docsum_nb.models.streaming import StreamedText
from docsum_nb.models.transport import TransportFacts
from docsum_nb.prompts import delimiters
from docsum_nb.prompts import texts as prompt_texts
from docsum_nb.prompts.injection import orders_in
from docsum_nb.provider_errors import addresses, classification
from docsum_nb.recognition import transcript
from docsum_nb.records import (
    Answer,
    Chunk,
    ChunkSummary,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    Omission,
    Request,
    SourceSpan,
    Usage,
    UsageRow,
)
from docsum_nb.render import highlight, one_line, wrapping
from docsum_nb.results import Hits, Summary, crew_output, markdown
from docsum_nb.results import html as html_forms
from docsum_nb.results import text as text_forms
from docsum_nb.results.layout import outline as layout
from docsum_nb.results.paragraphs import paragraphs
from docsum_nb.results.usage import RunUsage
from docsum_nb.run import tracebacks
from docsum_nb.views import status as states
from tests.documents.cases.web import epub as epub_bytes
from tests.documents.document_samples import docx as docx_bytes
from tests.documents.document_samples import notebook as notebook_json
from tests.documents.office_files import odt as odt_bytes
from tests.documents.office_files import pptx as pptx_bytes
from tests.documents.office_files import slide
from tests.documents.office_files import xlsx as xlsx_bytes
from tests.linear.patterns import modules

__all__ = ["EXEMPT", "READERS", "Reader", "unread"]

FOLDER = Path(tempfile.gettempdir())
SHORT = "The word w7 is said of v7. The next is of no use. Why is that? A b a.\n\n" * 30
REQUEST = Request("You are", "Summarize", "", 300, 400, question="What is said of v7?")


class _Findings(BaseModel):
    title: str
    points: list[str]


class _Error(Exception):
    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.__dict__.update(fields)


@dataclass(frozen=True)
class Reader:
    """A reading function, and which texts are worth trying on it."""

    call: Callable[[str], object]
    reads: str = "text"
    """``"markdown"``, ``"html"`` and ``"json"`` are tried with what means something there."""


def _file(name: str, content: str | bytes) -> Path:
    path = FOLDER / f"linear-{name}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    return path


def _chunks(text: str) -> list[Chunk]:
    return [Chunk("d", 0, text, 0, len(text), 9)]


def _with_marks(text: str) -> str:
    """Return a text with a mark behind each of its parts of ten characters."""
    place = SourceSpan("d", 0, 9)
    marks = [source_marks.Mark(at, at + 10, (place,)) for at in range(0, len(text), 10)]
    return source_marks.with_marks(text, marks, {place: 1})


def _styled(text: str) -> None:
    styles = html_styles.Styles()
    styles.read(text)
    styles.read(f".{text}{{display:none}}")
    styles.hides("p", {"class": text, "id": text, "style": text})
    styles.sets_apart("p", {"class": text})


def _named_elements(text: str) -> None:
    """Ask for the meaning of elements whose name or attributes are a text."""
    keys = ("class", "id", "role", "style", "type", "hidden", "aria-hidden")
    for name, attributes in (("div", dict.fromkeys(keys, text)), (text, {})):
        for ask in (html_names.aside_kind, html_names.is_skipped, html_names.region_kind):
            ask(name, attributes)
        html_names.script_kind("span" if attributes else name, attributes)
        html_names.is_note(attributes)
        html_names.code_language(attributes)
    html_names.emphasis(text)
    html_names.positive(text)


def _parsed_page(text: str) -> None:
    with suppress(html_parse.TooDeepError):
        html_parse.parse(text, PageWriter())


def _streamed(text: str) -> None:
    for size, held in ((1, False), (7, True)):
        stream = StreamedText(held=held)
        for at in range(0, len(text), size):
            stream.add(text[at : at + size])
        stream.end()


def _wired(data: bytes, size: int, *, status: int = 200) -> TransportFacts:
    """Send a body through a wire in pieces."""
    wire = TransportFacts(100_000)
    wire._begin("text/plain", status)
    with suppress(httpx.ReadError):
        for at in range(0, len(data), size):
            wire.take(data[at : at + size])
        wire.over()
    return wire


def _body(text: str) -> None:
    """Read a text as what a provider sends: the text as the body, an event and an error."""
    data = text.encode("utf-8", "replace")
    _wired(data, 1_000)
    _wired(b"data: " + data, 500)
    _wired(data, 10_000, status=500)
    pieces = [json.dumps({"text": text[at : at + 50]}) for at in range(0, len(text), 50)]
    _wired("".join(f"data: {piece}\n\n" for piece in pieces).encode(), 999)


def _response(text: str) -> object:
    from litellm import ModelResponse

    choice = {"index": 0, "finish_reason": "stop", "message": {"content": text}}
    return responses.read_whole(ModelResponse(choices=[choice]), TransportFacts(100))


def _failure(text: str) -> object:
    """Read a text as all that a provider may say when it refuses."""
    headers = Message()
    headers["retry-after"] = headers["date"] = headers["retry-after-ms"] = text
    error = _Error(
        text,
        status_code=429,
        code=text,
        body={"error": {"code": text, "message": text, "type": text}},
        litellm_response_headers=dict(headers),
    )
    error.__cause__ = ConnectionError(text)
    answered = _Error(
        "refused", response=httpx.Response(429, text=text.encode("utf-8", "replace").decode())
    )
    reply = provider_errors.reply_of(answered)
    assert reply is not None
    return (
        retry.failure_of(error),
        retry.retry_after(error),
        provider_errors.explained(error, text),
        provider_errors.failure_of_reply(reply),
        classification.waits_s(reply),
        errors.described(error),
    )


def _address(text: str) -> object:
    return [
        each(address)
        for address in (text, f"http://{text}")
        for each in (
            provider_errors.public_address,
            provider_errors.address_problem,
            provider_errors.is_loopback,
            addresses.host_of,
            addresses.base_of,
            addresses.path_advice,
        )
    ]


def _summary(text: str) -> Summary:
    cited = tuple(
        Citation(n, at, at + 9, text[:500], text[at : at + 500], 0, 9, 0.5, 1, (text[:500],))
        for n, at in enumerate(range(0, len(text), max(1, len(text) // 50)), start=1)
    )
    chunk = Chunk(text, 0, text, 0, len(text), 9, (text,))
    return Summary(
        text,
        text,
        citations=cited,
        documents=(DocumentSummary(text, text, 1, "m"), DocumentSummary("b", "", 1, "m")),
        chunks=(ChunkSummary(chunk, text, "m"),),
        omitted=(Omission(text, text),),
        related=(Hit(text, text, 1.0, {}, why=text, marks=((0, 5), (7, 9))),),
        question=text,
    )


def _json_text(text: str) -> None:
    with suppress(RecursionError):  # as documented; ``read`` reports it
        json_text.to_markdown(text)


def _prompts(text: str) -> object:
    place = FOLDER / "linear-prompts"
    place.mkdir(exist_ok=True)
    (place / "tasks.yaml").write_text(text, encoding="utf-8", errors="replace")
    return prompt_texts.load_prompts(place)


def _filled(text: str) -> object:
    return prompt_texts.TaskText("{label} {question}", "{words}").fill(
        prompt_texts.Wishes(text, text, text, text), label=text, words=text
    )


def _library(text: str) -> object:
    place = FOLDER / "linear-library"
    place.mkdir(exist_ok=True)
    for file in place.iterdir():
        file.unlink()
    (place / "docsum_library.json").write_text(text, encoding="utf-8", errors="replace")
    return folder.marker_of(place)


def _docx(text: str) -> object:
    plain_text = "".join(
        char if char.isprintable() and char.isascii() and char not in "<&" else " " for char in text
    )
    lines = [plain_text[at : at + 200] for at in range(0, len(plain_text), 200)]
    return docx.read(_file("a.docx", docx_bytes(*(("", line) for line in lines))))


def _docx_of(text: str) -> object:
    """Read a Word file whose document is this text, mostly no XML at all."""
    path = _file("b.docx", docx_bytes(("", "a")))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", text.encode("utf-8", "replace"))
    return docx.read(path)


def _parts(text: str, *, kind: str) -> bytes:
    """Return an Office file that has this text wherever its kind has any."""
    inner = (
        "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
        .encode("utf-8", "replace")
        .decode()
    )
    inner = escape(inner)
    if kind == "pptx":
        return pptx_bytes(slide(f"<a:p><a:r><a:t>{inner}</a:t></a:r></a:p>"))
    if kind == "xlsx":
        cells = "".join(
            f'<c t="inlineStr"><is><t>{inner[at : at + 500]}</t></is></c>'
            for at in range(0, len(inner), 500)
            if "&" not in inner[at : at + 500]
        )
        return xlsx_bytes(f"<row>{cells}</row>" * 2)
    return odt_bytes(f"<text:p>{inner}</text:p><text:h>{inner}</text:h>")


def _crew(text: str) -> object:
    class Part:
        name = description = expected_output = output_file = role = goal = backstory = text
        agent = manager_agent = None
        tools: tuple[object, ...] = ()

    class Crew:
        tasks = agents = (Part(),)
        manager_agent = None
        before_kickoff_callbacks = ()

    return examined_texts.variables_of(Crew()), examined_texts.unfilled(Crew(), {"a": 1})


def _brief(text: str) -> object:
    error = ExceptionGroup(text, [ValueError(text), KeyError(text)])
    error.add_note(text)
    return tracebacks._BriefTraceback(error)()


def _state(text: str) -> object:
    state = RunState(outcome="failed", error=text, warnings=(text,))
    return states.state_text(state, text), states.state_html(state, text, writing=text)


def _named(text: str) -> object:
    import litellm

    return opening_checks.close_names(litellm, text), opening_checks.name_warning(
        litellm, text, "openai"
    )


def _marked(text: str) -> object:
    spans = [(at, at + 3) for at in range(0, len(text), 50)]
    return highlight.marked_line(text, spans, max_chars=300)


def _table(text: str) -> object:
    hit = Hit(text, text, 1.0, {"page": 1, "headings": [text]}, why=text, marks=((0, 9),))
    shown = Hits([hit], text)
    return shown.to_text(), shown.to_html()


def _crew_output(text: str) -> object:
    task = SimpleNamespace(name=text, description=text, agent=text, raw=text)
    output = SimpleNamespace(raw=text, tasks_output=[task])
    usage = RunUsage((UsageRow(text, text, Usage(1, 2, 3, None)),))
    shown = crew_output._report(output, usage, (text,))
    return shown.to_text(), shown.to_html()


_counter = tokens.token_counter("openai/gpt-4o-mini")

READERS: dict[str, Reader] = {
    # documents
    "documents.outline.may_have_headings": Reader(may_have_headings, "markdown"),
    "documents.outline.outline": Reader(outline, "markdown"),
    "documents.prose.prose_sentences": Reader(prose_sentences, "markdown"),
    "documents.split.split": Reader(
        lambda text: split(Document("d", text), max_tokens=2_000, count=_counter), "markdown"
    ),
    "documents.split.split, small": Reader(
        lambda text: split(Document("d", text), max_tokens=16, count=entries._tokens)
    ),
    "documents.markup.plain_inline": Reader(lambda text: markup.plain_inline(text, {}), "markdown"),
    "documents.html_tags.plain_html": Reader(html_tags.plain_html, "html"),
    "documents.html_tags.taken_for_markup": Reader(html_tags.taken_for_markup, "html"),
    "documents.html_tags.plain_references": Reader(html_tags.plain_references),
    "documents.markup.mask_extensions": Reader(
        lambda text: markup.mask_extensions(text.split("\n")), "markdown"
    ),
    "documents.markup.notes_in": Reader(lambda text: markup.notes_in(text.split("\n"))),
    "documents.prose.prose_sentences, plain": Reader(
        lambda text: prose_sentences(text, syntax="plain"), "markdown"
    ),
    "documents.prose.prose_sentences, summaries": Reader(
        lambda text: prose_sentences(text, syntax="summaries"), "markdown"
    ),
    "documents.markup.mask_rst": Reader(lambda text: markup.mask_rst(text.split("\n")), "markdown"),
    "documents.markup.mask_front_matter": Reader(
        lambda text: markup.mask_front_matter(text.split("\n"))
    ),
    "documents.html.to_markdown": Reader(html.to_markdown, "html"),
    "documents.html.to_page": Reader(html.to_page, "html"),
    "documents.html_parse.declared_encoding": Reader(
        lambda text: html_parse.declared_encoding(text.encode("utf-8", "replace")), "html"
    ),
    "documents.html_inline.cleaned": Reader(html_inline.cleaned),
    "documents.html_inline.note": Reader(lambda text: html_inline.note(text, text)),
    "documents.html_inline.script": Reader(
        lambda text: (
            html_inline.script(text, text[:20], raised=True),
            html_inline.script("2", text, raised=False),
        )
    ),
    "documents.html_names": Reader(_named_elements),
    "documents.html_parse.parse": Reader(_parsed_page, "html"),
    "documents.xml.read": Reader(lambda text: xml.read(_file("a.xml", f"<a>{text}</a>")), "html"),
    "documents.xml_mending.mended": Reader(xml_mending.mended, "html"),
    "documents.epub.read": Reader(
        lambda text: epub.read(_file("a.epub", epub_bytes(("a", text)))), "html"
    ),
    "documents.html_parse.flattened": Reader(html_parse.flattened, "html"),
    "documents.html.read": Reader(lambda text: html.read(_file("a.html", text))),
    "documents.docx.read": Reader(_docx),
    "documents.pptx.read": Reader(
        lambda text: pptx.read(_file("a.pptx", _parts(text, kind="pptx")))
    ),
    "documents.xlsx.read": Reader(
        lambda text: xlsx.read(_file("a.xlsx", _parts(text, kind="xlsx")))
    ),
    "documents.odf.read": Reader(lambda text: odf.read(_file("a.odt", _parts(text, kind="odt")))),
    "documents.rtf.read": Reader(lambda text: rtf.read(_file("a.rtf", "{\\rtf1 " + text))),
    "documents.delimited.read": Reader(lambda text: delimited.read(_file("a.csv", text))),
    "documents.delimited.rows": Reader(lambda text: list(delimited.rows(text))),
    "documents.rows.records": Reader(
        lambda text: rows.records([[text, "b"], [text[:50], text], [text]])
    ),
    "documents.markdown.as_markdown": Reader(markdown_text.as_markdown, "markdown"),
    "documents.markdown.as_signs": Reader(markdown_text.as_signs),
    "documents.markdown.literal": Reader(markdown_text.literal),
    "documents.markdown.written": Reader(
        lambda text: markdown_text.written(markdown_text.literal(text), titles=True), "markdown"
    ),
    "documents.plain.hyphens_joined": Reader(plain_text.hyphens_joined),
    "documents.html_pre.preformatted": Reader(
        lambda text: list(html_pre.preformatted(text, "")), "markdown"
    ),
    "documents.html_styles": Reader(_styled),
    "documents.markdown.escaped": Reader(markdown_text.escaped, "markdown"),
    "documents.markdown.heading": Reader(lambda text: markdown_text.heading(1, text)),
    "documents.markdown.joined": Reader(lambda text: markdown_text.joined(text.split("\n"))),
    "documents.number_formats.shown": Reader(
        lambda text: (number_formats.shown(text, text), number_formats.shown("7.5", text))
    ),
    "documents.symbols.plain": Reader(symbols.plain),
    "documents.symbols.symbol": Reader(lambda text: symbols.symbol(len(text), text)),
    "documents.tables.markdown_table": Reader(
        lambda text: document_tables.markdown_table([[text, text], [text]])
    ),
    "documents.mail.read": Reader(
        lambda text: (
            mail.read(_file("a.eml", text)),
            mail.read(_file("a.eml", f"Subject: a\n\n{text}")),
            mail.read(_file("a.eml", f"Content-Type: {text}\nFrom: {text}\n\na")),
        )
    ),
    "documents.mail.read_mailbox": Reader(
        lambda text: mail.read_mailbox(_file("a.mbox", f"From a\n\n{text}\n\nFrom b\n\n>{text}"))
    ),
    "documents.sniff.kind_of": Reader(
        lambda text: [sniff.kind_of(_file("s.doc", text), kind) for kind in ("old_office", "text")]
    ),
    "documents.docx.read, broken": Reader(_docx_of),
    "documents.pdf_lines.whole_words": Reader(
        lambda text: pdf_lines.whole_words(text.replace("-", pdf_lines.DIVIDED), frozenset())
    ),
    "documents.pdf_lines.without_running": Reader(
        lambda text: pdf_lines.without_running(
            [pdf_lines.Line(line, at // 5, 9, 9, 792) for at, line in enumerate(text.split("\n"))],
            9,
        )
    ),
    "documents.notebook.read": Reader(lambda text: notebook.read(_file("a.ipynb", text)), "json"),
    "documents.notebook.read, cells": Reader(
        lambda text: notebook.read(
            _file(
                "b.ipynb",
                notebook_json(
                    {"cell_type": "markdown", "source": text},
                    {
                        "cell_type": "code",
                        "source": text,
                        "outputs": [{"output_type": "stream", "text": text}],
                    },
                ),
            )
        )
    ),
    "documents.text.read": Reader(lambda text: text_files.read(_file("a.txt", text))),
    "documents.text.is_text": Reader(lambda text: text_files.is_text(_file("a", text))),
    "documents.text.decode": Reader(
        lambda text: text_files.decode(b"\xff" + text.encode("utf-8", "replace"))
    ),
    "documents.tex.to_markdown": Reader(tex.to_markdown, "markdown"),
    "documents.rst.to_markdown": Reader(rst.to_markdown, "markdown"),
    "documents.org.to_markdown": Reader(org.to_markdown, "markdown"),
    "documents.adoc.to_markdown": Reader(adoc.to_markdown, "markdown"),
    "documents.json_text.to_markdown": Reader(_json_text, "json"),
    "documents.json_text.to_markdown, lines": Reader(
        lambda text: json_text.to_markdown(
            "".join(json.dumps({"text": part}) + "\n" for part in text.split(" "))
        )
    ),
    "documents.logs.log_text": Reader(logs.log_text),
    "documents.embedded_data.without_data": Reader(embedded_data.without_data, "markdown"),
    "documents.encodings.decoded": Reader(
        lambda text: encodings.decoded(text.encode("utf-16-le", "replace"))
    ),
    "documents.encodings.decoded, one byte": Reader(
        lambda text: encodings.decoded(b"\xe9t\xe9 " + text.encode("cp1252", "replace"))
    ),
    "documents.encodings.reading_notes": Reader(encodings.reading_notes),
    "documents.load.load": Reader(lambda text: load({text: text})),
    "documents.load.load, a path": Reader(load),
    "documents.sentences.sentence_spans": Reader(sentences.sentence_spans),
    "documents.turns.label_of": Reader(turns.label_of),
    "documents.turns.turn_starts": Reader(turns.turn_starts),
    "documents.turns.turns": Reader(turns.turns),
    "documents.furniture.is_furniture": Reader(furniture.is_furniture),
    "documents.furniture.is_supplement": Reader(furniture.is_supplement),
    "documents.small_talk.is_small_talk": Reader(small_talk.is_small_talk),
    "documents.markup.targets_in": Reader(lambda text: markup.targets_in(text.splitlines())),
    "documents.subtitles.spoken": Reader(subtitles.spoken, "html"),
    "documents.subtitles.read": Reader(lambda text: subtitles.read(_file("a.vtt", text))),
    "documents.terms.words": Reader(terms.words),
    "documents.terms.has_words": Reader(terms.has_words),
    "documents.terms.letter_count": Reader(terms.letter_count),
    "documents.terms.term_spans": Reader(lambda text: list(terms.term_spans(text))),
    "documents.tokens.token_counter": Reader(_counter),
    "documents.tokens.token_counter, a name": Reader(tokens.token_counter),
    "documents.tokens.vocabulary": Reader(tokens.vocabulary),
    "documents.claims.name_spans": Reader(claims.name_spans),
    "documents.source_sentences.content_terms": Reader(source_sentences.content_terms),
    "documents.source_sentences.trimmed_sentences": Reader(
        lambda text: list(source_sentences.trimmed_sentences(text))
    ),
    "documents.quantities.quantities": Reader(quantities.quantities),
    "documents.negation.differs_in_negation": Reader(
        lambda text: negation.differs_in_negation(text, f"It is not {text}")
    ),
    "documents.path_hints.hint_at": Reader(path_hints.hint_at),
    "documents.path_hints.shown_path": Reader(path_hints.shown_path),
    "documents.source_marks.numbered": Reader(lambda text: source_marks.numbered(*_chunks(text))),
    "documents.source_marks.unmarked": Reader(
        lambda text: source_marks.unmarked(text, [SourceSpan("d", 0, 9)] * 9, SHORT)
    ),
    "documents.source_marks.with_marks": Reader(_with_marks),
    "documents.support.supports": Reader(lambda text: support.supports(text, _chunks(SHORT))),
    "documents.cite.cite, the answer": Reader(lambda text: citing.cite(text, _chunks(SHORT))),
    "documents.cite.cite, the source": Reader(lambda text: citing.cite(SHORT, _chunks(text))),
    # answers of models
    "models.validation.checked": Reader(
        lambda text: validation.checked(Answer(text, "m"), REQUEST)
    ),
    "models.structured_output.fitting_json": Reader(
        lambda text: structured_output.fitting_json(_Findings, text), "json"
    ),
    "models.streaming.StreamedText": Reader(_streamed, "html"),
    "models.reasoning.part": Reader(reasoning.part),
    "recognition.transcript.transcript_of": Reader(
        lambda text: transcript.transcript_of(Answer(text, "m"))
    ),
    "models.unwrapping.unwrapped": Reader(unwrapping.unwrapped),
    "models.validation.recalled": Reader(lambda text: validation.recalled(Answer(text, "m"))),
    "models.degenerate": Reader(
        lambda text: (
            degenerate.is_blank(text),
            degenerate.unlooped(text, cut=True),
            degenerate.unlooped(text, cut=False),
            degenerate.echoes(text, instructions=SHORT, source=SHORT, max_words=300),
            degenerate.echoes(SHORT, instructions=text, source=text, max_words=300),
        )
    ),
    "models.language.language_of": Reader(language_of),
    "models.unicode.writable": Reader(unicode.writable),
    "models.unicode.has_text": Reader(unicode.has_text),
    "models.finish_reasons.ending_of": Reader(finish_reasons.ending_of),
    "models.finish_reasons.broken_off": Reader(lambda text: finish_reasons.broken_off(text, text)),
    "models.transport.TransportFacts": Reader(_body, "json"),
    "models.prices.listed_price": Reader(lambda text: prices.listed_price(text, text)),
    "models.responses.read_whole": Reader(_response),
    "provider_errors": Reader(_failure, "json"),
    "provider_errors.addresses": Reader(_address),
    "models.opening_checks.close_names": Reader(_named),
    "models.model.as_model": Reader(Model),
    "models.extractive.Extractive": Reader(
        lambda text: extractive.Extractive().answer(
            Request("r", "i", text, 300, 400, question=text[:2_000])
        )
    ),
    "crew.evaluate.read_reasons": Reader(evaluate.read_reasons, "json"),
    "prompts.injection.orders_in": Reader(orders_in),
    "prompts.delimiters.as_name": Reader(delimiters.as_name),
    "prompts.delimiters.delimited": Reader(lambda text: delimiters.delimited([(text, text)])),
    "crew.evaluate.clipped": Reader(lambda text: evaluate.clipped(text, 500, _counter)),
    "crew.scripted_model.marks_in": Reader(scripted_model.marks_in),
    "crew.scripted_model.without_marks": Reader(scripted_model.without_marks),
    "crew.scripted_model.unmarked": Reader(lambda text: scripted_model.unmarked(text, 1)),
    "crew.scripted_model.marked": Reader(lambda text: scripted_model.marked({"a": text}, 1)),
    "crew.inspection.texts": Reader(_crew),
    # searching
    "library.query.search_terms": Reader(query.search_terms),
    "library.analysis.analyzed": Reader(lambda text: analysis.analyzed([text])),
    "library.analysis.query_terms": Reader(analysis.query_terms),
    "library.analysis.to_the_letter": Reader(analysis.to_the_letter),
    "library.analysis.phrase_form": Reader(analysis.phrase_form),
    "library.search.query_of": Reader(search.query_of),
    "library.query.excerpt": Reader(lambda text: query.excerpt(text, ["word", "w7", "é"])),
    "library.query.excerpt, the terms": Reader(lambda text: query.excerpt(SHORT, text.split(" "))),
    "library.query.matches": Reader(lambda text: query.matches(text, ["word", "w7", "é"])),
    "library.entries.entry": Reader(lambda text: entries.entry(Document("d", text), "x")),
    "library.entries.digests": Reader(
        lambda text: entries.digests([entries.storable(Document(text, text))])
    ),
    "ledger.keys.stored_json": Reader(stored_json, "json"),
    "library.folder.marker_of": Reader(_library, "json"),
    # records, prompts, secrets
    "records.json_form.read_json": Reader(Summary.from_json, "json"),
    "prompts.texts.load_prompts": Reader(_prompts, "json"),
    "prompts.texts.TaskText": Reader(_filled),
    "secrets.masked": Reader(secrets.masked),
    "characters.harmless": Reader(characters.harmless),
    # what is shown
    "render.one_line.clean": Reader(one_line.clean),
    "render.one_line.one_line": Reader(one_line.one_line),
    "render.one_line.line_end": Reader(lambda text: one_line.line_end(text, max_chars=80)),
    "render.one_line.shown_head": Reader(lambda text: one_line.shown_head(text, max_chars=80)),
    "results.markdown.escape_markdown": Reader(markdown.escape_markdown),
    "results.markdown.to_markdown": Reader(lambda text: markdown.to_markdown(_summary(text))),
    "results.text.to_text": Reader(lambda text: text_forms.to_text(_summary(text))),
    "render.wrapping.wrap": Reader(wrapping.wrap),
    "render.wrapping.columns_of": Reader(wrapping.columns_of),
    "results.html.to_html": Reader(lambda text: html_forms.to_html(_summary(text))),
    "results.paragraphs.paragraphs": Reader(paragraphs, "markdown"),
    "results.layout.outline": Reader(lambda text: layout(_summary(text), passage_chars=400)),
    "records.json_form.to_json": Reader(lambda text: _summary(text).to_json()),
    "render.highlight.marked_line": Reader(_marked),
    "render.highlight.plain_line": Reader(highlight.plain_line),
    "results.library.Hits": Reader(_table),
    "results.crew_output.remember_crew": Reader(_crew_output, "markdown"),
    "findings.Diagnosis": Reader(
        lambda text: findings.Diagnosis(
            (findings.Finding("note", text, text, text, text, text),)
        ).to_text()
    ),
    "views.status.state_text": Reader(_state),
    "form.style.notice_html": Reader(lambda text: style.notice_html(text, bad=True)),
    "run.tracebacks.shown_briefly": Reader(_brief),
    "errors.described": Reader(lambda text: errors.described(ValueError(text))),
}

READING = (
    "documents",
    "provider_errors",
    "library.query",
    "library.analysis",
    "library.entries",
    "records.json_form",
    "render",
    "results",
    "prompts",
)
READING_TOO = (
    *(
        "models.validation",
        "models.responses",
        "models.structured_output",
        "models.retry",
        "models.opening_checks",
    ),
    *(
        "models.reasoning",
        "models.streaming",
        "models.unicode",
        "models.finish_reasons",
        "models.response_bodies",
    ),
    *("models.transport", "models.prices", "models.degenerate", "models.language"),
    *(
        "crew.evaluate",
        "crew.scripted_model",
        "crew.inspection.texts",
        "views.status",
        "errors",
        "ledger.keys",
        "recognition.transcript",
    ),
)
_TEXTS = ("str", "bytes", "Path", "Document", "Chunk", "Answer", "Summary", "Hit", "Exception")

EXEMPT: dict[str, str] = {
    "documents.claims.bare_term": "passes over one word",
    "documents.claims.has_name": "passes over one word",
    "documents.source_sentences.stem": "passes over one word",
    "documents.adoc.read": "by to_markdown",
    "documents.block_runs.is_run_of_leaves": "by outline",
    "documents.block_runs.words_of": "by outline",
    "documents.path_hints.hint_at_neighbor": "compares 255 characters",
    "documents.json_text.read": "by to_markdown",
    "documents.logs.is_log": "by text.read",
    "documents.org.read": "by to_markdown",
    "documents.rst.read": "by to_markdown",
    "documents.mail_body.without_footer": "by mail.read",
    "documents.mail_body.without_repeats": "passes over each line of the messages once",
    "documents.mail_body.without_signature": "by mail.read",
    "documents.tex.read": "by to_markdown",
    "documents.tex_macros.braces": "by tex.to_markdown",
    "documents.tex_macros.expanded": "by tex.to_markdown",
    "documents.block_rules.item_text": "by prose_sentences",
    "documents.text.reading_of": "copies values",
    "documents.symbols.unescaped": "passes over the text of one cell or run once",
    "documents.encodings.is_wrongly_declared": "by xml.read",
    "documents.encodings.wide_encoding": "by decoded",
    "documents.html_tags.markup_tags": "by plain_html",
    "documents.html_tags.is_element": "by written",
    "documents.html_parse.parse_within": "by html.to_markdown, of frames",
    "documents.paragraphs.paragraphs_of": "by prose_sentences",
    "documents.plain.code_lines": "by prose_sentences",
    "documents.plain.is_listing": "by prose_sentences",
    "documents.plain.plain_paragraphs": "by prose_sentences",
    "documents.prose.not_prose": "by Extractive",
    "documents.text.decode_file": "by read",
    "documents.text.read_marked_up": "by the readers of .adoc, .org, .rst and .tex",
    "documents.files.read_all": "by load, and by the readers of files",
    "documents.pictures.draw_page": "draws in a process of its own that is killed in the end",
    "documents.pictures.read": "reads in a process of its own that is killed in the end",
    "recognition.transcript.messages_of": "encodes bytes",
    "recognition.transcript.problem_of": "by transcript_of, and by validation.checked",
    "documents.pdf.read": "reads in a process of its own that is killed in the end",
    "documents.pdf_page.read_page": "by pdf.read",
    "documents.pdf_cells.with_tables": "by pdf.read",
    "documents.pdf_rules.rules": "takes drawings, which are counted",
    "documents.pdf_tables.grids": "takes lines of drawings, which are counted",
    "documents.pdf_tables.aligned": "takes rows, whose columns are counted",
    "documents.pdf_lines.with_tables": "puts together",
    "documents.pdf_lines.with_headings": "looks lines up",
    "documents.pdf_lines.ends_open": "strips a few characters",
    "documents.ocr.recognized": "takes a picture",
    "documents.reading.read_by": "by the readers",
    "documents.sources.find": "by load",
    "documents.columns.documents_of": "copies values",
    "documents.columns.documents_of_records": "copies values",
    "documents.sources.check_no_paths": "looks at texts that are as short as a path",
    "documents.given.sources_in": "copies values and bytes, which are counted",
    "documents.archives.members": "takes an archive, whose bytes are counted",
    "documents.addresses": "takes addresses that the caller typed",
    "documents.copies": "copies bytes",
    "documents.fetch": "copies bytes",
    "documents.outlook": "takes streams, whose bytes are counted",
    "documents.web": "takes errors and names of hosts",
    "documents.folders": "takes names of files",
    "documents.text.looks_like_text": "by is_text",
    "documents.docx_styles.value": "takes XML that was parsed",
    "documents.docx_styles.is_on": "compares a word",
    "documents.equations.equation": "takes XML that was parsed",
    "documents.numerals.numeral": "takes a number",
    "documents.ooxml.chart_text": "takes XML that was parsed",
    "documents.ooxml.diagram_text": "takes XML that was parsed",
    "documents.ooxml.drawn_text": "takes XML that was parsed",
    "documents.omissions": "takes words of ours",
    "documents.rows.report": "takes numbers",
    "documents.rtf_codes.codec": "takes a number",
    "documents.sniff.old_format": "by kind_of",
    "documents.xml_parts": "by the readers of Office files",
    "models.validation.refused": "compares a word",
    "models.validation.reads_like_a_refusal": "by checked",
    "prompts.delimiters.material": "by delimited",
    "prompts.delimiters.entries_as_data": "by json.dumps",
    "models.validation.repairing": "joins texts",
    "models.structured_output.check_schema": "takes a class",
    "models.structured_output.schema_instructions": "takes a class",
    "models.retry.is_too_long": "by faults",
    "models.responses.read_stream": "by StreamedText",
    "models.prices.price_in": "takes numbers",
    "models.retry.failure_of": "by faults",
    "models.retry.retry_after": "by faults",
    "models.reasoning.closing_of": "by part",
    "models.reasoning.ends_thought": "by part",
    "models.reasoning.is_known_to_think": "looks for a few words",
    "models.reasoning.lowered": "by part",
    "models.opening_checks.check_reachable": "by address_problem; reads the user's own settings",
    "models.opening_checks.name_warning": "by close_names",
    "crew.evaluate.explain": "by its parts",
    "crew.inspection.texts.text_findings": "by variables_of",
    "crew.inspection.texts.unfilled": "by variables_of",
    "errors.shortened": "by described",
    "documents.terms.is_unspaced": "takes one character",
    "library.entries.encodable": "by digests",
    "library.entries.storable": "by digests",
    "library.query.fuse": "takes scores",
    "records.json_form.read_data": "takes values",
    "render.formats.refusal_text": "puts a few words together",
    "render.formats.count_text": "takes words of ours",
    "render.formats.listed": "takes a few names",
    "results.dataframe.frame_of": "copies values",
    "results.dataframe.hits_frame": "copies values",
    "results.dataframe.to_frame": "copies values",
    "results.html.to_html_page": "by to_html",
    "results.layout.more_text": "takes a number",
    "render.table.part": "by plain_line",
    "render.table.end_part": "by line_end",
    "render.table.clipped": "by Hits",
    "render.table.cells": "by plain_line",
    "render.table.folded": "by one_line",
    "render.table.more": "takes words of ours",
    "render.table.table_html": "by Hits",
    "render.table.table_text": "by Hits",
    "render.templating.fill": "fills templates of ours",
    "views.status.state_html": "by state_text",
}
"""Public functions that take a text and need no case of their own, and why."""


def unread() -> Iterator[str]:
    """Yield the public functions of the reading modules that no case and no reason covers."""
    covered = {name.partition(",")[0] for name in READERS} | EXEMPT.keys()
    for module in modules():
        short = module.__name__.removeprefix("docsum_nb.")
        if not (
            short in READING_TOO
            or any(short == each or short.startswith(f"{each}.") for each in READING)
        ):
            continue
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not inspect.isfunction(value) or value.__module__ != module.__name__:
                continue
            taken = [str(each.annotation) for each in inspect.signature(value).parameters.values()]
            reads = any(kind in each for each in taken for kind in _TEXTS)
            whole = f"{short}.{name}"
            if reads and not any(whole == each or whole.startswith(f"{each}.") for each in covered):
                yield f"{short}.{name}"
