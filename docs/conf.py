"""How Sphinx builds the documentation: `make docs`.

Nothing is executed and nothing is fetched here: notebooks come with their outputs from
`build/notebooks`, and the code of the pages is run by `tests/test_docs_code.py`.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util.nodes import make_refnode

import docsum_nb

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "build" / "notebooks"
EXAMPLES = HERE / "examples"
FIRST = "quickstart"
"""The notebook that the tutorial begins with."""
NOT_BUILT = """# {title}

This notebook is not in this build of the documentation. `make notebooks` executes the notebooks
into `build/notebooks`, and `make docs` puts them here.
"""

project = "docsum_nb"
author = "the docsum_nb authors"
copyright = author
version = release = docsum_nb.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["**/.ipynb_checkpoints"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_error_lexer = "text"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
"""Live views have replaced themselves by static HTML, so no page needs scripts from elsewhere."""

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "fully-qualified"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_numpy_docstring = False
# Types of the standard library and of others: their documentation would have to be fetched.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|contextvars|os|pathlib|re|threading|typing)\..*"),
    ("py:.*", r"(crewai|ipywidgets|matplotlib|pandas|pydantic)\..*"),
    ("py:.*", r"(.*\.)?(AskPerson|Axes|DataFrame|DetailLevel|OnError|Prices|StrPath|Strategy)"),
    ("py:.*", r"(.*\.)?(T|ToolLike|_Model|Data_co|CrewLike|CrewOutput|Generic|NotARun|NotAwaited)"),
]

html_theme = "furo"
html_title = f"docsum_nb {version}"
html_show_copyright = False
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True


def take_notebooks(app: Sphinx) -> None:
    """Copy the executed notebooks into the examples; if one is missing, its page says so."""
    for left in EXAMPLES.iterdir():
        if left.name != "index.md":
            left.unlink()
    folder = HERE.parent / "notebooks"
    for script in folder.glob("*.py"):
        shutil.copyfile(script, EXAMPLES / script.name)  # notebooks link to those beside them
    written = {each.stem for each in folder.glob("*.ipynb")}
    for name in sorted({FIRST, *written}):
        built = NOTEBOOKS / f"{name}.ipynb"
        if built.exists():
            shutil.copyfile(built, EXAMPLES / built.name)
            continue
        title = name.replace("_", " ").capitalize()
        (EXAMPLES / f"{name}.md").write_text(NOT_BUILT.format(title=title), encoding="utf-8")
        print(f"{built} is missing: `make notebooks` makes it")


def without_comments(app: Sphinx, page: str, source: list[str]) -> None:
    """Remove the comments that pages have for their tests; lines keep their numbers."""
    if not page.startswith("examples/"):
        blank = re.compile(r"<!--.*?-->", re.DOTALL)
        source[0] = blank.sub(lambda found: "\n" * found[0].count("\n"), source[0])


def as_prose(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Prepare docstrings for napoleon, which would misread some of their lines."""
    if what == "module":
        lines.clear()  # the page says it for its readers
        return
    # Else a colon in the first line would make a type of its beginning.
    if what in ("attribute", "property"):
        lines.insert(0, "\\ ")
    if "Returns:" in lines:
        lines.insert(lines.index("Returns:") + 1, "    \\ ")


def readable(
    app: Sphinx, what: str, name: str, thing: object, options: object, given: str, returns: str
) -> tuple[str, str] | None:
    """Remove the signatures of errors; write a default factory as ``...``."""
    if not given:
        return None
    return ("" if what == "exception" else given.replace("<factory>", "..."), returns)


def by_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: Element
) -> Element | None:
    """Resolve a reference by its last name, or by the module that defines it."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    objects = env.domains.python_domain.objects
    homes = [each for each in objects if each.rpartition(".")[2] == name]
    homes = [each for each in homes if each.startswith("docsum_nb.") and name[:1].isupper()]
    homes = [each for each in homes if not objects[each].aliased]
    if len(homes) != 1:
        return None
    page, anchor = objects[homes[0]].docname, objects[homes[0]].node_id
    return make_refnode(app.builder, node["refdoc"], page, anchor, shown)


def setup(app: Sphinx) -> None:
    """Connect the functions above to Sphinx."""
    app.connect("builder-inited", take_notebooks)
    app.connect("source-read", without_comments)
    app.connect("autodoc-process-docstring", as_prose, priority=400)
    app.connect("autodoc-process-signature", readable)
    app.connect("missing-reference", by_short_name)
