"""Names for decisions: UUID version 7 (RFC 9562), so that their order is the order of time."""

from __future__ import annotations

import os
import threading
import time

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The two bits that every such UUID has at the start of its fourth group, over a random digit."""


class _Clock:
    """Ticks of 1/4096 ms since 1970, each given once in this process."""

    def __init__(self) -> None:
        self._next = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> int:
        """The first of `count` ticks in a row: now, or behind those that were given before."""
        milliseconds, rest = divmod(time.time_ns(), 1_000_000)
        now = milliseconds << 12 | (rest << 12) // 1_000_000
        with self._lock:
            first = max(now, self._next)
            self._next = first + count
        return first


_clock = _Clock()


def new_ids(noise: str) -> list[str]:
    """New UUIDs, ascending: 48 bits of milliseconds, 12 bits of the fraction below, 62 random bits.

    Within a process each is greater than every one before it (RFC 9562, section 6.2, method 3).

    Parameters
    ----------
    noise : random hex digits, 16 for each name.

    >>> import uuid
    >>> first, second = new_ids(os.urandom(16).hex())
    >>> uuid.UUID(first).version, first < second
    (7, True)
    """
    count = len(noise) // 16
    tick = _clock.take(count)
    ids = []
    stem, millisecond = "", -1
    for start in range(0, count * 16, 16):
        if tick >> 12 != millisecond:
            millisecond = tick >> 12
            stem = f"{millisecond >> 16:08x}-{millisecond & 0xFFFF:04x}-7"
        rest = noise[start : start + 16]
        ids.append(f"{stem}{tick & 0xFFF:03x}-{_VARIANT[rest[0]]}{rest[1:4]}-{rest[4:]}")
        tick += 1
    return ids


def new_id() -> str:
    """One of them.

    >>> first, second = new_id(), new_id()
    >>> first < second
    True
    """
    return new_ids(os.urandom(8).hex())[0]
