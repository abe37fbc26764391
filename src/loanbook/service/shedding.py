"""Past saturation, a decision too many is refused before it is even parsed: that costs a tenth of deciding it."""

from __future__ import annotations

from typing import Any, Final

from loanbook.service import answers, problems
from loanbook.service.patience import PatientProtocol
from loanbook.service.turn import Turn

TURN: Final = "turn"
"""Where the lifespan's state holds the `Turn`."""

_DECIDE: Final = b"POST /v1/decisions HTTP/1.1\r\n"
_BUSY: Final = problems.unavailable("More is asked than can be decided; ask again after Retry-After seconds.")
BODY: Final = answers.written(_BUSY.to_json())
HEADERS: Final = (
    (b"content-type", problems.MEDIA_TYPE.encode()),
    (b"content-length", b"%d" % len(BODY)),
    (b"retry-after", problems.RETRY_AFTER.encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_ANSWER: Final = b"HTTP/1.1 503 Service Unavailable\r\n%s\r\n%s" % (
    b"".join(b"%s: %s\r\n" % pair for pair in HEADERS),
    BODY,
)


class Protocol(PatientProtocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to waiting, and to what is too much."""

    _between = True  # whether the parser waits for the first byte of a request

    def on_message_begin(self) -> None:
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._between = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        turn: Turn | None = self.app_state.get(TURN)
        if turn is not None and turn.overloaded and self._idle() and whole(data) and turn.full():
            self.transport.write(_ANSWER)
            return
        super().data_received(data)

    def _idle(self) -> bool:
        """Whether no request of this connection is under way: an answer must not overtake another."""
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return self._between and (cycle is None or cycle.response_complete) and not self.transport.is_closing()


def whole(data: bytes) -> bool:
    r"""Whether these bytes are one application to decide, from the first to the last; what is in doubt is parsed.

    >>> whole(b"POST /v1/decisions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    True
    >>> whole(b"POST /v1/decisions HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}")
    False
    """
    if not data.startswith(_DECIDE):
        return False
    end = data.find(b"\r\n\r\n")
    head = data[:end].lower()
    start = head.find(b"\r\ncontent-length: ")
    if end < 0 or start < 0 or b"\r\ntransfer-encoding" in head or b"\r\nexpect" in head or b"\r\nconnection" in head:
        return False
    length = head[start + 18 :].split(b"\r\n", 1)[0]
    return length.isdigit() and len(length) < 8 and len(data) == end + 4 + int(length)
