"""Clients that are slow, wrong or hostile: they get a 4xx or nothing, and harm nobody else."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import time

import psutil
import pytest

from benchmarks.callers import decided

GROWTH = 24 * 2**20
"""Bytes of memory that the worst of all this may cost."""


@pytest.fixture
def server(book, serve):
    return serve(book)


@pytest.fixture
def port(server):
    return int(server.address.rpartition(":")[2])


@pytest.fixture
def sound(server, crowd):
    """Whether it answers as ever: `sound()` asks for a few decisions."""

    def look(answers=20):
        with crowd(server, size=2, name=f"sound-{time.monotonic()}") as callers:
            callers.wait(answers, 30)
        assert {one.status for one in callers.asked} == {200}
        return decided(callers.asked)

    look()
    yield look
    look()
    said = server.stop()
    assert "Traceback" not in said, said
    assert "Exception" not in said, said


def said(port, *pieces, end=False, seconds=15.0):
    """What comes back for some bytes, until the other side closes or is quiet for some seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        with contextlib.suppress(OSError):  # it may have heard enough
            for piece in pieces:
                connection.sendall(piece)
            if end:
                connection.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                found += piece
        return found


def statuses(raw):
    return [int(part[:3]) for part in raw.split(b"HTTP/1.1 ")[1:]]


def post(body=b"", *lines, version=b"1.1", path=b"/v1/decisions"):
    head = b"POST %b HTTP/%b" % (path, version)
    return b"\r\n".join([head, b"host: 127.0.0.1", b"content-type: application/json", *lines, b"", body])


BAD = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 200 + b"\r\n\r\n",
    "no method": b" / HTTP/1.1\r\n\r\n",
    "unknown version": b"GET / HTTP/9.9\r\nhost: 127.0.0.1\r\n\r\n",
    "PRI of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "connect": b"CONNECT 10.0.0.1:443 HTTP/1.1\r\nhost: 10.0.0.1\r\n\r\n",
    "path that is none": b"GET ?a=b HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    "path in other letters": b"GET /\xff\xfe HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    "NUL in a header": b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: a\x00b\r\n\r\n",
    "space before the colon": post(b"{}", b"content-length : 2", b"connection: close"),
    "length is negative": post(b"{}", b"content-length: -2"),
    "length is not a number": post(b"{}", b"content-length: two"),
    "length beyond 64 bits": post(b"{}", b"content-length: 99999999999999999999999"),
    "length twice": post(b"{}", b"content-length: 2", b"content-length: 3"),
    "length and chunks": post(b"0\r\n\r\n", b"content-length: 2", b"transfer-encoding: chunked"),
    "chunks last but one": post(b"0\r\n\r\n", b"transfer-encoding: chunked, identity"),
    "chunks that are not": post(b"zz\r\n{}\r\n0\r\n\r\n", b"transfer-encoding: chunked"),
    "chunk longer than said": post(b"1\r\n{}{}{}\r\n0\r\n\r\n", b"transfer-encoding: chunked"),
    "compressed": post(b"\x1f\x8b{}", b"content-encoding: gzip", b"content-length: 4", b"connection: close"),
    "body said to be larger than may be": post(b"{}", b"content-length: 70000"),
    "header of 1 MB": b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: " + b"a" * 2**20,
    "path of 1 MB": b"GET /" + b"a" * 2**20 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "100,000 headers": b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 100_000,
    "nothing but line ends": b"\r\n" * 50_000,
}


def test_what_is_wrong_is_a_4xx(port, sound):
    found = {name: statuses(said(port, raw, end=name == "nothing but line ends")) for name, raw in BAD.items()}
    wrong = {name: codes for name, codes in found.items() if any(not 400 <= code < 500 for code in codes)}
    assert not wrong
    assert [name for name, codes in found.items() if not codes] == ["nothing but line ends"]


def test_a_body_that_is_not_what_its_length_says(port, sound, applications):
    body = json.dumps(applications[0]).encode()
    short = post(body[:-9], b"content-length: %d" % len(body))
    assert said(port, short, end=True) == b"", "who has gone is not answered"
    late = post(body + b"GET / nonsense", b"content-length: %d" % len(body))
    assert statuses(said(port, late)) in ([200, 400], [400]), "the rest is the beginning of another request"


def test_unusual_but_right(port, sound, applications):
    body = json.dumps(applications[0]).encode()
    length, close = b"content-length: %d" % len(body), b"connection: close"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(body[at : at + 50]), body[at : at + 50]) for at in range(0, len(body), 50))
    assert statuses(said(port, post(body, length, close, path=b"http://127.0.0.1/v1/decisions"))) == [200]
    assert statuses(said(port, post(body, length, version=b"1.0"))) == [200]
    assert statuses(said(port, post(chunks + b"0\r\n\r\n", b"transfer-encoding: chunked", close))) == [200]
    assert statuses(said(port, post(body, length, b"expect: 100-continue", close))) in ([100, 200], [200])
    many = post(body, length) * 49 + post(body, length, close)
    assert statuses(said(port, many)) == [200] * 50, "pipelined: each is answered, in order"


def test_memory_stays_flat_whatever_does_not_end(server, port, sound):
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    line, flood = b"a" * 65_536, 400  # 25 MB each
    for start in (
        b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ",
        b"GET /",
        post(b"", b"transfer-encoding: chunked") + b"0\r\nx: ",  # a trailer
        post(b"", b"transfer-encoding: chunked") + b"1;x=",  # the extension of a chunk
        post(b"", b"transfer-encoding: chunked") + b"ffffffff\r\n",
        post(b"", b"content-length: 4294967296"),
        post(b"", b"content-length: 4294967296", path=b"/healthz"),
        b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ",
    ):
        said(port, start, *[line] * flood, seconds=1.0)
    assert process.memory_info().rss - before < GROWTH


def test_thousands_of_idle_and_slow_connections_harm_nobody(server, port, sound):
    with contextlib.ExitStack() as stack:

        def held(raw):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            one.sendall(raw)

        for _ in range(1_000):
            held(b"")
        for _ in range(200):
            held(b"POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\nx-")
            held(post(b"{", b"content-length: 500"))
        assert max(one.seconds for one in sound(100)) < 5.0


def test_clients_that_go_away_in_the_middle(port, sound, applications):
    """Connections are reset at any moment: before the answer, while it is written, after half a request."""
    body = json.dumps(applications[0]).encode()
    whole = post(body, b"content-length: %d" % len(body))
    chance = random.Random(0)
    for number in range(300):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close resets
        connection.sendall(whole * 3 if number % 3 else whole[: chance.randrange(len(whole))])
        time.sleep(chance.choice((0.0, 0.0, 0.001)))
        connection.close()
