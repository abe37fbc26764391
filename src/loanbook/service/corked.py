"""Headers and body of an answer in one packet: uvicorn writes them one after the other, a system call each."""

from __future__ import annotations

import asyncio
from typing import Any


class Corked:
    """A transport that holds the first write of a turn back until the second one, or the end of the turn.

    A system call costs as much as a decision's arithmetic, and most answers are two writes.

    Parameters
    ----------
    transport, loop : what is written to, and the event loop that turns.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._out(held + data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._out(held)

    def _out(self, data: bytes) -> None:
        """Write, unless the client went away in this very turn: uvloop makes an error of that."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
