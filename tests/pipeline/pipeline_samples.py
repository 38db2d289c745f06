"""What the tests of the pipeline share: documents that can be told apart, and their runs."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import docsum_nb as ds
from docsum_nb.results import Summary
from docsum_nb.run import Run
from docsum_nb.testing import Call, ScriptedServer

LONG_S = 60.0
SMALL = 2_700
"""Tokens of a window that makes several levels of merging out of a few documents."""


def model_of(server: ScriptedServer, **options: Any) -> ds.Model:
    return ds.Model("openai/scripted", base_url=server.base_url, **options)


def marked(count: int, paragraphs: int = 1) -> dict[str, str]:
    """Make documents of which every paragraph names its document and place."""
    return {
        f"doc-{i:02}": "\n\n".join(
            f"MARK-{i:02}-{p:03} is said in paragraph {p} of document {i}. " + "Filling words. " * 9
            for p in range(paragraphs)
        )
        for i in range(count)
    }


def summarize(source: Any, **options: Any) -> Run[Summary]:
    return ds.summarize(source, **{"show": False, **options})


def chunk_number(call: Call) -> int | None:
    """Return which document's chunk a call is about; None for a merge."""
    found = re.search(r'<text-\w+ name="doc-(\d+)', call.prompt)
    return int(found.group(1)) if found else None


async def tick() -> None:
    await asyncio.sleep(0.01)


TEXTS = {
    "whales": "Whales are mammals that live in the open sea. They breathe air at the surface. "
    "A blue whale eats about four tonnes of krill a day. Sailors once hunted whales for their oil.",
    "harbours": "A harbour shelters ships from storms. Harbour masters assign each ship a berth. "
    "Ships pay harbour dues by their tonnage. Dredgers keep the channel of a harbour deep.",
}
