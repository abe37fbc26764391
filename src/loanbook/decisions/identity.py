"""Names for decisions: UUID version 7 (RFC 9562), so that their order is the order of time."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> str:
    """A new UUID, 48 bits of milliseconds, 12 bits of the fraction below, 62 random bits.

    >>> first, second = new_id(), new_id()
    >>> uuid.UUID(first).version, first[:13] <= second[:13]
    (7, True)
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    noise = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | noise))
