"""A tool with which the agents of a user's own crew search a library.

What is found is text of documents, so it reaches the model as delimited data, with control
characters made visible. A search that fails is reported to CrewAI as the failure of the tool, and
no error is raised into the crew. Refuses what is no library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, field_serializer, field_validator

from docsum_nb.characters import clean
from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.table import IN_CREWS, BaseTool, ToolFailure
from docsum_nb.errors import InputError
from docsum_nb.library import Library
from docsum_nb.models.model import with_cause
from docsum_nb.prompts import delimited, entries_as_data
from docsum_nb.records import Hit
from docsum_nb.run import in_thread
from docsum_nb.secrets import masked

__all__ = ["LibrarySearchTool", "as_library", "found_as_data"]

_MOST_HITS = 50
_MOST_CHARS = 40_000
"""Of one answer, about 10,000 tokens: what was found must not fill a model's window."""


class SearchArguments(BaseModel):
    """What an agent says when it uses the tool."""

    query: str = Field(
        description="What to look for: a few words, a question or a text. A phrase in quotation "
        "marks is looked for to the letter."
    )
    k: int | None = Field(default=None, description="The number of documents at most.")
    where: dict[str, Any] | None = Field(
        default=None,
        description="Values that the metadata of a document must have, such as "
        '{"team": "claims"}; null for all documents.',
    )


def never(_arguments: Any = None, _result: Any = None) -> bool:
    """Return false: a document that is added later must be found by the same search."""
    return False


class LibrarySearchTool(BaseTool):
    """A CrewAI tool that searches a library, for the agents of your own crew.

    Each document found is one line of JSON with its name, its place and the passage that matched,
    between tags that mark all of it as data. Several agents, tasks and threads may use one tool at
    once; it can be copied and pickled if the library's embedder can.

    Args:
        library: The library, or its folder.
        k: How many documents a search returns if the agent does not say; 50 at most.
        where: As for ``Library.search``: what holds of all documents that this tool finds. An agent
            may narrow it further, and cannot widen it.
        name: The name by which the agent calls it; give each of several tools its own.
        description: What the agent reads about it; say what the library is about.
        **options: Further fields of CrewAI's ``BaseTool``, such as ``max_usage_count``.

    Raises:
        InputError: If ``library`` is neither, or ``k`` or ``where`` cannot be used.
        UpstreamError: If the installed CrewAI lacks what this needs.

    A search that fails returns a ``ToolFailure`` of CrewAI's with the reason, which the agent
    reads, and which a guard reports.

    Example:
        >>> import tempfile
        >>> library = Library(tempfile.mkdtemp())
        >>> added = library.add({"payments": "A payment is late after the end of the month."})
        >>> tool = LibrarySearchTool(library, k=3)
        >>> "end of the month" in tool.run(query="late payments")
        True
    """

    name: str = "search_library"
    description: str = (
        "Searches the private documentation, and returns the documents found, best first, each "
        "with the passage that matched."
    )
    args_schema: type[BaseModel] = SearchArguments
    library: Any = None
    k: int = 5
    where: dict[str, Any] | None = None

    def __init__(self, library: Any = None, **options: Any) -> None:
        TABLE.require(IN_CREWS)
        library = as_library(library)
        k, where = options.get("k", 5), options.get("where")
        if not isinstance(k, int) or not 1 <= k <= _MOST_HITS:
            raise InputError(f"k is a number of documents from 1 to {_MOST_HITS}, not {k!r}")
        if where is not None and not isinstance(where, Mapping):
            raise InputError(f'where is a mapping such as {{"team": "claims"}}, not {where!r}')
        options.setdefault("cache_function", never)
        super().__init__(library=library, **options)

    @field_validator("library")
    @classmethod
    def _library(cls, given: Any) -> Library:
        return as_library(given)

    @field_validator("cache_function", mode="before")
    @classmethod
    def _never(cls, given: Any) -> Any:
        # CrewAI refuses names of functions in a checkpoint; this one is known.
        return never if given == f"{never.__module__}.{never.__qualname__}" else given

    @field_serializer("library")
    def _folder(self, library: Library) -> str:
        # In a checkpoint of CrewAI's.
        return str(library.path)

    def _run(self, query: str, k: int | None = None, where: dict[str, Any] | None = None) -> Any:
        if not query.strip():
            return "Nothing was searched for: the query is empty."
        chosen = {**(where or {}), **(self.where or {})}
        most = min(max(1, k or self.k), _MOST_HITS)
        try:
            return found_as_data(self.library.search(query, most, where=chosen or None))
        except Exception as error:  # noqa: BLE001  # reported as the tool's failure
            why = clean(masked(with_cause(error)))
            return ToolFailure(message=f"The library could not be searched: {why}")

    async def _arun(
        self, query: str, k: int | None = None, where: dict[str, Any] | None = None
    ) -> Any:
        return await in_thread(self._run, query, k, where)

    def __reduce__(self) -> Any:
        """Return how to make it again: CrewAI's base class holds a lock, which has no copy."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return _made_again, (type(self), fields)

    def __copy__(self) -> Any:
        """Return a tool with the same fields."""
        return _made_again(*self.__reduce__()[1])

    def __deepcopy__(self, memo: Any = None) -> Any:
        """Return a tool with the same fields; the library is a folder, and is not copied."""
        return self.__copy__()


def _made_again(kind: type[LibrarySearchTool], fields: dict[str, Any]) -> LibrarySearchTool:
    return kind(**fields)


def as_library(given: Any) -> Library:
    """Return the library of a folder, or the library itself.

    Raises:
        InputError: If it is neither.
    """
    return given if isinstance(given, Library) else Library(given)


def found_as_data(hits: Sequence[Hit]) -> str:
    """Return what was found as a model is to read it: delimited, and not as instructions."""
    lines: list[str] = []
    left = _MOST_CHARS
    for hit in hits:
        line = entries_as_data([_entry(hit)])
        left -= len(line)
        if left < 0 and lines:
            break
        lines.append(line)
    if not lines:
        return "Nothing was found."
    return delimited([("found in the library", "\n".join(lines))], tag="data")


def _entry(hit: Hit) -> dict[str, str]:
    page, headings = hit.metadata.get("page"), hit.metadata.get("headings")
    place = [f"page {page}"] if isinstance(page, int) else []
    if isinstance(headings, list):
        place.append(" > ".join(map(str, headings)))
    found = {"name": hit.name, "place": ", ".join(place), "passage": " ".join(hit.passage.split())}
    return {key: clean(value) for key, value in found.items() if value}
