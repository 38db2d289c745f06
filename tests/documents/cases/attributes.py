"""Text in attributes and options of markup: whom a quotation is of, captions, titles."""

from __future__ import annotations

from tests.documents.case import Case

CASES = [
    Case(
        "adoc-quotation-of-somebody",
        "quotes.adoc",
        '[quote, Jane Roe, "Letters, and more", p. 3]\n____\nThe sea was calm.\n____\n\n'
        "[quote, attribution=Tom Poe]\nOne line.\n\n[verse#v.big, Carl Sandburg, Fog]\n"
        "The fog comes\n\nAfter it.\n",
        has=(
            "The sea was calm.\n\n— Jane Roe, Letters, and more, p. 3",
            "One line.\n\n— Tom Poe",
            "The fog comes\n\n— Carl Sandburg, Fog",
            "After it.",
        ),
    ),
    Case(
        "adoc-quotation-that-ends-with-the-file",
        "last.adoc",
        "= T\n\n[quote, Jane]\nThe sea was calm.",
        has=("The sea was calm.", "— Jane"),
    ),
    Case(
        "adoc-titles-in-attributes",
        "titles.adoc",
        '[title="Rates of interest"]\n|===\n|Year|Rate\n|2023|4 \\| 5\n|===\n\n'
        'image::x.png[Plan of the harbor, 200, title="Harbor, 1902"]\n\n'
        "Save it by menu:File[Save As] or mailto:a@example.org[write to us] "
        "((harbor)).footnote:[Built in 1899 [by whom?] and later.]\n",
        has=(
            "**Rates of interest**",
            "| Year | Rate |",
            r"| 2023 | 4 \| 5 |",
            "![Plan of the harbor]() Harbor, 1902",
            "by File > Save As or write to us harbor.",
            "(Built in 1899 [by whom?] and later.)",
        ),
    ),
    Case(
        "rst-captions-subtitles-and-long-descriptions",
        "captions.rst",
        "Title\n=====\n\n.. code-block:: python\n   :caption: How to begin\n\n   print(1)\n\n"
        ".. literalinclude:: x.py\n   :caption: The whole file\n\n.. sidebar:: Tides\n"
        "   :subtitle: Twice a day\n\n   They rise.\n\n.. image:: x.png\n   :alt: Plan of the\n"
        "     old harbor\n\n.. header:: Harbor office\n\n.. sectionauthor:: Jane Roe\n",
        has=(
            "How to begin",
            "The whole file",
            "**Tides**",
            "Twice a day",
            "They rise.",
            "![Plan of the old harbor]()",
            "Harbor office",
        ),
        omitted=("1 literalinclude directive", "1 sectionauthor directive"),
    ),
    Case(
        "org-descriptions-and-exports",
        "harbor.org",
        '#+TITLE: Harbor\n#+ATTR_HTML: :alt "Plan of the harbor" :width 300\n[[./x.png]]\n'
        "#+BEGIN_EXPORT html\n<p>Only here.</p>\n#+END_EXPORT\n#+LATEX: \\newpage\nIt is old.\n",
        has=("# Harbor", "![Plan of the harbor]()", "It is old."),
        lacks=("Only here",),
        omitted=("2 lines for one format only",),
    ),
    Case(
        "tex-remarks-of-authors-are-counted",
        "draft.tex",
        "\\begin{document}\nThe harbor is old.\\todo{Check the year.} It is deep.\n\\end{document}",
        has=("The harbor is old.", "It is deep."),
        omitted=("1 remarks of its authors",),
    ),
]
