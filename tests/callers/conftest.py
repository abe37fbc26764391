from __future__ import annotations

import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2 as httpx
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.registry.versions import Registry
from tests.servers import Server

# The same models and applications as the tests of the service have.
from tests.service.conftest import AMOUNT, amount_models, application, applications, free_port, to_ask  # noqa: F401

collect_ignore = ["decide_generated.py"]  # imports a client that a test generates


class Unreliable(ThreadingHTTPServer):
    """What may stand between a caller and the service. `plan` says what becomes of the next requests, in turn:

    "pass" all goes well; "drop" the service answers and the connection breaks before the caller hears of it;
    "hang" the same, after a while; a number: that status, and the service is not asked.
    """

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), Between)
        self.behind = address
        self.plan: deque[str | int] = deque()
        self.seconds = 0
        """What a refusal asks the caller to wait."""
        self.keys: list[str | None] = []
        self.times: list[float] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Between(BaseHTTPRequestHandler):
    """One connection through it."""

    server: Unreliable
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.keys.append(self.headers.get("idempotency-key"))
        self.server.times.append(time.monotonic())
        fate = self.server.plan.popleft() if self.server.plan else "pass"
        if isinstance(fate, int):
            self.answer(fate, b"", {"retry-after": str(self.server.seconds)})
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = httpx.request(self.command, self.server.behind + self.path, headers=headers, content=raw, timeout=30)
        if fate == "pass":
            self.answer(answer.status_code, answer.content, dict(answer.headers))
            return
        if fate == "hang":
            time.sleep(1.0)
        self.close_connection = True
        self.connection.close()

    do_GET = do_POST = handle_one  # noqa: N815 (http.server's names)

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name in ("content-type", "retry-after", "x-request-id"):
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def finish(self) -> None:
        if not self.wfile.closed:
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def lender(tmp_path_factory, trained_models, amount_models):  # noqa: F811
    """One running service of two use cases, for every test that only adds to its log."""
    folder = tmp_path_factory.mktemp("lender")
    text = samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")
    text = text.replace('objective = "profit"', "approve_below = 0.10\ndecline_from = 0.25\n#")
    (folder / "loanbook.toml").write_text(text + AMOUNT, encoding="utf-8")
    registry = Registry(Book.load(folder / "loanbook.toml"))
    registry.register("risk", trained_models["logistic"])
    registry.register("amount", amount_models["linear"])
    registry.close()
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture
def between(lender):
    """Something unreliable before it."""
    server = Unreliable(lender.address)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
