"""How long until every worker answers with the version that was promoted, and what does it cost those who ask?"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import services
from benchmarks.bench import DECLINE_ALL, Bench, Scenario
from benchmarks.contest import UNSEEN, Entry, Field
from benchmarks.load import Asking, Load
from benchmarks.measure import Spread
from benchmarks.processes import can_ask_for_cpu, family
from benchmarks.results import NONE, Promise, Report, Table, number, paragraphs, spread
from loanbook.decisions.decider import Decider
from loanbook.registry.versions import Registry

WORKERS, CROWD, RATE = 2, 16, 500
BETWEEN = 3.0
"""Seconds between two promotions."""
MOST = 2.0
OURS = "loanbook: promote, two workers"
FLOOR = "floor: the same, with nothing promoted"
PEER = "peer: Flask and Gunicorn, a new model file and SIGHUP"
_NOTE = r'"probability_of_default": ?([0-9.eE+-]+).*?"version": ?(\d+)'
_clock = time.perf_counter


class Line(NamedTuple):
    """One answer: which application, when it was sent, and what came back."""

    number: int
    begun: float
    status: int
    probability: float
    version: int


@dataclass(frozen=True)
class Swapped:
    """What came of some swaps under load.

    Parameters
    ----------
    load : the answers. lasted : seconds until all answered anew, by swap. mixed : answers that no version gives.
    """

    load: Load
    lasted: Sequence[float]
    mixed: int | None = None


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    swaps = bench.pick(10, 1)
    with ExitStack() as stack:
        swap = _Swap(bench, Field(bench, stack, "hotswap"))
        found = {FLOOR: swap.nothing(swaps), OURS: swap.ours(swaps), PEER: swap.peer(bench.pick(3, 1))}
    mine = found[OURS]
    return Report(
        tables=(_table(found),),
        promises=(
            Promise("until every worker answers with the new version, the longest of all", "s", MOST, max(mine.lasted)),
            Promise("requests that failed", "", 0, mine.load.failures + mine.load.count(503)),
            Promise("answers that no version gives", "", 0, mine.mixed or 0),
        ),
        notes=paragraphs(
            f"""
            {WORKERS} workers under an open loop of {RATE} requests a second, {CROWD} connections; a
            version is promoted every {BETWEEN:g} seconds, to and fro between two models. Counted from
            the moment when the promotion was stored to the last request that was still sent before a
            worker knew. Mixed: an answer whose probability is not the one that the version it names
            gives to that application, to the last bit.

            The peer's new workers read the model again while the old ones go on; counted until the old
            ones are gone. Its answers do not say which model decided.
            """
        ),
    )


class _Swap:
    """The servers, and who promotes."""

    def __init__(self, bench: Bench, field: Field) -> None:
        self.bench, self.field = bench, field
        self.models = (bench.default, "logistic" if bench.quick else "depth_3")
        self.book = services.serving_book(bench, "hotswap", self.models[0], challenger=self.models[1])
        self.server = field.start(services.ours(bench, self.book, WORKERS))
        self.kept = bench.folder / "hotswap.txt"
        self.pause = 1.5 if bench.quick else BETWEEN

    def nothing(self, times: int) -> Swapped:
        """The same load, and nothing else."""
        return Swapped(self._under_load(self._entry(), times, lambda _: None)[0], [])

    def ours(self, times: int) -> Swapped:
        """Promote to and fro."""
        with closing(Registry(self.book)) as registry:
            load, moments = self._under_load(
                self._entry(), times, lambda number: registry.promote("risk", 2 - number % 2, who="benchmark")
            )
        lines = list(_lines(self.kept))
        return Swapped(load, [_stale(lines, moments, at) for at in range(times)], self._mixed(lines))

    def peer(self, times: int) -> Swapped:
        """Gunicorn starts new workers and ends the old ones."""
        entry = self.field.usual(PEER, services.FLASK, self.bench.default)
        lasted = []

        def reload(_: int) -> None:
            before, began = set(family(entry.server.pid)[1:]), _clock()
            os.kill(entry.server.pid, signal.SIGHUP)
            while before & set(family(entry.server.pid)) and _clock() < began + 30.0:
                time.sleep(0.02)
            lasted.append(_clock() - began)

        return Swapped(self._under_load(entry, times, reload, rate=10, extra=10.0)[0], lasted)

    def _entry(self) -> Entry:
        return Entry(OURS, self.server, self.field.bodies())

    def _under_load(
        self, entry: Entry, times: int, do: Callable[[int], object], rate: float = RATE, extra: float = 0.0
    ) -> tuple[Load, list[float]]:
        """Ask at a rate and do something now and then; the answers, and the moments when it was done."""
        rate = min(rate, self.bench.pick(RATE, 50))
        seconds = (times + 1) * self.pause + extra
        moments = []
        with Asking(
            entry.server,
            entry.bodies,
            connections=CROWD,
            seconds=seconds,
            rate=rate,
            keep=self.kept,
            note=_NOTE,
        ) as asking:
            for at in range(times):
                time.sleep(self.pause)
                self.bench.tell(f"{entry.title}: swap {at + 1} of {times}")
                do(at)
                moments.append(_clock())
            return asking.result(), moments

    def _mixed(self, lines: Sequence[Line]) -> int:
        """Answers with a probability that their version does not give."""
        deciders = [Decider(self.bench.model(name), DECLINE_ALL, at) for at, name in enumerate(self.models, 1)]
        known: dict[tuple[int, int], float] = {}

        def wanted(version: int, number: int) -> float:
            if (version, number) not in known:
                row: dict[str, Any] = self.field.rows[number]
                known[version, number] = deciders[version - 1].decide_row(row).probability
            return known[version, number]

        return sum(one.probability != wanted(one.version, one.number) for one in lines if one.status == 200)


def _lines(path: Path) -> Iterator[Line]:
    for line in path.read_text(encoding="ascii").splitlines():
        number_, begun, _, status, *note = line.split()
        probability, version = note if len(note) == 2 else ("nan", "0")
        yield Line(int(number_), float(begun), int(status), float(probability), int(version))


def _stale(lines: Sequence[Line], moments: Sequence[float], at: int) -> float:
    """Seconds from a promotion to the last request that the version before it still answered."""
    start, end = moments[at], moments[at + 1] if at + 1 < len(moments) else float("inf")
    old = 1 + at % 2
    # What was sent in the last instant before the next promotion may be answered by the version that comes then.
    late = [one.begun - start for one in lines if start < one.begun < end - 0.25 and one.version == old]
    return max(late, default=0.0)


def _table(found: dict[str, Swapped]) -> Table:
    rows = []
    for title, one in found.items():
        lasted = spread(Spread.of(one.lasted)) if one.lasted else NONE
        mixed = NONE if one.mixed is None else str(one.mixed)
        failed = one.load.failures + one.load.count(503)
        latencies = (number(1e3 * one.load.latency(point)) for point in ("p50", "p99", "most"))
        rows.append((title, lasted, f"{one.load.answers:,}", str(failed), mixed, *latencies))
    columns = ("", "until all answer anew, s", "answers", "failed", "mixed", "p50, ms", "p99, ms", "most, ms")
    return Table("Swaps under load", columns, tuple(rows))


SCENARIO = Scenario("hotswap", "How long until every worker answers with the version that was promoted?", run)
