"""A library that a team keeps on a PostgreSQL server: the same postings, texts and vectors.

    address.py     the address: what is shown of it, and what is kept apart as a secret
    connection.py  connections, kept for a while; transactions that end; errors in one line
    schema.py      the tables, their format, and who may use them
    values.py      texts and filters as PostgreSQL can keep them
    contents.py    documents inserted and taken out, with their passages and postings
    snapshot.py    what a search reads
    store.py       snapshots for readers, transactions for writers

Nothing outside of this folder knows psycopg.
"""
