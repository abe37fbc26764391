"""One key is one decision: across workers, at the same moment, and after a restart."""

from __future__ import annotations

import threading

import pytest

from benchmarks.callers import Caller

THREADS, KEYS = 12, 8


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request, with_champion):
    """A book on each kind of store."""
    if request.param == "sqlite":
        return with_champion()
    return with_champion(f'store = "{request.getfixturevalue("fresh_postgres_url")}"')


def port_of(server):
    return int(server.address.rpartition(":")[2])


def all_at_once(port, applications):
    """Every thread, on a connection of its own, asks with every key, all with one key at the same moment."""
    ready, found = threading.Barrier(THREADS), []

    def work():
        with Caller(port) as caller:
            caller.ask(0, applications[0], f"hello-{threading.get_ident()}")  # the connection is made
            for number in range(KEYS):
                ready.wait(30)
                found.append(caller.ask(number, applications[number], f"order-{number}"))

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_one_key_is_one_decision_everywhere(kept, serve, applications, audited):
    server = serve(kept, "--workers", "2")
    found = all_at_once(port_of(server), applications)
    assert [one.status for one in found] == [200] * THREADS * KEYS
    names = {one.key: one.name for one in found}
    assert all(names[one.key] == one.name for one in found)
    assert len(set(names.values())) == KEYS
    server.stop()
    server = serve(kept, "--workers", "2")
    with Caller(port_of(server)) as caller:
        again = [caller.ask(number, applications[number], f"order-{number}") for number in range(KEYS)]
        other = [caller.ask(number, applications[number + 1], f"order-{number}") for number in range(KEYS)]
    assert {one.key: one.name for one in again} == names, "also after a restart"
    assert {one.status for one in other} == {409}
    stored = audited(kept)
    assert {key: name for key, name in stored.items() if key.startswith("order-")} == names
