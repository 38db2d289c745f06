"""Real files of this machine, and files that pandoc makes of them in other formats.

Files are found in the documentation of the machine, the standard library and the installed
packages, and chosen by a hash of their path, so that each run uses the same ones.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["MADE", "REAL", "Format", "found", "made"]

PLACES = (
    Path("/usr/share/doc"),
    Path("/usr/share"),
    Path(sysconfig.get_path("stdlib")),
    Path(sysconfig.get_path("purelib")),
    Path(sys.base_prefix),
)
TARGETS = {".tex": "latex"}
LEAST_BYTES, MOST_BYTES = 500, 1_000_000


@dataclass(frozen=True)
class Format:
    """A format, and the readers whose words count as right."""

    suffix: str
    readers: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    """Of the readers."""
    made_from: str = ""
    """The suffix of the real files that it is made from; empty if the files are not converted."""


REAL = (
    Format(".txt", ("plain",)),
    Format(".md", ("pandoc",), (("source", "gfm"),)),
    Format(".rst", ("pandoc",), (("source", "rst"),)),
    Format(".tex", ("pandoc",), (("source", "latex"),)),
    Format(".html", ("trafilatura", "html2text", "pandoc")),
    Format(".ipynb", ("pandoc",), (("source", "ipynb"),)),
    Format(".pdf", ("pymupdf", "pdfplumber")),
    Format(".csv", ("plain",)),
    Format(".json", ("plain",)),
    Format(".xml", ("plain",)),
    Format(".srt", ("plain",)),
    Format(".docx", ("python_docx", "pandoc")),
    Format(".pptx", ("python_pptx",)),
    Format(".xlsx", ("openpyxl",)),
    Format(".odt", ("pandoc",)),
    Format(".epub", ("pandoc",)),
)
MADE = (
    Format(".pdf", ("pymupdf", "pdfplumber"), made_from=".html"),
    Format(".docx", ("python_docx", "pandoc"), made_from=".md"),
    Format(".odt", ("pandoc",), made_from=".md"),
    Format(".epub", ("pandoc",), made_from=".md"),
    Format(".rtf", ("striprtf", "pandoc"), made_from=".md"),
    Format(".pptx", ("python_pptx",), made_from=".md"),
    Format(".ipynb", ("pandoc",), (("source", "ipynb"),), made_from=".md"),
    Format(".org", ("pandoc",), (("source", "org"),), made_from=".md"),
    Format(".tex", ("pandoc",), (("source", "latex"),), made_from=".md"),
    Format(".html", ("html2text", "pandoc"), made_from=".md"),
)


def found(suffix: str, most: int) -> list[Path]:
    """Return real files of a suffix, the same ones in each run; one of equal files is enough."""
    files: dict[str, Path] = {}
    for path in sorted(walk(suffix)):
        data = path.read_bytes()
        files.setdefault(hashlib.sha256(data).hexdigest(), path)
    return [files[key] for key in sorted(files)[:most]]


def walk(suffix: str) -> Iterator[Path]:
    seen: set[Path] = set()
    for place in PLACES:
        if not place.is_dir():
            continue
        for path in place.rglob(f"*{suffix}"):
            real = path.resolve()
            if real in seen or not real.is_file():
                continue
            seen.add(real)
            if LEAST_BYTES <= real.stat().st_size <= MOST_BYTES:
                yield real


def made(kind: Format, most: int, folder: Path, ask: Callable[..., dict[str, Any]]) -> list[Path]:
    """Return files of a format, made of real ones by pandoc, or by Chromium for PDF."""
    files = []
    for source in found(kind.made_from, 2 * most):
        path = folder / f"{hashlib.sha256(str(source).encode()).hexdigest()[:12]}{kind.suffix}"
        if not path.exists():
            if kind.suffix == ".pdf":
                printed(source, path)
            else:
                target = TARGETS.get(kind.suffix, kind.suffix[1:])
                ask(reader="convert", path=source, source="gfm", target=target, to=path)
        if path.exists():
            files.append(path)
    return files[:most]


def printed(source: Path, path: Path) -> None:
    """Print a page to PDF by Chromium, if it is there."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [chromium, *options, f"--print-to-pdf={path}", source.as_uri()],
        capture_output=True,
        timeout=60,
        check=False,
    )
