"""Mail: footers of mailings and telephones, and messages of one folder that quote each other."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

from tests.documents.case import Case

TARIFFS = "Tariffs rise by four percent in March, and small harbors get a refund."
ICE = "The northern basin froze on Saturday night, and the tug cannot break the ice alone."
AGREED = "The pilots agree to skip the night shift until the icebreaker has come."
BROWSER = "View this email in your browser: https://port.example/v/12"
FOOTER = (
    "You receive this email because you subscribed.\nUnsubscribe: https://port.example/u/12\n"
    "(c) 2026 Port News."
)
OUTLOOK = "_" * 32 + "\nFrom: Anna Berg\nSent: Monday\nSubject: Ice\n\n"


def message(*paragraphs: str, html: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "Anna Berg <anna@port.example>", "Ice"
    made.set_content(html or "\n\n".join(paragraphs), subtype="html" if html else "plain")
    return made.as_bytes()


def zipped(**messages: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in messages.items():
            archive.writestr(f"{name}.eml", data)
    return file.getvalue()


CASES = [
    Case(
        "mailing",
        "a.eml",
        message(BROWSER, TARIFFS, FOOTER),
        has=(TARIFFS,),
        lacks=("browser", "Unsubscribe", "Port News"),
        omitted=("a.eml: 4 lines of footers of mailings",),
    ),
    Case(
        "mailing in HTML",
        "a.eml",
        message(
            html=f"<p>{TARIFFS}</p><p>Sie erhalten diese Post. "
            "<a href='https://port.example/u/12'>Abmelden</a></p>"
        ),
        has=(TARIFFS,),
        lacks=("Abmelden",),
        omitted=("a.eml: 1 line of footers of mailings",),
    ),
    Case(
        "mail from a telephone",
        "a.eml",
        message(AGREED, "Sent from my iPhone"),
        has=(AGREED,),
        lacks=("iPhone",),
        omitted=("a.eml: 1 line of footers of mailings",),
    ),
    Case(
        "mail that speaks of unsubscribing",
        "a.eml",
        message(ICE, "Please do not unsubscribe from the list of the harbor yet."),
        has=(ICE, "Please do not unsubscribe"),
        silent=True,
    ),
    Case(
        "mail that is nothing but how to unsubscribe",
        "a.eml",
        message("To unsubscribe, write to https://port.example/u/12 before noon."),
        has=("To unsubscribe",),
        silent=True,
    ),
    Case(
        "messages that quote each other",
        "a.zip",
        zipped(
            first=message(AGREED, f"On Monday, Anna Berg wrote:\n> {ICE}"),
            second=message(ICE),
            third=message("I have ordered one.", OUTLOOK + AGREED),
        ),
        has=(AGREED, ICE, "I have ordered one."),
        lacks=("Anna Berg wrote", f"Subject: Ice {AGREED}"),
        omitted=("first.eml: 2 quoted lines of earlier messages", "third.eml: 2 quoted lines"),
    ),
]
