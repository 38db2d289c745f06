"""What the commands and environments of LaTeX stand for.

Decides what is text of an argument, what is a measure or a setting, and which character a command
is. A command that is in none of the tables leaves the words in its arguments.
"""

from __future__ import annotations

__all__ = [
    "ACCENTS",
    "ARGUMENTS",
    "DROPPED",
    "GONE",
    "HEADED",
    "KNOWN",
    "LETTERS",
    "LEVELS",
    "LISTS",
    "MATH",
    "PLACED",
    "POINTERS",
    "RAISED",
    "STATEMENTS",
    "TABLES",
]

LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "frametitle": 3,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
"""The levels of headings."""
DROPPED = {
    **dict.fromkeys(
        (
            *("label", "nocite", "index", "glossary", "hyphenation", "selectlanguage"),
            *("includegraphics", "bibliography", "bibliographystyle", "usepackage", "hspace"),
            *("vspace", "pagestyle", "thispagestyle", "documentclass", "input", "include"),
            *("RequirePackage", "addbibresource", "hypersetup", "graphicspath", "pagenumbering"),
            *("todo", "tableofcontents", "cline", "cmidrule", "rowcolor", "cellcolor"),
            *("color", "fontsize", "phantom", "hphantom", "vphantom", "geometry", "lstset"),
            *("captionsetup", "setlist", "arraystretch", "usetikzlibrary", "pgfplotsset"),
            *("href", "textcolor", "colorbox", "begin", "parbox", "makebox", "raisebox"),
            *("scalebox", "foreignlanguage", "rotatebox", "usetheme", "usecolortheme"),
            *("stepcounter", "refstepcounter", "bibitem", "theoremstyle", "newcounter"),
            *("enlargethispage", "linespread", "fontfamily", "crefname"),
        ),
        1,
    ),
    **dict.fromkeys(
        (
            *("newcommand", "renewcommand", "providecommand", "setlength", "setcounter", "def"),
            *("multicolumn", "multirow", "resizebox", "rule", "addtocounter", "addtolength"),
            *("numberwithin", "newtheorem", "markboth", "DeclareMathOperator", "let"),
        ),
        2,
    ),
    **dict.fromkeys(("addcontentsline", "newenvironment", "renewenvironment", "definecolor"), 3),
}
"""How many arguments of a command are no text; further ones are."""
MATH = frozenset(
    (
        *("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign"),
        *("alignat", "split"),
    )
)
GONE = frozenset(("tikzpicture", "comment", "pspicture", "filecontents"))
TABLES = {"tabular": 0, "array": 0, "longtable": 0, "tabular*": 1, "tabularx": 1, "tabulary": 1}
"""Environments of rows, and how many arguments stand before that of the columns."""
LISTS = frozenset(("itemize", "enumerate", "description", "compactitem", "compactenum"))
ARGUMENTS = {
    **dict.fromkeys(
        (
            *("minipage", "multicols", "adjustbox", "thebibliography", "spacing", "column"),
            *("otherlanguage", "subfigure", "subtable", "varwidth", "SideBySideExample"),
        ),
        1,
    ),
    **dict.fromkeys(("wrapfigure", "wraptable", "list"), 2),
}
"""How many arguments of an environment are no text."""
HEADED = frozenset(("frame", "block", "alertblock", "exampleblock"))
"""Environments whose argument is a heading."""
PLACED = frozenset(
    (
        *("figure", "table", "algorithm", "algorithmic", "wrapfigure", "wraptable", "minipage"),
        *("frame", "adjustbox", "columns", "column", "multicols", "subfigure", "subtable"),
        *("landscape", "tabbing", "sidewaystable", "sidewaysfigure", "listing", "center"),
    )
)
"""Environments whose optional argument is no text."""
STATEMENTS = {
    **{name: name.capitalize() for name in ("theorem", "lemma", "proposition", "corollary")},
    **{name: name.capitalize() for name in ("definition", "remark", "example", "conjecture")},
    **{name: name.capitalize() for name in ("claim", "proof", "exercise", "assumption", "fact")},
}
"""Environments that are printed with a name before them."""
POINTERS = frozenset(
    (
        *("ref", "eqref", "pageref", "autoref", "cref", "Cref", "cite", "citep", "citet"),
        *("citeauthor", "citeyear", "parencite", "textcite", "gls", "nameref", "vref"),
        *("citealp", "citealt", "footcite", "autocite", "citeyearpar"),
    )
)
RAISED = {"textsuperscript": "^", "textsubscript": "_"}
LETTERS = {
    **{"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å"},
    **{"AA": "Å", "l": "ł", "L": "Ł", "i": "i", "j": "j", "ldots": "…", "dots": "…", "S": "§"},
    **{"P": "¶", "pounds": "£", "euro": "€", "copyright": "©", "textregistered": "®"},
    **{"texttrademark": "™", "textdegree": "°", "degree": "°", "LaTeX": "LaTeX", "TeX": "TeX"},
    **{"textbackslash": "\\", "textasciitilde": "~", "textless": "<", "textgreater": ">"},
    **{"quad": " ", "qquad": " ", "newline": "\n", "par": "\n\n", "textquoteright": "’"},
    **{"today": "", "newpage": "\n\n", "clearpage": "\n\n", "and": ", ", "tabularnewline": "\n"},
    **{"BibTeX": "BibTeX", "textendash": "–", "textemdash": "—", "linebreak": "\n"},
    **{"lq": "‘", "rq": "’", "textquoteleft": "‘", "textquotedblleft": "“", "dh": "ð"},
    **{"textquotedblright": "”", "textquotesingle": "'", "guillemotleft": "«", "DH": "Ð"},
    **{"guillemotright": "»", "flqq": "«", "frqq": "»", "glqq": "„", "grqq": "“", "th": "þ"},
    **{"textellipsis": "…", "textbullet": "•", "textunderscore": "_", "textbar": "|", "TH": "Þ"},
    **{"textasciicircum": "^", "textdollar": "$", "textpercent": "%", "textsection": "§"},
    **{"texteuro": "€", "textyen": "¥", "textcent": "¢", "textmu": "µ", "textonehalf": "½"},
    **{"textonequarter": "¼", "textpm": "±", "texttimes": "×", "textperiodcentered": "·"},
    **{"textexclamdown": "¡", "textquestiondown": "¿", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ"},
    **{"textsterling": "£", "EUR": "€", "slash": "/", "textbraceleft": "{", "textbraceright": "}"},
    **{
        "nobreakspace": " ",
        "space": " ",
        "dag": "†",
        "ddag": "‡",
        "checkmark": "✓",
        "ordinal": "º",
    },
}
"""The characters that commands stand for."""
ACCENTS = {
    **{"`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304"},
    **{".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323"},
    **{"k": "\u0328", "r": "\u030a", "b": "\u0331"},
}
"""The combining marks that commands set on the letter behind them."""
KNOWN = frozenset(
    (
        *LEVELS,
        *DROPPED,
        *POINTERS,
        *("item", "footnote", "caption", "title", "author", "date", "maketitle", "verb", "end"),
    )
)
"""Commands that are read by their names even in a file that defines them."""
