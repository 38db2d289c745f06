"""Runs in a Streamlit script, which Streamlit runs in a thread of its own, again and again."""

from __future__ import annotations

from typing import Any

import pytest

# Streamlit opens its own loops and files and leaves closing them to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)


def page() -> None:
    """Wait in all forms; show what came of it. Streamlit runs the text of this function."""
    import asyncio
    import time

    import streamlit as st

    import docsum_nb as ds

    def stuck() -> None:
        time.sleep(30)

    async def awaited() -> str:
        return str(await ds.start(lambda: "awaited"))

    clicks = st.session_state.setdefault("clicks", 0)
    if st.button("again"):
        st.session_state.clicks = clicks = clicks + 1
    st.write(ds.start(lambda: f"blocked {clicks}").result())
    st.write(asyncio.run(awaited()))
    st.write(ds.run_with_deadline(lambda: "in time", 20))

    def fails() -> None:
        raise KeyError("gone")

    for work in (stuck, fails):
        try:
            ds.run_with_deadline(work, 0.3)
        except (KeyError, ds.errors.DeadlineExceeded) as error:
            st.error(f"{type(error).__name__}: {error}")


def seen(app: Any) -> list[str]:
    assert not app.exception, app.exception
    return [each.value for each in app.markdown]


def test_script_waits_in_all_forms_and_runs_again_when_a_button_is_clicked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Results, a deadline and an error appear on the page, at every run of the script."""
    # Its import sets this for the process and all that it starts, kernels of other tests included.
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(page, default_timeout=150).run()
    assert seen(app) == ["blocked 0", "awaited", "in time"]
    late, failed = (each.value for each in app.error)
    assert late.startswith("DeadlineExceeded")
    assert "stuck()" in late
    assert failed.startswith("KeyError")
    app.button[0].click().run()
    assert seen(app) == ["blocked 1", "awaited", "in time"]
    assert len(app.error) == 2
