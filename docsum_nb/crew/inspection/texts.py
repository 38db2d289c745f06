"""Texts: the placeholders of CrewAI's in the descriptions of tasks and agents.

When a crew is kicked off with inputs, CrewAI replaces every ``{word}`` in these texts and fails on
a word that is no input. It does so in a document that is pasted into a description, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from docsum_nb.crew.inspection.parts import agents_of, label_of, role_of
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["text_findings", "unfilled", "variables_of"]

# As in crewai.utilities.string_utils.
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_\-]*)}")
_LONG = 2000
"""Characters above which a text is more likely to be a document than an instruction."""


class _Text(NamedTuple):
    subject: str
    field: str
    text: str


def text_findings(crew: Any, inputs: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Examine the texts of a crew's tasks and agents.

    Args:
        crew: A Crew.
        inputs: The inputs of its kickoff; ``None`` if they are not known.
    """
    texts = [text for text in _texts(crew) if _VARIABLE.search(text.text)]
    suspicious = [text for text in texts if _looks_like_a_document(text.text)]
    for text in suspicious:
        yield _document(text)
    if inputs:
        yield _against(inputs, texts, sure=not crew.before_kickoff_callbacks)
    else:
        yield _wanted(_lacking(texts, None))
    yield from _never_filled(crew)


def variables_of(crew: Any) -> tuple[str, ...]:
    """Return the words that CrewAI treats as placeholders, in order of appearance."""
    return tuple(_words(_texts(crew)))


def unfilled(crew: Any, inputs: Mapping[str, Any] | None) -> str:
    """Return which placeholders of a crew that is being kicked off have no input.

    Args:
        crew: A Crew.
        inputs: The inputs, after ``before_kickoff_callbacks`` have changed them.

    Returns:
        What is missing and the argument to give; empty if nothing is missing.
    """
    # Without inputs CrewAI does not change the texts, which an earlier kickoff may have filled in.
    words = _lacking(_texts(crew, at_first=bool(inputs)), inputs)
    if not words:
        return ""
    follows = "the kickoff fails" if inputs else "the model is sent the placeholders themselves"
    return (
        f"no input for {listed('{' + word + '}' for word in words)}: {follows}; give "
        f"inputs={_to_give([*(inputs or ()), *words])}"
    )


def _texts(crew: Any, *, at_first: bool = True) -> Iterator[_Text]:
    for task in crew.tasks:
        subject = f"task {label_of(task)!r}"
        for field in ("description", "expected_output", "output_file"):
            yield _Text(subject, field, _text(task, field, at_first=at_first))
    for agent in crew.agents:
        yield from _texts_of_agent(agent, at_first=at_first)


def _texts_of_agent(agent: Any, *, at_first: bool = True) -> Iterator[_Text]:
    for field in ("role", "goal", "backstory"):
        yield _Text(f"agent {role_of(agent)!r}", field, _text(agent, field, at_first=at_first))


def _text(part: Any, field: str, *, at_first: bool) -> str:
    """Return a text, or the text before any kickoff, which is the one that CrewAI fills in."""
    original = getattr(part, f"_original_{field}", None) if at_first else None
    return str(original or getattr(part, field, None) or "")


def _lacking(texts: Iterable[_Text], inputs: Mapping[str, Any] | None) -> list[str]:
    """Return the placeholders without an input; without any inputs, documents are not searched."""
    if inputs:
        return [word for word in _words(texts) if word not in inputs]
    return list(_words(text for text in texts if not _looks_like_a_document(text.text)))


def _to_give(words: Iterable[str]) -> str:
    return f"{{{', '.join(f'{word!r}: ...' for word in words)}}}"


def _words(texts: Iterable[_Text]) -> dict[str, None]:
    return {word: None for text in texts for word in _VARIABLE.findall(text.text)}


def _looks_like_a_document(text: str) -> bool:
    rest = _VARIABLE.sub("", text)
    return len(text) > _LONG or "{" in rest or "}" in rest


def _document(text: _Text) -> Finding:
    words = _VARIABLE.findall(text.text)
    return Finding(
        "warning",
        "placeholder-in-text",
        f"{text.subject}, {text.field}",
        f"CrewAI would take {listed('{' + word + '}' for word in words)} for a placeholder, in a "
        "text that looks like a document, JSON or code",
        "With inputs, the kickoff fails with \"Template variable '"
        f"{words[0]}' not found\", or the word is replaced in the document.",
        "Pass the text as an input, in which nothing is replaced: description='Summarize "
        "{text}', ds.kickoff(crew, {'text': text}).",
    )


def _against(inputs: Mapping[str, Any], texts: list[_Text], *, sure: bool) -> Finding:
    missing = [text for text in texts if set(_VARIABLE.findall(text.text)) - set(inputs)]
    if not missing:
        return Finding("ok", "placeholders", "inputs", "every placeholder has one")
    words = _lacking(missing, inputs)
    return Finding(
        "problem" if sure else "warning",
        "placeholders",
        ", ".join(dict.fromkeys(text.subject for text in missing[:4])),
        f"no input for {listed('{' + word + '}' for word in words)}",
        "The kickoff fails before its first task"
        + ("." if sure else ", unless before_kickoff_callbacks add what is missing."),
        f"ds.kickoff(crew, {_to_give([*inputs, *words])})",
    )


def _wanted(words: list[str]) -> Finding:
    if not words:
        return Finding("ok", "placeholders", "texts", "no placeholders")
    return Finding(
        "note",
        "placeholders",
        "inputs",
        f"the texts have placeholders: {listed('{' + word + '}' for word in words)}",
        "Without inputs they are not replaced; with some inputs, all of them must be given.",
        f"ds.kickoff(crew, {_to_give(words)})",
    )


def _never_filled(crew: Any) -> Iterator[Finding]:
    known = {id(agent) for agent in (*crew.agents, crew.manager_agent)}
    for agent in agents_of(crew):
        texts = [text for text in _texts_of_agent(agent) if _VARIABLE.search(text.text)]
        if id(agent) not in known and texts:
            yield Finding(
                "warning",
                "placeholder-not-filled",
                f"agent {role_of(agent)!r}",
                f"has placeholders, {listed('{' + word + '}' for word in _words(texts))}, and is "
                "not in the crew's agents",
                "CrewAI fills in the texts of the crew's own agents only; this one's model is "
                "sent the placeholder itself.",
                "Name it in Crew(agents=[...]).",
            )
