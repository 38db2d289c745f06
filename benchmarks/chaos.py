"""A thousand chunks against a provider with every fault at once, counted at the server.

10% 429 with Retry-After, 5% 500, 2% cut connections, 1% hangs, 1% empty answers, 1% broken JSON,
14% answers of status 200 that are none or are wrapped up (broken off, an error, refused, in a loop,
blank, with a thought, with an odd usage, in parts), decided by the prompt and by how often it was
asked. Then again with the refusals of real providers: 15% that pass, with times to wait that
are none; 2% that last, which have to be reported; 2.5% of texts that are too long, in every
wording. Fails if a bound does not hold.

Usage: python benchmarks/chaos.py [CHUNKS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from docsum_nb.testing import ScriptedServer
from tests.pipeline.chaos import survive
from tests.pipeline.chaos_of_providers import survive_refusals


def main() -> None:
    """Run it and print what it took."""
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as folder, ScriptedServer() as server:
        print(survive(server, Path(folder) / "ledger", chunks))
    with tempfile.TemporaryDirectory() as folder, ScriptedServer() as server:
        print(survive_refusals(server, Path(folder) / "ledger", chunks))


if __name__ == "__main__":
    main()
