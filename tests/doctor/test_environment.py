"""What is found in an environment; each finding shown present and absent."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.findings import Finding

ROOT = Path(__file__).parent.parent.parent


def only(check: str) -> Finding:
    """Return the one finding of a kind, here and now."""
    (finding,) = ds.doctor().about(check)
    return finding


def install(folder: Path, name: str, version: str, *lines: str) -> None:
    """Make a package's metadata, as pip does, in a folder of the import path."""
    home = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    home.mkdir()
    text = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines])
    (home / "METADATA").write_text(f"{text}\n")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which packages are found before those that are installed."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def in_a_script(script: str, **environment: str) -> str:
    """Run a script in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_healthy_environment_has_no_problem_and_is_looked_at_without_heavy_imports() -> None:
    """Here all is fine; neither CrewAI, LiteLLM nor IPython is imported to find that out."""
    printed = in_a_script(
        "import sys, docsum_nb as ds\n"
        "diagnosis = ds.doctor()\n"
        "print(sorted({f.level for f in diagnosis}), ds.doctor().ok)\n"
        "names = ('crewai', 'litellm', 'openai', 'IPython', 'ipywidgets', 'chromadb')\n"
        "print([name for name in names if name in sys.modules])\n"
    )
    assert printed.splitlines() == ["['ok'] True", "[]"]


def test_python_outside_a_declared_range(packages: Path) -> None:
    """A package that does not declare this Python is named."""
    assert only("python").level == "ok"
    install(packages, "litellm", "1.106.2", "Requires-Python: >=3.99")
    finding = only("python")
    assert finding.level == "problem"
    assert "litellm needs >=3.99" in finding.seen


def test_requirements_that_are_not_met(packages: Path) -> None:
    """Out of range is a warning; what is missing, or out of docsum_nb's ranges, is a problem."""
    assert {finding.level for finding in ds.doctor().about("versions")} == {"ok"}
    install(
        packages, "crewai", "1.20.0", "Requires-Dist: mcp<2", "Requires-Dist: nowhere-at-all>=1"
    )
    install(packages, "mcp", "2.2.0")
    install(packages, "litellm", "1.106.2", "Requires-Dist: mcp<2")
    found = {finding.subject: finding for finding in ds.doctor().about("versions")}
    assert found["crewai 1.20.0"].level == "problem"
    assert "mcp<2 is needed, 2.2.0 is installed" in found["crewai 1.20.0"].seen
    assert "nothing is installed" in found["crewai 1.20.0"].seen
    assert found["litellm 1.106.2"].level == "warning"
    own = found[f"docsum_nb {ds.__version__}"]
    assert own.level == "problem"
    assert "crewai" in own.seen
    assert "pip install" in own.do


def test_requirements_of_extras_and_other_systems_do_not_count(packages: Path) -> None:
    """What is needed with an extra only, or elsewhere only, is not missed."""
    install(
        packages,
        "crewai",
        "1.15.30",
        "Provides-Extra: more",
        "Requires-Dist: nowhere-at-all; extra == 'more'",
        "Requires-Dist: nowhere-either; python_version < '3'",
    )
    assert {finding.level for finding in ds.doctor().about("versions")} == {"ok"}


def test_proxy_beside_crewai(packages: Path) -> None:
    """litellm[proxy] beside crewai is named with the package that cannot suit both."""
    assert ds.doctor().about("proxy") == ()
    install(packages, "crewai", "1.15.30", "Requires-Dist: mcp<2,>=1.30")
    extra = ("Provides-Extra: proxy", "Requires-Dist: mcp>=2.2; extra == 'proxy'")
    install(packages, "litellm", "1.106.2", *extra)
    install(packages, "litellm-proxy-extras", "0.4.1")
    install(packages, "mcp", "2.2.0")
    finding = only("proxy")
    assert finding.level == "problem"
    assert "mcp 2.2.0" in finding.seen
    assert "environment of its own" in finding.do


@pytest.mark.parametrize(
    ("version", "level", "words"),
    [
        ("6.31.0", "warning", "when the cell has ended"),
        ("7.3.0", "warning", "on a subshell"),
        ("7.4.0", "ok", "live"),
        ("8.0.0", "ok", "live"),
    ],
)
def test_cancel_depends_on_the_kernel(packages: Path, version: str, level: str, words: str) -> None:
    """What a click on Cancel does while a cell runs follows from ipykernel's version."""
    install(packages, "ipykernel", version)
    finding = only("cancel")
    assert (finding.level, finding.subject) == (level, f"ipykernel {version}")
    assert words in finding.seen
    assert level == "ok" or "ipykernel>=7.4" in finding.do


