"""Does it last? A million decisions, none lost, none twice, in memory that does not grow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.contest import UNSEEN, Entry, Field
from benchmarks.load import Asking, Load
from benchmarks.processes import can_ask_for_cpu
from benchmarks.results import NONE, Promise, Report, Table, number, paragraphs
from loanbook.book import Book
from loanbook.registry.store import open_store
from loanbook.registry.tables import decisions

DECISIONS, USUAL, SETTLED = 1_000_000, 2_000, 50_000
WORKERS, CROWD = 2, 32
GROWTH = 1.05
MEGABYTE = 1e6
_LOOK = 1.0  # seconds between two looks at the memory
_HOUR = 3_600.0  # at most
_NAME = r'"decision_id": ?"([^"]+)"'
OURS, ECHO = "loanbook: the default model, two workers", "floor: an echo behind uvicorn, two workers"
PEER = "peer: Flask and Gunicorn, one worker"


@dataclass(frozen=True)
class Soaked:
    """What came of many requests to one server.

    Parameters
    ----------
    load : the answers.
    memory : bytes in use by the share of the requests that were answered, second by second.
    """

    load: Load
    memory: list[tuple[float, int]]

    def at(self, share: float) -> int:
        """Bytes in use when so many of the requests had been answered."""
        return next((used for done, used in self.memory if done >= share), self.memory[-1][1])

    @property
    def most(self) -> int:
        return max(used for _, used in self.memory)


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    count = bench.pick(DECISIONS, 400)
    with ExitStack() as stack:
        field, kept = Field(bench, stack, "soak"), bench.folder / "soak.txt"
        book = services.serving_book(bench, "soak", bench.default)
        ours = Entry(OURS, field.start(services.ours(bench, book, WORKERS)), field.bodies())
        found = {
            ECHO: _soak(bench, field.echo(ECHO, workers=WORKERS), count),
            OURS: _soak(bench, ours, count, kept),
            PEER: _soak(bench, field.usual(PEER, services.FLASK, bench.default), bench.pick(USUAL, 20)),
        }
        lost, twice = _compared(book, kept)
    settled = SETTLED / count if count > SETTLED else 0.5
    mine = found[OURS]
    return Report(
        tables=(_table(found, settled),),
        promises=(
            Promise(f"errors among {count:,} requests", "", 0, mine.load.failures + mine.load.count(503)),
            Promise("decisions that were answered and are not in the store", "", 0, lost),
            Promise("decisions that are in the store twice, or were never answered", "", 0, twice),
            Promise(f"memory at its most ÷ after {SETTLED:,} decisions", "", GROWTH, mine.most / mine.at(settled)),
        ),
        notes=paragraphs(
            f"""
            Closed loop, {CROWD} connections kept alive. The name of every decision that was answered
            is looked for in the store afterwards. Memory is what all processes of the server use
            (PSS), second by second. The default model: {bench.default},
            {bench.size_of(bench.default)}.
            """
        ),
    )


def _soak(bench: Bench, entry: Entry, count: int, keep: Path | None = None) -> Soaked:
    bench.tell(f"{count:,} requests: {entry.title}")
    memory: list[tuple[float, int]] = []
    began = time.monotonic()
    note = _NAME if keep else ""
    crowd = min(CROWD, entry.connections)
    with Asking(
        entry.server, entry.bodies, connections=crowd, seconds=_HOUR, count=count, keep=keep, note=note
    ) as asking:
        while asking.child.poll() is None:
            memory.append((time.monotonic() - began, entry.server.memory()))
            time.sleep(min(_LOOK, 0.1 if bench.quick else _LOOK))
        found = asking.result()
    lasted = memory[-1][0] or 1.0
    return Soaked(found, [(at / lasted, used) for at, used in memory])


def _compared(book: Book, kept: Path) -> tuple[int, int]:
    """How many answered decisions the store lacks, and how many rows are one too many."""
    answered = [line.split()[4] for line in kept.read_text(encoding="ascii").splitlines() if line.split()[3] == "200"]
    stored = list(_stored(book))
    return len(set(answered) - set(stored)), len(stored) - len(set(answered))


def _stored(book: Book) -> Iterator[str]:
    with closing(open_store(book.store)) as store, store.reading() as connection:
        yield from connection.execute(select(decisions.c.decision_id)).scalars()


def _table(found: dict[str, Soaked], settled: float) -> Table:
    rows = []
    for title, one in found.items():
        load = one.load
        failed = load.failures + load.count(503)
        latencies = (number(1e3 * load.latency(point)) for point in ("p50", "p99", "p99.9"))
        memory = (number(used / MEGABYTE) for used in (one.at(settled), one.most))
        growth = number(one.most / one.at(settled)) if title == OURS else NONE
        rows.append((title, f"{load.answers:,}", str(failed), number(load.rate), *latencies, *memory, growth))
    columns = (
        "", "answers", "failed", "a second", "p50, ms", "p99, ms", "p99.9, ms", "settled, MB", "at most, MB", "growth",
    )  # fmt: skip
    return Table("One run of each", columns, tuple(rows))


SCENARIO = Scenario("soak", "Does it last: a million decisions?", run)
