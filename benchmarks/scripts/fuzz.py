"""Broken requests over raw sockets: each is answered with a 4xx, or rightly with a 2xx, and the server stays as it was.

    python -m benchmarks.scripts.fuzz http://127.0.0.1:8000 --requests 100000

A seed draws one way after the other to break the document's own example: its JSON (cut off, doubled keys, NaN, deep,
huge, half a surrogate, other bytes), its fields (wrong types, too many, too long), its framing (lengths, chunks,
encodings, headers) or its path. The same seed breaks alike. Prints one line of JSON; exit code 1 when an answer was
none of these.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

from benchmarks.processes import family, memory

Application = dict[str, Any]
PATHS = (b"/v1/decisions", b"/v1/decisions:batch", b"/v1/outcomes", b"/v1/amount/predictions")
SILENCE = 1.0
"""Seconds to wait for an answer to a request that was not sent whole."""


@dataclass(frozen=True)
class Broken:
    """A request as bytes, and what may become of it.

    Parameters
    ----------
    kind : how it was broken.
    raw : what is sent.
    whole : whether an answer must come; else the connection may also just end.
    harmless : whether it may be answered with a 2xx.
    """

    kind: str
    raw: bytes
    whole: bool = True
    harmless: bool = False


@dataclass
class Seen:
    """What was answered."""

    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, broken: Broken, status: int) -> None:
        """Count an answer; status 0 is none."""
        self.statuses[str(status)] += 1
        self.kinds[broken.kind] += 1
        fine = 400 <= status < 500 or (200 <= status < 300 and broken.harmless) or (status == 0 and not broken.whole)
        if not fine and len(self.wrong) < 20:
            self.wrong.append(f"{broken.kind}: {status} for {broken.raw[:300]!r}")


Break = Callable[[random.Random, Application], Broken]


def framed(body: bytes, path: bytes = PATHS[0], **headers: bytes) -> bytes:
    """A request with this body."""
    named = {b"content-type": b"application/json", b"content-length": str(len(body)).encode()}
    named |= {name.encode().replace(b"_", b"-"): value for name, value in headers.items()}
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in named.items())
    return b"POST " + path + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n" + lines + b"\r\n" + body


def cut_off(draw: random.Random, row: Application) -> Broken:
    """JSON that ends too early."""
    body = json.dumps(row).encode()
    return Broken("cut off", framed(body[: draw.randrange(len(body) - 1)], draw.choice(PATHS)))


def doubled_key(draw: random.Random, row: Application) -> Broken:
    """A key twice."""
    name = draw.choice(list(row))
    again = json.dumps(name) + ":" + json.dumps(row[name])
    return Broken("key twice", framed((json.dumps(row)[:-1] + "," + again + "}").encode(), draw.choice(PATHS)))


def not_a_number(draw: random.Random, row: Application) -> Broken:
    """NaN and its like, where a value stands."""
    word = draw.choice(["NaN", "Infinity", "-Infinity", "1e999", "-1e400", "01", "+1", "1.", ".5", "0x10", "1" * 400])
    body = json.dumps({**row, draw.choice(list(row)): "HERE"}).replace('"HERE"', word)
    return Broken("not a number", framed(body.encode(), draw.choice(PATHS)))


def huge_number(draw: random.Random, row: Application) -> Broken:
    """A number that no field has."""
    number = draw.choice(["1e308", "-1e308", "9" * 299, "-" + "9" * 50, "1e-400", "123456789012345678901234567890"])
    body = json.dumps({**row, draw.choice(list(row)): "HERE"}).replace('"HERE"', number)
    return Broken("huge number", framed(body.encode()), harmless=True)  # a zip or a bank may be any number


def deep(draw: random.Random, row: Application) -> Broken:
    """Lists in lists, objects in objects."""
    depth = draw.choice([2, 10, 500, 5_000, 20_000])
    left, right = draw.choice([(b"[", b"]"), (b'{"a":', b"}")])
    body = left * depth + b"1" + right * depth * draw.choice([0, 1])
    if draw.random() < 0.5:
        body = json.dumps(row).encode()[:-1] + b',"deep":' + body + b"}"
    return Broken("deep", framed(body[:60_000], draw.choice(PATHS[:1])))


def other_bytes(draw: random.Random, row: Application) -> Broken:
    """Bytes that are not UTF-8, or not what stood there."""
    body = bytearray(json.dumps(row).encode())
    for _ in range(draw.randint(1, 4)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    return Broken("other bytes", framed(bytes(body), draw.choice(PATHS)), harmless=True)


def not_utf8(draw: random.Random, row: Application) -> Broken:
    """Text of another encoding."""
    body = json.dumps(row)
    code = draw.choice(["utf-16", "utf-32", "utf-16-le"])
    raw = body.encode(code) if draw.random() < 0.5 else body.encode()[:-2] + b"\xff\xfe\xc0\xaf" + b'"}'
    return Broken("not UTF-8", framed(raw, draw.choice(PATHS)))


def half_surrogate(draw: random.Random, row: Application) -> Broken:
    """Half a character, or a NUL, in a name or a value."""
    text = draw.choice(["\\ud800", "\\udfff\\ud800", "\\u0000", "a\\u0000b", "\\ud83d"])
    name = draw.choice(list(row))
    body = json.dumps({**row, name: "HERE"}) if draw.random() < 0.5 else json.dumps({**row, "HERE": 1})
    return Broken("half a character", framed(body.replace("HERE", text).encode()), harmless=True)


def wrong_type(draw: random.Random, row: Application) -> Broken:
    """Fields of another kind."""
    values: list[Any] = [
        None,
        True,
        [],
        {},
        [[1]],
        {"a": 1},
        "",
        " ",
        "many",
        -1,
        1e300,
        "2026-99-99",
        "🦆",
        "NaN",
        0.1,
    ]
    changed = dict(row)
    for name in draw.sample(list(row), draw.randint(1, len(row))):
        changed[name] = draw.choice(values)
    return Broken("wrong type", framed(json.dumps(changed).encode(), draw.choice(PATHS)), harmless=True)


def another_value(draw: random.Random, _: Application) -> Broken:
    """No application at all."""
    body = draw.choice(
        [b"", b" ", b"null", b"true", b"7", b'"text"', b"[]", b"[[]]", b"{}", b"\x00", b"--", b"{}{}", b"{},"]
    )
    return Broken("no application", framed(body, draw.choice(PATHS)), harmless=body == b"[[]]")


def many_fields(draw: random.Random, row: Application) -> Broken:
    """More fields than an application has."""
    more = {f"field{number}": number for number in range(draw.choice([1, 50, 3_000]))}
    return Broken("many fields", framed(json.dumps({**row, **more}).encode()))


def long_text(draw: random.Random, row: Application) -> Broken:
    """A text or a name that is too long; some make the body too large."""
    text = draw.choice(["x", "é", "\\"]) * draw.choice([1_000, 30_000, 70_000])
    changed = {**row, draw.choice(list(row)): text} if draw.random() < 0.5 else {**row, text: 1}
    return Broken("long text", framed(json.dumps(changed).encode()), harmless=True)


def wrong_length(draw: random.Random, row: Application) -> Broken:
    """A length that is not the body's."""
    body = json.dumps(row).encode()
    said = draw.choice([b"-1", b"abc", b"1e3", b"0x10", b"99999999999999999999", b"5, 5", b"", b"3", b"0", b"70000000"])
    return Broken("wrong length", framed(body, content_length=said), whole=False)


