"""Archives, mail and files whose names say something else than they are."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from email.message import EmailMessage

from tests.documents.case import Case

__all__ = ["CASES"]

WHALES = "Whales are mammals that live in the sea."
SHIPS = "Ships wait outside of the harbor for weeks."
PNG = b"\x89PNG\r\n\x1a\n\0\0"


def zipped(*members: tuple[str, str | bytes]) -> bytes:
    """Return a ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def tarred(*members: tuple[str, str], mode: str = "w", links: tuple[str, ...] = ()) -> bytes:
    """Return a TAR archive, with links to a file outside of it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, text in members:
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return buffer.getvalue()


def mail(subject: str, text: str = "", html: str = "", **headers: str) -> EmailMessage:
    """Return a message."""
    message = EmailMessage()
    message["Subject"] = subject
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def with_files(message: EmailMessage, *files: tuple[str, bytes]) -> bytes:
    """Return a message with attachments."""
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="data", filename=name)
    return message.as_bytes()


def mailbox(*messages: EmailMessage) -> bytes:
    """Return a mailbox."""
    return b"".join(
        b"From a@b Mon May  1 10:00:00 2023\n" + each.as_bytes() + b"\n" for each in messages
    )


FIRST = mail(
    "Grain",
    f"{SHIPS}\nGrain is cheap this year.\n-- \nJane Roe\nHarbor office\n",
    From="jane@x.org",
)
REPLY = mail(
    "Re: Grain",
    f"I do not agree at all.\n\nOn Monday Jane wrote:\n> {SHIPS}\n> Grain is cheap this year.\n",
)
FORWARDED = mail("Look", "See below for it.")
FORWARDED.add_attachment(mail("Inner", WHALES))
LATIN = (
    b"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nDas kostet f=FCnf Euro heute.\r\n"
)
BASE64 = (
    b"Subject: Coded\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    b"V2hhbGVzIGFyZSBtYW1tYWxzIHRoYXQgbGl2ZSBpbiB0aGUgc2VhLg==\n"
)
BROKEN = (
    b"Subject: Broken\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
    b"Content-Type: text/plain\n\n" + WHALES.encode() + b"\n--y--\n"
)
PAGE = f"<html><body><p>{(WHALES + ' ') * 8}</p></body></html>"

CASES: list[Case] = [
    Case(
        "zip",
        "a.zip",
        zipped(("a.md", WHALES), ("b/c.txt", SHIPS)),
        has=(WHALES, SHIPS),
        silent=True,
    ),
    Case(
        "zip in zip",
        "a.zip",
        zipped(("in.zip", zipped(("a.md", WHALES)))),
        has=(WHALES,),
        silent=True,
    ),
    Case(
        "zip with a picture",
        "a.zip",
        zipped(("a.md", WHALES), ("p.png", PNG)),
        has=(WHALES,),
        omitted=("a.zip/p.png: not a kind of file that is read (.png)",),
    ),
    Case(
        "zip with hidden files",
        "a.zip",
        zipped(("a.md", WHALES), ("__MACOSX/._a.md", SHIPS), (".git/b.md", SHIPS)),
        has=(WHALES,),
        lacks=(SHIPS,),
    ),
    Case(
        "zip that leads out",
        "a.zip",
        zipped(("../../a.md", WHALES), ("/etc/b.md", SHIPS)),
        has=(WHALES, SHIPS),
    ),
    Case(
        "zip with an empty file",
        "a.zip",
        zipped(("a.md", WHALES), ("b.md", "")),
        has=(WHALES,),
        omitted=("a.zip/b.md: holds no text",),
    ),
    Case("zip with html", "a.zip", zipped(("a.html", PAGE)), has=(WHALES,)),
    Case(
        "zip without documents",
        "a.zip",
        zipped(("p.png", PNG)),
        refused="there is no text to work on",
    ),
    Case(
        "zip with a wrong name inside",
        "a.zip",
        zipped(("a.md", WHALES), ("b.csv.txt", SHIPS)),
        has=(WHALES, SHIPS),
    ),
    Case(
        "tar",
        "a.tar",
        tarred(("a.md", WHALES), ("b/c.txt", SHIPS)),
        has=(WHALES, SHIPS),
        silent=True,
    ),
    *(
        Case(
            f"tar.{mode}",
            f"a.tar.{mode}",
            tarred(("a.md", WHALES), mode=f"w:{mode}"),
            has=(WHALES,),
            silent=True,
        )
        for mode in ("gz", "bz2", "xz")
    ),
    Case("tgz", "a.tgz", tarred(("a.md", WHALES), mode="w:gz"), has=(WHALES,), silent=True),
    Case(
        "tar with links",
        "a.tar",
        tarred(("a.md", WHALES), links=("b.md", "c")),
        has=(WHALES,),
        lacks=("root:",),
        omitted=("a.tar/b.md: is a link in the archive", "a.tar/c: is a link"),
    ),
    Case("gzip", "a.txt.gz", gzip.compress(WHALES.encode()), has=(WHALES,), silent=True),
    Case("bzip2", "a.md.bz2", bz2.compress(WHALES.encode()), has=(WHALES,), silent=True),
    Case("xz", "a.md.xz", lzma.compress(WHALES.encode()), has=(WHALES,), silent=True),
    Case(
        "gzip of a zip",
        "a.zip.gz",
        gzip.compress(zipped(("a.md", WHALES))),
        has=(WHALES,),
        silent=True,
    ),
    Case(
        "text called zip", "a.zip", WHALES, refused="is not a ZIP, TAR, gzip, bzip2 or xz archive"
    ),
    Case(
        "mail",
        "a.eml",
        mail("Grain", SHIPS, From="Jane <j@x.org>", To="k@x.org").as_bytes(),
        has=("Grain", "j@x.org", "k@x.org", SHIPS),
        silent=True,
    ),
    Case(
        "mail in latin-1", "a.eml", LATIN, has=("Grüße", "Das kostet fünf Euro heute."), silent=True
    ),
    Case("mail in base64", "a.eml", BASE64, has=("Coded", WHALES), lacks=("V2hh",), silent=True),
    Case(
        "mail of html",
        "a.eml",
        mail("Page", "See the page.", PAGE).as_bytes(),
        has=("# Page", WHALES),
        lacks=("<p>", "See the page"),
    ),
    Case(
        "mail of both",
        "a.eml",
        mail("Both", f"{SHIPS} " * 10, f"<p>{SHIPS}</p>").as_bytes(),
        has=(SHIPS,),
        lacks=("<p>",),
    ),
    Case(
        "mail with files",
        "a.eml",
        with_files(mail("Files", SHIPS), ("a.md", WHALES.encode()), ("p.png", PNG)),
        has=(SHIPS, WHALES),
        omitted=("a.eml/p.png: not a kind",),
    ),
    Case(
        "mail with an archive",
        "a.eml",
        with_files(mail("Files", SHIPS), ("a.zip", zipped(("a.md", WHALES)))),
        has=(SHIPS, WHALES),
        silent=True,
    ),
    Case(
        "forwarded mail",
        "a.eml",
        FORWARDED.as_bytes(),
        has=("See below", "Inner", WHALES),
        silent=True,
    ),
    Case(
        "mail with a signature",
        "a.eml",
        FIRST.as_bytes(),
        has=(SHIPS,),
        lacks=("Harbor office",),
        omitted=("a.eml: 2 lines of signatures",),
    ),
    Case(
        "mail with a signature below a shortened line",
        "a.eml",
        FIRST.as_bytes().replace(b"-- \n", b"--\n").replace(b"--=20\n", b"--\n"),
        has=(SHIPS,),
        lacks=("Harbor office",),
        omitted=("a.eml: 2 lines of signatures",),
    ),
    Case(
        "mail with a notice",
        "a.eml",
        f"Subject: Grain\n\n{SHIPS}\n\nThis e-mail is confidential and may be privileged.\nIf you "
        "are not the intended recipient, please delete it.\n",
        has=(SHIPS,),
        lacks=("privileged", "recipient"),
        omitted=("a.eml: 2 lines of footers of mailings",),
    ),
    Case(
        "mail with its history",
        "a.eml",
        REPLY.as_bytes(),
        has=("I do not agree", SHIPS),
        silent=True,
    ),
    Case("broken mail", "a.eml", BROKEN, has=("Broken", WHALES)),
    Case(
        "encrypted mail",
        "a.eml",
        b"Subject: x\nContent-Type: application/pkcs7-mime\n\nabc\n",
        refused="is encrypted; save it decrypted",
    ),
    Case(
        "mailbox",
        "a.mbox",
        mailbox(FIRST, REPLY),
        has=("# Grain", SHIPS, "# Re: Grain", "I do not agree"),
        lacks=("On Monday Jane wrote",),
        omitted=("3 quoted lines of earlier messages", "2 lines of signatures"),
    ),
    Case("mailbox with files", "a.mbox", mailbox(FORWARDED), has=("See below", WHALES)),
    Case("text called mailbox", "a.mbox", "", refused="there is no text"),
    Case("pdf called text", "a.txt", b"%PDF-1.4\n" + PNG, refused="is damaged or cut off"),
    Case("picture called Markdown", "a.md", PNG * 50, refused="is not text"),
    Case("zip called docx", "a.docx", zipped(("a.md", WHALES)), refused=".docx"),
    Case(
        "zip called text",
        "a.txt",
        zipped(("a.md", WHALES)),
        refused="is a ZIP archive; rename it to .zip",
    ),
    Case("line break in a name", "a\nb.md", WHALES, has=(WHALES,), silent=True),
    Case("escape sequence in a name", "\x1b[31ma.md", WHALES, has=(WHALES,), silent=True),
    Case("long name", "n" * 240 + ".md", WHALES, has=(WHALES,), silent=True),
]
