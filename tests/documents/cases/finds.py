"""Losses and alterations that fresh inputs showed in markup, encodings, subtitles and JSON."""

from __future__ import annotations

from tests.documents.case import Case
from tests.documents.office_files import cells, xlsx
from tests.documents.pdf_maker import at, column, made

CASES = [
    Case(
        "xlsx-cells-whose-text-is-not-in-the-file",
        "lost.xlsx",
        xlsx(cells("Name", "City") + cells('<c t="s"><v>7</v></c>', "Rome"), strings=("Jane",)),
        has=("Rome",),
        omitted=("1 cell(s) whose text is not in the file",),
    ),
    Case(
        "xml-that-is-utf-8-and-says-latin-1",
        "sizes.xml",
        '<?xml version="1.0" encoding="iso-8859-1"?><r><p>Größe der Fläche: 5 €</p></r>'.encode(),
        has=("Größe der Fläche: 5 €",),
    ),
    Case(
        "xml-that-is-latin-1-and-says-so",
        "sizes.xml",
        '<?xml version="1.0" encoding="iso-8859-1"?><r><p>Größe</p></r>'.encode("latin-1"),
        has=("Größe",),
    ),
    Case(
        "rst-formula-and-table-on-the-line-of-their-directives",
        "short.rst",
        b'Title\n=====\n\n.. math:: e = mc^2\n\n.. csv-table:: Ages\n   :header: "Name", "Age"\n'
        b'   :widths: 5, 5\n\n   "Roe, Jane", 31\n\n.. csv-table:: Others\n   :file: others.csv\n',
        has=("````math\ne = mc^2\n````", "Ages", "| Name | Age |", "| Roe, Jane | 31 |"),
        omitted=("1 csv-table directive not carried out",),
    ),
    Case(
        "html-list-that-counts-down-from-an-unknown-number",
        "down.html",
        b"<p>The council met on Monday and agreed on the budget for the coming year.</p>"
        b"<ol reversed><li>Bronze<li>Silver</ol><ol reversed start=2><li>Two<li>One</ol>",
        has=("- Bronze\n- Silver", "2. Two\n1. One"),
    ),
    Case(
        "mail-within-a-mail-whose-headers-break-lines",
        "outer.eml",
        b"Subject: Outer\nContent-Type: message/rfc822\n\nSubject: Gr\xc3\xbc\xc3\x9fe\n"
        b"X-Odd: \x0c\x00E-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
        b"The whales are mammals that live in the sea.\n",
        has=("The whales are mammals that live in the sea.",),
    ),
    Case(
        "tex-table-on-one-line",
        "table.tex",
        "\\begin{tabular}{l|r}\\hline Name & Value \\\\ \\hline \\multicolumn{2}{c}{Both} \\\\ "
        "\\textbf{a} & 1\\,000 \\\\[2pt] x \\& y & \\\\\\end{tabular} and "
        "\\begin{tabularx}{\\textwidth}{@{}lX@{}} \\toprule H & I \\\\ \\cmidrule(lr){1-2} c\\_d "
        "\\tabularnewline \\end{tabularx}",
        has=(
            *("| Name | Value |", "| Both | |", "| a | 1 000 |", "| x & y | |"),
            *("and", "| H | I |", "| c_d | |"),
        ),
        lacks=("\\", "{"),
        silent=True,
    ),
    Case(
        "tex-macros-with-arguments",
        "macros.tex",
        "\\newcommand{\\ie}{\\textit{i.e.}\\xspace}\\newcommand{\\pair}[2][x]{(#1, \\textbf{#2})}\n"
        "\\def\\swap#1#2{#2 before #1}\\begin{document}See \\ie next, \\pair{b}, \\pair[c]{d}; "
        "\\swap{one}{\\pair{two}}. \\newcommand{\\late}[1]{late #1}\\late{too}.\n"
        "\\begin{verbatim}\n\\ie{}\n\\end{verbatim}\n\\end{document}",
        has=(
            *("See i.e. next, (x, b), (c, d); (x, two) before one.", "late too."),
            "\\ie{}",
        ),
        lacks=("#1",),
        silent=True,
    ),
    Case(
        "tex-labels-and-numbers-of-items",
        "lists.tex",
        "\\begin{enumerate}\\item One \\begin{itemize}\\item Inner\\end{itemize}\\item Two"
        "\\end{enumerate}\\begin{description}\\item[Apple] A fruit.\\end{description}",
        has=("1. One", "- Inner", "2. Two", "- **Apple** A fruit."),
    ),
    Case(
        "tex-names-of-statements",
        "thm.tex",
        "\\newtheorem{satz}{Satz}\\begin{satz}[Euler]\\label{s} It holds.\\end{satz}"
        "\\begin{proof} Plain. \\end{proof}\\begin{minipage}[t]{0.5\\textwidth}Beside."
        "\\end{minipage}",
        has=("**Satz (Euler).** It holds.", "**Proof.** Plain.", "Beside."),
        lacks=("0.5", "[t]"),
    ),
    Case(
        "tex-bibliography-is-counted",
        "refs.tex",
        "\\title[Short]{Long title}\\author{A. Writer\\thanks{Paid by X}}\\begin{document}"
        "\\maketitle "
        "It is so.\\begin{thebibliography}{9}\\bibitem{a} A.\\bibitem[B]{b} B.\n"
        "\\end{thebibliography}\\end{document}",
        has=("# Long title", "A. Writer (Paid by X)", "It is so."),
        lacks=("Short",),
        omitted=("2 entries of its bibliography",),
    ),
    Case(
        "tex-letters",
        "letters.tex",
        "\\r{A} \\L{}\\'od\\'z \\th{} \\textbullet{} \\lq a\\rq{} 10\\textsuperscript{6} "
        "CO\\textsubscript{2} 5\\textsuperscript{th}",
        has=("Å Łódź þ • ‘a’ 10^6 CO2 5th",),
    ),
    Case(
        "rst-escapes-and-marks",
        "page.rst",
        "It is H\\ :sub:`2`\\ O, as [Smith2002]_ and [1]_ say\\ [#]_.\n\n"
        ".. versionadded:: 3.2\n   It is new.\n\n.. [1] Of the first.\n"
        ".. [Smith2002] A book.\n.. [#] A note.\n",
        has=(
            *("It is H2O, as [Smith2002] and [1] say.", "New in version 3.2:", "It is new."),
            *("[1] Of the first.", "[Smith2002] A book.", "A note."),
        ),
    ),
    Case(
        "german-list-in-cp1252",
        "prices.csv",
        "Größe;Preis\nKlein;5 €\nGroß;7 €\n".encode("cp1252"),
        has=("Größe: Klein; Preis: 5 €", "Größe: Groß; Preis: 7 €"),
        omitted=("its encoding was guessed",),
    ),
    Case(
        "one-word-in-cp1252",
        "cost.txt",
        "coût: 5 €".encode("cp1252"),
        has=("coût: 5 €",),
        omitted=("its encoding was guessed",),
    ),
    Case(
        "polish-in-latin-2",
        "polish.txt",
        "Zażółć gęślą jaźń. Łódź jest miastem.".encode("iso8859-2"),
        has=("Zażółć gęślą jaźń. Łódź jest miastem.",),
        omitted=("its encoding was guessed",),
    ),
    Case(
        "page-of-frames",
        "frames.html",
        "<frameset><frame src=a><noframes><body><p>Words without frames.</p></body></noframes>"
        "</frameset>",
        has=("Words without frames.",),
        lacks=("<",),
    ),
    Case(
        "json-numbers-as-written",
        "numbers.json",
        '{"text": "A sentence of some six words here.", "version": 1.10, "large": 1e400, '
        '"id": 12345678901234567890123, "half": "\\ud800 x"}',
        has=("version: 1.10", "large: 1e400", "id: 12345678901234567890123", "half: \ufffd x"),
    ),
    Case(
        "vtt-voices-change",
        "voices.vtt",
        "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ann>Hello there,\nstill me. <v Bob>And me.\n\n"
        "00:01.000 --> 00:02.000\nAnother is speaking.\n",
        has=(
            "[0:00:00] Ann: Hello there, still me. [0:00:00] Bob: And me.",
            "[0:00:01] Another is speaking.",
        ),
    ),
    Case(
        "srt-dashes",
        "talk.srt",
        "1\n00:00:00,000 --> 00:00:01,000\nJOHN: I stay\n\n"
        "2\n00:00:01,000 --> 00:00:02,000\nfor a while.\n\n"
        "3\n00:00:02,000 --> 00:00:04,000\n-Who are you?\n- Me again.\n",
        has=(
            "[0:00:00] JOHN: I stay for a while.",
            "[0:00:02] -Who are you? [0:00:02] - Me again.",
        ),
    ),
    Case(
        "initial-of-a-chapter",
        "a.pdf",
        made(
            at(72, 640, "O", size=36)
            + column("nce upon a time there was a king who had three sons", top=658, x=100)
            + column("and a castle.", top=644, x=100)
            + at(72, 540, "A", size=36)
            + column("king without sons came to see him.", top=558, x=100),
        ),
        has=("Once upon a time there was a king", "A king without sons"),
    ),
    Case(
        "initials-that-are-a-list",
        "a.pdf",
        made(at(72, 640, "B", size=36) + column("Bees are insects.", top=658, x=100)),
        has=("B", "Bees are insects."),
        lacks=("BBees",),
    ),
    Case(
        "flat-open-document",
        "flat.fodt",
        '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:'
        'office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        '<office:text><text:h text:outline-level="1">Flat</text:h><text:p>It is flat text.</text:p>'
        "</office:text></office:body></office:document>",
        has=("Flat", "It is flat text."),
        lacks=("<",),
    ),
    Case(
        "org-plans-are-counted",
        "plan.org",
        "* TODO Head\n  SCHEDULED: <2020-01-01 Wed>\n  :PROPERTIES:\n  :ID: x\n  :END:\nText.\n",
        has=("# Head", "Text."),
        omitted=("2 lines of plans and properties",),
    ),
]
