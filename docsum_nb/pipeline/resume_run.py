"""``resume``: a run of a ledger continues, also after the end of its process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import TypeVar

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.errors import InputError
from docsum_nb.events import Event
from docsum_nb.ledger import History, Ledger, RunRecord, default_path
from docsum_nb.models.model import Model
from docsum_nb.options import Options, StrPath, ToolLike
from docsum_nb.paths import user_path
from docsum_nb.pipeline.api import begin, given_models
from docsum_nb.pipeline.arguments import keys_in, unpacked
from docsum_nb.render.one_line import line_end, one_line
from docsum_nb.results import Summary
from docsum_nb.run import Run

if TYPE_CHECKING:
    from docsum_nb.library import Library

__all__ = ["resume"]

_Model = TypeVar("_Model", default=Any)
"""The class of ``data``; any if the class that the run had is used."""


@explains_arguments
def resume(
    run_id: str | None = None,
    *,
    ledger: StrPath | None = None,
    source: Any = None,
    model: str | Model | None = None,
    vision: str | Model | None = None,
    deadline: float | None = None,
    max_cost: float | None = None,
    max_calls: int | None = None,
    max_tokens: int | None = None,
    library: StrPath | Library | Callable[..., Any] | ToolLike | None = None,
    response_model: type[_Model] | None = None,
    on_event: Callable[[Event], object] | None = None,
    client: Any = None,
    show: bool = True,
) -> Run[Summary[_Model]]:
    """Resume a run of ``summarize`` from what its ledger holds.

    The run keeps its id and its arguments; bounds such as ``max_cost`` count what is paid from now
    on, and new ones can be given. What was answered is not asked for again, so a run that was
    killed pays again at most for the calls that were in flight, and a finished one for nothing. One
    that was stopped in this process can be resumed at once: calls that are in flight are waited
    for, not made again.

    Args:
        run_id: The run; the beginning of its id suffices. ``None`` for the newest one that ended
            before its work was complete, and whose work no other run has finished since; its id,
            source and question are then in the title under which the progress is shown.
        ledger: The file; ``None`` for the one in the user's data folder.
        source: The documents, if they have moved; ``None`` reads their old paths, and texts
            that were given as such from the ledger.
        model: The model; ``None`` for the one that it had. Keys are not stored: they come from this
            argument, from this process if the run was in it, or from the environment.
        vision: The model that reads scanned pages; ``None`` for the one that it had, if any. Its
            key comes from the same places.
        deadline: Seconds from now until the run must be over; ``None`` for no limit, also if it
            had one before.
        max_cost: US dollars from now on; ``None`` for the bound that it had.
        max_calls: Requests from now on; ``None`` for the bound that it had.
        max_tokens: Tokens from now on; ``None`` for the bound that it had.
        library: The library or the search; ``None`` for the one that it had. A function has to be
            defined under its name here, if it is another process.
        response_model: The form of the result; ``None`` for the class that it had, which has to be
            defined under its name here.
        on_event: As for ``summarize``.
        client: A client of a Dask cluster on which the calls are made; ``None`` makes them in this
            process, also if the run had one.
        show: Show live progress.

    Returns:
        The run of a ``Summary``, which has started.

    Raises:
        InputError: if there is no such run, or an argument that the ledger does not keep is needed;
            out of the run, if it is going on in another process, or calls are in flight there.
        LedgerError: if the ledger cannot be read.
    """
    options = {name: value for name, value in locals().items() if value is not None}
    options.pop("run_id", None)
    if isinstance(ledger, bool):
        raise InputError("ledger is a path, or None for the default place")
    path = user_path(ledger) if ledger is not None else default_path()
    if not path.exists():
        raise InputError(
            f"there is no ledger {path}, so there is no run to go on with: only runs of summarize "
            "are kept; what one of a crew has finished is in its run.partial"
        )
    with contextlib.closing(Ledger(path)) as opened:
        history = History(opened)
        record = history.newest_unfinished() if run_id is None else history.only(run_id)
        resumed = _options(opened, history, record, options)
    title = "summarize" if run_id is not None else _title(record)
    return begin(resumed, run_id=record.id, title=title)


def _title(record: RunRecord) -> str:
    """Return the title of a run that the caller did not name; a line holds 80 characters."""
    source = one_line(record.what, max_chars=24)
    if record.sources:
        source = line_end(", ".join(record.sources), max_chars=24)
    question = f", “{one_line(record.question, max_chars=22)}”" if record.question else ""
    return f"going on with {record.id}: {source}{question}"


def _options(
    ledger: Ledger, history: History, record: RunRecord, given: Mapping[str, Any]
) -> Options:
    """Return the options of a run, those that are given first."""
    arguments = history.arguments(record.id)
    needed = [] if "source" in given else list(keys_in(arguments.get("source")))
    texts = ledger.pieces(needed)
    if not texts.keys() >= set(needed):
        raise InputError(
            f"the texts of run {record.id} are not in the ledger {ledger.path}; give source="
        )
    known = given_models(record.id)
    return unpacked(
        arguments,
        texts,
        run_id=record.id,
        given={**known, **given, "ledger": ledger.path},
    )
