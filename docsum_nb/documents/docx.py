"""Read Word documents (.docx) as Markdown.

Decides nothing of its own: mammoth turns styles into HTML headings, lists and tables, and the rest
is as for HTML. Pictures are left out. Refuses files that are not .docx and archives that unpack to
more than 256 MB, which a real document does not.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.html import to_markdown
from docsum_nb.errors import LoadError, described

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read"]

_MAX_UNPACKED = 256 * 1024 * 1024
_OLE = b"\xd0\xcf\x11\xe0"
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


def read(path: Path) -> str:
    """Read a Word document as Markdown.

    Raises:
        LoadError: The file is encrypted, damaged, not a .docx file, or unpacks to too much.
        OSError: The file cannot be opened or read.
    """
    _check(path)
    try:
        return to_markdown(_to_html(path))
    except OSError:
        raise
    except Exception as error:
        # mammoth has no error of its own: what a damaged file raises depends on the damage.
        raise LoadError(str(path), f"is not a readable .docx file ({described(error)})") from error


def _to_html(path: Path) -> str:
    import mammoth

    def without_picture(_image: Any) -> dict[str, str]:
        return {}

    with path.open("rb") as file:
        result = mammoth.convert_to_html(
            file,
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(without_picture),
        )
    return str(result.value)


def _check(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLE:
        raise LoadError(
            str(path), "is password-protected or an old .doc file; save it as .docx, unprotected"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise LoadError(str(path), f"is not a .docx file, or is cut off ({error})") from error
    if unpacked > _MAX_UNPACKED:
        raise LoadError(
            str(path),
            f"unpacks to {unpacked // 2**20:,} MB, more than the {_MAX_UNPACKED // 2**20} MB "
            "that are read; split it",
        )
