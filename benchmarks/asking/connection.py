"""One kept-alive connection with at most one request under way."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_LARGEST = 1 << 18


class Broken(ConnectionError):
    """The server ended the connection before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its status, its bytes, and whether the server closes the connection after it."""

    status: int
    text: bytes
    last: bool


class Connection:
    """A socket that never waits.

    Parameters
    ----------
    port : of the loopback.
    """

    __slots__ = ("begun", "got", "number", "port", "socket", "want")

    def __init__(self, port: int) -> None:
        self.port = port
        self.number = 0  # of the body that is under way
        self.begun = 0.0  # when it was sent, or was to be sent
        self.open()

    def open(self) -> None:
        """Connect, or connect again."""
        self.got, self.want = b"", 0
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=5.0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)

    def close(self) -> None:
        self.socket.close()

    def send(self, request: bytes) -> None:
        """Send a whole request; it is smaller than any socket's buffer."""
        if self.socket.send(request) != len(request):
            raise Broken("a request did not fit the socket's buffer")

    def receive(self) -> Answer | None:
        """What has arrived, if that makes an answer whole."""
        try:
            piece = self.socket.recv(_LARGEST)
        except BlockingIOError:
            return None
        if not piece:
            raise Broken("the server closed the connection")
        got = self.got + piece if self.got else piece
        if not self.want:
            self.want = _whole(got)
        if not self.want or len(got) < self.want:
            self.got = got
            return None
        self.got, self.want = b"", 0
        return Answer(int(got[9:12]), got, b"onnection: close\r\n" in got)


def _whole(got: bytes) -> int:
    """Bytes of the answer that begins so; 0 while its head is not whole."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return 0
    length = _LENGTH.search(got, 0, end + 2)
    if length is None:
        raise Broken("an answer does not say how long it is")
    return end + 4 + int(length[1])
