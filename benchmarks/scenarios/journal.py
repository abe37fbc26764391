"""What does it cost to store a decision durably, alone and in a group?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from importlib.util import find_spec
from typing import TypeVar
from uuid import uuid4

from benchmarks import services
from benchmarks.apps.desk import UsualLog
from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Costs, Spread, cost_of, in_turns
from benchmarks.postgres import WHEEL, postgres
from benchmarks.results import Promise, Report, Unit, compare, paragraphs
from loanbook.api import champion
from loanbook.book import Book
from loanbook.decisions.journal import Journal
from loanbook.decisions.records import Draft
from loanbook.registry.store import Durability, open_store

MICROSECONDS = Unit(1e6, "µs a record")
GROUPS = (1, 8, 32, 128)
MOST, OF_32 = 10.0, 32
FLOOR = "floor: a line appended to a file"
PEER = "peer: an insert and commit each, as `sqlite3` comes"
TUNED = "peer: the same with a write-ahead log, synchronous NORMAL"
FAR = "peer: an insert and commit each, PostgreSQL"
T = TypeVar("T")


def run(bench: Bench) -> Report:
    """Measure it."""
    there = find_spec(WHEEL) is not None
    with ExitStack() as stack:
        contest = _Contest(bench, stack, bench.pick(2_560, 256))
        contenders = [*contest.others(), *contest.sqlite("process"), *contest.sqlite("power")]
        if there:
            contenders += contest.postgres()
        costs = in_turns(contenders, bench.pick(5, 1), bench.tell)
    return Report(
        tables=(compare("One writer", contenders, costs, MICROSECONDS, floor=FLOOR),),
        promises=(_promise(costs),),
        notes=paragraphs(
            """
            CPU of the writing process; PostgreSQL spends more in its own. A record of ours has every
            input, reason, interval and version, its idempotency looked up, and its link in the
            chain; a group is one transaction. The peer's has inputs, probability and reasons. Waiting
            for a disk shows in the wall, and a disk of another machine waits otherwise.

            Durability "process" survives the death of the process (SQLite's write-ahead log,
            synchronous NORMAL), "power" that of the machine (FULL). PostgreSQL always waits for the
            disk; it runs on the same machine, and is spoken to over a socket.
            """
        ),
        absent=() if there else (f"PostgreSQL: {WHEEL} is not installed",),
    )


def _title(store: str, group: int) -> str:
    return f"{store}, one by one" if group == 1 else f"{store}, groups of {group}"


def _promise(costs: Costs) -> Promise:
    found = Spread.of([1e6 * cost.cpu for cost in costs[_title("SQLite, process", OF_32)]])
    return Promise(f"CPU of a record in groups of {OF_32}, SQLite, process", "µs", MOST, found.middle)


class _Contest:
    """Who writes, and what: the decisions of real applications, with reasons."""

    def __init__(self, bench: Bench, stack: ExitStack, count: int) -> None:
        self.bench, self.stack = bench, stack
        self.drafts = self._drafts(services.serving_book(bench, "journal", bench.default), count)

    def _drafts(self, book: Book, count: int) -> list[Draft]:
        decider = champion(book)
        return [Draft(decider.decide_row(row), row) for row in self.bench.applications(count)]

    def others(self) -> Iterator[Contender]:
        """A line in a file, and what people do."""
        folder = self.bench.folder
        file = os.open(folder / "journal.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.stack.callback(os.close, file)
        yield self._each(FLOOR, lambda draft: os.write(file, f"{json.dumps(draft.inputs)}\n".encode()))
        for title, wal in ((PEER, False), (TUNED, True)):
            log = self.stack.enter_context(closing(UsualLog(str(folder / f"journal-{wal}.db"), wal=wal)))
            yield self._each(title, _keeping(log))

    def sqlite(self, durability: Durability) -> list[Contender]:
        """A book of its own in SQLite."""
        more = {"book": f'durability = "{durability}"'}
        book = services.serving_book(self.bench, f"journal-{durability}", self.bench.default, more=more)
        return self._ours(f"SQLite, {durability}", book, TUNED, durability)

    def postgres(self) -> list[Contender]:
        """A book of its own in PostgreSQL, and the peer beside it."""
        import psycopg

        url = self.stack.enter_context(postgres())
        more = {"book": f'store = "{url}"'}
        book = services.serving_book(self.bench, "journal-postgres", self.bench.default, more=more)
        address = url.replace("+psycopg", "")
        connection = self.stack.enter_context(psycopg.connect(address))
        connection.execute("create table usual (id text, inputs text, p float8, decision text, reasons text)")

        def keep(draft: Draft) -> None:
            connection.execute("insert into usual values (%s, %s, %s, %s, %s)", _usual(draft))
            connection.commit()

        return [self._each(FAR, keep), *self._ours("PostgreSQL", book, FAR, "power")]

    def _ours(self, store: str, book: Book, peer: str, durability: Durability) -> list[Contender]:
        champion(book)  # its policy is numbered in that store
        opened = self.stack.enter_context(closing(open_store(book.store, durability=durability)))
        journal = self.stack.enter_context(closing(Journal(opened, "risk", patience=5.0)))
        return [self._groups(_title(store, group), journal, group, peer) for group in GROUPS]

    def _groups(self, title: str, journal: Journal, size: int, peer: str) -> Contender:
        groups = [self.drafts[start : start + size] for start in range(0, len(self.drafts), size)]
        return self._contender(title, lambda: _all(journal.write, groups), peer)

    def _each(self, title: str, keep: Callable[[Draft], object]) -> Contender:
        return self._contender(title, lambda: _all(keep, self.drafts))

    def _contender(self, title: str, work: Callable[[], None], peer: str = "") -> Contender:
        return Contender(title, lambda: cost_of(work, len(self.drafts)), peer)


def _all(do: Callable[[T], object], things: Sequence[T]) -> None:
    for thing in things:
        do(thing)


def _keeping(log: UsualLog) -> Callable[[Draft], object]:
    def keep(draft: Draft) -> object:
        decision = draft.decision
        return log.keep(draft.inputs, decision.probability, decision.decision, [one.code for one in decision.reasons])

    return keep


def _usual(draft: Draft) -> tuple[str, str, float, str, str]:
    decision = draft.decision
    reasons = json.dumps([one.code for one in decision.reasons])
    return str(uuid4()), json.dumps(draft.inputs), decision.probability, decision.decision, reasons


SCENARIO = Scenario("journal", "What does it cost to store a decision durably, alone and in a group?", run)
