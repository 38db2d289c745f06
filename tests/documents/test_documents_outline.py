from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.outline import outline
from docsum_nb.documents.prose import prose_sentences

_MARKDOWN = """---
title: front matter
---

# Top

Text under it.

```python
# no heading
x = 1
```

## Second *part* [one](http://x.y)

- item

  ```
  # nor this
  ```

> # quoted

Under
=====

### Third
"""


def test_headings_are_found_and_fences_are_not() -> None:
    """ATX and setext headings are found, not those in fences, lists, quotes and front matter."""
    found = outline(_MARKDOWN)
    assert [(h.level, h.title) for h in found.headings] == [
        (1, "Top"),
        (2, "Second part one"),
        (1, "Under"),
        (3, "Third"),
    ]


@pytest.mark.parametrize(
    ("opening", "titles"),
    [
        ("---\ntitle: a\n---\n", []),
        ("---\ntitle: a\n...\n", []),
        ("---\n\nprose between rules\n---\n", ["prose between rules"]),
        ("---\ntitle: a\n", []),
        ("---\n---\n", []),
    ],
    ids=["settings", "as for Pandoc", "a rule", "never ended", "empty"],
)
def test_only_settings_are_a_front_matter(opening: str, titles: list[str]) -> None:
    """What stands between two rules is text; what a file opens with is none, for readers alike."""
    text = opening + "\n# Top\n\nText under it ends here.\n"
    assert [heading.title for heading in outline(text).headings] == [*titles, "Top"]
    assert [sentence.text for sentence in prose_sentences(text)] == ["Text under it ends here."]


def test_the_path_follows_the_levels() -> None:
    """The path holds the innermost heading of each level above an offset."""
    found = outline(_MARKDOWN)
    at = _MARKDOWN.index
    assert found.path_at(0) == ("Top",)
    assert found.path_at(at("item")) == ("Top", "Second part one")
    assert found.path_at(at("Under\n")) == ("Under",)
    assert found.path_at(len(_MARKDOWN)) == ("Under", "Third")


def test_lines_of_fences_are_no_place_to_cut() -> None:
    """A list offers its lines and items, but none inside its fence."""
    found = outline(_MARKDOWN)
    items = next(block for block in found.blocks if "item" in _MARKDOWN[block.start : block.end])
    fence = _MARKDOWN.index("  ```\n  # nor")
    assert fence in items.lines
    assert not set(items.lines).intersection(range(fence + 1, _MARKDOWN.index("\n> # quoted")))


def test_a_long_paragraph_above_a_rule_is_no_heading() -> None:
    """What is too long for a heading counts as text."""
    assert outline("word " * 100 + "\n---\n").headings == ()


def test_a_title_between_two_rules_is_plain() -> None:
    """The line that reStructuredText sets above a title is not part of it."""
    assert outline("=====\nTitle\n=====\n").headings[0].title == "Title"


@given(st.text(st.sampled_from("ab #-=`~>|[]:<!\n\r\t\v\f\x85\u2028\0 1."), max_size=200))
def test_blocks_cover_any_text(text: str) -> None:
    """Blocks join to the text, none is empty, and their lines lie inside of them."""
    found = outline(text)
    assert "".join(text[block.start : block.end] for block in found.blocks) == text
    for block in found.blocks:
        assert block.start < block.end
        assert all(block.start < line < block.end for line in block.lines)
        assert block.items <= set(block.lines)
