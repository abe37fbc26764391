"""PostgreSQL goes away under load, and comes back."""

from __future__ import annotations

import os
import signal
import time

import httpx2 as httpx
import pytest

from benchmarks.callers import decided
from benchmarks.killing import workers
from loanbook.registry.patient import CONNECT, Patient
from loanbook.service.desk import PATIENCE

SECONDS_AWAY = {"fast": 1.0, "immediate": 1.0, "frozen": PATIENCE + CONNECT + 1.0}
SLACK = 5.0
"""Seconds for a machine that is busy with other things."""


@pytest.fixture
def ways(database):
    """How it goes, and how it comes back."""
    return {
        "fast": (lambda: database.stop("fast"), database.start),
        "immediate": (lambda: database.stop("immediate"), database.start),
        "frozen": (database.freeze, database.thaw),
    }


@pytest.mark.parametrize("how", ["fast", "immediate", "frozen"])
def test_it_is_a_503_until_the_database_is_back(how, ways, database, with_champion, serve, crowd, audited):
    book = with_champion(f'store = "{database.url}"')
    server = serve(book, "--workers", "2")
    go, come = ways[how]
    with crowd(server, pause=0.01) as callers:
        callers.wait(30)
        go()
        gone = time.monotonic()
        time.sleep(SECONDS_AWAY[how])
        assert httpx.get(f"{server.address}/healthz", timeout=SLACK).status_code == 200
        ready = httpx.get(f"{server.address}/readyz", timeout=PATIENCE + CONNECT + SLACK)
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "2")
        back = time.monotonic()
        come()
        callers.wait(30)
    assert httpx.get(f"{server.address}/readyz", timeout=PATIENCE + CONNECT + SLACK).status_code == 200
    refused = [one for one in callers.asked if one.status != 200]
    assert {one.status for one in refused} == {503}, "not one connection was broken, not one answer is another's"
    assert all(one.headers["retry-after"] == "2" for one in refused)
    assert [one for one in refused if one.begun > gone], "nobody was told that it is gone"
    assert not [one for one in decided(callers.asked) if gone < one.begun and one.begun + one.seconds < back]
    assert max(one.seconds for one in callers.asked) < Patient.patience + CONNECT + SLACK, "nobody hangs"
    again = callers.retried()
    assert audited(book) == {one.key: one.name for one in [*decided(callers.asked), *again]}
    assert "Traceback" not in server.stop()


def test_workers_that_die_meanwhile_are_replaced_when_it_is_back(database, with_champion, serve, crowd, audited):
    book = with_champion(f'store = "{database.url}"')
    server = serve(book, "--workers", "2")
    with crowd(server, pause=0.01) as callers:
        callers.wait(10)
        database.stop("fast")
        for victim in workers(server.process.pid):
            os.kill(victim, signal.SIGKILL)
        time.sleep(3.0)
        assert server.process.poll() is None, "the supervisor goes on"
        database.start()
        callers.wait(10)
    again = callers.retried()
    assert audited(book) == {one.key: one.name for one in [*decided(callers.asked), *again]}
