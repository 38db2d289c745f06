"""Functions that are not linear, to see that they are found by ``serve``."""

from __future__ import annotations

import json
import re
import sys

from tests.linear.growth import LONGEST, Case, serve
from tests.linear.hostile import repeated

CASES = [
    Case("exponential", lambda text: re.match(r"(?:a+)+b", text), repeated("a")),
    Case("quadratic", lambda text: re.search(r"\s+$", text), lambda size: " " * (size // 4) + "a"),
    Case("recursive", json.loads, repeated("[")),
    Case("linear", lambda text: re.findall(r"\s+", text), repeated(" a")),
]

if __name__ == "__main__":
    serve(CASES, skip=int(sys.argv[1]), longest=LONGEST, enough_s=0.03, limit_s=2)
