from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx2 as httpx
import pytest

from loanbook.registry.versions import Registry
from loanbook.service.app import create_app
from tests.servers import near

ROOT = Path(__file__).parents[2]


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


class Server:
    """`loanbook serve` in a process of its own, on a free port."""

    def __init__(self, folder: Path, *options: str) -> None:
        command = "import sys; from loanbook.cli import main; sys.exit(main())"
        self.process = subprocess.Popen(
            [sys.executable, "-c", command, "serve", "--port", "0", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+:(\d+)", said)
        assert found, said + self.process.stdout.read()
        self.address = f"http://127.0.0.1:{found[1]}"
        self.wait()

    def wait(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                httpx.get(f"{self.address}/healthz", timeout=5)
            except httpx.TransportError:
                if self.process.poll() is not None:
                    raise AssertionError(self.process.stdout.read()) from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, how: int = signal.SIGTERM) -> str:
        """End it, and return what it said."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=30)
        return said


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
