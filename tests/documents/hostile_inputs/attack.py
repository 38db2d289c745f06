"""Hostile files found by trying inputs of the known kinds that nobody had named."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.documents.hostile import Hostile
from tests.documents.office_files import NAMESPACES, pptx, relations, shape, slide


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


def pptx_of_one_slide(folder: Path) -> Path:
    path = folder / "same.pptx"
    text = shape("<a:p><a:r><a:t>" + "words of a slide " * 2_000 + "</a:t></a:r></a:p>", "body")
    targets = (("r1", "slide", "slides/slide1.xml"),)
    listed = '<p:sldId r:id="r1"/>' * 20_000
    again = f"<p:presentation {NAMESPACES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": again,
        "ppt/_rels/presentation.xml.rels": relations(*targets),
    }
    path.write_bytes(pptx(slide(text), parts=parts))
    return path


INPUTS = [
    Hostile(
        "pptx-of-one-slide", pptx_of_one_slide, "refused", says="million characters", most_mb=400
    ),
    Hostile("adoc-of-attributes", adoc_of_attributes, "loaded", most_mb=300),
    Hostile("rst-of-substitutions", rst_of_substitutions, "loaded", most_mb=300),
    Hostile("tex-of-macros", tex_of_macros, "loaded", most_mb=300),
    Hostile("tex-of-doubling-macros", tex_of_doubling_macros, "loaded", most_mb=300),
    Hostile("tex-of-endless-items", tex_of_endless_items, "loaded", most_mb=300),
    Hostile("tex-of-wide-rows", tex_of_wide_rows, "loaded", most_mb=300),
    Hostile("tex-of-verbs", tex_of_verbs, "loaded"),
    Hostile("xml-of-ampersands", xml_of_ampersands, "either"),
]
