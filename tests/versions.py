"""The lowest and the newest versions that pyproject.toml allows of what we lean on most, tested.

Each set of versions gets an environment of its own in build/versions/, made by uv. ``lowest`` and
``newest`` are of the packages, with the tests of the parts that touch them; ``3.12`` is that Python
with the locked versions, and all tests that need no browser. Prints a table, in Markdown; exits
with 1 where a test failed. Takes some five to fifteen minutes for each set.

Usage: python tests/versions.py [lowest] [newest] [3.12] [3.13]
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "versions"
PACKAGES = ("crewai", "litellm", "ipykernel", "ipywidgets")
TOUCHED = ("tests/crew", "tests/models", "tests/run", "tests/views", "tests/kernel", "tests/form")
LEFT_OUT = ("browser", "notebooks", "test_docs_site.py", "test_release.py")
"""What has nothing to do with the Python it runs on, or runs in Chromium."""


def main(names: list[str]) -> int:
    """Test each set of versions, and print how it went."""
    rows, failed = [], False
    for name in names:
        python = environment(name)
        versions = [version_of(python, package) for package in PACKAGES]
        outcome, code = test(python, name)
        rows.append([name, python_of(python), *versions, outcome])
        failed |= code != 0
    for row in (["set", "Python", *PACKAGES, "tests"], ["---"] * (len(PACKAGES) + 3), *rows):
        print("| " + " | ".join(row) + " |")
    return int(failed)


def environment(name: str) -> Path:
    """Make an environment with one set of versions; returns its Python."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(constraints(name))
    interpreter = name if _is_python(name) else sys.executable
    run("uv", "venv", "--quiet", "--clear", "--python", interpreter, str(folder / "env"))
    python = folder / "env" / "bin" / "python"
    group = ("--group", f"{ROOT / 'pyproject.toml'}:dev")
    run(
        *("uv", "pip", "install", "--quiet", "--python", str(python), "--upgrade"),
        *("--constraint", str(wanted), "-r", str(ROOT / "pyproject.toml"), *group),
    )
    # Kernels run in folders of their own.
    editable = ("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    run("uv", "pip", "install", "--quiet", "--python", str(python), *editable)
    return python


def constraints(name: str) -> str:
    """Write what a set of versions holds its packages to."""
    if _is_python(name):
        return (ROOT / "requirements.lock").read_text()
    return "".join(f"{line}\n" for line in lowest()) if name == "lowest" else ""


def lowest() -> list[str]:
    """Pin each package to the lowest version that its range allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = []
    for dependency in project["dependencies"]:
        found = re.match(r"([\w-]+)>=([\w.]+)", dependency)
        if found and found[1] in PACKAGES:
            pins.append(f"{found[1]}=={found[2]}")
    return pins


def _is_python(name: str) -> bool:
    return name[0].isdigit()


def python_of(python: Path) -> str:
    """Ask an environment for its Python's version."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def version_of(python: Path, package: str) -> str:
    """Ask an environment which version it has."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test(python: Path, name: str) -> tuple[str, int]:
    """Run the tests in an environment; returns pytest's last line, and its exit code."""
    log = FOLDER / f"{name}.log"
    some = [f"--ignore=tests/{each}" for each in LEFT_OUT] if _is_python(name) else TOUCHED
    side_by_side = ("-n", "auto", "--no-loadscope-reorder")
    with log.open("w") as out:
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *side_by_side, *some],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    last = [
        line for line in log.read_text().splitlines() if re.search(r"\d+ (passed|failed)", line)
    ]
    outcome = last[-1].strip("= ") if last else f"no test ran, see {log.relative_to(ROOT)}"
    return re.sub(r" in [\d.]+s.*", "", outcome), done.returncode


def run(*command: str) -> None:
    """Run one of uv's commands, from the environment that this script runs in."""
    subprocess.run([Path(sys.executable).parent / command[0], *command[1:]], check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["lowest", "newest", "3.12", "3.13"]))
