"""The matrix in real kernels: each way to end, in each form, with each ipykernel.

The figures are wanted of an idle machine and printed by ``benchmarks/kernel_matrix.py``; here only
what hangs, or would seem to, fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from docsum_nb.testing import ScriptedServer
from tests.kernel.bench import Bench
from tests.kernel.ends import ENDS, FORMS, End, Form, impossible
from tests.support.kernels import Kernel

HANG_S = 45.0
"""What hangs here does so for a minute; no wait has a reason to be a tenth as long as this,
but a machine that has other work."""


@pytest.fixture(scope="module")
def bench(kernel: Kernel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The kernel with a server of its own, all that is needed imported and warm."""
    with ScriptedServer() as server:
        yield Bench(kernel, server, tmp_path_factory.mktemp("pipes"))


@pytest.mark.parametrize(
    "form",
    [pytest.param(form, marks=() if form == "await" else pytest.mark.long) for form in FORMS],
)
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
def test_run_ends_in_time_stops_its_work_and_leaves_the_kernel_as_it_was(
    bench: Bench, form: Form, end: End
) -> None:
    """The true error at once, a kernel that answers, no request more, no thread more, and again."""
    if reason := impossible(form, end, bench.ipykernel):
        pytest.skip(reason)
    ended = bench.play(form, end)
    assert (ended.cell_error, ended.run_error) == (end.cell_error(form), end.error)
    assert ended.seconds < HANG_S
    assert ended.next_s < HANG_S
    assert form != "panel" or ended.cell_s < HANG_S
    assert ended.late_requests == 0
    assert ended.again == "fine"
    assert bool(ended.threads_left) == end.keeps_threads, ended.threads_left
    missing = [words for words in end.tells if words not in ended.told]
    assert not missing, ended.told
