"""A Summary as JSON."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from docsum_nb.records import Hit
from docsum_nb.records.json_form import to_json
from docsum_nb.results import Summary
from tests.results.result_samples import ATTACK, HOSTILE, ORDINARY


def test_json_holds_every_field() -> None:
    """The object has the record's fields, nested records included, tuples as arrays."""
    read = json.loads(to_json(ORDINARY))

    assert list(read) == [field.name for field in fields(Summary)]
    assert read == json.loads(json.dumps(asdict(ORDINARY)))


def test_hostile_text_comes_back_to_the_character() -> None:
    """Texts are kept whole, and the JSON itself is safe to print and to encode."""
    text = to_json(HOSTILE)

    text.encode("utf-8")
    assert not set(text) & set("\x1b\x9b\u202e\u2066")
    assert json.loads(text)["text"] == ATTACK


def test_metadata_json_does_not_know_is_written_as_text() -> None:
    """Locks, paths, mappings and numbers that are none do not stop the export."""
    lock = threading.Lock()
    metadata: Any = MappingProxyType(
        {1: {"nan": math.nan, "set": {1}}, "path": Path("a"), "lock": lock, "bytes": b"\xff"}
    )
    read = json.loads(to_json(replace(ORDINARY, related=(Hit("n", "p", math.inf, metadata),))))

    assert read["related"][0]["score"] is None
    assert read["related"][0]["metadata"] == {
        "1": {"nan": None, "set": [1]},
        "path": "a",
        "lock": str(lock),
        "bytes": "b'\\xff'",
    }
