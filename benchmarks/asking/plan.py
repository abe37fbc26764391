"""What the load generator is told to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """One bounded load.

    Parameters
    ----------
    port : of the loopback.
    path : posted to.
    bodies : file with a JSON body a line; they are sent in a circle.
    connections : kept alive, each with one request under way at most.
    seconds : after which no request begins.
    count : of requests at most; 0 for no limit but time.
    rate : requests a second, whether answers come or not; 0 to ask as soon as there is an answer.
    mark : what every good answer contains.
    keep : file for a line an answer: number of the body, moment sent, moment answered (both of the monotonic clock, in
        seconds), status, and what `note` found; "" to keep none.
    note : regular expression on the body of an answer, with groups.
    """

    port: int
    path: str
    bodies: str
    connections: int
    seconds: float
    count: int = 0
    rate: float = 0.0
    mark: str = '"decision_id"'
    keep: str = ""
    note: str = ""

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Plan:
        """Rebuild what `dataclasses.asdict` made of it."""
        return cls(**told)

    def requests(self) -> list[bytes]:
        """Every request as it goes over the wire."""
        with open(self.bodies, "rb") as file:  # noqa: PTH123 (pathlib costs 20 ms to import)
            return [self._request(line.rstrip(b"\n")) for line in file]

    def _request(self, body: bytes) -> bytes:
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
