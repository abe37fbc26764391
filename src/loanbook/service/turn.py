"""Whether the event loop keeps up with what is asked, and how much of it may be let in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

LONGEST = 0.008
"""Seconds of one turn of the event loop; while turns are longer, more comes than can be decided."""

OVERLOADED = 0.1
"""Seconds of long turns that are a standing overload and not a burst."""

_LEAST = 8  # decisions of a turn that are let in whatever they cost
_SHARE = 0.9  # of the longest turn that is filled: it stays long enough for the overload to be seen
_CALM = 0.5  # of the longest turn: shorter ones say that there is room again
_SMOOTH = 0.2  # weight of the newest turn in what a decision costs


class Turn:
    """Measures the turns of the event loop that decide.

    All requests that came while the loop was busy are decided in its next turn. The longer that takes, the more come
    meanwhile; past saturation it would grow without end, and everybody would be late. A burst makes one long turn and
    is served; where turns have been long for a while, only so many requests are let in as one turn can bear (after
    Nichols and Jacobson 2012, "Controlling queue delay").

    Parameters
    ----------
    told : called with how many requests were shed, now and then.
    """

    def __init__(self, told: Callable[[int], None]) -> None:
        self._told = told
        self._start = 0.0  # of this turn, 0 between two
        self._end = self._calm = perf_counter()
        self._decisions = 0
        self._let_in = 0
        self._shed = 0
        self._cost = LONGEST / 100
        self.overloaded = False

    def full(self) -> bool:
        """Whether a request that comes in at this moment should be shed; to be asked only while overloaded."""
        if self._let_in < max(_LEAST, _SHARE * LONGEST / self._cost):
            self._let_in += 1
            return False
        self._shed += 1
        return True

    def late(self) -> bool:
        """Begin or go on with a turn: whether the request that is to be decided now should rather be shed."""
        now = perf_counter()
        if not self._start:
            self._begin(now)
        elif self.overloaded and now - self._start > 2 * LONGEST:
            self._shed += 1
            return True
        self._decisions += 1
        return False

    def _begin(self, now: float) -> None:
        self._start, self._decisions = now, 0
        if now - self._end > 2 * LONGEST:  # there was nothing to do
            self._calm = now
        self.overloaded = now - self._calm > OVERLOADED
        asyncio.get_running_loop().call_soon(self._over)

    def _over(self) -> None:
        self._end = perf_counter()
        took = self._end - self._start
        self._cost += _SMOOTH * (took / max(1, self._decisions) - self._cost)
        if took <= _CALM * LONGEST:
            self._calm = self._end
        if self._shed:
            self._told(self._shed)
        self._start, self._let_in, self._shed = 0.0, 0, 0
