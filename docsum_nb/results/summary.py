"""The result of ``summarize``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import TypeVar

from docsum_nb.records.json_form import read_data, read_json, to_json
from docsum_nb.records.summary import Data_co, SummaryRecord
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.results.check import Check
from docsum_nb.results.coverage import Coverage
from docsum_nb.results.dataframe import to_frame
from docsum_nb.results.html import to_html, to_html_page
from docsum_nb.results.layout import MOST_IN_A_CELL
from docsum_nb.results.library import Related
from docsum_nb.results.markdown import to_markdown
from docsum_nb.results.not_a_run import NotARun
from docsum_nb.results.text import to_text
from docsum_nb.results.verification import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pandas import DataFrame

__all__ = ["Summary"]

_Model = TypeVar("_Model", default=Any)


@dataclass(frozen=True, repr=False)
class Summary(NotARun, SummaryRecord[Data_co]):
    """The result of ``summarize``; displays itself in a notebook cell.

    In ``run.partial``, the same record holds what is finished so far: its text is empty until the
    last merge is done, and ``omitted`` names what is missing.

    In a cell, of more than a hundred documents the first hundred are shown, and how many more there
    are; ``to_text``, ``to_markdown`` and ``to_html`` show all of them.
    """

    def __post_init__(self) -> None:
        # The table of a cell; it is equal to the tuple, and JSON holds it as one.
        object.__setattr__(self, "related", Related(self.related))

    def to_markdown(self) -> str:
        """Render as Markdown, with numbered citations."""
        return to_markdown(self)

    def to_html(self, *, page: bool = False) -> str:
        """Render as HTML that needs no script and nothing from elsewhere.

        Args:
            page: A whole page instead of a fragment.
        """
        return to_html_page(self) if page else to_html(self)

    def to_json(self) -> str:
        """Render as JSON: every field of the record."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str, *, response_model: type[_Model] | None = None) -> Summary[_Model]:
        """Make a result from its JSON again.

        The result is equal to the one that was written, except for what JSON cannot hold: metadata
        of other types than JSON's are texts, and infinity is ``nan``.

        Args:
            text: What ``to_json`` returned, also in an earlier version.
            response_model: The pydantic model class that ``data`` is made an instance of; ``None``
                leaves plain JSON values: dicts, lists, texts and numbers.

        Raises:
            InputError: If the text is no JSON of a result, or its data does not fit the class.
        """
        summary: Summary[Any] = read_json(cls, text)
        if response_model is None or summary.data is None:
            return summary
        return replace(summary, data=read_data(response_model, summary.data))

    def to_frame(
        self, of: Literal["documents", "chunks", "related", "citations"] = "documents"
    ) -> DataFrame:
        """Return a part of the result as a table to work on.

        Args:
            of: ``"documents"`` or ``"chunks"``: their summaries, who wrote them, and what this run
                paid for each; ``"related"``: what the library holds, with the passage found;
                ``"citations"``: each supported sentence beside the passage that supports it.

        Returns:
            A pandas DataFrame, a row for each, in the order of the result. Costs are in US dollars
            and ``NaN`` if a price is unknown; pages are counted from 1 and ``NA`` if there are
            none.

        Raises:
            InputError: If pandas is not installed, or there is no such part.
        """
        return to_frame(self, of)

    def check(self) -> Check:
        """Check the text against its sources, offline and without a model.

        For each sentence: how well the sources support it, and its numbers, dates, names and
        negations that its source does not have. For all of it: repetition, documents and parts that
        are not used, compression, and documents that contradict each other. A screen, not a proof.

        Returns:
            What was found, as a table in a cell. A result without the text of its sources is
            compared with its cited passages; ``unchecked`` says so.
        """
        checked: Check = _trust().check(self)
        return checked

    def verify(self, source: object) -> Verification:
        """Verify each quotation, and that the sources are unchanged.

        Args:
            source: The documents, named as for ``summarize``; files are read again.

        Returns:
            What was found, as a table in a cell; ``ok`` says whether all is as it was.

        Raises:
            InputError: If the source is of no accepted type, or holds nothing.
            LoadError: If the source does not exist.
        """
        verified: Verification = _trust().verify(self, source)
        return verified

    def covers(self, points: Sequence[str]) -> Coverage:
        """Return which points the text covers, and in which sentence.

        Args:
            points: Statements that a good summary may be expected to have.

        Returns:
            A score for each point, in order: the share of its words, weighted by rarity, in the
            best sentence. It compares words, not meaning.

        Raises:
            InputError: If the points are no texts, or there are none.
        """
        coverage: Coverage = _trust().covers(self, points)
        return coverage

    def to_text(self) -> str:
        """Render as plain text for a terminal, wrapped at 88 columns."""
        return to_text(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        gist, model = " ".join(self.text[:600].split())[:60], one_line(self.model, max_chars=80)
        return f"<Summary of {count_text(len(self.documents), 'document')} by {model}: {gist!r}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # A notebook keeps all three with the cell, and opens slowly if that is megabytes.
        return {
            "text/plain": to_text(self, most=MOST_IN_A_CELL),
            "text/markdown": to_markdown(self, most=MOST_IN_A_CELL),
            "text/html": to_html(self, most=MOST_IN_A_CELL),
        }


def _trust() -> Any:
    # By its name: reading texts is above this part, as the map of the package has it.
    return import_module("docsum_nb.trust")