def test_what_cannot_be_read_does_not_hide_the_rest(packages: Path) -> None:
    """A version that is none is a finding of its own; other checks go on."""
    assert ds.doctor().about("unexamined") == ()
    install(packages, "ipykernel", "made-by-hand")
    finding = only("unexamined")
    assert finding.level == "warning"
    assert "made-by-hand" in finding.seen
    assert only("telemetry").level == "ok"


def test_old_widgets(packages: Path) -> None:
    """The panel's ipywidgets below 8.1 is a warning."""
    assert only("widgets").level == "ok"
    install(packages, "ipywidgets", "7.7.1")
    assert only("widgets").level == "warning"


def test_running_loop() -> None:
    """In a running loop the code to write is named; outside there is nothing to change."""
    assert only("running-loop").level == "ok"

    async def cell() -> Finding:
        return only("running-loop")

    finding = asyncio.run(cell())
    assert finding.level == "note"
    assert "await ds.kickoff(crew)" in finding.do


@pytest.mark.parametrize("by", ["nest_asyncio", "nest_asyncio2"])
def test_patched_asyncio(by: str) -> None:
    """An asyncio patched by either of the two is found, and by which."""
    pytest.importorskip(by)
    assert only("nested-loop").level == "ok"
    printed = in_a_script(
        f"import asyncio, {by}, docsum_nb as ds\n"
        f"loop = asyncio.new_event_loop(); {by}.apply(loop); loop.close()\n"
        "print(*ds.doctor().about('nested-loop'))\n"
    )
    assert "level='warning'" in printed
    assert f"patched by {by}," in printed


def test_uvloop() -> None:
    """A uvloop policy, or a uvloop that is running, is a note."""
    pytest.importorskip("uvloop")
    assert ds.doctor().about("uvloop") == ()
    printed = in_a_script(
        "import asyncio, uvloop, docsum_nb as ds\n"
        "async def look(): print([f.level for f in ds.doctor().about('uvloop')])\n"
        "uvloop.run(look())\n"
        "asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n"
        "print([f.level for f in ds.doctor().about('uvloop')])\n"
    )
    assert printed.splitlines() == ["['note']"] * 2


@pytest.mark.parametrize(
    ("check", "name", "value", "level"),
    [
        ("telemetry", "CREWAI_DISABLE_TELEMETRY", "false", "note"),
        ("tracing", "CREWAI_TRACING_ENABLED", "true", "warning"),
        ("tracing", "CREWAI_TRACING_ENABLED", None, "warning"),
        ("cost-map", "LITELLM_LOCAL_MODEL_COST_MAP", "False", "note"),
    ],
)
def test_switches(
    monkeypatch: pytest.MonkeyPatch, check: str, name: str, value: str | None, level: str
) -> None:
    """A switch that is on, or not set, is found with the line that turns it off."""
    for other in ("CREWAI_DISABLE_TRACKING", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(other, raising=False)
    assert only(check).level == "ok"
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    finding = only(check)
    assert finding.level == level
    assert name in finding.do


@pytest.mark.long
def test_crewai_imported_first_is_found_with_what_it_did() -> None:
    """Switches that came too late, and signal handlers that CrewAI took, are found."""
    import crewai as crewai  # here after the switches were set, as in every test

    for check in ("import-order", "signals"):
        assert only(check).level == "ok"
    look = "print([f.level for c in ('import-order', 'signals') for f in ds.doctor().about(c)])\n"
    switched = {name: "" for name in os.environ if name.startswith(("CREWAI_", "OTEL_SDK"))}
    clean = f"import os\nfor name in {sorted(switched)!r}: os.environ.pop(name, None)\n"
    late = in_a_script(f"{clean}import crewai\nimport docsum_nb as ds\n{look}")
    assert late.splitlines()[-1] == "['warning', 'warning']"


def test_ledger_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the place of the data folder is a problem; nothing is made by looking."""
    assert only("ledger").level == "ok"
    assert not (tmp_path / "data").exists()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    finding = only("ledger")
    assert finding.level == "problem"
    assert "is not a folder" in finding.seen
    assert "ledger=PATH" in finding.do


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"crew_or_flow": 3}, "Crew or Flow"),
        ({"probe": 8}, "go with a crew"),
        ({"inputs": {"a": 1}}, "go with a crew"),
        ({"inputs": ["a"]}, "mapping"),
    ],
)
def test_arguments_that_cannot_be_used(arguments: dict[str, object], words: str) -> None:
    """What cannot be examined is an InputError that says what can."""
    with pytest.raises(InputError, match=words):
        ds.doctor(**arguments)  # type: ignore[arg-type]
