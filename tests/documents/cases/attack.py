"""Cases found by trying inputs of the known kinds that nobody had named."""

from __future__ import annotations

import io
import json

from openpyxl import Workbook

from tests.documents.case import Case


def sheet_without_values() -> bytes:
    book, out = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active.append(["Region", "Amount"])
    book.active.append(["South", "=SUM(1,2)"])
    book.save(out)
    return out.getvalue()


CASES = [
    Case("json-short", "a.json", '{"text": "It has text."}', has=("It has text.",)),
    Case(
        "json-chat",
        "chat.json",
        json.dumps({"messages": [{"role": "user", "content": "What is it?"}]}),
        has=("role: user", "content: What is it?"),
    ),
    Case(
        "json-lines-short",
        "a.jsonl",
        '{"text": "The first is here."}\n{broken\n{"text": "これは文です。"}\n',
        has=("The first is here.", "これは文です。"),
        omitted=("lines that are no JSON are not read: 1",),
    ),
    Case(
        "json-lines-chat-of-few-words",
        "chat.jsonl",
        '{"user": "ann", "message": "hello"}\n{"user": "bob", "message": "on Friday"}\n',
        has=("ann", "hello", "bob", "on Friday"),
    ),
    Case("json-settings", "s.json", '{"name": "x", "kind": "two words"}', refused="holds no text"),
    Case(
        "tex-percent-in-verb",
        "a.tex",
        "The code \\verb|a%b| is short. 50\\% remain. % gone\n"
        "\\begin{verbatim}\ncode % of it\n\\end{verbatim}\n\\iffalse unused words \\fi The end.\n",
        has=("The code `a%b` is short. 50% remain.", "code % of it", "The end."),
        lacks=("gone", "unused words"),
    ),
    Case(
        "rtf-text-behind-a-row",
        "a.rtf",
        r"{\rtf1 Cell\cell\row The text behind it {\field{\*\fldinst X}{\fldrslt shown}} stays.}",
        has=("Cell", "The text behind it shown stays."),
    ),
    Case(
        "xlsx-formula-with-empty-value",
        "a.xlsx",
        sheet_without_values(),
        has=("South",),
        omitted=("1 formula(s) whose result is not stored",),
    ),
    Case(
        "xml-undeclared-entities",
        "a.xml",
        "<r><p>Caf&eacute;&nbsp;is open.</p><u>AT&T said so.</u><v>Next &unknown; one.</v>"
        "<t><![CDATA[R&D &amp; more]]></t></r>",
        has=("Café is open.", "AT&T said so.", "Next &unknown; one.", "R&D \\&amp; more"),
        lacks=("so.Next", "so.**"),
        omitted=("is not well-formed",),
    ),
    Case(
        "xml-external-entity",
        "b.xml",
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE r [<!ENTITY e "own text">'
        '<!ENTITY x SYSTEM "file:///etc/passwd">]><r><t>A &e; here.</t><t>Second&x; line.</t></r>',
        has=("A own text here.", "Second&x; line."),
        lacks=("]>", "root:", "here.Second"),
    ),
    Case(
        "rst-unknown-directive",
        "a.rst",
        "The |thing| is |copy| 2020.\n\n.. |copy| unicode:: 0xA9\n\n.. mydirective:: Of the house\n"
        "   :width: 5\n\n   The content has words.\n\n.. image:: a.png\n\nThe end.\n",
        has=("The |thing| is © 2020.", "Of the house", "The content has words.", "The end."),
        lacks=("width", "a.png"),
        omitted=("1 picture(s)",),
    ),
    Case(
        "svg",
        "a.svg",
        '<svg xmlns="http://www.w3.org/2000/svg"><text>Words of it.</text></svg>',
        has=("Words of it.",),
        lacks=("<svg", "xmlns"),
    ),
    Case(
        "page-named-txt",
        "a.txt",
        "<!DOCTYPE html><html><body><nav>Menu</nav><p>The page is here.</p></body></html>",
        has=("The page is here.",),
        lacks=("<p>", "DOCTYPE"),
    ),
    Case(
        "html-deleted-and-inserted",
        "a.html",
        "<p>It costs <del>ten</del><ins>twenty</ins> euro.</p><dialog>A closed box.</dialog>",
        has=("It costs ~~ten~~ twenty euro.",),
        lacks=("closed box",),
        omitted=("parts that the page hides: left out (3 words)",),
    ),
    Case(
        "mail-header-of-8-bits",
        "a.eml",
        "Subject: Le café\nFrom: José <j@x.org>\n\nThe body is here.\n".encode("latin-1"),
        has=("Subject: Le café", "From: José <j@x.org>", "The body is here."),
        lacks=("\ufffd",),
    ),
    Case(
        "mail-quotation-below-its-author",
        "b.eml",
        "Subject: x\nFrom: a@b\n\nIt is fine.\n\nOn Sun, Bob wrote:\n> The old text is here.\n",
        quoted=("It is fine.",),
        unquoted=("wrote: >",),
    ),
    Case(
        "log-with-colours",
        "a.log",
        "\x1b[32m2024-01-01 10:00:00\x1b[0m INFO started\n\x1b[31m2024-01-01 10:00:01 ERROR\x1b[0m "
        "disk full\n2024-01-01 10:00:02 INFO stopped\n",
        has=("2024-01-01 10:00:00 INFO started", "2024-01-01 10:00:01 ERROR disk full"),
        lacks=("\x1b", "[31m"),
        omitted=("4 escape sequences for a terminal",),
    ),
    Case(
        "notebook-without-attachments",
        "a.ipynb",
        json.dumps(
            {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "Text is here."}]}
        ),
        has=("Text is here.",),
        silent=True,
    ),
    Case(
        "html-names-in-underscores",
        "page.html",
        "<p>Call __init__ first, and then __all__ is complete. It was a long day.</p>",
        has=("__init__", "__all__"),
        quoted=("Call __init__ first, and then __all__ is complete.",),
    ),
    Case(
        "notebook-output-in-json-only",
        "kinds.ipynb",
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {"cell_type": "markdown", "metadata": {}, "source": "The harbour is open."},
                    {
                        "cell_type": "code",
                        "metadata": {},
                        "source": "show()",
                        "execution_count": 1,
                        "outputs": [
                            {
                                "output_type": "display_data",
                                "metadata": {},
                                "data": {"application/json": {"a": 1}},
                            }
                        ],
                    },
                ],
            }
        ),
        omitted=("outputs that are no text",),
    ),
    Case(
        "adoc-pictures-are-counted",
        "a.adoc",
        "= Harbour\n\nShips came.\n\nimage::a.png[A map, 300]\n\nSee image:b.png[] here.\n",
        has=("Ships came.", "A map", "See"),
        lacks=("a.png", "300"),
        omitted=("2 picture(s); only the words that describe them are read",),
    ),
    Case(
        "org-pictures-are-counted",
        "a.org",
        "* Harbour\nShips came.\n[[file:a.png]]\n",
        lacks=("a.png",),
        omitted=("1 picture(s); only the words that describe them are read",),
    ),
    Case(
        "rst-figures-are-counted",
        "a.rst",
        "Harbour\n=======\n\n.. figure:: a.png\n   :alt: A map\n\n   Where ships came.\n",
        has=("A map", "Where ships came."),
        lacks=("a.png",),
        omitted=("1 picture(s); only the words that describe them are read",),
    ),
]
