"""How often a request is sent, and how long is waited between: until an answer, the last attempt or the deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from loanbook.client.answers import WrongField
from loanbook.client.calls import Call
from loanbook.client.errors import AccessRefused, Contradiction, ServiceError, ServiceRefused, ServiceUnavailable
from loanbook.errors import Problem

FIRST_WAIT = 0.05
LONGEST_WAIT = 2.0

COME_AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Another attempt may succeed. Whether this one did is not always known; the service takes each request twice alike."""

_REFUSED = (400, 411, 413, 415, 422)


class _Told(msgspec.Struct):
    """A problem, as far as the answer has the form of one."""

    title: str = ""
    detail: str = ""
    errors: tuple[WrongField, ...] = ()


@dataclass
class Attempts:
    """The attempts of one call.

    Parameters
    ----------
    call : what is asked.
    where : the service's address.
    timeout : seconds an attempt may take.
    deadline : seconds that all of them may take, waits included.
    retries : attempts after the first.
    """

    call: Call[Any]
    where: str
    timeout: float
    deadline: float
    retries: int

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.deadline
        self._made = 0

    @property
    def patience(self) -> float:
        """Seconds that the next attempt may take."""
        return max(0.001, min(self.timeout, self._until - time.monotonic()))

    def lost(self, error: Exception) -> float:
        """Seconds to wait after an attempt without an answer.

        Raises
        ------
        ServiceUnavailable : there is no further attempt.
        """
        said = type(error).__name__ if not str(error) else str(error)
        wait = self._wait(0.0)
        if wait is None:
            raise self._given_up(f"no answer ({said})", 0, "") from error
        return wait

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> float:
        """Seconds to wait after an answer that is not a good one.

        Raises
        ------
        ServiceError : waiting would not change it, or there is no further attempt.
        """
        if status in COME_AGAIN:
            wait = self._wait(_seconds(headers))
            if wait is not None:
                return wait
        raise self._error(status, headers, body)

    def garbled(self, status: int, error: Exception) -> ServiceError:
        """An answer that is none of a loanbook service."""
        return ServiceError(
            f"the answer to {self.call.method} {self.call.path} is not a loanbook service's ({error})",
            where=self.where,
            todo="look whether the address is right, and what stands between",
            status=status,
        )

    def _wait(self, least: float) -> float | None:
        """Full jitter under a doubling limit (Brooker 2015), never less than the service asked for; None to give up."""
        self._made += 1
        if not self.call.again or self._made > self.retries:
            return None
        limit = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (self._made - 1))
        wait = least + random.uniform(0.0, limit)  # noqa: S311 (spreads callers, hides nothing)
        return wait if time.monotonic() + wait < self._until else None

    def _error(self, status: int, headers: Mapping[str, str], body: bytes) -> ServiceError:
        told = _told(body)
        what = (told.detail or told.title or f"it answered with status {status}").rstrip(".")
        rid = headers.get("x-request-id", "")
        if status in COME_AGAIN:
            return self._given_up(what, status, rid)
        problems = [Problem(one.field, one.message) for one in told.errors]
        if problems:
            what = "; ".join(str(problem) for problem in problems)
        kind: type[ServiceError] = ServiceError
        if status in _REFUSED:
            kind = ServiceRefused
        elif status in (401, 403):
            kind = AccessRefused
        elif status == 409:
            kind = Contradiction
        return kind(what, where=self.where, status=status, problems=problems, request_id=rid)

    def _given_up(self, what: str, status: int, rid: str) -> ServiceUnavailable:
        times = "once" if self._made == 1 else f"{self._made} times"
        error = ServiceUnavailable(
            f"{what}; asked {times}",
            where=self.where,
            todo="ask again later, with the same idempotency_key" if self.call.key else "ask again later",
            status=status,
            request_id=rid,
        )
        error.idempotency_key = self.call.key
        return error


def _told(body: bytes) -> _Told:
    try:
        return msgspec.json.decode(body, type=_Told)
    except msgspec.MsgspecError:
        return _Told()


def _seconds(headers: Mapping[str, str]) -> float:
    """What `Retry-After` asks for; a date there is a proxy's, and our own limit serves as well.

    >>> _seconds({"retry-after": "2"}), _seconds({})
    (2.0, 0.0)
    """
    said = headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0.0
