"""Hostile web pages, EPUB books, XML and notebooks."""

# ruff: noqa: E501  # a case is read best as one line
from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.documents.cases.web import epub, notebook, stream
from tests.documents.hostile import Hostile

MB = 2**20
BOMB = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))


def written(folder: Path, name: str, make: Callable[[], str | bytes]) -> Path:
    path = folder / name
    data = make()
    path.write_bytes(data.encode("utf-8", "replace") if isinstance(data, str) else data)
    return path


def page(before: str, unit: str, after: str = "", *, size: int = MB) -> Callable[[Path], Path]:
    """Return the maker of a page of a repeated unit."""
    make = partial(repeated, before, unit, after, size)
    return lambda folder: written(folder, "page.html", make)


def repeated(before: str, unit: str, after: str, size: int) -> str:
    return before + unit * (size // len(unit)) + after


def file(name: str, make: Callable[[], str | bytes]) -> Callable[[Path], Path]:
    return lambda folder: written(folder, name, make)


def bomb_in_book() -> bytes:
    return epub(("a", "<p>" + "a " * (20 * MB)), ("b", "<p>b"))


def many_members() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.xhtml", b"")
    return data.getvalue()


def climbing_book() -> bytes:
    return epub(("../../../etc/passwd", "<p>kept"), ("a", "<p>Alpha"))


def cells(number: int) -> str:
    cell = {"cell_type": "markdown", "source": "word " * 20, "metadata": {}}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell] * number}
    )


INPUTS = [
    Hostile("quote-never-closed", page("<p>kept</p><a href='", "<p>a</p>"), "loaded"),
    Hostile("comment-never-closed", page("<p>kept</p><!--", "<p>a</p>"), "loaded"),
    Hostile("declaration-never-closed", page("<?xml ", "a "), "loaded"),
    Hostile("declaration-of-blanks", page("<?xml", " ", "<p>kept"), "loaded"),
    Hostile("tags-never-closed", page("<p>kept", "<a "), "loaded"),
    Hostile("quotes-of-both-kinds", page("<p>kept", "<p a=\"'<"), "loaded"),
    Hostile("100,000-levels", page("<p>kept", "<div>", size=500_000), "loaded"),
    Hostile("levels-and-ends", page("<div>" * 100_000 + "kept", "</p>"), "loaded"),
    Hostile("lists-in-lists", page("", "<ol><li>a", size=MB // 3), "loaded"),
    Hostile("quotations-in-quotations", page("", "<blockquote>a"), "loaded"),
    Hostile("tables-in-tables", page("kept", "<table><tr><td>a"), "loaded"),
    Hostile("wide-cells", page("kept<table>", "<td colspan=999 rowspan=9999>a"), "loaded"),
    Hostile("many-nodes", page("", "<p>a", size=MB), "loaded"),
    Hostile("cells", page("<table>", "<tr><td>a<td>b"), "loaded"),
    Hostile("regions", page("kept", "<nav>a</nav>b"), "loaded"),
    Hostile("notes", page("kept", "<a href='#1'><sup>1</sup></a>"), "loaded"),
    Hostile("formulas-in-formulas", page("kept", "<math><msup><mi>x"), "loaded"),
    Hostile("attribute-of-5-MB", page("<p title='", "x", "'>kept", size=5 * MB), "loaded"),
    Hostile("attributes", page("<p ", "a=b ", ">kept"), "loaded"),
    Hostile("references", page("kept", "&#x41;&amp;&#0;"), "loaded"),
    Hostile("a-long-number", page("<p>kept &#", "9", ";"), "loaded"),
    Hostile("nul-bytes", page("<p>kept", "\0<b\0>"), "loaded"),
    Hostile("white-space", page("<p>kept", "\n \t", size=5 * MB), "loaded"),
    Hostile("noise", file("a.html", lambda: random.Random(1).randbytes(MB)), "either"),
    Hostile("picture", file("a.html", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\xff\xfe\x81"), "refused", "is not text"),
    Hostile("xml-bomb", file("a.xml", lambda: f"<!DOCTYPE a [<!ENTITY l0 'ha'>{BOMB}]><a>&l11;</a>"), "refused", "unfold"),
    Hostile("xml-loop", file("a.xml", lambda: "<!DOCTYPE a [<!ENTITY b '&c;'><!ENTITY c '&b;'>]><a>&b;</a>"), "refused"),
    Hostile("xml-outer-bomb", file("a.xml", lambda: "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///dev/zero'>]><a>kept &b;</a>"), "loaded"),
    Hostile("xml-levels", file("a.xml", lambda: "<a>" * 100_000 + "kept"), "either"),
    Hostile("xml-of-many-nodes", file("a.xml", lambda: f"<r>{'<x><y>a</y></x>' * 60_000}</r>"), "loaded"),
    Hostile("xml-cut-off", file("a.xml", lambda: "<book><title>T</title><para>kept"), "loaded", "not well-formed"),
    Hostile("epub-bomb", file("a.epub", bomb_in_book), "refused", "unpacks to more than"),
    Hostile("epub-cut-off", file("a.epub", lambda: epub(("a", "x"))[:-60]), "refused", "cut off"),
    Hostile("epub-of-20,000-members", file("a.epub", many_members), "refused", "no list of its chapters"),
    Hostile("epub-that-climbs", file("a.epub", climbing_book), "loaded"),
    Hostile("notebook-of-levels", file("a.ipynb", lambda: '{"cells":' + "[" * 100_000), "refused"),
    Hostile("notebook-of-8,000-cells", file("a.ipynb", lambda: cells(8_000)), "loaded"),
    Hostile("notebook-of-returns", file("a.ipynb", lambda: notebook(stream("kept" + "\r" * MB))), "loaded"),
    Hostile("notebook-of-escapes", file("a.ipynb", lambda: notebook(stream("kept" + "\x1b[" * 500_000))), "loaded"),
]  # fmt: skip