def too_short(draw: random.Random, row: Application) -> Broken:
    """Less than was announced; then silence."""
    body = json.dumps(row).encode()
    raw = framed(body)[: -draw.randint(1, len(body))]
    return Broken("sent in part", raw, whole=False)


def wrong_chunks(draw: random.Random, row: Application) -> Broken:
    """Chunks that are none."""
    body = json.dumps(row).encode()
    chunks = draw.choice(
        [
            b"zz\r\n" + body,
            b"-5\r\n" + body,
            b"ffffffffffffffffff\r\n" + body,
            b"5\r\n" + body,
            b"\r\n\r\n",
            b"3\r\nabc\r\n0\r\n\r\n",
        ]
    )
    head = framed(b"", transfer_encoding=b"chunked").replace(b"content-length: 0\r\n", b"")
    both = framed(b"", transfer_encoding=draw.choice([b"chunked", b"gzip", b"chunked, chunked", b"identity"]))
    return Broken("wrong chunks", (head if draw.random() < 0.5 else both) + chunks, whole=False)


def encoded(draw: random.Random, row: Application) -> Broken:
    """A body that claims to be compressed, or of another media type."""
    if draw.random() < 0.5:
        return Broken(
            "media type", framed(json.dumps(row).encode(), content_type=draw.choice([b"text/plain", b"a", b"\xff"]))
        )
    coding = draw.choice([b"gzip", b"deflate", b"br"])
    return Broken("compressed", framed(draw.randbytes(200), draw.choice(PATHS), content_encoding=coding))


def odd_header(draw: random.Random, row: Application) -> Broken:
    """Headers of odd names, values and sizes."""
    name, value = draw.choice(
        [
            ("idempotency_key", b""),
            ("idempotency_key", b"x" * 256),
            ("idempotency_key", b"\xc3\xa9"),
            ("x_request_id", b"x" * 5_000),
            ("x_long", b"x" * 200_000),
            ("traceparent", b"00-" + b"0" * 32),
            ("expect", b"something"),
        ]
    )
    harmless = name in ("x_request_id", "traceparent", "expect")
    raw = framed(json.dumps(row).encode(), **{name: value})
    return Broken("odd header", raw, whole=len(value) < 100_000, harmless=harmless)


