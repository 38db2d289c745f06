"""Archives, mail and files that are made to hang, to fill memory or disk, or to lead elsewhere."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.documents.hostile import Hostile

__all__ = ["INPUTS"]

TEXT = b"Whales are mammals that live in the sea.\n"
MB = 2**20


def _file(name: str, data: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data())
        return path

    return make


def _zip(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _nested(levels: int) -> bytes:
    data = _zip(("a.txt", TEXT))
    for _ in range(levels):
        data = _zip(("a.zip", data), ("b.zip", data))
    return data


def _tar(*infos: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(TEXT) if info.size else None)
    return buffer.getvalue()


def _info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(TEXT) if kind == tarfile.REGTYPE else 0
    return info


def _sparse(folder: Path) -> Path:
    path = folder / "big.txt"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    return path


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.txt")
    return folder / "pipe.txt"


def _device_link(folder: Path) -> Path:
    (folder / "zero.txt").symlink_to("/dev/zero")
    return folder / "zero.txt"


def _root_link(folder: Path) -> Path:
    (folder / "a.txt").write_bytes(TEXT)
    (folder / "all").symlink_to("/")
    (folder / "self").symlink_to("self")
    return folder / "*"


def _many(folder: Path) -> Path:
    for number in range(2_000):
        (folder / f"{number}.md").symlink_to("/etc/passwd")
    (folder / "a.txt").write_bytes(TEXT)
    return folder


def _multipart(levels: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(levels)
    )
    return b"Subject: deep\n" + head + b"Content-Type: text/plain\n\n" + TEXT


def _forwarded(levels: int) -> bytes:
    return b"Subject: deep\nContent-Type: message/rfc822\n\n" * levels + b"\n" + TEXT


INPUTS: list[Hostile] = [
    Hostile("sparse file of 10 GB", _sparse, "refused", "more than 512 MB; split it"),
    Hostile("FIFO", _fifo, "refused", "not a regular file"),
    Hostile("link to /dev/zero", _device_link, "refused", "not a regular file"),
    Hostile("links to the root and to itself", _root_link, "loaded", "outside of the folder"),
    Hostile("2,000 links out of the folder", _many, "loaded", "outside of the folder"),
    Hostile(
        "zip bomb",
        _file("a.zip", lambda: _zip(("a.txt", b"\0" * 70 * MB))),
        "refused",
        "unpacks to more than",
    ),
    Hostile(
        "gzip bomb",
        _file("a.txt.gz", lambda: gzip.compress(b"a" * 200 * MB)),
        "refused",
        "times its size",
    ),
    Hostile(
        "bzip2 bomb",
        _file("a.txt.bz2", lambda: bz2.compress(b"a" * 70 * MB)),
        "refused",
        "times its size",
    ),
    Hostile("zips within zips", _file("a.zip", lambda: _nested(8)), "refused"),
    Hostile(
        "zips within zips, and a text",
        _file("a.zip", lambda: _zip(("t.txt", TEXT), ("z.zip", _nested(5)))),
        "loaded",
        "lies in more than 3 archives",
    ),
    Hostile(
        "zip of 20,000 files",
        _file("a.zip", lambda: _zip(*[(f"{n}.png", b"") for n in range(20_000)])),
        "refused",
        "holds more than 10,000 files",
    ),
    Hostile(
        "zip cut off",
        _file("a.zip", lambda: _zip(("a.txt", TEXT * 100))[:-30]),
        "refused",
        "cut off",
    ),
    Hostile("zip of nothing", _file("a.zip", lambda: b"PK\x05\x06" + bytes(18)), "refused"),
    Hostile(
        "zip with names of control characters",
        _file("a.zip", lambda: _zip(("\x1b[2J\n\u202e.txt", TEXT))),
        "loaded",
    ),
    Hostile(
        "tar of links and devices",
        _file(
            "a.tar",
            lambda: _tar(
                _info("a.txt"),
                _info("l.txt", tarfile.SYMTYPE, "/etc/passwd"),
                _info("h.txt", tarfile.LNKTYPE, "/etc/passwd"),
                _info("d.txt", tarfile.CHRTYPE),
                _info("f.txt", tarfile.FIFOTYPE),
            ),
        ),
        "loaded",
        "is a link in the archive",
    ),
    Hostile(
        "tar with a link to itself",
        _file("a.tar", lambda: _tar(_info("a.txt", tarfile.LNKTYPE, "a.txt"))),
        "refused",
    ),
    Hostile(
        "tar that leads out",
        _file("a.tar", lambda: _tar(_info("../../../tmp/x.txt"), _info("/etc/y.txt"))),
        "loaded",
    ),
    Hostile("tar cut off", _file("a.tar", lambda: _tar(_info("a.txt"))[:520]), "either"),
    Hostile(
        "tar.gz cut off",
        _file("a.tar.gz", lambda: gzip.compress(_tar(_info("a.txt")))[:60]),
        "refused",
        "cut off",
    ),
    Hostile(
        "gzip of noise", _file("a.txt.gz", lambda: b"\x1f\x8b" + bytes(range(256)) * 10), "refused"
    ),
    Hostile(
        "mail nested 10,000 levels deep",
        _file("a.eml", lambda: _multipart(10_000)),
        "refused",
        "nested too deeply",
    ),
    Hostile("mail forwarded 10,000 times", _file("a.eml", lambda: _forwarded(10_000)), "either"),
    Hostile(
        "mail with a header of 8 MB",
        _file("a.eml", lambda: b"Subject: " + b"=?a?q?" * 1_400_000 + b"\n\n" + TEXT),
        "loaded",
    ),
    Hostile(
        "mail with 150,000 header lines",
        _file("a.eml", lambda: b"To: a@b.c\n" * 150_000 + b"\n" + TEXT),
        "loaded",
    ),
    Hostile(
        "mail with parameters without end",
        _file("a.eml", lambda: b"Content-Type: text/plain" + b";a=b" * 500_000 + b"\n\n" + TEXT),
        "loaded",
    ),
    Hostile(
        "mail of one line of 3 MB",
        _file("a.eml", lambda: b"Subject: x\n\n" + b"whale " * 500_000),
        "loaded",
    ),
    Hostile(
        "mail of 5,000 parts",
        _file(
            "a.eml",
            lambda: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5_000,
        ),
        "refused",
        "more than 1000 parts",
    ),
    Hostile(
        "mail with a file that is a bomb",
        _file(
            "a.eml",
            lambda: (
                b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n"
                + base64.encodebytes(_zip(("a.txt", b"\0" * 70 * MB)))
            ),
        ),
        "refused",
        "unpacks to more than",
    ),
    Hostile(
        "mailbox of 3,000 messages",
        _file(
            "a.mbox",
            lambda: (
                b"From a\nSubject: x\n\n"
                + (b"> " * 20 + TEXT + b"\nFrom a\n\n" + TEXT + b"\n") * 3_000
            ),
        ),
        "loaded",
    ),
    Hostile(
        "mailbox without a line end",
        _file("a.mbox", lambda: b"From a\n\n" + b"x" * 8 * MB),
        "either",
    ),
]
