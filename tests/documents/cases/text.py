"""Cases of plain text, Markdown, other markup, encodings, data within texts, JSON and logs."""

from __future__ import annotations

import base64
import binascii
import json
import random

from tests.documents.case import Case

_BYTES = random.Random(7).randbytes(30_000)
_PICTURE = base64.b64encode(_BYTES).decode()
_LINES = base64.encodebytes(_BYTES[:3_000]).decode()
_UU = "".join(binascii.b2a_uu(_BYTES[at : at + 45]).decode() for at in range(0, 2_000, 45))
_HEX = "\n".join(
    f"{at:08x}  {_BYTES[at : at + 16].hex(' ')}  |................|" for at in range(0, 800, 16)
)
_GERMAN = "Die Straße führt über die Brücke, und dahinter beginnt das schöne grüne Tal.\n"
_RUSSIAN = "Все люди рождаются свободными и равными в своём достоинстве и правах.\n"
_JAPANESE = "最寄りの薬局はどこですか。町で道に迷ってしまいました。\n"
_POLISH = "Gdzie jest najbliższa apteka? Proszę mi pomóc, zgubiłem się w mieście.\n"


def plain(name: str, text: str, *quoted: str, unquoted: tuple[str, ...] = ()) -> Case:
    """Return a case of plain text whose sentences are quoted as they stand."""
    return Case(name, f"{name}.txt", text, has=(text,), quoted=quoted, unquoted=unquoted)


def markdown(name: str, text: str, *quoted: str, unquoted: tuple[str, ...] = ()) -> Case:
    return Case(name, f"{name}.md", text, quoted=quoted, unquoted=unquoted)


def encoded(name: str, text: str, encoding: str) -> Case:
    return Case(name, f"{name}.txt", text.encode(encoding), has=(text,), lacks=("\ufffd",))


PROSE = [
    plain(
        "patent",
        "    [0002] The present invention relates to widgets of many kinds.\n\n"
        "    [0003] In one embodiment the widget (12) comprises a lever.\n",
        "[0002] The present invention relates to widgets of many kinds.",
        "[0003] In one embodiment the widget (12) comprises a lever.",
    ),
    markdown(
        "patent-in-markdown",
        "# Claims\n\n    [0002] The present invention relates to widgets of many kinds.\n\n"
        "    [0003] In one embodiment the widget (12) comprises a lever.\n",
        "[0002] The present invention relates to widgets of many kinds.",
        "[0003] In one embodiment the widget (12) comprises a lever.",
    ),
    plain(
        "lease",
        "This lease is made between the two parties.\n\n"
        "        (a) to pay the rent on the first day of each month;\n"
        "        (b) to keep the garden in good order at all times.\n",
        "(a) to pay the rent on the first day of each month;",
        "(b) to keep the garden in good order at all times.",
    ),
    plain(
        "novel",
        '    "Who is there?" said the old man, and\nhe opened the door slowly.\n'
        '    "It is only me," said the girl.\n',
        '"Who is there?" said the old man, and he opened the door slowly.',
        '"It is only me," said the girl.',
    ),
    markdown(
        "novel-in-markdown",
        '    "Who is there?" said the old man, and\nhe opened the door slowly.\n',
        '"Who is there?" said the old man, and he opened the door slowly.',
    ),
    plain(
        "indented-numbers",
        "   1901 was the year in which the harbour opened.\n\n\t42 ships came in the first week.\n",
        "1901 was the year in which the harbour opened.",
        "42 ships came in the first week.",
    ),
    plain(
        "guillemets", "    « Qui est là ? » demanda le vieil homme dans la nuit.\n", "« Qui est là"
    ),
    plain("spanish-marks", "    ¿Quién ha venido a la casa esta noche?\n", "¿Quién ha venido"),
    plain("section-sign", "    § 7 The tenant pays for all repairs.\n", "§ 7 The tenant pays"),
    plain("bullet", "  • The harbour opened in the year 1901.\n", "The harbour opened in the"),
    plain(
        "listing-in-text",
        "The program prints all numbers.\n\n    for (i = 0; i < 9; i++) {\n        print(i);\n"
        "    }\n    return result;\n",
        "The program prints all numbers.",
        unquoted=("return result", "print(i)"),
    ),
    markdown(
        "listing-in-markdown",
        "The program prints all numbers.\n\n    $ pip install docsum\n    >>> run('it all.')\n",
        "The program prints all numbers.",
        unquoted=("pip install", "run("),
    ),
    Case(
        "mostly-code",
        "mostly.md",
        "One sentence stands above the code.\n\n```\n" + "a = b + c\n" * 40 + "```\n",
        quoted=("One sentence stands above the code.",),
        unquoted=("a = b",),
    ),
    markdown(
        "fence-never-closed",
        "```\nThe fence above is never closed by anyone.\n\nSo all of it is read as text.\n",
        "So all of it is read as text.",
    ),
]

