"""Calls of models on a Dask cluster; the only importer of distributed.

Everything that decides stays with the caller: ledger, limits, budget, retries, events. A worker
sends one request and returns what came. Its modules are imported only if a client was given.
"""
