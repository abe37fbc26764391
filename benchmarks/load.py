"""A bounded load of HTTP requests over kept-alive loopback connections."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.processes import Failed, Server


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load.

    Parameters
    ----------
    answers : how many requests were answered, all with 200.
    cpu, wall : seconds, of the server and of the clock.
    """

    answers: int
    cpu: float
    wall: float


def load(server: Server, path: str, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Post bodies in a circle, each connection waiting for its answer before it asks again."""
    requests = [_request(path, body) for body in bodies]
    cpu, wall = server.cpu(), time.perf_counter()
    answers = asyncio.run(_ask(server.port, requests, connections, wall + seconds))
    return Load(answers, server.cpu() - cpu, time.perf_counter() - wall)


def _request(path: str, body: bytes) -> bytes:
    head = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


async def _ask(port: int, requests: Sequence[bytes], connections: int, until: float) -> int:
    shares = [requests[start::connections] or requests for start in range(connections)]
    return sum(await asyncio.gather(*(_one(port, share, until) for share in shares)))


async def _one(port: int, requests: Sequence[bytes], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = 0
    try:
        while time.perf_counter() < until:
            writer.write(requests[answers % len(requests)])
            await _answer(reader)
            answers += 1
    finally:
        writer.close()
        await writer.wait_closed()
    return answers


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"http/1.1 200"):
        raise Failed(f"a request was refused: {head.splitlines()[0].decode()} {body[:300].decode()}")
