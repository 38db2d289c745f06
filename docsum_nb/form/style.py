"""The style of the form, its texts, and what a saved page shows in its place.

A widget dies with its kernel. So the form is displayed with a second, static output below it, which
is hidden as long as the form is on the page, and otherwise shows the code and the last result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docsum_nb.render.one_line import one_line
from docsum_nb.render.templating import fill

if TYPE_CHECKING:
    from docsum_nb import Plan, Run, Summary

__all__ = ["code_html", "heading_html", "lasting", "notice_html", "plan_html", "style_html"]

_MOST_OMITTED = 6


def style_html() -> str:
    """Render the form's style."""
    return fill(__package__, "style.html.j2")


def heading_html(text: str, level: int = 3) -> str:
    """Render a heading within the form."""
    return fill(__package__, "heading.html.j2", text=text, level=level)


def code_html(code: str) -> str:
    """Render the equivalent code; one click selects all of it."""
    return fill(__package__, "code.html.j2", code=code)


def notice_html(text: str, *, bad: bool) -> str:
    """Render what the user should know now, or what is wrong."""
    return fill(__package__, "notice.html.j2", text=one_line(text, max_chars=700), bad=bad)


def plan_html(plan: Plan | None) -> str:
    """Render a plan and what it leaves out; without one, how to get it."""
    omitted = () if plan is None else plan.omitted
    return fill(
        __package__,
        "plan.html.j2",
        plan="" if plan is None else one_line(str(plan), max_chars=400),
        omitted=[
            (one_line(each.what, max_chars=120), one_line(each.reason, max_chars=200))
            for each in omitted[:_MOST_OMITTED]
        ],
        more=max(0, len(omitted) - _MOST_OMITTED),
    )


def lasting(form_id: str, code: str, run: Run[Summary] | None) -> dict[str, str]:
    """Render what stands in a saved page in the form's place, by MIME type.

    Args:
        form_id: The form's; its style hides this while the form is on the page.
        code: The equivalent code.
        run: The last run, for its state and its result; ``None`` before there was one.
    """
    said = "This was a form; run the cell again to use it."
    result: Any = None
    if run is not None and run.done:
        said = f"The last run: {run.state.outcome}."
        if run.state.error:
            said += f" {one_line(run.state.error, max_chars=600)}"
        result = run.result() if run.state.outcome == "done" else run.partial
    elif run is not None:
        said = f"Run {run.id} was going on when this page was saved; its answers are kept."
    # As a cell shows it: of a thousand documents, not all.
    shown = {} if result is None else result._repr_mimebundle_()
    html = fill(
        __package__,
        "lasting.html.j2",
        form_id=form_id,
        said=said,
        code=code,
        result=shown.get("text/html", ""),
    )
    plain = [f"docsum_nb form. {said}", code, *([] if result is None else [shown["text/plain"]])]
    return {"text/plain": "\n\n".join(plain), "text/html": html}
