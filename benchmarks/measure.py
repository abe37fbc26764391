"""CPU and wall clock, and the turns in which contenders are measured.

Walls on a busy machine mostly measure the queue, so CPU seconds are what is compared, and only within one round:
everything of a round ran within the same minute on the same machine.
"""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work took.

    Parameters
    ----------
    cpu, wall : seconds; of all threads, and of the children that were waited for.
    peak : bytes of memory in use at most; 0 where it was not looked at.
    """

    cpu: float
    wall: float
    peak: int = 0

    def each(self, units: float) -> Cost:
        """The share of one of so many equal units."""
        return Cost(self.cpu / units, self.wall / units, self.peak)


def cpu_seconds() -> float:
    """CPU seconds of this process so far, with its threads and the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def cost_of(work: Callable[[], object], units: float = 1.0) -> Cost:
    """Do a piece of work in this process; the cost of one of its units."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    work()
    return Cost(cpu_seconds() - cpu, time.perf_counter() - wall).each(units)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most over the rounds.

    >>> Spread.of([3.0, 1.0, 2.0])
    Spread(middle=2.0, low=1.0, high=3.0)
    """

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a job.

    Parameters
    ----------
    title : what the table calls it.
    measure : does the job once; the cost of one unit of it.
    peer : title of the contender that does the same job as people do it today, if there is one.
    """

    title: str
    measure: Callable[[], Cost]
    peer: str = ""


Costs = Mapping[str, Sequence[Cost]]
"""Of each contender by title, one a round."""


def in_turns(contenders: Sequence[Contender], rounds: int, tell: Callable[[str], None]) -> Costs:
    """Measure all contenders once a round; each round starts with another one."""
    costs: dict[str, list[Cost]] = {contender.title: [] for contender in contenders}
    for number in range(rounds):
        gc.collect()  # nobody pays for what an earlier round left behind
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            tell(f"round {number + 1} of {rounds}: {contender.title}")
            costs[contender.title].append(contender.measure())
    return costs


def ratio(costs: Costs, one: str, other: str) -> Spread:
    """How many times the CPU of the other the one took, round by round."""
    return Spread.of([mine.cpu / theirs.cpu for mine, theirs in zip(costs[one], costs[other], strict=True)])
