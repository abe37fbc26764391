"""How long does an answer take at a steady rate, at twice what the server can do, and with a shadow?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.contest import ECHO, UNSEEN, Entry, Field
from benchmarks.load import Load, load
from benchmarks.measure import Spread
from benchmarks.processes import can_ask_for_cpu
from benchmarks.results import Promise, Report, Table, number, paragraphs, spread
from loanbook.book import Book
from loanbook.registry.store import open_store
from loanbook.registry.tables import decisions, shadows

RATE, SHADOW_RATE, USUAL_RATE = 5_000, 2_500, 20
ABOVE, OVERLOADED, WORSE = 5.0, 50.0, 1.2
CROWD, MANY = 64, 800
OURS = "loanbook: the default model"
PEER = "peer: Flask and Gunicorn"
ALONE, SHADOWED = "loanbook without a shadow", "loanbook with a shadow"
_POINTS = ("p50", "p99", "p99.9")
Loads = Mapping[str, Sequence[Load]]


@dataclass(frozen=True)
class Steady:
    """An entry asked at a rate."""

    entry: Entry
    rate: float
    connections: int = CROWD

    def measure(self, seconds: float) -> Load:
        """Ask it for so long."""
        return load(
            self.entry.server,
            self.entry.bodies,
            connections=self.connections,
            seconds=seconds,
            rate=self.rate,
            strict=False,
        )


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    with ExitStack() as stack:
        field = Field(bench, stack, "latency")
        steady = _steady(bench, field)
        found = _rounds(bench, steady)
        over = [_overload(bench, steady[1].entry)]
        crushed = _rounds(bench, over)
        shadow, book = _shadow(bench, field)
        beside = _rounds(bench, shadow)
    tables = (
        _table("At a steady rate", steady, found),
        _table("At twice what one process can do", over, crushed),
        _table("With a challenger that scores along", shadow, beside),
    )
    return Report(tables, _promises(found, crushed, beside, _shadowed(book)), _notes(bench))


def _steady(bench: Bench, field: Field) -> list[Steady]:
    rate, usual = bench.pick(RATE, 50), bench.pick(USUAL_RATE, 5)
    peer = field.usual(PEER, services.FLASK, bench.default)
    return [Steady(field.echo(), rate), Steady(field.ours(OURS, bench.default), rate), Steady(peer, usual, 8)]


def _overload(bench: Bench, entry: Entry) -> Steady:
    """Find out what it can do, and ask for twice that."""
    found = load(entry.server, entry.bodies, connections=CROWD, seconds=bench.pick(4, 1), strict=False)
    return Steady(entry, 2 * found.rate, MANY)


def _shadow(bench: Bench, field: Field) -> tuple[list[Steady], Book]:
    """The same champion twice; beside the second one a challenger."""
    rate = bench.pick(SHADOW_RATE, 50)
    challenger = "logistic" if bench.quick else "depth_5"
    book = services.serving_book(
        bench, "shadowed", bench.default, more={"risk": "shadow = true"}, challenger=challenger
    )
    shadowed = Entry(SHADOWED, field.start(services.ours(bench, book)), field.bodies())
    return [Steady(field.ours(ALONE, bench.default), rate), Steady(shadowed, rate)], book


def _shadowed(book: Book) -> float:
    """Share of the decisions beside which the challenger's is kept."""
    with closing(open_store(book.store)) as store, store.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (shadows, decisions)
        ]
    return float(counts[0] / counts[1])


def _rounds(bench: Bench, contest: Sequence[Steady]) -> Loads:
    """Ask all of them in each round, after a short one that does not count."""
    seconds = bench.pick(5, 1)
    for steady in contest:
        steady.measure(seconds / 5)
    found: dict[str, list[Load]] = {steady.entry.title: [] for steady in contest}
    for number_ in range(bench.pick(5, 1)):
        for steady in contest:
            bench.tell(f"round {number_ + 1}: {steady.entry.title} at {steady.rate:,.0f} a second")
            found[steady.entry.title].append(steady.measure(seconds))
    return found


def _table(title: str, contest: Sequence[Steady], loads: Loads) -> Table:
    rows = []
    for steady in contest:
        found = loads[steady.entry.title]
        latencies = (spread(Spread.of([1e3 * one.latency(point) for one in found])) for point in _POINTS)
        answered = median(one.rate for one in found)
        shed = sum(one.count(503) for one in found) / sum(one.asked for one in found)
        failures = sum(one.failures for one in found)
        late = number(1e3 * median(one.late for one in found))
        rows.append(
            (
                steady.entry.title,
                f"{steady.rate:,.0f}",
                number(answered),
                f"{shed:.1%}",
                str(failures),
                *latencies,
                late,
            )
        )
    columns = (
        "",
        "asked a second",
        "decided a second",
        "shed",
        "failed",
        *(f"{point}, ms" for point in _POINTS),
        "sent late, ms",
    )
    return Table(title, columns, tuple(rows))


def _notes(bench: Bench) -> tuple[str, ...]:
    return paragraphs(
        f"""
        Open loop: requests are due at equal intervals whether answers come or not, and a latency counts from
        when the request was due, so that a stall is charged with all who would have come meanwhile.
        {CROWD} connections, one server process each; the load generator is one process more on the same
        cores. Sent late: what 99% of the requests were sent after they were due, at most, for want of a free
        connection or of the load generator's own share of the machine; it is part of the latency.

        Latencies are of answers with 200; of each round, then median, least and most over the rounds. Every
        decision has reasons and is in the log before it is answered. The default model:
        {bench.default}, {bench.size_of(bench.default)}.

        Twice what it can do: {MANY} connections, so that all that is asked in 50 ms can be under way, and twice
        the rate that {CROWD} connections in a closed loop reached just before.

        The peer is asked for what it can do.
        """
    )


def _promises(steady: Loads, crushed: Loads, beside: Loads, kept: float) -> tuple[Promise, ...]:
    over = next(iter(crushed.values()))
    above = median(
        1e3 * (ours.latency() - echo.latency()) for ours, echo in zip(steady[OURS], steady[ECHO], strict=True)
    )
    worse = median(on.latency() / off.latency() for on, off in zip(beside[SHADOWED], beside[ALONE], strict=True))
    return (
        Promise(f"p99 at {RATE:,} a second, above the echo's", "ms", ABOVE, above),
        Promise(
            "p99 of accepted requests at twice saturation",
            "ms",
            OVERLOADED,
            1e3 * median(one.latency() for one in over),
        ),
        Promise(
            "requests at twice saturation neither decided nor shed with 503", "", 0, sum(one.failures for one in over)
        ),
        Promise("p99 with a shadow ÷ without", "", WORSE, worse),
        Promise("decisions that the shadow scored along", "", 0.99, kept, most=False),
    )


SCENARIO = Scenario("latency", "How long does an answer take, at a steady rate and when too much is asked?", run)
