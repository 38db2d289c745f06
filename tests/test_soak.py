"""Many runs in one kernel: nothing grows, and no run is affected by another."""

from __future__ import annotations

from tests.kernels import running_kernel
from tests.loopback import Call, Loopback, Reply

ROUNDS = 66
"""Of three runs each."""

CODE = """
import gc, os, threading
import psutil
import docsum_nb as ds
model = ds.Model("openai/x", base_url={base_url!r}, max_retries=0)
me = psutil.Process()

def figures():
    gc.collect()
    return threading.active_count(), me.num_fds(), me.memory_info().rss / 2**20

async def three(number):
    options = dict(model=model, ledger=False, show=False)
    good = ds.summarize({{"good": f"text {{number}}"}}, **options)
    bad = ds.summarize({{"bad": f"text {{number}}"}}, **options)
    hung = ds.summarize({{"hung": f"text {{number}}"}}, **options)
    summary = await good
    assert summary.documents[0].name == "good" and len(summary.chunks) == 1
    assert bad.exception().status_code == 403
    hung.cancel()
    assert type(hung.exception()).__name__ == "RunCancelled"
    return good, bad, hung

async def rounds(count):
    for run in [run for number in range(count) for run in await three(number)]:
        assert run.join(30)

await rounds(10)
before = figures()
await rounds({rounds})
after = figures()
print(*before, *after)
"""


def script(call: Call) -> Reply:
    """Answer, refuse or hang, by the document's name."""
    if "which is bad" in call.prompt:
        return Reply("no", status=403)
    return Reply(delay=6.0) if "which is hung" in call.prompt else Reply("fine")


def test_two_hundred_runs_leave_nothing_behind(server: Loopback) -> None:
    """A third fail, a third are cancelled: threads, files and memory stay as they were."""
    server.script = script
    with running_kernel() as kernel:
        cell = kernel.run(CODE.format(base_url=server.base_url, rounds=ROUNDS))
    assert cell.status == "ok", cell.traceback
    threads, files, memory, threads_after, files_after, memory_after = map(
        float, cell.text.split()[-6:]
    )
    assert threads_after <= threads + 2, cell.text
    assert files_after <= files + 5, cell.text
    assert memory_after <= memory * 1.1 + 20, cell.text
