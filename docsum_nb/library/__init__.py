"""The private documentation: in a folder or on a PostgreSQL server, searched by words.

    library.py   Library: what a user adds and what a search gives back
    search.py    a search: from a query to hits
    embedder.py  what makes vectors; minilm.py and bert_graph.py: the local one
    indexing.py  the vectors of passages that have none; vectors.py: how they are kept and searched
    filters.py   a filter by metadata
    query.py     the words of a query, the fusion of rankings, the excerpt that is shown
    index_cache.py  what searches of one process keep of an index
    ranking.py   BM25 over postings, feedback from the best passages
    postings.py  postings as bytes, in blocks of passages
    analysis.py  the terms of a text
    entries.py   a document and its passages; batches of them
    store.py     the protocols of a store and of a snapshot
    folder_store.py     the store of a folder: transactions for writers, repairs
    folder_snapshot.py  what a search reads of a folder's database
    contents.py  documents inserted and taken out, with their passages and postings
    database.py  the file itself: tables, opening, errors
    repair.py    what can be read of a damaged or an older database
    upgrade.py   a library of the first layout, which LanceDB kept
    postgres/    the store of a server
    contents_table.py  what a library displays of itself
    folder.py    what the folder is, and the writers' lock

Nothing outside ``upgrade.py`` knows LanceDB, and nothing outside ``postgres/`` psycopg.
"""

from docsum_nb.library.library import Library

__all__ = ["Library"]
