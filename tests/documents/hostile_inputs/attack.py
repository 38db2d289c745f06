"""Hostile files found by trying inputs of the known kinds that nobody had named."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.documents.hostile import Hostile


def adoc_of_attributes(folder: Path) -> Path:
    path = folder / "bomb.adoc"
    path.write_text("= T\n:a: " + "word " * 200 + "\n\n" + "{a} {a}\n" * 150_000)
    return path


def rst_of_substitutions(folder: Path) -> Path:
    path = folder / "bomb.rst"
    path.write_text(".. |a| replace:: " + "word " * 200 + "\n\n" + "|a| |a|\n" * 150_000)
    return path


def tex_of_macros(folder: Path) -> Path:
    path = folder / "bomb.tex"
    path.write_text("\\newcommand\\a{" + "word " * 58 + "}\n" + "\\a\\a\n" * 250_000)
    return path


def tex_of_verbs(folder: Path) -> Path:
    path = folder / "verbs.tex"
    opened = "\\verb|x " * 60_000 + "\\iffalse " * 60_000 + "\\begin{verbatim}" * 60_000
    path.write_text(f"The text is here. {opened}")
    return path


def tex_of_doubling_macros(folder: Path) -> Path:
    path = folder / "doubling.tex"
    names = [f"\\{letter}x" for letter in "abcdefghijklmnopqrst"]
    pairs = pairwise(names)
    made = "".join(f"\\def{name}#1{{{to}{{#1}}{to}{{#1}}}}" for name, to in pairs)
    path.write_text(f"{made} The text is here. " + "\\ax{word} " * 100_000)
    return path


def tex_of_endless_items(folder: Path) -> Path:
    path = folder / "items.tex"
    path.write_text("The text is here. " + "\\begin{enumerate}" * 20_000 + "\\item[x" * 100_000)
    return path


def tex_of_wide_rows(folder: Path) -> Path:
    path = folder / "rows.tex"
    rows = "a" + "&a" * 20_000 + "\\\\ a" * 20_000
    path.write_text(f"The text is here. \\begin{{tabular}}{{l}}{rows}\\end{{tabular}}")
    return path


def xml_of_ampersands(folder: Path) -> Path:
    path = folder / "signs.xml"
    path.write_text("<r>" + "<![CDATA[" * 50_000 + "&a" * 200_000 + "&b; words" * 50_000)
    return path


INPUTS = [
    Hostile("adoc-of-attributes", adoc_of_attributes, "loaded", most_mb=300),
    Hostile("rst-of-substitutions", rst_of_substitutions, "loaded", most_mb=300),
    Hostile("tex-of-macros", tex_of_macros, "loaded", most_mb=300),
    Hostile("tex-of-doubling-macros", tex_of_doubling_macros, "loaded", most_mb=300),
    Hostile("tex-of-endless-items", tex_of_endless_items, "loaded", most_mb=300),
    Hostile("tex-of-wide-rows", tex_of_wide_rows, "loaded", most_mb=300),
    Hostile("tex-of-verbs", tex_of_verbs, "loaded"),
    Hostile("xml-of-ampersands", xml_of_ampersands, "either"),
]