WORDS = [
    plain(
        "placeholders",
        "Use git checkout <branch> to switch to the branch. The class Foo<Bar> is a generic one. "
        "Call POST /triggers/<name> to start it. It holds if x < y > z for all of them. "
        "It reads from <stdin> until the end.\n",
        "Use git checkout <branch> to switch to the branch. The class Foo<Bar> is a generic one.",
        "Call POST /triggers/<name> to start it. It holds if x < y > z for all of them.",
        "It reads from <stdin> until the end.",
    ),
    markdown(
        "placeholders-in-markdown",
        "Use git checkout <branch> to switch to the branch. The class Foo<Bar> is a generic one. "
        "Call POST /triggers/<name> to start it. Swap <a> and <b> in the list. A Map<K, V> is "
        "used here. Write to <jane@roe.example> about it.\n",
        "Use git checkout <branch> to switch to the branch. The class Foo<Bar> is a generic one.",
        "Call POST /triggers/<name> to start it. Swap <a> and <b> in the list. A Map<K, V> is",
        "Write to <jane@roe.example> about it.",
    ),
    markdown(
        "tags-in-markdown",
        "The water is <b>very</b> hot and <span class='x'>rather deep</span> here.\n",
        "The water is very hot and rather deep here.",
    ),
    plain(
        "signs-are-text",
        "The *important* words are _not_ marked here. Take 2*3*4 apples to the `market` place.\n",
        "The *important* words are _not_ marked here. Take 2*3*4 apples to the `market` place.",
    ),
    plain("tags-are-text", "Write <b>bold</b> to make a word bold.\n", "Write <b>bold</b> to make"),
    plain("bar", "The value of |x| is taken | always.\n", "The value of |x| is taken | always."),
    plain("mail", "Mail Jane Roe <jane@roe.example> soon.\n", "Mail Jane Roe <jane@roe.example>"),
    plain("entity", "The sign &amp; is written as AT&T does.\n", "The sign &amp; is written as"),
    markdown(
        "indexes",
        "The value of matrix[0][1] and a[i](x) is read. The pattern [^abc] matches the rest.\n",
        "The value of matrix[0][1] and a[i](x) is read. The pattern [^abc] matches the rest.",
    ),
    markdown("power", "A volume of 10<sup>6</sup> litres is lost.\n", "A volume of 10^6 litres"),
    markdown("product", "There are 2*3*4 apples in the basket.\n", "There are 2*3*4 apples in the"),
    markdown("snake", "Set the name my_long_name in the file.\n", "Set the name my_long_name in"),
    markdown("absolute", "The value |x| is never below zero.\n", "The value |x| is never below"),
]

