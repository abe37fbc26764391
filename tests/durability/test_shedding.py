"""More is offered than can be decided: some is decided, the rest is refused at once, and then all is as before."""

from __future__ import annotations

from contextlib import ExitStack

import httpx2 as httpx
import pytest

from benchmarks.load import Asking, Bodies
from benchmarks.measure import Cost
from benchmarks.processes import Server as Measured
from benchmarks.processes import can_ask_for_cpu

GENERATORS, CONNECTIONS, SECONDS = 2, 300, 2.0


@pytest.mark.skipif(not can_ask_for_cpu(), reason="this system does not tell what a process has spent (no /proc)")
def test_past_saturation_the_rest_is_refused_at_once(book, serve, crowd, applications, tmp_path):
    server = serve(book)
    bodies = Bodies.write(tmp_path / "bodies.txt", applications)
    measured = Measured(server.process.pid, int(server.address.rpartition(":")[2]), Cost(0.0, 0.0, 0))
    with ExitStack() as stack:
        asking = [
            stack.enter_context(Asking(measured, bodies, connections=CONNECTIONS, seconds=SECONDS))
            for _ in range(GENERATORS)
        ]
        loads = [one.result() for one in asking]
    answers, shed = sum(load.answers for load in loads), sum(load.count(503) for load in loads)
    assert [load.failures for load in loads] == [0] * GENERATORS, "nothing but decisions and 503"
    assert answers
    assert shed
    assert f"loanbook_shed_total {shed}.0" in httpx.get(f"{server.address}/metrics").text.splitlines()
    with crowd(server, size=2) as callers:
        callers.wait(100, 30)
    assert {one.status for one in callers.asked} == {200}
    assert "Traceback" not in server.stop()
