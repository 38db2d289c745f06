"""A Summary as an HTML fragment, parsed back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.render.one_line import clean
from docsum_nb.results import Summary
from docsum_nb.results.html import to_html
from tests.results.result_samples import ATTACK, EMPTY, HOSTILE, MANY, ORDINARY, shown


def parse(summary: Summary) -> BeautifulSoup:
    """Render and parse a result."""
    return BeautifulSoup(to_html(summary), "html.parser")


def test_fragment_is_one_self_contained_element() -> None:
    """One div, with a style scoped to it, and nothing to fetch or run."""
    page = parse(ORDINARY)

    assert [tag.name for tag in page.find_all(recursive=False)] == ["div"]
    assert not page.find_all(["script", "link", "img", "iframe", "object"])
    style = re.sub(r"(?s)/\*.*?\*/", "", str(page.style))
    assert "url(" not in style
    assert "@import" not in style
    selectors = re.findall(r"(?m)^\s*([^\s@}][^{}]*)\{", style.replace("<style>", ""))
    assert selectors
    assert all(part.strip().startswith(".docsum") for s in selectors for part in s.split(","))


def test_every_citation_links_to_its_source_and_back() -> None:
    """Each link leads to exactly one id of the same run."""
    page = parse(ORDINARY)
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    links = [str(a["href"]) for a in page.find_all("a")]

    assert len(ids) == len(set(ids))
    assert all(i.startswith("docsum-a1b2c3-") for i in ids)
    assert {link.removeprefix("#") for link in links} == set(ids)
    assert [a.get_text() for a in page.select("sup a")] == ["[1]", "[1]", "[2]", "[3]"]


def test_two_results_without_a_run_do_not_share_ids() -> None:
    """Without a run's id, the text tells two results apart."""
    pages = [parse(replace(ORDINARY, run_id="", text=ORDINARY.text + more)) for more in ("", "!")]
    first, second = ({str(tag["id"]) for tag in page.find_all(id=True)} for page in pages)

    assert first.isdisjoint(second)


def test_parts_are_shown_in_their_elements() -> None:
    """Documents fold, related documents come with why and passage, the facts are last."""
    page = parse(ORDINARY)

    assert [s.get_text() for s in page.select("details > summary")] == [
        "review.pdf 18 chunks",
        "finance.docx 1 chunk",
    ]
    related = page.find("div", string="Related documentation")
    assert related is not None
    listed = related.find_next("ul")
    assert listed is not None
    assert [tag.get_text() for tag in listed.select("strong, div, blockquote")] == [
        *("handbook/late.md", "It differs.", "First reminder on day 14."),
    ]
    assert page.select(".docsum > *")[-1].get_text().endswith("$0.0123 · 42 s")


ALLOWED = {
    *("div", "style", "p", "span", "sup", "a", "ul", "li", "bdi", "blockquote", "strong"),
    *("details", "summary", "mark", "pre"),
}


def test_hostile_text_stays_text() -> None:
    """No element, handler or address comes out of names, texts or the run's id."""
    page = parse(HOSTILE)

    assert {tag.name for tag in page.select("*")} <= ALLOWED
    attributes = {name for tag in page.select("*") for name in tag.attrs}
    assert attributes <= {
        *("class", "id", "href", "dir", "role", "tabindex", "aria-label", "aria-level")
    }
    assert all(str(a["href"]).startswith("#docsum-") for a in page.find_all("a"))
    assert all(re.fullmatch(r"[\w-]+", str(tag["id"])) for tag in page.find_all(id=True))
    text = page.select_one(".docsum-text p")
    assert text is not None
    assert text.get_text() == clean(ATTACK) + "[1]"


def test_what_was_searched_for_is_marked() -> None:
    """The words of a related document's passage that matched are marked, and nothing else."""
    assert [mark.get_text() for mark in parse(ORDINARY).find_all("mark")] == ["reminder", "day"]


def test_a_result_shown_twice_has_links_of_its_own_each_time() -> None:
    """Shown again on the same page, a citation leads to the source beneath it."""
    first, second = ({str(tag["id"]) for tag in parse(ORDINARY).select("[id]")} for _ in range(2))

    assert first.isdisjoint(second)


def test_a_thousand_documents_are_folded_and_a_cell_lists_a_hundred() -> None:
    """A cell stays small and says how many more there are; the page has all of them."""
    cell = MANY._repr_mimebundle_()
    page = BeautifulSoup(cell["text/html"], "html.parser")
    folds = page.select("details.docsum-section > summary")

    assert [fold.get_text(" ", strip=True) for fold in folds] == [
        "Documents (1,000)",
        "Left out (1,000)",
    ]
    for text in (page.get_text(), cell["text/plain"], cell["text/markdown"].replace("\\", "")):
        assert "doc-0099.pdf" in text
        assert "doc-0100.pdf" not in text
        assert "… and 900 more documents; .to_html(page=True) has all" in " ".join(text.split())
        assert "… and 900 more omissions" in text
    assert all(len(text) < 150_000 for text in cell.values())
    for whole in (MANY.to_html(page=True), MANY.to_text(), MANY.to_markdown()):
        assert whole.count("doc-0999.pdf") == whole.count("scan-0999.pdf") == 1


KEPT_BY_GITHUB = {*ALLOWED, "table", "thead", "tbody", "tr", "td", "th"} - {"style", "bdi"}


@pytest.mark.parametrize("name", ["summary", *shown("")])
def test_it_reads_well_where_styles_and_attributes_are_stripped(name: str) -> None:
    """As GitHub shows it: no style, class, id or role, yet names, numbers and order are there."""
    html = to_html(ORDINARY) if name == "summary" else shown("Some text")[name].to_html()
    page = BeautifulSoup(html, "html.parser")
    for style in page.find_all("style"):
        style.decompose()
    for tag in page.select("*"):
        tag.attrs = {}
    assert {tag.name for tag in page.select("*")} - {"bdi"} <= KEPT_BY_GITHUB
    if name == "summary":
        assert [tag.get_text() for tag in page.find_all("strong")] == [
            *("Question:", "Sources", "review.pdf", "finance.docx", "audit.md", "Documents"),
            *("review.pdf", "finance.docx", "Related documentation", "handbook/late.md"),
            *("Left out", "scan.pdf"),
        ]
        assert not page.find("ol"), "would number what carries its number"
        assert "[1] review.pdf, page 3, Numbers" in " ".join(page.get_text().split())
    else:
        rows = page.select("tr")
        assert len({len(row.find_all(["th", "td"])) for row in rows}) <= 2


@given(st.text(st.characters(), min_size=1, max_size=50))
def test_any_text_is_safe_html(text: str) -> None:
    """Whatever the text, the elements are ours and UTF-8 can encode the page."""
    summary = replace(EMPTY, text=text, question=text, model=text)
    html = to_html(summary)

    html.encode("utf-8")
    assert {tag.name for tag in BeautifulSoup(html, "html.parser").select("*")} <= ALLOWED


def test_a_partial_result_has_a_status_and_its_finished_parts() -> None:
    """Without a final text, the page says what is finished and shows it."""
    page = parse(replace(ORDINARY, text="", citations=(), documents=()))

    status = page.select_one(".docsum-status")
    assert status is not None
    assert "No final summary yet" in status.get_text()
    assert "A chunk." in page.get_text()
