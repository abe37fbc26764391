"""`python -m benchmarks.asking`: a plan on stdin, what came of it on stdout, both JSON."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
import time

from benchmarks.asking.loops import Crowd, closed, opened
from benchmarks.asking.plan import Plan
from benchmarks.asking.tally import Tally


def main() -> None:
    """Ask, and tell."""
    plan = Plan.from_json(json.load(sys.stdin))
    gc.disable()  # nothing here goes round in circles, and a pause would look like the server's
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(open(plan.keep, "w", encoding="ascii")) if plan.keep else None  # noqa: PTH123
        tally = Tally(plan, kept)
        crowd = Crowd(plan, tally)
        stack.callback(crowd.close)
        wall, cpu = time.perf_counter(), time.process_time()
        late: list[float] = []
        if plan.rate:
            unanswered, late = opened(crowd, plan.seconds, plan.rate)
        else:
            unanswered = closed(crowd, plan.seconds)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    late.sort()
    told = {
        "asked": crowd.asked,
        "wall": wall,
        "own_cpu": cpu,
        "by_status": tally.quantiles(),
        "unanswered": unanswered,
        "broken": tally.broken,
        "unmarked": tally.unmarked,
        "example": tally.example,
        "late": late[int(0.99 * len(late))] if late else 0.0,
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
