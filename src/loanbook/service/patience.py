"""How long and how much the service takes from a connection: uvicorn's HTTP protocol with an end to it.

uvicorn closes an idle connection, but waits for ever for the rest of a request that has begun, and for a client that
does not read its answer. A few hundred clients that send a byte a minute would hold all its connections (the
"Slowloris" attack, Hansen, 2009); and headers that never end would fill its memory.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from loanbook.service.corked import Corked
from loanbook.service.problems import MEDIA_TYPE, ProblemError, answer

PATIENCE: Final = 10.0
"""Seconds for the headers, from the opened connection or the first byte on; then as many for the body; and as many for
a client to go on reading."""

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at a connection: a timer for every request would cost more."""

HEAD: Final = 64 * 1024
"""Bytes that the request line and the headers may have."""

WHOLE: Final = 8 * 1024 * 1024
"""Bytes that a request may have on the wire: twice the largest body. Chunks have extensions and trailers, too."""

_NOTHING, _HEADERS, _BODY = 0, 1, 2  # what is waited for


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; what does not end is given up, with 408 or 431 where that can be said."""

    patience = PATIENCE
    look_again = LOOK_AGAIN

    _waits_for = _HEADERS
    _looks = 0  # since that began: counting them is cheaper than asking the clock for each request
    _size = 0  # bytes of a request that is not all here
    _stalled = False  # the client does not read
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type] # it does what one does
        self._timer = self.loop.call_later(self.look_again, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        HttpToolsProtocol.data_received(self, data)
        if self._waits_for == _HEADERS:
            self._size += len(data)
            if self._size > HEAD and not self.transport.is_closing():
                self._give_up(431, "Request Header Fields Too Large", "The headers are longer than 64 kB.")
        elif self._waits_for == _BODY:
            self._size += len(data)
            if self._size > WHOLE and not self.transport.is_closing():
                self._give_up(413, "Content Too Large", "The request is longer than 8 MB.")

    def on_message_begin(self) -> None:
        self._waits_for = _HEADERS
        self._looks = self._size = 0
        HttpToolsProtocol.on_message_begin(self)

    def on_headers_complete(self) -> None:
        self._waits_for = _BODY
        self._looks = 0
        HttpToolsProtocol.on_headers_complete(self)

    def on_message_complete(self) -> None:
        self._waits_for = _NOTHING
        HttpToolsProtocol.on_message_complete(self)

    def pause_writing(self) -> None:
        self._stalled = True
        self._looks = 0
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stalled = False
        super().resume_writing()

    def _look(self) -> None:
        self._looks += 1
        if self._looks * self.look_again > self.patience:
            if self._stalled:
                self.transport.abort()  # closing would wait for it to read
            elif self._waits_for and not self.transport.is_closing():
                self._give_up(408, "Request Timeout", "The request did not come in time.")
        self._timer = self.loop.call_later(self.look_again, self._look)

    def _give_up(self, status: int, title: str, detail: str) -> None:
        """Say why, unless nothing was asked or an answer has begun. The application learns that the client is gone."""
        cycle: Any = self.cycle  # None until the headers of a first request are here, whatever its type says
        asked: Any = self.headers  # … until its first byte is
        if asked is not None and (cycle is None or cycle.response_complete or not cycle.response_started):
            self.transport.write(_problem(status, title, detail))
        self._waits_for = _NOTHING
        self.transport.close()


def _problem(status: int, title: str, detail: str) -> bytes:
    body = bytes(answer(ProblemError(status, title, detail)).body)
    head = f"HTTP/1.1 {status} {title}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode("ascii") + body
