"""A Summary as pandas tables.

Texts are as they are in the records, neither shortened nor cleaned: a frame is data.
pandas is no dependency; if it is missing, the error says how to install it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from docsum_nb.errors import InputError
from docsum_nb.records import Hit, SummaryRecord, Usage, UsageRow

if TYPE_CHECKING:
    from pandas import DataFrame


__all__ = ["frame_of", "hits_frame", "to_frame", "usage_frame"]

_PAID = {"calls": "int64", "prompt_tokens": "int64", "completion_tokens": "int64"}
# Columns in order; "Int64" is the kind of whole numbers that can be missing.
_TYPES: Mapping[str, Mapping[str, str]] = {
    "documents": {
        **{"document": "object", "summary": "object", "chunks": "int64", "model": "object"},
        **{"path": "object", **_PAID, "cost_usd": "float64"},
    },
    "chunks": {
        **{"document": "object", "index": "int64", "summary": "object", "text": "object"},
        **{"page": "Int64", "headings": "object", "start": "int64", "end": "int64"},
        **{"tokens": "int64", "model": "object", "cached": "bool", **_PAID, "cost_usd": "float64"},
    },
    "related": {
        **{"document": "object", "score": "float64", "passage": "object", "why": "object"},
        **{"page": "Int64", "path": "object", "metadata": "object"},
    },
    "citations": {
        **{"number": "int64", "sentence": "object", "document": "object", "page": "Int64"},
        **{"headings": "object", "passage": "object", "score": "float64", "start": "int64"},
        **{"end": "int64", "source_start": "int64", "source_end": "int64"},
    },
}


def to_frame(summary: SummaryRecord, of: str) -> DataFrame:
    """Return a part of a result as a DataFrame.

    Raises:
        InputError: If pandas is not installed, or there is no such part.
    """
    if of not in _ROWS:
        raise InputError(f"to_frame takes {', '.join(map(repr, _ROWS))}, not {of!r}")
    return frame_of(list(_ROWS[of](summary)), _TYPES[of])


def hits_frame(hits: Iterable[Hit]) -> DataFrame:
    """Return documents that were found as a DataFrame.

    Raises:
        InputError: If pandas is not installed.
    """
    return frame_of(list(_found(hits)), _TYPES["related"])


def usage_frame(rows: Iterable[UsageRow]) -> DataFrame:
    """Return what a run took as a DataFrame.

    Raises:
        InputError: If pandas is not installed.
    """
    columns = {**{"task": "object", "agent": "object"}, **_PAID, "cost_usd": "float64"}
    types = {**columns, "counted": "int64", "unanswered": "int64"}
    return frame_of(
        [
            {
                **{"task": row.task, "agent": row.agent, **_paid(row.usage)},
                **{"counted": row.usage.counted, "unanswered": row.unanswered},
            }
            for row in rows
        ],
        types,
    )


def frame_of(rows: list[dict[str, Any]], types: Mapping[str, str]) -> DataFrame:
    """Return rows as a DataFrame.

    Args:
        rows: A value for each column.
        types: The columns in order, and their types.

    Raises:
        InputError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise InputError(
            f"to_frame needs pandas, which cannot be imported ({error}): install it, with "
            "'pip install pandas', and call it again"
        ) from error
    columns = {
        name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in types.items()
    }
    return pd.DataFrame(columns)


def _documents(summary: SummaryRecord) -> Iterable[dict[str, Any]]:
    for item in summary.documents:
        yield {
            **{"document": item.name, "summary": item.text, "chunks": item.chunks},
            **{"model": item.model, "path": item.path, **_paid(item.usage)},
        }


def _chunks(summary: SummaryRecord) -> Iterable[dict[str, Any]]:
    for item in summary.chunks:
        chunk = item.chunk
        yield {
            **{"document": chunk.document, "index": chunk.index, "summary": item.text},
            **{"text": chunk.text, "page": chunk.page, "headings": chunk.headings},
            **{"start": chunk.start, "end": chunk.end, "tokens": chunk.tokens},
            **{"model": item.model, "cached": item.cached, **_paid(item.usage)},
        }


def _related(summary: SummaryRecord) -> Iterable[dict[str, Any]]:
    return _found(summary.related)


def _found(hits: Iterable[Hit]) -> Iterable[dict[str, Any]]:
    for hit in hits:
        page, path = hit.metadata.get("page"), hit.metadata.get("path")
        yield {
            **{"document": hit.name, "score": hit.score, "passage": hit.passage, "why": hit.why},
            # A document's own metadata may hold anything under this name.
            **{"page": page if isinstance(page, int) and 0 < page < 2**31 else None, "path": path},
            "metadata": dict(hit.metadata),
        }


def _citations(summary: SummaryRecord) -> Iterable[dict[str, Any]]:
    for item in summary.citations:
        yield {
            **{"number": item.number, "sentence": summary.text[item.start : item.end].strip()},
            **{"document": item.document, "page": item.page, "headings": item.headings},
            **{"passage": item.passage, "score": item.score, "start": item.start},
            **{"end": item.end, "source_start": item.source_start, "source_end": item.source_end},
        }


def _paid(usage: Usage) -> dict[str, Any]:
    return {
        **{"calls": usage.calls, "prompt_tokens": usage.prompt_tokens},
        **{"completion_tokens": usage.completion_tokens, "cost_usd": usage.cost_usd},
    }


_ROWS: Mapping[str, Callable[[SummaryRecord], Iterable[dict[str, Any]]]] = {
    "documents": _documents,
    "chunks": _chunks,
    "related": _related,
    "citations": _citations,
}
