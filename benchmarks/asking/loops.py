"""The two ways to ask: as soon as there is an answer, or at a rate whether answers come or not."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Sequence

from benchmarks.asking.connection import Answer, Broken, Connection
from benchmarks.asking.plan import Plan
from benchmarks.asking.tally import Tally

PATIENCE = 10.0
"""Seconds that the last answers may take."""
_NAP = 1e-4  # seconds between two looks when nothing is due: epoll itself counts in thousandths of a second
_clock = time.perf_counter


class Crowd:
    """Some connections, watched together.

    Parameters
    ----------
    plan : says how many, and what they ask.
    tally : hears every answer.
    """

    def __init__(self, plan: Plan, tally: Tally) -> None:
        self.requests: Sequence[bytes] = plan.requests()
        self.limit = plan.count or 1 << 62
        self.tally = tally
        self.asked = 0
        self.epoll = select.epoll()
        self.by_file: dict[int, Connection] = {}
        self.connections = [Connection(plan.port) for _ in range(plan.connections)]
        for connection in self.connections:
            self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        file = connection.socket.fileno()
        self.by_file[file] = connection
        self.epoll.register(file, select.EPOLLIN)

    def ask(self, connection: Connection, begun: float) -> None:
        """Send the next body."""
        number = self.asked % len(self.requests)
        self.asked += 1
        connection.number, connection.begun = number, begun
        try:
            connection.send(self.requests[number])
        except ConnectionError:
            self._again(connection)
            connection.send(self.requests[number])

    def answered(self, timeout: float) -> list[Connection]:
        """Wait until something arrives; the connections that are free again."""
        free = []
        for file, _ in self.epoll.poll(timeout):
            connection = self.by_file[file]
            try:
                answer = connection.receive()
            except ConnectionError:
                self.tally.broken += 1
                self._again(connection)
                free.append(connection)
                continue
            if answer is not None:
                self._count(connection, answer)
                free.append(connection)
        return free

    def _count(self, connection: Connection, answer: Answer) -> None:
        self.tally.add(connection, answer, _clock())
        if answer.last:
            self._again(connection)

    def _again(self, connection: Connection) -> None:
        file = connection.socket.fileno()
        self.epoll.unregister(file)
        del self.by_file[file]
        connection.close()
        connection.open()
        self._watch(connection)

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        self.epoll.close()


def closed(crowd: Crowd, seconds: float) -> int:
    """Each connection asks again as soon as it is answered; the number of requests never answered."""
    until = _clock() + seconds
    under_way = 0
    for connection in crowd.connections[: crowd.limit]:
        crowd.ask(connection, _clock())
        under_way += 1
    while under_way and (now := _clock()) < until + PATIENCE:
        free = crowd.answered(PATIENCE)
        for connection in free:
            if now < until and crowd.asked < crowd.limit:
                crowd.ask(connection, _clock())
            else:
                under_way -= 1
    return under_way


def opened(crowd: Crowd, seconds: float, rate: float) -> tuple[int, list[float]]:
    """Requests are due at equal intervals and wait for a free connection; their latency counts from when they were due.

    So a server that stalls is charged for everybody who would have come meanwhile (Tene's "coordinated omission").

    Returns
    -------
    Number of requests never answered, and how late each was sent, in seconds.
    """
    start = _clock()
    total = min(crowd.limit, int(seconds * rate))
    free, late, due = deque(crowd.connections), list[float](), 0
    while crowd.asked < total and (now := _clock()) < start + seconds + PATIENCE:
        due = min(total, int((now - start) * rate) + 1)
        while free and crowd.asked < due:
            planned = start + crowd.asked / rate
            crowd.ask(free.popleft(), planned)
            late.append(_clock() - planned)
        back = crowd.answered(0)
        free.extend(back)
        if not back:
            time.sleep(_NAP)
    end = _clock() + PATIENCE
    while len(free) < len(crowd.connections) and _clock() < end:
        free.extend(crowd.answered(0.1))
    return len(crowd.connections) - len(free) + total - crowd.asked, late


__all__ = ["PATIENCE", "Broken", "Crowd", "closed", "opened"]
