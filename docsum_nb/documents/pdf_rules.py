"""Horizontal and vertical lines that a PDF page draws, by PDFium.

Decides what of the drawings may divide the cells of a table: straight lines, and rectangles that
are as thin as lines. Gives up on pages that draw more than tables need.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from docsum_nb.documents.pdf_tables import Rule

__all__ = ["rules"]

_THIN = 3.0
_MOST_OBJECTS = 20_000
_MOST_SEGMENTS = 6_000
"""Of a page: maps and plots have more."""
_DEEPEST = 3
_PATH, _FORM = 2, 5
_LINE, _MOVE = 0, 2
_Matrix = tuple[float, float, float, float, float, float]
_Point = tuple[float, float]
_SAME: _Matrix = (1, 0, 0, 1, 0, 0)


def rules(page: Any) -> tuple[list[Rule], list[Rule]]:
    """Return the horizontal and the vertical lines of a page; none if it has too many."""
    import pypdfium2.raw as pdfium

    across: list[Rule] = []
    down: list[Rule] = []
    segments = 0
    for path, matrix in _paths(page):
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
        if not fill.value and not stroke.value:
            continue
        count = pdfium.FPDFPath_CountSegments(path)
        segments += max(count, 0)
        if segments > _MOST_SEGMENTS:
            return [], []
        for points in _shapes(pdfium, path, count, matrix):
            for horizontal, rule in _ruled(points, stroked=bool(stroke.value)):
                (across if horizontal else down).append(rule)
    return across, down


def _paths(page: Any) -> Iterator[tuple[Any, _Matrix]]:
    """Yield the paths of a page, and how their points become points of the page."""
    import pypdfium2.raw as pdfium

    count = min(_MOST_OBJECTS, pdfium.FPDFPage_CountObjects(page.raw))
    left = _MOST_OBJECTS - count
    waiting: list[tuple[Any, _Matrix, int]] = [
        (pdfium.FPDFPage_GetObject(page.raw, index), _SAME, 0) for index in range(count)
    ]
    while waiting:
        each, outer, depth = waiting.pop()
        kind = pdfium.FPDFPageObj_GetType(each)
        if kind == _PATH:
            yield each, _times(_matrix(pdfium, each), outer)
        elif kind == _FORM and depth < _DEEPEST:
            inner = _times(_matrix(pdfium, each), outer)
            count = min(left, max(0, pdfium.FPDFFormObj_CountObjects(each)))
            left -= count
            waiting += [
                (pdfium.FPDFFormObj_GetObject(each, index), inner, depth + 1)
                for index in range(count)
            ]


def _matrix(pdfium: Any, each: Any) -> _Matrix:
    found = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(each, found):
        return _SAME
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(one: _Matrix, other: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _shapes(pdfium: Any, path: Any, count: int, matrix: _Matrix) -> Iterator[list[_Point]]:
    """Yield the points of each part of a path that is made of straight lines."""
    a, b, c, d, e, f = matrix
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[_Point] = []
    straight = True
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == _MOVE:
            if straight and len(points) > 1:
                yield points
            points, straight = [], True
        elif kind != _LINE:
            straight = False
        points.append((a * x.value + c * y.value + e, b * x.value + d * y.value + f))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    if straight and len(points) > 1:
        yield points


def _ruled(points: list[_Point], *, stroked: bool) -> Iterator[tuple[bool, Rule]]:
    """Yield the lines of a shape, each with whether it is horizontal."""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    if right - left <= _THIN or high - low <= _THIN:
        if right - left > _THIN:
            yield True, Rule((low + high) / 2, left, right)
        elif high - low > _THIN:
            yield False, Rule((left + right) / 2, low, high)
    elif stroked:
        for (x, y), (next_x, next_y) in pairwise(points):
            if abs(y - next_y) < 1 and abs(x - next_x) > _THIN:
                yield True, Rule((y + next_y) / 2, min(x, next_x), max(x, next_x))
            elif abs(x - next_x) < 1 and abs(y - next_y) > _THIN:
                yield False, Rule((x + next_x) / 2, min(y, next_y), max(y, next_y))
