from __future__ import annotations

import signal
import socket
from contextlib import closing

import pytest

from loanbook.book import Book
from loanbook.data.inference import infer_table
from loanbook.models.amount import LADDER as AMOUNTS
from loanbook.models.training import Setting, fit_model
from loanbook.registry.versions import Registry
from loanbook.service.app import create_app
from loanbook.usecases import find
from tests.servers import Server, near

AMOUNT = """
[amount]
data = "sample:sba_7a"
target = "amount"
id = "loan_number"
time = "approval_date"
ignore = [
  "status", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date", "guaranteed_amount",
]
"""


@pytest.fixture(scope="session")
def application(small_sample, trained_models):
    """One application as JSON would bring it."""
    names = list(trained_models["logistic"].contract.names)
    row = small_sample.select(names).row(7, named=True)
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


@pytest.fixture(scope="session")
def applications(small_sample, trained_models):
    names = list(trained_models["logistic"].contract.names)
    rows = small_sample.select(names).gather_every(11).to_dicts()
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows
    ]


@pytest.fixture
def book(sample_book, trained_models):
    """A book with a champion (logistic) that refers what lies between 10% and 25%."""
    text = sample_book.path.read_text(encoding="utf-8")
    text = text.replace('objective = "profit"', "approve_below = 0.10\ndecline_from = 0.25\n#")
    sample_book.path.write_text(text, encoding="utf-8")
    book = type(sample_book).load(sample_book.path)
    registry = Registry(book)
    registry.register("risk", trained_models["logistic"])
    registry.close()
    return book


@pytest.fixture(scope="session")
def amount_models(small_sample):
    """Two models of the amount, by their rung: "linear" and "xgboost"."""
    section = Book.parse(AMOUNT).section("amount")
    loans = find("amount").learn(small_sample, section, infer_table(small_sample, section.types))
    setting, finish = Setting(time=section.time), find("amount").task.finish
    figure = {"value": 1.0, "low": 0.9, "high": 1.1}
    found = {}
    for rung in AMOUNTS:
        if rung.name in ("linear", "xgboost"):
            card = {"rung": rung.name, "title": rung.title, "metrics": {"mae": figure}}
            found[rung.name] = fit_model(rung, loans, setting, usecase="amount", card=card, finish=finish)
    return found


@pytest.fixture
def both(book, amount_models):
    """`book` with the section [amount] and a champion for it."""
    book.path.write_text(book.path.read_text(encoding="utf-8") + AMOUNT, encoding="utf-8")
    found = Book.load(book.path)
    registry = Registry(found)
    registry.register("amount", amount_models["linear"])
    registry.close()
    return found


@pytest.fixture(scope="session")
def to_ask(small_sample, amount_models):
    """Applications as JSON would bring them, of which the amount is asked."""
    rows = small_sample.select(amount_models["linear"].contract.names).gather_every(11).to_dicts()
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows
    ]


@pytest.fixture
def asked(both):
    """The service of both use cases, in this process."""
    with near(create_app(both)) as client:
        yield client


@pytest.fixture
def serve(book):
    """`serve()` starts a server on `book`; all are stopped when the test ends."""
    running = []

    def start(*options: str) -> Server:
        server = Server(book.path.parent, *options)
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop(signal.SIGKILL)


@pytest.fixture
def free_port():
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture
def client(book):
    """The service in this process, with a champion."""
    with near(create_app(book)) as client:
        yield client


@pytest.fixture
def quiet_client(book):
    """The same; faults of ours are answered instead of raised."""
    with near(create_app(book), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def untrained(sample_book):
    """The service of a book on which nothing was trained."""
    with near(create_app(sample_book)) as client:
        yield client
