from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

import pytest
import uvicorn

from loanbook.service.patience import PatientProtocol
from loanbook.service.run import listen


class Hasty(PatientProtocol):
    patience = 0.4
    look_again = 0.05


LARGE = 8 * 1024 * 1024


async def echo(scope, receive, send):
    """Answer with how many bytes came, `GET /large` with many; a client that went away is not answered."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = bytes(LARGE) if scope["path"] == "/large" else str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port():
    """A server of `echo` whose patience is short."""
    listener = listen("127.0.0.1", 0)
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(echo, http=Hasty, lifespan="off", log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


def said(port, *pieces, pause=0.0):
    """Send pieces with pauses; what comes back until the other side closes, or is quiet for five seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                break
            time.sleep(pause)
        return rest(connection)


def rest(connection):
    """All that comes until the other side ends the connection, one way or the other."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found


def problem(raw, status=408):
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["status"] == status


def test_headers_that_do_not_end_are_given_up(port):
    problem(said(port, b"GET / HTTP/1.1\r\nhost: x\r\n"))


def test_headers_that_trickle_are_given_up_however_steadily_they_come(port):
    start = time.monotonic()
    pieces = [b"GET / HTTP/1.1\r\n", *[b"x-%d: y\r\n" % place for place in range(100)]]
    problem(said(port, *pieces, pause=0.05))
    assert time.monotonic() - start < 5.5, "100 pieces would have taken longer than the patience"


def test_a_body_that_does_not_come_or_end_is_given_up(port):
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n"
    problem(said(port, head))
    problem(said(port, head, *[b"x"] * 50, pause=0.05))


def test_a_connection_on_which_nothing_is_asked_is_closed_without_a_word(port):
    assert said(port) == b""


def test_a_request_in_pieces_that_is_here_in_time_is_answered(port):
    pieces = [b"POST / HTTP/1.1\r\n", b"host: x\r\nconnection: close\r\ncontent-length: 4\r\n\r\n", b"ab", b"cd"]
    assert said(port, *pieces, pause=0.1).endswith(b"\r\n\r\n4")


def test_each_request_of_a_connection_has_its_own_time(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for _ in range(4):
            connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n")
            time.sleep(0.2)
            connection.sendall(b"ok")
            assert connection.recv(65536).endswith(b"2")
            time.sleep(0.1)


@pytest.mark.parametrize("piece", [b"x-a: y\r\n", b"x"])
def test_headers_without_end_are_refused_before_they_fill_the_memory(port, piece):
    pieces = [b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ", *[piece * 1024] * 80]
    problem(said(port, *pieces, pause=0.001), 431)


def test_a_large_body_is_not_taken_for_headers(port):
    size = 4 * 1024 * 1024
    head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % size
    assert said(port, head + bytes(size)).endswith(b"%d" % size)


def test_who_does_not_read_the_answer_is_given_up(port):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        time.sleep(1.5)
        assert len(rest(connection)) < LARGE


def test_who_reads_slowly_but_reads_gets_all_of_it(port):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        got = 0
        while piece := connection.recv(256 * 1024):
            got += len(piece)
            time.sleep(0.01)
        assert got > LARGE
