"""The quickstart with an installed wheel, and nothing of this folder: what ``make wheel`` runs.

Run it with the Python that has the wheel. It goes to a folder of its own, so that the package is
the installed one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

QUICKSTART = """
import asyncio
import pydoc_data.topics
import docsum_nb as ds

assert "site-packages" in ds.__file__, ds.__file__

async def main():
    ds.Library("handbook").add(dict(list(pydoc_data.topics.topics.items())[:20]))
    print(ds.plan("reports"))
    summary = await ds.summarize("reports", library="handbook", deadline=300, show=False)
    assert summary.documents and summary.citations and summary.related, summary
    assert ds.Summary.from_json(summary.to_json()).text == summary.text
    assert "<style>" in summary.to_html(page=True)
    print(summary)
    print(ds.runs())

asyncio.run(main())
run = ds.start(sorted, [2, 1], show=False)
assert run.widget().children and run.result() == [1, 2]
assert ds.app() is not None
"""


def main() -> None:
    """Write some documents, and run the quickstart beside them."""
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        reports.mkdir()
        for name in ("LICENSE", "README.md", "CHANGELOG.md"):
            text = (Path(__file__).parent.parent / name).read_text(encoding="utf-8")
            (reports / f"{name}.md").write_text(text, encoding="utf-8")
        environment = {**os.environ, "XDG_DATA_HOME": folder}
        environment.pop("PYTHONPATH", None)
        subprocess.run(
            [sys.executable, "-W", "error::SyntaxWarning", "-c", QUICKSTART],
            cwd=folder,
            env=environment,
            check=True,
        )
    print("the wheel alone runs the quickstart")


if __name__ == "__main__":
    main()
