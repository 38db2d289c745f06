"""The private documentation: a SQLite database in a folder, searched by words.

    library.py   Library: what a user adds and what a search gives back
    query.py     the words of a query, the fusion of rankings, the excerpt that is shown
    entries.py   a document and its passages; batches of them
    store.py     snapshots for readers, transactions for writers
    database.py  the file itself: tables, indexes, opening, errors
    repair.py    what can be read of a damaged database
    upgrade.py   a library of the first layout, which LanceDB kept
    folder.py    what the folder is, and the writers' lock

Nothing outside ``upgrade.py`` knows LanceDB.
"""

from docsum_nb.library.library import Library

__all__ = ["Library"]
