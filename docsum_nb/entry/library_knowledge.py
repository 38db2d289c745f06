"""A library as CrewAI's knowledge: what it says about a task is added to the agent's prompt.

CrewAI's own knowledge embeds every text with OpenAI by default; this one searches the library, and
needs no key and no network. Texts of CrewAI's knowledge sources are kept in the library too, under
names of their own. Refuses to remove documents that came from elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import PrivateAttr, field_serializer, field_validator

from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.table import IN_CREWS, BaseKnowledgeStorage, Knowledge
from docsum_nb.entry.library_tool import as_library, found_as_data
from docsum_nb.library import Library
from docsum_nb.run import in_thread

__all__ = ["LibraryKnowledge", "LibraryStorage"]

_PREFIX = "crewai-knowledge/"
"""What the names of texts of CrewAI's sources begin with."""


class LibraryStorage(BaseKnowledgeStorage):
    """Where CrewAI's knowledge is kept and searched: a library."""

    library: Any = None
    where: dict[str, Any] | None = None
    _saved: set[str] = PrivateAttr(default_factory=set)

    @field_validator("library")
    @classmethod
    def _library(cls, given: Any) -> Library:
        return as_library(given)

    @field_serializer("library")
    def _folder(self, library: Library) -> str:
        return str(library.path)

    def search(
        self,
        query: list[str],
        limit: int = 5,
        metadata_filter: dict[str, Any] | None = None,
        score_threshold: float = 0.6,  # of similarities: ranks by words have none
    ) -> list[Any]:
        """Return what the library says about queries: one result for each document, best first."""
        text = "\n".join(str(each) for each in query).strip()
        if not text or not len(self.library):
            return []
        chosen = {**(metadata_filter or {}), **(self.where or {})}
        hits = self.library.search(text, max(1, limit), where=chosen or None)
        best = hits[0].score if hits else 1.0
        return [
            {
                "id": hit.name,
                "content": found_as_data([hit]),
                "metadata": dict(hit.metadata),
                "score": hit.score / best if best > 0 else 0.0,
            }
            for hit in hits
        ]

    async def asearch(
        self,
        query: list[str],
        limit: int = 5,
        metadata_filter: dict[str, Any] | None = None,
        score_threshold: float = 0.6,
    ) -> list[Any]:
        """Return the same as ``search``."""
        return await in_thread(self.search, query, limit, metadata_filter, score_threshold)

    def save(self, documents: list[str]) -> None:
        """Add texts of CrewAI's sources to the library; one that is there costs nothing."""
        texts = {}
        for each in map(str, documents):
            digest = hashlib.sha256(each.encode("utf-8", "replace")).hexdigest()
            texts[f"{_PREFIX}{digest[:16]}"] = each
        if kept := {name: text for name, text in texts.items() if text.strip()}:
            self.library.add(kept)
            self._saved.update(kept)

    async def asave(self, documents: list[str]) -> None:
        """Do the same as ``save``."""
        await in_thread(self.save, documents)

    def reset(self) -> None:
        """Remove the texts that ``save`` has added; all other documents stay."""
        while self._saved:
            self.library.remove(self._saved.pop())

    async def areset(self) -> None:
        """Do the same as ``reset``."""
        await in_thread(self.reset)


class LibraryKnowledge(Knowledge):
    """A library as the knowledge of CrewAI's agents: ``Agent(..., knowledge=...)``.

    Before each task, CrewAI has the agent's model write a query for it, and adds what the library
    says to the prompt: one more call for each task. For a search that the agent makes when it needs
    one, give it a ``LibrarySearchTool``.

    ``Agent(knowledge_config=KnowledgeConfig(results_limit=5))`` says how many documents are added;
    its ``score_threshold`` has no effect. Also for a crew: ``Crew(..., knowledge=...)``.

    Args:
        library: The library, or its folder.
        sources: Knowledge sources of CrewAI's, whose texts are added to the library now, without
            an embedding of CrewAI's.
        where: As for ``Library.search``: what holds of all documents that are found.

    Raises:
        InputError: If ``library`` is neither.
        LibraryError: If the texts of the sources cannot be added.
        UpstreamError: If the installed CrewAI lacks what this needs.

    Example:
        >>> import tempfile
        >>> library = Library(tempfile.mkdtemp())
        >>> added = library.add({"payments": "A payment is late after the end of the month."})
        >>> [found["id"] for found in LibraryKnowledge(library).query(["late payments"])]
        ['payments']
    """

    def __init__(
        self,
        library: Any,
        sources: Sequence[Any] = (),
        *,
        where: dict[str, Any] | None = None,
        **data: Any,
    ) -> None:
        TABLE.require(IN_CREWS)
        storage = LibraryStorage(library=as_library(library), where=where)
        data.setdefault("collection_name", "library")
        super().__init__(sources=[*sources], storage=storage, **data)
        if sources:
            self.add_sources()
