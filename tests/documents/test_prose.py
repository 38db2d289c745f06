from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.prose import prose_sentences

README = """---
title: Settings of this page that nobody reads aloud.
---

# The toolkit in one page of reading

[![Build state](https://ci.example/state.svg)](https://ci.example) ![logo of it](logo.png "Logo.")

The toolkit is a **very nice** thing for [long documents](https://docs.example/a_long_path.html). It
uses `numpy` for <b>nothing</b> else!

- It reads *many* formats of files.
- Short fragment

```python
total = 1  # This is a comment in code, not prose.
```

| name | meaning |
|---|---|
| a cell | This sentence stands in a table. |

<p align="center">This paragraph of HTML has <em>words</em> in it.</p>

<script>This is not prose at all, it is a script.</script>

https://docs.example/one/two/three

[ref]: https://docs.example
See the [reference text][ref] and the [undefined one][nope] too. These are the options that follow:
"""

RST = """
.. image:: shot.png
   :alt: A picture that is described at some length here.

Some text has |badge| and `a link <https://x.example>`_ in it, see :ref:`the section <place>`.

.. code-block:: python

   print("This is code, it is not prose.")

.. note:: Read
   this warning before the others do.

Tildes below a title
~~~~~~~~~~~~~~~~~~~~

The last paragraph stands below a title.
"""


def _texts(text: str) -> list[str]:
    return [sentence.text for sentence in prose_sentences(text)]


def test_markdown_gives_its_running_text_and_nothing_else() -> None:
    """Links and emphasis become their text; images, code, tables and scripts are left out."""
    assert _texts(README) == [
        "The toolkit is a very nice thing for long documents.",
        "It uses numpy for nothing else!",
        "It reads many formats of files.",
        "This paragraph of HTML has words in it.",
        "See the reference text and the undefined one too.",
    ]


def test_restructured_text_gives_its_running_text_and_nothing_else() -> None:
    """Directives, their options and their code are left out; admonitions and link texts stay."""
    assert _texts(RST) == [
        "Some text has and a link in it, see the section.",
        "Read this warning before the others do.",
        "The last paragraph stands below a title.",
    ]


def test_links_of_a_wiki_are_their_words() -> None:
    """Code, arrays and tests of a shell have brackets, too, and keep them."""
    text = (
        "The [[Pilot Office|pilot office]] assigns [[berths]] to ships. ![[map.png]] See [[Dues]] "
        "for it all. Call x[[1]] or `[[a]]` in your script whenever [[ -f x ]] holds."
    )
    assert _texts(text) == [
        "The pilot office assigns berths to ships.",
        "See Dues for it all.",
        "Call x[[1]] or [[a]] in your script whenever [[ -f x ]] holds.",
    ]


def test_marks_of_links_to_defined_targets_are_taken_off() -> None:
    """Names that end so and are no targets keep their marks."""
    text = "Words\n=====\n\n.. _Sphinx: https://x.example\n\nThe Sphinx_ tool reads lambda_ here.\n"
    assert _texts(text) == ["The Sphinx tool reads lambda_ here."]


def test_a_lone_full_stop_is_a_blank_line_of_plain_text() -> None:
    """As files of Debian write it."""
    text = "The first part ends here.\n .\n Here the second one begins.\n .\n"
    found = [each.text for each in prose_sentences(text, syntax="plain")]
    assert found == ["The first part ends here.", "Here the second one begins."]


def test_the_span_of_a_plain_sentence_is_exact() -> None:
    """Without markup a span holds the sentence and nothing more, on whatever lines it stands."""
    text = "\r\nFirst one\r\nis here.  Second one is there.\r\n\r\n> A quoted one comes last.\r\n"
    found = [text[s.start : s.end] for s in prose_sentences(text)]
    assert found == ["First one\r\nis here.", "Second one is there.", "A quoted one comes last."]


def test_the_span_of_a_sentence_with_markup_holds_its_source() -> None:
    """With markup a span starts at the first word and ends with the sentence."""
    text = (
        "Plain words are here. It has **bold and [linked](https://x.example/y)** words. End of it."
    )
    spans = [text[s.start : s.end] for s in prose_sentences(text)]
    assert spans[1] == "It has **bold and [linked](https://x.example/y)** words."


def test_sections_count_the_headings_above() -> None:
    """A sentence knows how many headings of the first two levels stand above it."""
    blocks = ["None is here yet.", "# A", "One is above it.", "### B", "Still one is above it."]
    text = "\n\n".join([*blocks, "## C", "Two are above it."])
    assert [sentence.section for sentence in prose_sentences(text)] == [0, 1, 1, 2]


def test_a_letter_indented_throughout_is_prose() -> None:
    """Indentation alone does not make code of sentences in a plain text."""
    text = "Heading of it\n\n    We write about\n    the late payment of May.\n\n    x = f(y)\n"
    assert _texts(text) == ["We write about the late payment of May."]


def test_text_without_spaces_between_words_has_sentences() -> None:
    """Chinese sentences count as prose though they are one word to the eye of a splitter."""
    assert _texts("这是关于项目的第一句话。第二句说明了预算的问题。") == [
        "这是关于项目的第一句话。",
        "第二句说明了预算的问题。",
    ]


@given(st.text(alphabet=st.sampled_from("ab. \n\r\t>-*_`[]()<>|!#:~=\0\x0cé。&;1"), max_size=300))
def test_spans_lie_within_the_text_in_order(text: str) -> None:
    """Whatever the text, spans are not empty, lie within it, and follow one another."""
    found = prose_sentences(text)
    assert all(0 <= sentence.start < sentence.end <= len(text) for sentence in found)
    assert [sentence.start for sentence in found] == sorted(sentence.start for sentence in found)


@pytest.mark.parametrize(
    "text",
    [
        "This is *a* `long` [line](x) of it. " * 10_000,
        "[" * 500_000,
        "[a](" * 12_000,
        "`a <" * 100_000,
        ">" * 100_000 + " deep",
        "\n".join(f"{'  ' * depth}- deep" for depth in range(500)),
        "<p>" + "<!-- " * 100_000,
        ".. a::\n" * 20_000,
        "\0\x01\ufffd\x85\u2028 " * 50_000,
    ],
    ids=["one line", "brackets", "links", "ticks", "quotes", "lists", "comments", "rst", "binary"],
)
def test_rubbish_ends(text: str) -> None:
    """Text that is hard on parsers takes time in proportion to its length."""
    assert all(sentence.end <= len(text) for sentence in prose_sentences(text))
