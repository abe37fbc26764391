"""Kill -9 of any worker at any moment, under load."""

from __future__ import annotations

import os

import pytest

from benchmarks.callers import decided
from benchmarks.killing import kill_some
from benchmarks.processes import can_ask_for_cpu

KILLS = int(os.environ.get("LOANBOOK_KILLS", "3"))
"""Of each store. LOANBOOK_KILLS=50 is what was promised: two minutes a store."""


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request, with_champion):
    """A book on each kind of store."""
    if request.param == "sqlite":
        return with_champion()
    return with_champion(f'store = "{request.getfixturevalue("fresh_postgres_url")}"')


@pytest.mark.skipif(not can_ask_for_cpu(), reason="this system does not tell who works for whom (no /proc)")
def test_nothing_acknowledged_is_lost_or_there_twice(kept, serve, crowd, audited):
    server = serve(kept, "--workers", "2")
    with crowd(server) as callers:
        killed = kill_some(server.process.pid, KILLS, callers)
        callers.wait(50)
    assert len(killed) == KILLS
    left = len({one.key for one in callers.asked} - {one.key for one in decided(callers.asked)})
    again = callers.retried()
    assert len(again) == left
    told = {one.key: one.name for one in [*decided(callers.asked), *again]}
    assert audited(kept) == told, "each key has exactly one decision, the one that its caller knows"
    assert "Traceback" not in server.stop()
