"""The private documentation: an embedded LanceDB in a folder, searched by words.

    library.py     Library: what a user adds and what a search gives back
    query.py       the words of a query, the fusion of rankings, the excerpt that is shown
    entries.py     a document as rows; batches of them
    store.py       the table: snapshots for readers, commits for writers
    connection.py  LanceDB itself: loading, forks, errors
    folder.py      what the folder is, and the writers' lock

Nothing outside ``store.py`` and ``connection.py`` knows LanceDB.
"""

from docsum_nb.library.library import Library

__all__ = ["Library"]
