"""SIGTERM under load: what was accepted is answered, then the service ends, and does not wait for ever."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from benchmarks.callers import decided
from loanbook.service.manners import DRAIN_SECONDS
from tests.servers import ROOT, Server

SLACK = 10.0
"""Seconds for a machine that is busy with other things."""


class Gunicorn(Server):
    """The documented command, in a process of its own."""

    def __init__(self, book, port):
        words = ["gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
        environment = {"LOANBOOK_BOOK": str(book.path), "BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2"}
        self.address = f"http://127.0.0.1:{port}"
        self._listen_to(
            subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=book.path.parent,
                env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        self.wait()


@pytest.fixture(params=["one worker", "two workers", "Gunicorn"])
def server(request, book, serve):
    if request.param != "Gunicorn":
        yield serve(book, "--workers", "2" if request.param == "two workers" else "1")
        return
    request.getfixturevalue("need")("gunicorn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Gunicorn(book, port)
    yield found
    found.stop(signal.SIGKILL)


def test_what_was_accepted_is_answered(server, crowd, audited, book):
    with crowd(server, size=8) as callers:
        callers.wait(100)
        start = time.monotonic()
        said = server.stop(signal.SIGTERM)
        took = time.monotonic() - start
    assert server.process.returncode == 0
    assert took < DRAIN_SECONDS + SLACK
    assert "Traceback" not in said
    assert audited(book) == {one.key: one.name for one in decided(callers.asked)}, "decided, stored, and not answered"


@pytest.mark.parametrize("server", ["one worker"], indirect=True)
def test_a_request_that_does_not_end_does_not_keep_it(server, crowd):
    port = int(server.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=DRAIN_SECONDS + SLACK) as slow:
        slow.sendall(b"POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{")
        with crowd(server, size=2) as callers:
            callers.wait(20)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        found = b""
        while time.monotonic() < start + DRAIN_SECONDS + SLACK and (piece := slow.recv(65536)):
            found += piece
    server.process.wait(DRAIN_SECONDS + SLACK)
    assert time.monotonic() - start < DRAIN_SECONDS + SLACK
    assert server.process.returncode == 0
    assert not found or re.match(rb"HTTP/1.1 (408|503) ", found)
