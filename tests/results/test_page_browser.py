"""Everything that is displayed, in a real browser: hostile texts, narrow pages, accessibility."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Dialog, Page

from docsum_nb.results import Summary
from tests.results.result_samples import ATTACK, HOSTILE, MANY, ORDINARY, shown
from tests.support.axe import serious_findings

pytestmark = pytest.mark.browser

THINGS = ["summary", "markdown", *shown("")]


class Watched:
    """Shows HTML in a page, and knows what it did.

    Args:
        page: Where to show it.
        path: The file to show it from.
    """

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        self.seen: list[str] = []
        page.on("request", lambda request: self._note("request", request.url))
        page.on("dialog", self._dismiss)
        page.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))

    def show(self, html: str) -> None:
        """Open a whole page, or a page around a fragment."""
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title>'
        head += '<meta name="color-scheme" content="light dark"><main>'
        whole = html if html.startswith("<!doctype") else head + html
        self.path.write_text(whole, encoding="utf-8")
        self.page.goto(self.path.as_uri())

    def use(self) -> None:
        """Open every fold, then go over and click whatever can be clicked."""
        for fold in self.page.locator("summary").all():
            fold.click()
        for element in self.page.locator("a, mark, td, li").all()[:60]:
            element.hover()
        for link in self.page.locator("a").all():
            link.click()

    def did(self) -> list[str]:
        """List requests, dialogs and windows, and what ran."""
        ran = self.page.evaluate("window.hacked === undefined ? [] : ['a script ran']")
        return [*self.seen, *ran]

    def too_wide(self) -> bool:
        """Return whether the page has to be scrolled sideways."""
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(wide))

    def _dismiss(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _note(self, what: str, url: str) -> None:
        if url.partition("#")[0] != self.path.as_uri():
            self.seen.append(f"{what} {url}")


@pytest.fixture
def watched(chromium_page: Page, tmp_path: Path) -> Watched:
    """Show things in a browser without a network."""
    return Watched(chromium_page, tmp_path / "shown.html")


def html_of(name: str, summary: Summary, text: str) -> str:
    """Render one of the things that are displayed."""
    if name == "summary":
        return summary.to_html(page=True)
    if name == "markdown":
        parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        rendered: str = parser.render(summary.to_markdown())
        # How wide code may be is for the page to say that shows it.
        return f"<style>pre {{ overflow: auto }} * {{ overflow-wrap: anywhere }}</style>{rendered}"
    return shown(text)[name].to_html()


@pytest.mark.parametrize("name", THINGS)
def test_hostile_text_runs_nothing_and_keeps_to_its_page(watched: Watched, name: str) -> None:
    """No script, dialog, window or request comes of it, and no page becomes wider."""
    watched.show(html_of(name, HOSTILE, ATTACK))
    watched.use()

    assert watched.did() == []
    assert not watched.too_wide()
    watched.page.set_viewport_size({"width": 360, "height": 700})
    assert not watched.too_wide()


def test_what_is_watched_for_would_be_seen(watched: Watched) -> None:
    """The same page with the same text, not escaped, is caught at all of it."""
    attack = ATTACK.replace("\ud800", "")
    watched.show(f"{attack}<script>alert(1)</script><p style='width: 5000px'>wide")

    did = " ".join(watched.did())
    assert "a script ran" in did
    assert "dialog" in did
    assert "request" in did
    assert watched.too_wide()


@pytest.mark.parametrize("name", THINGS)
def test_axe_finds_nothing_serious(watched: Watched, name: str) -> None:
    """Contrast, names, roles, order of focus: nothing serious, light and dark, folds open."""
    watched.show(html_of(name, ORDINARY, "A text that is not long."))
    watched.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    watched.page.emulate_media(color_scheme="light")
    assert serious_findings(watched.page) == []
    watched.page.emulate_media(color_scheme="dark")
    assert serious_findings(watched.page) == []


def test_axe_would_find_something(watched: Watched) -> None:
    """What nobody can read or name is a finding."""
    watched.show("<p style='color: #ccc; background: #fff'>Pale</p><a href='#x'></a>")

    found = " ".join(serious_findings(watched.page))
    assert "color-contrast" in found
    assert "link-name" in found


LAB_DARK = (
    "--jp-layout-color0: #111; --jp-content-font-color1: rgba(255,255,255,1);"
    "--jp-content-link-color: #64b5f6"
)
CODE_LIGHT = (
    "--vscode-editor-background: #fff; --vscode-editor-foreground: #000;"
    "--vscode-textLink-foreground: #006ab1"
)


@pytest.mark.long
@pytest.mark.parametrize(("theme", "scheme"), [(LAB_DARK, "light"), (CODE_LIGHT, "dark")])
def test_the_notebooks_theme_counts_before_the_readers(
    watched: Watched, theme: str, scheme: str
) -> None:
    """JupyterLab's and VS Code's colors are taken where they are, and are legible."""
    watched.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    things = ORDINARY.to_html() + "".join(each.to_html() for each in shown("A text.").values())
    ground = "#111" if "#111" in theme else "#fff"
    watched.show(f'<div style="{theme}; background: {ground}">{things}</div>')

    assert serious_findings(watched.page) == []
    back = watched.page.evaluate(
        "getComputedStyle(document.querySelector('.docsum')).backgroundColor"
    )
    assert back == ("rgb(17, 17, 17)" if "#111" in theme else "rgb(255, 255, 255)")


def test_a_thousand_documents_open_by_keyboard(watched: Watched) -> None:
    """The list is one line until it is opened, and each document opens within it."""
    watched.show(MANY.to_html(page=True))
    page = watched.page
    document = page.get_by_text("doc-0999.pdf")
    assert not document.is_visible()

    page.locator("summary", has_text="Documents").focus()
    page.keyboard.press("Enter")
    assert document.is_visible()
    said = page.locator("details", has=document).last.locator("p")
    assert not said.is_visible()
    page.locator("summary", has=document).last.focus()
    page.keyboard.press("Space")
    assert said.is_visible()


def test_the_cited_source_stands_out_where_the_link_moves_nothing(watched: Watched) -> None:
    """JupyterLab scrolls there itself: the source is named by the link that has the focus."""
    watched.show(ORDINARY.to_html())
    look = "element => getComputedStyle(element).outlineStyle"
    first, second = (watched.page.locator(f"[id$=-source-{n}]") for n in (1, 2))
    watched.page.evaluate(
        "document.addEventListener('click', event => event.preventDefault(), true)"
    )
    watched.page.get_by_role("link", name="Source 2", exact=True).click()

    assert second.evaluate(look) == "solid"
    assert first.evaluate(look) == "none"
