"""Callers as a payments engineer would write them: many at once, each application with a key, and what came of it."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PATH = "/v1/decisions"
UNANSWERED = 0
"""Status of a request whose connection ended before the answer was here, or that waited too long."""

_RETRY = 0.02  # seconds before a caller whom nobody answers tries again


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and what came back.

    Parameters
    ----------
    number, key : of the application, and its Idempotency-Key.
    begun, seconds : moment of the monotonic clock, and how long it took.
    status : of the answer; `UNANSWERED` when there was none.
    answer, headers : its JSON, and its headers by names in small letters; empty when there was none.
    """

    number: int
    key: str
    begun: float
    seconds: float
    status: int
    answer: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        """The decision_id."""
        return str(self.answer["decision_id"])


class Caller:
    """One caller with one connection, which it opens anew when it breaks.

    Parameters
    ----------
    port : of the loopback.
    patience : seconds to wait for an answer.
    """

    def __init__(self, port: int, patience: float = 30.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, number: int, application: Mapping[str, Any], key: str) -> Asked:
        """Have one application decided."""
        begun = time.monotonic()
        headers = {"content-type": "application/json", "idempotency-key": key}
        try:
            self._connection.request("POST", PATH, json.dumps(application), headers)
            response = self._connection.getresponse()
            raw, status = response.read(), response.status
            said = {name.lower(): value for name, value in response.getheaders()}
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return Asked(number, key, begun, time.monotonic() - begun, UNANSWERED, {}, {})
        return Asked(number, key, begun, time.monotonic() - begun, status, json.loads(raw), said)


class Crowd:
    """Callers who ask, each as soon as it has its answer, until the block ends.

    Parameters
    ----------
    port : of the loopback.
    applications : asked about in a circle.
    size : how many callers.
    name : begins every key; what has the same key is the same request.
    pause : seconds between an answer and the next request.
    patience : seconds to wait for an answer.
    """

    def __init__(
        self,
        port: int,
        applications: Sequence[Mapping[str, Any]],
        *,
        size: int = 6,
        name: str = "crowd",
        pause: float = 0.0,
        patience: float = 30.0,
    ) -> None:
        self.asked: list[Asked] = []
        self._port, self._applications, self._name = port, applications, name
        self._pause, self._patience = pause, patience
        self._numbers = itertools.count()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(size)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let everybody finish what he asks."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait(self, answers: int, seconds: float = 60.0) -> None:
        """Wait for so many further decisions; TimeoutError when they do not come."""
        start, wanted = time.monotonic(), len(decided(self.asked)) + answers
        while len(decided(self.asked)) < wanted:
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"no {answers} further decisions in {seconds:g} s")
            time.sleep(0.01)

    def retried(self) -> list[Asked]:
        """Send every request that was not decided again, with its key, until it is: what a careful caller does."""
        done = {one.key for one in decided(self.asked)}
        left = {one.key: one.number for one in self.asked if one.key not in done}
        found = []
        with Caller(self._port, self._patience) as caller:
            for key, number in left.items():
                found.append(self._until_decided(caller, number, key))
        return found

    def _until_decided(self, caller: Caller, number: int, key: str, times: int = 500) -> Asked:
        for _ in range(times):
            found = caller.ask(number, self._application(number), key)
            if found.status not in {UNANSWERED, 503}:
                return found
            time.sleep(_RETRY)
        raise TimeoutError(f"{key} was asked {times} times")

    def _application(self, number: int) -> Mapping[str, Any]:
        return self._applications[number % len(self._applications)]

    def _work(self) -> None:
        with Caller(self._port, self._patience) as caller:
            while not self._over.is_set():
                number = next(self._numbers)
                found = caller.ask(number, self._application(number), f"{self._name}-{number}")
                self.asked.append(found)
                time.sleep(self._pause if found.status != UNANSWERED else max(self._pause, _RETRY))


def decided(asked: Iterable[Asked]) -> list[Asked]:
    """Those that were answered with a decision."""
    return [one for one in list(asked) if one.status == 200]
