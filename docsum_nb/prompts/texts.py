"""Roles, goals and prompts: the YAML files beside this module, and the user's overrides of them."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docsum_nb.errors import InputError, shortened
from docsum_nb.paths import user_path

__all__ = ["AgentText", "Prompts", "TaskText", "Wishes", "load_prompts"]

_FILES = ("agents", "tasks")
_LABEL = "what its name says"
_PLACES = {
    "summarize": {"label", "words", "question", "language", "context", "sources"},
    "refine": {"label", "words", "question", "language", "context"},
    "combine": {"label", "words", "question", "language", "count", "evidence", "sources"},
    "extract": {"question"},
    "evaluate": {"question"},
}
_OF_THE_TEXT = "the language of the text"
_OF_MOST = "the language most of them are written in"
_CONTEXT = (
    " What stands before the text in the document is below, too, under the name "
    '"before the text": it is there to understand the text by, and is not to be summarized.'
)
_EVIDENCE = (
    ' Below a summary, under "Quoted from the text:", may stand sentences of the text that it '
    "summarizes: copy names, numbers, dates and conditions from them, and rely on them if the "
    "summary says otherwise."
)
_SOURCES = {
    False: (
        " The text is shown in passages, each after its number in brackets, such as [#3]. Write at "
        "the end of each sentence the number of the passage that says so, in the same form, such "
        "as [#3] or [#3, #7]; write none if no passage says so."
    ),
    True: (
        " At the end of their sentences stand the numbers of the passages that say so, such as "
        "[#3]. Write them, in the same form, at the end of each of your sentences that says the "
        "same, such as [#3] or [#3, #7], and no others."
    ),
}
"""Of a text, and of summaries."""


@dataclass(frozen=True)
class AgentText:
    """Who an agent is."""

    role: str
    goal: str
    backstory: str

    def __str__(self) -> str:
        return f"You are {self.role}. {self.backstory}\nYour goal: {self.goal}"


@dataclass(frozen=True)
class Wishes:
    """What the reader asked for, beside the length; ``None`` for nothing of the kind."""

    question: str | None = None
    language: str | None = None
    """The language to write in."""
    audience: str | None = None
    """Who is to read it."""
    focus: str | None = None
    """What to dwell on."""

    def in_words(self, *, language: bool) -> str:
        """Return the wishes as sentences, each after a space.

        Args:
            language: Whether the language is to be among them.
        """
        said = [
            f" Write in {self.language}." if self.language and language else "",
            f" Write for this audience: {self.audience}." if self.audience else "",
            f" Dwell on this more than on other things: {self.focus}." if self.focus else "",
            f" The reader wants to know: {self.question}" if self.question else "",
        ]
        return "".join(said)


@dataclass(frozen=True)
class TaskText:
    """What a task asks, with fields to be filled in."""

    description: str
    expected_output: str

    def has(self, field: str) -> bool:
        """Return whether it has a field, such as ``"context"``."""
        return f"{{{field}}}" in self.description + self.expected_output

    def fill(
        self,
        wishes: Wishes,
        *,
        context: bool = False,
        evidence: bool = False,
        sources: bool = False,
        **values: object,
    ) -> TaskText:
        """Return the task with its fields filled in; fields within filled-in text stay unfilled.

        A ``{label}`` of a user's own prompt refers to the data below: names are a stranger's text.

        Args:
            wishes: What the reader asked for.
            context: Whether the data holds what stands before the text.
            evidence: Whether it holds quotations of the texts that summaries are of.
            sources: Whether it holds numbers of passages, which the answer is to name.
            **values: Further fields, such as ``words``.
        """
        values.setdefault("label", _LABEL)
        values["language"] = wishes.language or (_OF_MOST if self.has("count") else _OF_THE_TEXT)
        values["question"] = wishes.in_words(language=not self.has("language"))
        values["context"] = _CONTEXT if context else ""
        values["evidence"] = _EVIDENCE if evidence else ""
        values["sources"] = _SOURCES[self.has("count")] if sources else ""
        return TaskText(self.description.format(**values), self.expected_output.format(**values))


@dataclass(frozen=True)
class Prompts:
    """All texts that agents and tasks are made of."""

    agents: Mapping[str, AgentText]
    tasks: Mapping[str, TaskText]


def load_prompts(folder: str | os.PathLike[str] | None = None) -> Prompts:
    """Read the built-in texts, and those of a user's folder over them.

    Args:
        folder: Holds ``agents.yaml`` or ``tasks.yaml`` or both, with any part of the built-in
            ones' keys; ``None`` for the built-in texts alone.

    Raises:
        InputError: if the folder holds neither file, or a file is not of that form.
    """
    found = {name: _read(Path(__file__).parent / f"{name}.yaml") for name in _FILES}
    if folder is not None:
        own = user_path(folder)
        paths = [own / f"{name}.yaml" for name in _FILES if (own / f"{name}.yaml").is_file()]
        if not paths:
            what = "holds no agents.yaml and no tasks.yaml" if own.is_dir() else "is no folder"
            raise InputError(f"{own}: {what}; give prompts= a folder with one of the two files")
        for path in paths:
            _override(found[path.stem], _read(path), path)
    tasks = {name: TaskText(**texts) for name, texts in found["tasks"].items()}
    for name, task in tasks.items():
        _check_places(name, task)
    return Prompts({name: AgentText(**texts) for name, texts in found["agents"].items()}, tasks)


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise InputError(f"{path}: cannot be read: it is nested too deep") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read: {shortened(str(error))}") from error
    if not isinstance(content, dict) or not all(isinstance(v, dict) for v in content.values()):
        raise InputError(f"{path}: must hold a mapping of names to their texts")
    return content


def _override(
    built_in: dict[str, dict[str, str]], own: dict[str, dict[str, str]], path: Path
) -> None:
    for name, texts in own.items():
        if name not in built_in:
            raise InputError(f"{path}: {name!r} is none of {', '.join(built_in)}")
        for key, text in texts.items():
            if key not in built_in[name] or not isinstance(text, str):
                raise InputError(
                    f"{path}: {name} takes texts for {', '.join(built_in[name])}, not {key!r}"
                )
            built_in[name][key] = text


def _check_places(name: str, task: TaskText) -> None:
    try:
        used = {
            field
            for text in (task.description, task.expected_output)
            for _, field, _, _ in string.Formatter().parse(text)
            if field is not None
        }
    except ValueError as error:
        raise InputError(f"task {name}: {error}; write {{{{ and }}}} for plain braces") from None
    unknown = used - _PLACES[name]
    if unknown:
        raise InputError(
            f"task {name}: {{{min(unknown)}}} is none of {', '.join(sorted(_PLACES[name]))}; "
            "write {{ and }} for plain braces"
        )
