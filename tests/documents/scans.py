"""Files of scanned pages, and a model that reads them: it knows a page by its grey."""

from __future__ import annotations

import base64
import io

from PIL import Image

from docsum_nb.testing import Call, Reply
from tests.documents.pdf_maker import at, made

__all__ = ["CHECK", "GREY", "LINE", "grey_of", "picture_in", "reads", "scan"]

CHECK = "a picture, its text read by openai/eye: check names and numbers"
LINE = "The printed first page names harbours and the ships in them."
GREY = {
    40: "# Whales\n\nThe blue whale eats about four tonnes of krill on every day of the summer.",
    90: "Dredgers keep the long channel of the northern harbour deep for ships.",
    200: "Sailors once hunted grey whales for the oil that lit the lamps.",
}
"""What is written on a page, by its grey: a page of another picture is another question."""


def scan(*pages: str | int, stamp: str = "") -> bytes:
    """Make a PDF file.

    Args:
        pages: The text of a page, or the grey of one that is a picture.
        stamp: What stands on each picture as text.
    """
    shown = [
        at(72, 700, page)
        if isinstance(page, str)
        else b"q 612 0 0 792 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID %c EI Q " % page
        + (at(400, 20, stamp) if stamp else b"")
        for page in pages
    ]
    return made(*shown)


def picture_in(call: Call) -> Image.Image | None:
    """Return the picture of a request; ``None`` if it has none."""
    for part in call.messages[-1]["content"]:
        if isinstance(part, dict) and part["type"] == "image_url":
            kind, _, data = part["image_url"]["url"].partition(";base64,")
            assert kind == "data:image/png"
            return Image.open(io.BytesIO(base64.b64decode(data)))
    return None


def grey_of(call: Call) -> int:
    """Return the grey of a page of ``GREY``; 0 if the request has no picture."""
    picture = picture_in(call)
    if picture is None:
        return 0
    shown = picture.getpixel((picture.width // 2, picture.height // 2))
    return min(GREY, key=lambda grey: abs(grey - shown))  # type: ignore[operator]


def reads(call: Call) -> Reply:
    grey = grey_of(call)
    return Reply(GREY.get(grey, "Ships and whales are the matter."))