def odd_path(draw: random.Random, row: Application) -> Broken:
    """Addresses and methods that are none."""
    path = draw.choice(
        [b"/v1/decisions/", b"/v1/../etc/passwd", b"/v1/decisions%00", b"/" + b"a" * 5_000, b"/v1/%ff", b"*", b"//v1"]
    )
    method = draw.choice([b"POST", b"PUT", b"DELETE", b"PATCH", b"BREW"])
    raw = framed(json.dumps(row).encode(), path).replace(b"POST", method, 1)
    return Broken("odd address", raw, whole=False)


def not_http(draw: random.Random, row: Application) -> Broken:
    """Anything."""
    raw = framed(json.dumps(row).encode())
    start = draw.choice(
        [
            draw.randbytes(60),
            b"\x16\x03\x01" + draw.randbytes(60),
            b"GET\r\n\r\n",
            b"POST / HTTP/9.9\r\n\r\n",
            b"\r\n" * 40,
        ]
    )
    return Broken("not HTTP", start + raw, whole=False, harmless=True)


BREAKS: tuple[tuple[Break, int], ...] = (
    (cut_off, 12), (doubled_key, 8), (not_a_number, 10), (huge_number, 6), (deep, 6), (other_bytes, 12), (not_utf8, 6),
    (half_surrogate, 8), (wrong_type, 14), (another_value, 6), (many_fields, 3), (long_text, 3), (wrong_length, 3),
    (too_short, 1), (wrong_chunks, 3), (encoded, 4), (odd_header, 4), (odd_path, 3), (not_http, 2),
)  # fmt: skip
"""Each way, and how often of a hundred or so."""


class Line:
    """A connection that is opened again when it broke."""

    def __init__(self, host: str, port: int) -> None:
        self.place = (host, port)
        self.held: socket.socket | None = None

    def ask(self, broken: Broken) -> int:
        """The status that a request is answered with; 0 for none."""
        for _ in range(2):  # a connection that the server has closed since is not this request's fault
            fresh = self.held is None
            try:
                status = self._ask(broken)
            except OSError:
                status = 0
            if status or not broken.whole:
                break
            self.close()
            if fresh:
                break
        if not broken.whole:
            self.close()
        return status

    def close(self) -> None:
        """Hang up."""
        if self.held is not None:
            self.held.close()
            self.held = None

    def _ask(self, broken: Broken) -> int:
        if not broken.whole:
            self.close()
        if self.held is None:
            self.held = socket.create_connection(self.place, timeout=30.0)
        self.held.settimeout(30.0 if broken.whole else SILENCE)
        try:
            self.held.sendall(broken.raw)
            if not broken.whole:
                self.held.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before all of it was sent: the answer may be there
        return self._status()

    def _status(self) -> int:
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = self.held.recv(65_536) if self.held else b""
            if not piece:
                self.close()
                return 0
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        left = int(headers.get(b"content-length", b"0")) - len(body)
        while left > 0 and self.held and (piece := self.held.recv(min(left, 65_536))):
            left -= len(piece)
        if headers.get(b"connection") == b"close":
            self.close()
        return int(head.split(b" ")[1])


def fuzz(address: str, requests: int, seed: int, seen: Seen | None = None, row: Application | None = None) -> Seen:
    """Send so many broken requests, one after the other; broken is `row`, or the example of the document."""
    row = row or httpx.get(f"{address}/openapi.json").json()["components"]["schemas"]["Application"]["example"]
    parts = urlsplit(address)
    line = Line(parts.hostname or "127.0.0.1", parts.port or 80)
    draw, seen = random.Random(seed), seen or Seen()  # noqa: S311 (the same in every run, on purpose)
    ways, weights = zip(*BREAKS, strict=True)
    for way in draw.choices(ways, weights, k=requests):
        broken = way(draw, row)
        seen.note(broken, line.ask(broken))
    line.close()
    return seen


def still_decides(address: str) -> bool:
    """Whether a sound application is decided."""
    row = httpx.get(f"{address}/openapi.json").json()["components"]["schemas"]["Application"]["example"]
    return httpx.post(f"{address}/v1/decisions", json=row).status_code == 200


def held(pid: int) -> float:
    """MiB that a process and what it started use; 0 without one."""
    return round(sum(memory(one) for one in family(pid)) / 2**20, 1) if pid else 0.0


def main() -> int:
    """Fuzz a server that runs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pid", type=int, default=0, help="of the server: its memory is measured")
    given = parser.parse_args()
    start, seen, sizes = time.perf_counter(), Seen(), []
    for part in range(10):
        fuzz(given.address, given.requests // 10, given.seed + part, seen)
        sizes.append(held(given.pid))
    figures: Mapping[str, Any] = {
        "requests": sum(seen.statuses.values()),
        "statuses": dict(sorted(seen.statuses.items())),
        "wrong": seen.wrong,
        "decides": still_decides(given.address),
        "mebibytes": sizes,
        "seconds": round(time.perf_counter() - start, 1),
    }
    print(json.dumps(figures))
    return 0 if figures["decides"] and not seen.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
