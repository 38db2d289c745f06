"""Read PDF files page by page, in a process of their own.

Run as ``python -m docsum_nb.documents.pdf PATH`` it prints what PDFium finds as JSON. PDFium is not
thread-safe and a hostile file can crash it: in a child process neither reaches the notebook, whose
kernel sees a ``LoadError`` that names the file. Each page's text begins exactly at its recorded
offset. Refuses encrypted and damaged files, and scans, which hold pictures of text only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from docsum_nb.documents.reading import Reading
from docsum_nb.errors import LoadError
from docsum_nb.records.results import Omission

__all__ = ["read"]

_TIMEOUT_S = 300.0
_BETWEEN = "\n\n"
# Scanners may stamp a page with its number; a page of text holds more than that.
_FEWEST_CHARACTERS = 3
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
# PDFium puts these where a hyphen divides a word between two lines.
_HYPHENS = str.maketrans({"\x02": None, "\ufffe": None, "\0": "\ufffd"})


def read(path: Path, *, timeout_s: float = _TIMEOUT_S) -> Reading:
    """Read a PDF file.

    Args:
        path: The file.
        timeout_s: Seconds after which the reading is given up.

    Raises:
        LoadError: The file is encrypted, damaged, a scan without text, took longer than the
            timeout, or crashed the reader.
    """
    found = _run(path, timeout_s)
    if "error" in found:
        raise LoadError(str(path), found["error"])
    pages: list[str] = found["pages"]
    unread: list[int] = found["unread"]
    characters = sum(len("".join(page.split())) for page in pages)
    if characters < _FEWEST_CHARACTERS * len(pages):
        raise LoadError(
            str(path),
            f"holds (almost) no text on {len(pages)} page(s); it is probably scanned and needs "
            "OCR (text recognition) first",
        )
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + len(_BETWEEN)
    return Reading(_BETWEEN.join(pages), tuple(starts), _unread(unread))


def _unread(pages: list[int]) -> tuple[Omission, ...]:
    if not pages:
        return ()
    reason = "no text, only a picture or damage; they may need OCR (text recognition)"
    return (Omission(f"page(s) {', '.join(map(str, pages))}", reason),)


def _run(path: Path, timeout_s: float) -> dict[str, Any]:
    package = Path(__file__).parents[1]
    # The child must find this package, even where the kernel's search path was changed by hand.
    search = os.pathsep.join(filter(None, [str(package.parent), os.environ.get("PYTHONPATH")]))
    try:
        child = subprocess.run(  # noqa: S603  # the command is fixed, the path is one argument
            # -P: a file named like a module, beside the documents, must not be imported.
            [sys.executable, "-P", "-m", "docsum_nb.documents.pdf", str(path.absolute())],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env={**os.environ, "PYTHONPATH": search},
            # An interrupt of the kernel goes to its process group; it is not the child's to handle.
            start_new_session=True,
        )
        if child.returncode == 0:
            found: dict[str, Any] = json.loads(child.stdout)
            return found
    except subprocess.TimeoutExpired as error:
        raise LoadError(
            str(path), f"took longer than {timeout_s:g} s to read; split it, or convert it to text"
        ) from error
    except OSError as error:
        raise LoadError(str(path), f"the PDF reader cannot be started ({error})") from error
    except ValueError as error:
        raise LoadError(str(path), "the PDF reader gave no usable answer") from error
    raise LoadError(str(path), _why(child.returncode, child.stderr))


def _why(code: int, stderr: bytes) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"crashed the PDF reader ({name}); it is damaged: print it to a new PDF file"
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {code}"]
    return f"the PDF reader failed ({lines[-1]})"


def _main(path: str) -> None:
    sys.stdout.write(json.dumps(_extract(path)))


def _extract(path: str) -> dict[str, Any]:
    import pypdfium2

    try:
        with Path(path).open("rb") as file:
            start = file.read(1024)
        if b"%PDF" not in start:
            return {"error": "is not a PDF file, whatever its name says"}
        document = pypdfium2.PdfDocument(path)
    except OSError as error:
        return {"error": f"cannot be read ({error.strerror})"}
    except pypdfium2.PdfiumError as error:
        if error.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
            return {"error": "is encrypted; save a copy without the password"}
        return {"error": "is damaged or cut off; get a new copy, or print it to a new PDF file"}
    pages: list[str] = []
    unread: list[int] = []
    for number in range(len(document)):
        text, complete = _page(document, number)
        pages.append(text)
        if not complete:
            unread.append(number + 1)
    return {"pages": pages, "unread": unread}


def _page(document: Any, number: int) -> tuple[str, bool]:
    """Read a page: its text, and whether that is all the page says."""
    import pypdfium2

    try:
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        text = text.translate(_HYPHENS).replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) >= _FEWEST_CHARACTERS:
            return text, True
        return text, not any(page.get_objects(filter=[_PICTURE]))
    except pypdfium2.PdfiumError:
        return "", False


if __name__ == "__main__":
    _main(sys.argv[1])
