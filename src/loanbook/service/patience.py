"""How long the service waits for a request that trickles in: uvicorn's HTTP protocol with an end to it.

uvicorn closes an idle connection, but waits for ever for the rest of a request that has begun. A few hundred clients
that send a byte a minute would hold all its connections (the "Slowloris" attack, Hansen, 2009).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from loanbook.service.problems import MEDIA_TYPE, ProblemError, answer

PATIENCE: Final = 10.0
"""Seconds for the headers, from the opened connection or the first byte on; then as many for the body."""

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at a connection: a timer for every request would cost more."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; a request that is not here in time gets 408, and its connection is closed."""

    patience = PATIENCE
    look_again = LOOK_AGAIN

    _since = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self._since = self.loop.time()
        self._timer = self.loop.call_later(self.look_again, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._since = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._since = 0.0  # all of it is here
        super().on_message_complete()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._since and self.loop.time() - self._since > self.patience:
            self._give_up()
            return
        self._timer = self.loop.call_later(self.look_again, self._look)

    def _give_up(self) -> None:
        """Say why, unless nothing was asked or an answer has begun. The application learns that the client is gone."""
        cycle: Any = self.cycle  # None until the headers of a first request are here, whatever its type says
        asked: Any = self.headers  # … until its first byte is
        if asked is not None and (cycle is None or cycle.response_complete or not cycle.response_started):
            self.transport.write(_late())
        self.transport.close()


def _late() -> bytes:
    body = answer(ProblemError(408, "Request Timeout", "The request did not come in time.")).body
    head = f"HTTP/1.1 408 Request Timeout\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode("ascii") + bytes(body)
