"""Fill the package's HTML templates; everything put into one is escaped.

Templates lie in the ``templates`` folder of the package that uses them; the ones here (the common
colors) can be included from any of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fill"]


def fill(package: str, template: str, **values: object) -> str:
    """Fill a template.

    Args:
        package: The importable package whose ``templates`` folder holds it.
        template: The file's name in that folder.
        **values: What the template names; a missing one is an error, never a blank.

    Returns:
        The HTML.
    """
    return _environment(package).get_template(template).render(**values)


@cache
def _environment(package: str) -> Environment:
    import jinja2

    loaders: list[Any] = [jinja2.PackageLoader(name) for name in (package, __package__)]
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
