"""Outlook messages (MSG)."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.msg_maker import message, ole

SUBJECT, BODY, HTML, RTF, SENDER, ADDRESS, TO = 0x37, 0x1000, 0x1013, 0x1009, 0xC1A, 0xC1F, 0xE04
FILE_NAME, DATA, CLASS, CODE_PAGE = 0x3707, 0x3701, 0x1A, (0x3FFD, 3)
SENT = (0x39, 0x40)
NOON = 132354000000000000  # 31 May 2020, 12:00 UTC, in tenths of microseconds since 1601
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
    "2068656c090020627705b06c647d0a800fa0"
)
"""The example of MS-OXRTFCP: a body as compressed RTF."""
INNER = message({SUBJECT: "Größe", BODY: "Fish is dear this year."}, header=24)
PLAIN = {SUBJECT: "Grain", SENDER: "Jane Roe", ADDRESS: "jane@roe.example", BODY: "Grain is cheap."}

CASES = [
    Case(
        "all parts",
        "a.msg",
        ole(
            message(
                PLAIN,
                fixed={SENT: NOON},
                recipients=({0x3001: "John Doe", 0x39FE: "john@doe.example"}, {0x3001: "Ann"}),
                attachments=({FILE_NAME: "in.txt", DATA: b"Hull has 41 ships. " * 300},),
                inside=(INNER,),
            )
        ),
        has=(
            "Subject: Grain From: Jane Roe <jane@roe.example> To: John Doe <john@doe.example>, Ann",
            "Date: Sun, 31 May 2020 12:00:00 +0000",
            "Grain is cheap.",
            "Hull has 41 ships.",
            "Subject: Größe",
            "Fish is dear this year.",
        ),
    ),
    Case(
        "texts of one byte a character",
        "a.msg",
        ole(message({**PLAIN, BODY: "“Größe” kostet 5 €."}, fixed={CODE_PAGE: 1252}, wide=False)),
        has=("“Größe” kostet 5 €.",),
    ),
    Case(
        "only HTML",
        "a.msg",
        ole(message({SUBJECT: "Grain", HTML: b"<html><body><p>Corn is <b>cheap</b>.</p></body>"})),
        has=("Grain", "Corn is", "cheap"),
        lacks=("<p>",),
    ),
    Case(
        "only RTF, compressed",
        "a.msg",
        ole(message({SUBJECT: "Greeting", RTF: HELLO})),
        has=("Greeting", "hello world"),
        lacks=("rtf1",),
    ),
    Case(
        "a picture is told of",
        "a.msg",
        ole(message(PLAIN, attachments=({FILE_NAME: "a.png", DATA: b"\x89PNG"},))),
        has=("Grain is cheap.",),
        omitted=("a.png",),
    ),
    Case("under another suffix", "a.doc", ole(message(PLAIN)), has=("From: Jane Roe",)),
    Case(
        "encrypted",
        "a.msg",
        ole(message({**PLAIN, CLASS: "IPM.Note.SMIME"}, attachments=({DATA: b"\x30\x80"},))),
        refused="is encrypted; save it decrypted",
    ),
    Case(
        "a text of that name", "a.msg", "string name\nuint32 id\n# A ROS message.", has=("uint32",)
    ),
    Case(
        "a message as text", "a.msg", "From: jane\nSubject: Grain\n\nCorn.", has=("Subject: Grain",)
    ),
]
