"""The challenger in the shadow: it scores what the champion decided, after the answer is out, and decides nothing."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from time import sleep

from loanbook.decisions.decider import Decider
from loanbook.decisions.log import Logged
from loanbook.decisions.shadows import Shadow, ShadowLog
from loanbook.errors import LoanbookError, RowRefused
from loanbook.service.metrics import Metrics
from loanbook.service.seat import Seat

logger = logging.getLogger("loanbook.service")

MOST_WAITING = 20_000
"""Decisions that wait for the challenger; what comes on top of them is counted and not scored."""

GROUP = 100
"""Decisions of one transaction: it keeps the champion's own from the store for a millisecond."""

PAUSE = 0.005


class Shadowing:
    """Lets a challenger score along, in a thread of its own.

    Parameters
    ----------
    seat : the challenger's.
    log : where its decisions are kept.
    metrics : where they are counted.
    """

    def __init__(self, seat: Seat, log: ShadowLog, metrics: Metrics) -> None:
        self.seat = seat
        self._log = log
        self._metrics = metrics
        self._waiting: deque[Logged] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="loanbook-shadow", daemon=True)

    def start(self) -> None:
        """Look for a challenger, and begin."""
        self.seat.refresh()
        self._thread.start()

    def offer(self, stored: Sequence[Logged]) -> None:
        """Have decisions scored by the challenger, if there is one; this never waits."""
        if self.seat.sitting is None:
            return
        room = max(0, MOST_WAITING - len(self._waiting))
        self._waiting.extend(stored[:room])
        if len(stored) > room:
            self._metrics.shadows_dropped.inc(len(stored) - room)
        self._wake.set()

    def close(self) -> None:
        """Score what waits, and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        while self._waiting or not self._closing:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                try:
                    self._score(group)
                except LoanbookError as error:
                    self._metrics.shadows_dropped.inc(len(group))
                    logger.warning("the challenger's decisions are not kept: %s", error)
                sleep(0.0 if self._closing else PAUSE)

    def _score(self, group: Sequence[Logged]) -> None:
        decider = self.seat.sitting
        if not isinstance(decider, Decider):
            return
        made = []
        for one in group:
            try:
                made.append(Shadow(one.decision_id, decider.decide_row(one.inputs, explain=False)))
            except RowRefused:
                self._metrics.shadows_dropped.inc()
        self._log.record(made)
        decided = {one.decision_id: one.decision.decision for one in group}
        agreed = sum(decided[one.decision_id] == one.decision.decision for one in made)
        self._metrics.shadows.labels(agreed="yes").inc(agreed)
        self._metrics.shadows.labels(agreed="no").inc(len(made) - agreed)