DIALECTS = [
    markdown(
        "toml-front-matter",
        '+++\ntitle = "A page of mine."\n+++\n\nThe harbour opened in the year 1901.\n',
        "The harbour opened in the year 1901.",
        unquoted=("A page of mine",),
    ),
    markdown(
        "json-front-matter",
        '{\n"title": "A page of mine that is long."\n}\n\nThe harbour opened in the year 1901.\n',
        "The harbour opened in the year 1901.",
        unquoted=("A page of mine",),
    ),
    Case(
        "mdx",
        "page.mdx",
        "import Tabs from '@theme/Tabs';\nexport const text = 'These are some words of it.';\n\n"
        "<Tabs>\n\nThe harbour opened in the year 1901.\n\n</Tabs>\n",
        quoted=("The harbour opened in the year 1901.",),
        unquoted=("import Tabs", "These are some words", "<Tabs>"),
    ),
    markdown(
        "admonitions",
        '!!! note "Mind the gap of it"\n    The gap is wide in this place.\n\n> [!WARNING]\n'
        "> The bridge is closed in winter.\n\n{{< hint info >}}\nThe road is open all the year.\n"
        "{{< /hint >}}\n\n:::tip\nTake the train to the town.\n:::\n",
        "The gap is wide in this place.",
        "The bridge is closed in winter.",
        "The road is open all the year.",
        "Take the train to the town.",
        unquoted=("!!!", "[!WARNING]", "{{<", ":::"),
    ),
    markdown(
        "task-list",
        "- [x] Buy the milk for the house.\n- [ ] Sell the old car in spring.\n",
        "Buy the milk for the house.",
        "Sell the old car in spring.",
        unquoted=("[x]", "[ ]"),
    ),
    markdown(
        "struck",
        "~~This whole line is no longer true.~~\n\nThe harbour opened in the year 1901.\n",
        "The harbour opened in the year 1901.",
        unquoted=("no longer true",),
    ),
    markdown(
        "footnotes",
        "The harbour opened in the year 1901[^a].\n\n[^a]: The date is from the chronicle.\n",
        "The harbour opened in the year 1901.",
        "The date is from the chronicle.",
        unquoted=("[^a]",),
    ),
    markdown(
        "definition",
        "Apple\n: The fruit of a tree that grows here.\n",
        "The fruit of a tree that grows here.",
        unquoted=(": The",),
    ),
    markdown(
        "comment-and-badge",
        "<!-- Nobody reads this comment of mine. -->\n\n[![Build](https://x/y.svg)](https://x)\n\n"
        "The [harbour][1] opened in the year 1901.\n\n[1]: https://harbour.example\n",
        "The harbour opened in the year 1901.",
        unquoted=("Nobody reads", "Build", "harbour.example"),
    ),
]

