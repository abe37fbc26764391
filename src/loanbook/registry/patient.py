"""A connection to PostgreSQL that waits for its server only so long.

A server that is stopped ends its sessions, and a statement can have a time limit. A server that is frozen, or whose
network is gone, does neither: the operating system waits a quarter of an hour before it says so, or for ever.
"""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Ready

CONNECT: int = 3
"""Seconds in which a connection must be made."""

_LOOK = 0.1  # seconds between two looks at the clock

Value = TypeVar("Value")


class Patient(psycopg.Connection[Any]):
    """One whose statements end within `patience` seconds, or it is closed: nobody knows then whether they were done."""

    patience = 5.0

    def wait(self, gen: PQGen[Value], interval: float = _LOOK, timeout: float | None = None) -> Value:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(_bounded(gen, monotonic() + self.patience), interval)
        except NoAnswer:
            self.close()
            raise


class NoAnswer(psycopg.OperationalError):
    """The server neither answers nor refuses."""


def patient(seconds: float) -> type[Patient]:
    """Connections with a patience of their own.

    Parameters
    ----------
    seconds : that a statement may take.
    """
    return type("Patient", (Patient,), {"patience": seconds})


def _bounded(gen: PQGen[Value], until: float) -> Generator[Any, Any, Value]:
    """What a generator of psycopg does, with a look at the clock whenever nothing came."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready == Ready.NONE and monotonic() > until:
                raise NoAnswer("the server does not answer")
            wanted = gen.send(ready)
    except StopIteration as end:
        found: Value = end.value
        return found
