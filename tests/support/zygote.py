"""A warm process whose children summarize: kernels that can be killed, without their imports.

A child summarizes or resumes, and writes its result into a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.forking import WarmProcess, running, serve
from tests.support.warm_python import warm_python

__all__ = ["Zygote", "running_zygote"]


class Zygote(WarmProcess):
    """The warm process; ``start`` begins a summary, ``wait`` waits for the child's end."""


@contextmanager
def running_zygote() -> Iterator[Zygote]:
    """Start the warm process, and end it."""
    with running("tests.support.zygote", Zygote, python=warm_python()) as zygote:
        yield zygote


def _prepare() -> None:
    from docsum_nb.models import Model, open_model
    from docsum_nb.pipeline.requests import RequestBuilder

    assert callable(RequestBuilder)  # importing it has imported CrewAI
    # Opening a model imports LiteLLM.
    open_model(Model("openai/x", base_url="http://127.0.0.1:1"))


def _summarize(job: dict[str, Any]) -> None:
    import docsum_nb as ds

    if "before" in job:
        # A named pipe: opening it waits until its other end is opened.
        Path(job["before"]).open().close()
    common = {"ledger": job["ledger"], "show": False}
    model = ds.Model("openai/scripted", base_url=job["base_url"])
    if job["source"] is None:
        run = ds.resume(**common)
    else:
        run = ds.summarize(job["source"], model=model, **common, **job["options"])
    summary = json.loads(run.result(120).to_json())
    kept = ("text", "documents", "citations", "chunks", "omitted")
    result = {"calls": run.state.calls, **{name: summary[name] for name in kept}}
    Path(job["output"]).write_text(json.dumps(result))


if __name__ == "__main__":
    _prepare()
    serve(_summarize)