ENCODINGS = [
    encoded("pound", "It costs £5 million at 20 °C. It rained.\n", "cp1252"),
    encoded("section", "See § 7 and © 2020, with µm ± 3 for the rest.\n", "cp1252"),
    encoded("naive", "A naïve résumé of the façade.\n", "latin-1"),
    encoded("danish", "Rødgrød med fløde på en ø i åen, sagde den gamle mand.\n", "cp1252"),
    encoded(
        "italian", "La città è più bella di quanto si pensasse, perché c'è il mare.\n", "cp1252"
    ),
    encoded("quotation", "“It’s late,” he said – and left…\n", "cp1252"),
    encoded(
        "mac", "El niño comió una manzana en el jardín. ¿Dónde está la estación?\n", "mac_roman"
    ),
    encoded("polish-windows", _POLISH, "cp1250"),
    encoded("polish-iso", _POLISH, "iso-8859-2"),
    encoded("russian-windows", _RUSSIAN, "cp1251"),
    encoded("russian-koi8", _RUSSIAN, "koi8-r"),
    encoded("greek", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι.\n", "cp1253"),
    encoded("turkish", "Bütün insanlar hür ve haklar bakımından eşit doğarlar. Işık.\n", "cp1254"),
    encoded("shift-jis", _JAPANESE, "shift_jis"),
    encoded("euc-jp", _JAPANESE, "euc_jp"),
    encoded("iso-2022-jp", _JAPANESE, "iso2022_jp"),
    encoded("gb18030", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。\n", "gb18030"),
    encoded("big5", "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心。\n", "big5"),
    encoded(
        "euc-kr", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.\n", "euc_kr"
    ),
    encoded("utf-16-le", _GERMAN, "utf-16-le"),
    encoded("utf-16-be", "The harbour opened in the year 1901.\n", "utf-16-be"),
    encoded("utf-16-japanese", _JAPANESE, "utf-16-le"),
    encoded("utf-32", _RUSSIAN, "utf-32-be"),
    Case(
        "late-accent",
        "late.txt",
        b"a line of some log\n" * 8_000 + "Das Café schließt.\n".encode("cp1252"),
        has=("Das Café schließt.",),
    ),
    Case(
        "guess-is-said",
        "guess.txt",
        "The café is closed.".encode("cp1252"),
        has=("The café is closed.",),
        omitted=("its encoding was guessed (windows-1252)",),
    ),
    Case(
        "declared-wrongly",
        "wrong.txt",
        "# coding: latin-1\nZürich ist eine schöne Stadt.\n",
        has=("Zürich ist eine schöne Stadt.",),
        silent=True,
    ),
    Case(
        "declared",
        "declared.txt",
        "# coding: cp1250\nŁódź.\n".encode("cp1250"),
        has=("Łódź.",),
        silent=True,
    ),
    Case(
        "mojibake",
        "mojibake.txt",
        "ZÃ¼rich ist schÃ¶n und groÃŸ.\n",
        has=("ZÃ¼rich",),
        omitted=("3 places look as if UTF-8 had been read in another encoding",),
    ),
    Case(
        "a-bad-byte",
        "bad.txt",
        _GERMAN.encode() * 10 + b"\xff\n",
        has=(_GERMAN,),
        omitted=("1 characters could not be read",),
    ),
    Case(
        "reversed",
        "reversed.txt",
        "The file \u202egpj.exe is a picture.\n",
        omitted=("1 characters reverse the direction of reading",),
    ),
]

DATA = [
    Case(
        "picture-in-markdown",
        "picture.md",
        f"# Report\n\nSales rose in May. ![a chart](data:image/png;base64,{_PICTURE})"
        "\n\nThe end.\n",
        has=("Sales rose in May. a chart [image data, 40 kB]", "The end."),
        lacks=(_PICTURE[:40],),
        omitted=("1 piece of data replaced by short marks (image data 40 kB)",),
    ),
    Case(
        "picture-by-reference",
        "reference.md",
        f"See ![][image1] here.\n\n[image1]: <data:image/png;base64,{_PICTURE}>\n",
        lacks=(_PICTURE[:40],),
        omitted=("image data 40 kB",),
    ),
    Case(
        "base64-lines",
        "lines.txt",
        f"It is attached.\n\n{_LINES}\nThe end.\n",
        has=("It is attached. [base64 data, 4 kB] The end.",),
    ),
    Case(
        "certificate",
        "certificate.txt",
        f"Key:\n-----BEGIN CERTIFICATE-----\n{_LINES}-----END CERTIFICATE-----\nThe end.\n",
        has=("Key: [PEM block, 4 kB] The end.",),
    ),
    Case(
        "uuencoded",
        "u.txt",
        f"begin 644 a\n{_UU}`\nend\nThe end.\n",
        has=("[uuencoded data, 3 kB]",),
    ),
    Case(
        "hex-dump",
        "dump.txt",
        f"Dump:\n{_HEX}\nThe end.\n",
        has=("Dump: [hex dump, 4 kB] The end.",),
    ),
    Case(
        "minified",
        "minified.md",
        "Code:\n\n" + "!function(e,t){var n=e[t];return n?n.call(e):void 0}(this);" * 60 + "\n",
        has=("Code: [minified code, 4 kB]",),
    ),
    Case(
        "numbers",
        "numbers.txt",
        "\n".join(f"{n}\t{n * 3.14:.3f}\t{n * n}" for n in range(500)),
        has=("1 3.140 1 2 6.280 4 [table of numbers, 9 kB]",),
        omitted=("table of numbers 9 kB",),
    ),
    Case(
        "long-words-stay",
        "words.txt",
        "See https://x.example/" + "path/" * 30 + " and " + "人人生而自由，" * 300,
        has=("path/path/ and 人人生而自由",),
        silent=True,
    ),
]

MARKUP = [
    Case(
        "latex",
        "paper.tex",
        "% to compile the final version\n\\documentclass{article}\n\\usepackage[final]{nips}\n"
        "\\newcommand{\\method}{Transformer}\n\\title{On Models}\n\\begin{document}\\maketitle\n"
        '\\section{Introduction}\nWe propose the \\method{} model, a na\\"{\\i}ve \\emph{one}. '
        "% hid\n"
        "``Quoted'' words cost 5\\% of it\\footnote{A note stands here.}.\n"
        "\\begin{figure}\\includegraphics{x.png}\\caption{The caption is long.}\\end{figure}\n"
        "\\begin{itemize}\\item The first item is here.\\end{itemize}\n\\input{two}\n"
        "\\end{document}\n",
        has=("# On Models", "## Introduction", "Transformer model, a naïve one.", "“Quoted” words"),
        lacks=("compile", "nips", "\\", "hid"),
        omitted=("files that it puts in by \\input are not read (1)",),
        quoted=("We propose the Transformer model, a naïve one.", "The first item is here."),
    ),
    Case(
        "latex-tables",
        "table.tex",
        "\\begin{tabular}{ll}\\hline Name & Value \\\\ a & 1 \\\\ \\end{tabular}\n"
        "\\begin{verbatim}\nx = \\alpha\n\\end{verbatim}\n\\begin{equation}a=b\\end{equation}\n",
        has=("| Name | Value |", "| a | 1 |", "x = \\alpha", "a=b"),
    ),
    Case(
        "rst",
        "page.rst",
        "Title\n=====\n\n.. note:: Text on the same line stays.\n\n.. warning::\n\n"
        "    Indented by four with `a link <https://x.example>`_ here.\n\n"
        ".. code-block:: python\n\n   print('code')\n\n"
        "See :func:`~os.path.join` and ``<name>`` too.\n\n"
        "=====  =====\na      b\n=====  =====\n\n.. include:: secret.txt\n",
        has=(
            "# Title",
            "Text on the same line stays.",
            "by four with a link here.",
            "See join and",
        ),
        lacks=(".. note", "https://x.example", ".. include"),
        omitted=("1 include directive not carried out",),
        quoted=("Text on the same line stays.", "Indented by four with a link here."),
        unquoted=("print(", "====="),
    ),
    Case(
        "org",
        "notes.org",
        "#+TITLE: My notes\n* TODO [#A] First headline :tag:\n:PROPERTIES:\n:ID: 1\n:END:\n"
        "Some *bold* text with [[https://x.example][a link]] stands here.\n#+BEGIN_SRC sh\nrm x\n"
        "#+END_SRC\n| a | b |\n|---+---|\n| 1 | 2 |\n# a comment\n",
        has=(
            "# My notes",
            "# First headline",
            "Some bold text with a link stands here.",
            "| a | b |",
        ),
        lacks=(":ID:", ":tag:", "TODO", "a comment", "#+"),
        quoted=("Some bold text with a link stands here.",),
        unquoted=("rm x",),
    ),
    Case(
        "asciidoc",
        "guide.adoc",
        "= Guide\n:version: 1.2\n\n== Start\n\n"
        "The version {version} is described in *this* guide.\n\n"
        "NOTE: The bridge is closed in winter.\n\n[source,ruby]\n----\nrequire 'x'\n----\n\n"
        "|===\n|Name |Meaning\n|a |The first one.\n|===\n\n// a comment\ninclude::b.adoc[]\n",
        has=("# Guide", "## Start", "The version 1.2 is described in this", "| Name | Meaning |"),
        lacks=("NOTE", "----", "a comment", "include::"),
        omitted=("files that it includes are not read: b.adoc",),
        quoted=("The version 1.2 is described in this guide.", "The bridge is closed in winter."),
        unquoted=("require",),
    ),
    markdown(
        "title-in-rst", "Readme\n======\n\nThe harbour opened in 1901.\n", "The harbour opened"
    ),
]

RECORDS = [
    Case(
        "json",
        "talks.json",
        json.dumps([{"title": "On ships", "body": "Ships came from all over the world.", "n": 3}]),
        has=("## On ships", "body: Ships came from all over the world.", "n: 3"),
        silent=True,
        quoted=("Ships came from all over the world.",),
    ),
    Case(
        "json-lines",
        "talks.jsonl",
        '{"text": "Ships came from all over the world."}\n{bad\n'
        '{"text": "The harbour was full."}\n',
        has=("Ships came from all over the world.", "The harbour was full."),
        omitted=("lines that are no JSON are not read: 1 (line 2)",),
    ),
    Case(
        "json-oddities",
        "odd.json",
        '{"a": "The first text of several words.", "a": "The second text of several words.", '
        f'"n": NaN, "big": {"9" * 5_000}, "l": {list(range(30))}}}',
        has=("The first text", "The second text", "n: NaN", "l: [30 numbers]"),
        omitted=("30 numbers in long lists are counted, not shown",),
    ),
    Case(
        "json-broken",
        "broken.json",
        '{"a": "The text of this file is cut off',
        has=("The text of this file",),
        omitted=("is no valid JSON, so it is read as plain text",),
    ),
    Case("json-numbers", "numbers.json", "[1, 2, 3]", refused="holds no text"),
    Case(
        "log",
        "server.log",
        "".join(f"2024-01-01 10:00:{n:02d} INFO Request {n} was answered.\n" for n in range(30))
        + "2024-01-01 10:01:00 ERROR The disk of the server is full.\n",
        has=(
            "10:00:00 INFO Request 0",
            "[the entry above 29 more times",
            "10:01:00 ERROR The disk",
        ),
        lacks=("Request 17",),
        omitted=("29 entries that repeat the one before are counted, not shown",),
    ),
]

CASES = [*PROSE, *WORDS, *DIALECTS, *ENCODINGS, *DATA, *MARKUP, *RECORDS]
