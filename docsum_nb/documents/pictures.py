"""Pictures of pages, for a model that reads pictures: of a PDF file, or of a picture file.

Decides how large a picture is: its longest side has at most 1,568 pixels, which the larger models
take without scaling. Pictures are in shades of grey, and equal pages give equal files, so that the
ledger finds their text again. Refuses files that are no PNG, JPEG or TIFF file, and pictures that
take too much memory to be scaled.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.reading import MOST_PICTURES, Picture, Reading
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["LONGEST_SIDE", "draw_page", "read"]

LONGEST_SIDE = 1_568
"""Pixels."""
_MOST_SCALE = 300 / 72
"""A page of a stamp's size is not drawn larger than in 300 dots per inch."""
_MOST_BYTES = 320 * 2**20
"""Of a picture as Pillow holds it, before it is scaled."""
_FORMATS = ("PNG", "JPEG", "TIFF")
_BETWEEN = "\n\n"
_TOO_LARGE = "holds a picture of too many pixels; scale it down"


def draw_page(document: Any, number: int, file: Path) -> None:
    """Write a picture of a page of a PDF file.

    Args:
        document: pypdfium2's.
        number: The page, counted from 0.
        file: The PNG file that is written.
    """
    page = document[number]
    try:
        longest = max(1.0, *page.get_size())
        # PDFium rounds up.
        scale = min(_MOST_SCALE, (LONGEST_SIDE - 1) / longest)
        page.render(scale=scale, grayscale=True).to_pil().save(file, "PNG")
    finally:
        page.close()


def read(path: Path, folder: Path | None = None) -> Reading:
    """Read a picture file as a document without text: one page, or those of a TIFF file.

    Args:
        path: The file.
        folder: Where the pictures of its pages are written.

    Raises:
        LoadError: The file is no picture, is damaged, or no pictures were asked for.
    """
    from PIL import Image, ImageSequence, UnidentifiedImageError

    if folder is None:
        raise LoadError(str(path), "is a picture; give vision= a model that reads pictures")
    pictures: list[Picture] = []
    omitted: tuple[Omission, ...] = ()
    try:
        with Image.open(path, formats=_FORMATS) as image:
            # A JPEG file may hold further pictures for 3D displays and previews.
            paged = image.format == "TIFF"
            for page, frame in enumerate(ImageSequence.Iterator(image) if paged else [image], 1):
                if page > MOST_PICTURES:
                    reason = f"not read: more than {MOST_PICTURES} pictures of pages; split it"
                    omitted = (Omission(f"pages from {page} on", reason),)
                    break
                file = f"{path.stem}-{page}.png"
                frame.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
                if _bytes_of(frame) > _MOST_BYTES:
                    raise LoadError(str(path), _TOO_LARGE)
                _in_grey(frame).save(folder / file, "PNG")
                pictures.append(Picture(page, len(_BETWEEN) * (page - 1), file))
    except UnidentifiedImageError:
        raise LoadError(str(path), "is no PNG, JPEG or TIFF file, or is damaged") from None
    except LoadError:
        raise
    except Image.DecompressionBombError:
        raise LoadError(str(path), _TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise LoadError(str(path), f"cannot be read as a picture ({error})") from error
    starts = tuple(picture.offset for picture in pictures)
    return Reading(_BETWEEN * (len(pictures) - 1), starts, omitted, pictures=tuple(pictures))


def _bytes_of(frame: Image) -> int:
    """Return the memory that a picture takes at most, besides a scaled copy."""
    pixels = math.prod(frame.size)
    if frame.mode in ("1", "L"):
        return pixels
    # Averaging pixels needs a copy whose colours are multiplied by their transparency.
    return pixels * (8 if frame.has_transparency_data or frame.mode == "P" else 4)


def _in_grey(frame: Image) -> Image:
    """Return a picture the right way up, in grey on white, and no larger than a page's."""
    from PIL import Image, ImageOps

    image = frame
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode not in ("L", "RGB") or image.has_transparency_data:
        image = image.convert("RGBA" if image.has_transparency_data else "L")
    # Scaled before anything else that needs a copy.
    scale = min(1.0, LONGEST_SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = ImageOps.exif_transpose(image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    grey = image.convert("L")
    grey.info.clear()
    return grey
