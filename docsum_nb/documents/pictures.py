"""Pictures of pages, for a model that reads pictures: of a PDF file, or of a picture file.

Decides how large a picture is: its longest side has at most 1,568 pixels, which the larger models
take without scaling. Pictures are in shades of grey, and equal pages give equal files, so that the
ledger finds their text again. Refuses files that are no PNG, JPEG or TIFF file.
"""

from __future__ import annotations

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
_FORMATS = ("PNG", "JPEG", "TIFF")
_BETWEEN = "\n\n"


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
                _in_grey(frame).save(folder / file, "PNG")
                pictures.append(Picture(page, len(_BETWEEN) * (page - 1), file))
    except UnidentifiedImageError:
        raise LoadError(str(path), "is no PNG, JPEG or TIFF file, or is damaged") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise LoadError(str(path), f"cannot be read as a picture ({error})") from error
    starts = tuple(picture.offset for picture in pictures)
    return Reading(_BETWEEN * (len(pictures) - 1), starts, omitted, pictures=tuple(pictures))


def _in_grey(frame: Image) -> Image:
    """Return a picture the right way up, in grey on white, and no larger than a page's."""
    from PIL import Image, ImageOps

    frame.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
    image = ImageOps.exif_transpose(frame)
    if image.mode.startswith("I"):
        image = image.point(lambda value: value * (1 / 256))
    elif image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    grey = image.convert("L")
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    grey.info.clear()
    return grey
