"""What axe-core finds wrong with the accessibility of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["serious_findings"]


def serious_findings(page: Page, within: str | None = None) -> list[str]:
    """Run axe-core, as it comes, on the present state of a page.

    Args:
        page: The page; axe-core is put into it, from the package, not from the network.
        within: A CSS selector of the part to look at; ``None`` for the whole page.

    Returns:
        A line for each place with a serious or critical finding: the rule, what it asks for, the
        element, and what is wrong with it. Empty where there is none.
    """
    found = Axe().run(page, context=within)
    assert found.response["passes"], "axe-core looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]} {node['failureSummary']}"
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
