"""The load generator counts what came back and charges a stall to everybody who would have come meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import Asking, Bodies, load
from benchmarks.measure import Cost
from benchmarks.processes import Failed, Server, can_ask_for_cpu, family, python, serving

pytestmark = pytest.mark.skipif(not can_ask_for_cpu(), reason="epoll and /proc are Linux's")

ECHO = python("-m", "uvicorn", "benchmarks.apps.echo:raw", "--port", "{port}", "--log-level", "warning")


@contextlib.contextmanager
def answering(answer):
    """A server in this process; `answer(number)` gives status, body, and whether the connection closes after it."""
    seen = iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body, last = answer(next(seen))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if last:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Server(1, server.server_port, Cost(0.0, 0.0))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def bodies(tmp_path):
    return Bodies.write(tmp_path / "bodies.jsonl", [{"amount": number} for number in range(7)], mark="amount")


def test_every_answer_of_an_echo_is_counted_and_kept(tmp_path, bodies):
    with serving(ECHO, tmp_path, ready="/") as server:
        kept = tmp_path / "kept.txt"
        note = r'"amount": (\d+)'
        with Asking(server, bodies, connections=3, seconds=30, count=50, keep=kept, note=note) as asking:
            found = asking.result()
    assert (found.asked, found.answers, found.failures) == (50, 50, 0)
    lines = [line.split() for line in kept.read_text(encoding="ascii").splitlines()]
    assert sorted(int(line[0]) for line in lines) == sorted(number % 7 for number in range(50))
    assert all(line[0] == line[4] for line in lines), "each answer belongs to its own request"
    assert all(line[3] == "200" and float(line[1]) <= float(line[2]) for line in lines)


def test_statuses_are_counted_apart_and_a_refusal_is_an_error(bodies):
    with answering(lambda number: (503 if number % 4 == 3 else 200, b'{"amount": 1}', False)) as server:
        found = load(server, bodies, connections=1, seconds=30, count=20)
        assert (found.answers, found.count(503), found.failures) == (15, 5, 0)
    with answering(lambda number: (500 if number == 3 else 200, b'{"amount": 1}', False)) as server:
        assert load(server, bodies, connections=1, seconds=30, count=20, strict=False).failures == 1
    with answering(lambda number: (422, b"no", False)) as server, pytest.raises(Failed, match="422"):
        load(server, bodies, connections=1, seconds=30, count=2)


def test_an_answer_that_lacks_its_mark_is_a_failure(bodies):
    with answering(lambda number: (200, b"{}" if number == 1 else b'{"amount": 1}', False)) as server:
        found = load(server, bodies, connections=1, seconds=30, count=5, strict=False)
    assert (found.unmarked, found.failures) == (1, 1)
    assert "{}" in found.example


def test_a_connection_that_the_server_closes_is_opened_again(bodies):
    with answering(lambda number: (200, b'{"amount": 1}', True)) as server:
        found = load(server, bodies, connections=2, seconds=30, count=10)
    assert (found.answers, found.broken) == (10, 0)


def test_latency_counts_from_when_a_request_was_due(bodies):
    def slow(number):
        time.sleep(0.05)
        return 200, b'{"amount": 1}', False

    with answering(slow) as server:
        closed = load(server, bodies, connections=1, seconds=30, count=20)
        opened = load(server, bodies, connections=1, seconds=0.2, rate=100)
    assert closed.asked == opened.asked == 20
    assert opened.latency("most") >= 20 * 0.05 - 0.2, "the last was due after 0.2 s and waited for 19 others"
    assert opened.latency("p50") > closed.latency("p50")
    assert opened.late > 0.5


def test_all_processes_of_a_server_count():
    with contextlib.ExitStack() as stack:
        import subprocess

        code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
        child = stack.enter_context(subprocess.Popen(python("-c", code), stdin=subprocess.PIPE))
        until = time.monotonic() + 60
        while len(family(child.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(family(child.pid)) == 2
        child.communicate(b"\n")
