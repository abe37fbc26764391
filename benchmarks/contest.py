"""Servers that are asked in turns with the same applications, for the same time, from the same process."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import services
from benchmarks.bench import Bench
from benchmarks.load import Bodies, load
from benchmarks.measure import Contender, Cost, Costs, Spread
from benchmarks.processes import Server
from benchmarks.results import NONE, Table, spread
from loanbook.book import Book

ECHO = "floor: an echo behind uvicorn"
SECONDS = 2.0
_NO_PROC = "servers: this system neither has epoll nor tells what another process has spent (no /proc)"
UNSEEN = (_NO_PROC,)


@dataclass(frozen=True)
class Entry:
    """One running server and what it is asked.

    Parameters
    ----------
    title : on the page.
    server, bodies : who is asked, and what.
    peer : title of the entry that does the same job as people do it today, if there is one.
    connections : with a request under way each.
    """

    title: str
    server: Server
    bodies: Bodies
    peer: str = ""
    connections: int = 32

    def contender(self, bench: Bench) -> Contender:
        """Ask it for a while, as fast as it answers; the cost of an answer."""
        seconds = 0.2 if bench.quick else SECONDS

        def measure() -> Cost:
            found = load(self.server, self.bodies, connections=self.connections, seconds=seconds)
            return Cost(max(found.cpu, 1e-6), found.wall).each(found.answers)

        load(self.server, self.bodies, connections=self.connections, seconds=seconds / 4)
        return Contender(self.title, measure, self.peer)


@dataclass
class Field:
    """The servers of one scenario, started as they are asked for and stopped in the end.

    Parameters
    ----------
    bench, stack : of the run; what stops them.
    name : of the scenario; its books are called so.
    """

    bench: Bench
    stack: ExitStack
    name: str

    def __post_init__(self) -> None:
        self.rows = self.bench.applications(self.bench.pick(3_000, 50))
        self._books: list[Book] = []

    def start(self, serving: services.Serving) -> Server:
        """Start a server that is stopped with the others."""
        return self.stack.enter_context(serving)

    def bodies(self, name: str = "ours") -> Bodies:
        """Applications as our service wants them."""
        return Bodies.write(self.bench.folder / f"{name}.jsonl", self.rows)

    def echo(self, title: str = ECHO, kind: str = "raw", workers: int = 1, connections: int = 32) -> Entry:
        """The same bytes, given back."""
        mark = f'"{next(iter(self.rows[0]))}"'
        bodies = Bodies.write(self.bench.folder / "echo.jsonl", self.rows, mark=mark)
        return Entry(title, self.start(services.echo(self.bench, kind, workers)), bodies, connections=connections)

    def ours(self, title: str, model: str, peer: str = "", workers: int = 1) -> Entry:
        """`loanbook serve` with one of the bench's models."""
        book = services.serving_book(self.bench, f"{self.name}-{len(self._books)}", model)
        self._books.append(book)
        return Entry(title, self.start(services.ours(self.bench, book, workers)), self.bodies(), peer)

    def usual(self, title: str, usual: services.Usual, model: str) -> Entry:
        """What people ship, with trees like those of one of the bench's models."""
        pickled = services.usual_model(self.bench, self.bench.folder, model)
        wrapped = [usual.wrap(row) for row in self.rows]
        bodies = Bodies.write(self.bench.folder / f"for {usual.name}.jsonl", wrapped, usual.path)
        return Entry(title, self.start(usual.serve(self.bench, pickled)), bodies, connections=8)


def throughput(title: str, entries: Iterable[Entry], costs: Costs, floor: str = ECHO) -> Table:
    """Answers a second, and as a share of the floor's."""
    rows = []
    for entry in entries:
        rates = Spread.of([1.0 / cost.wall for cost in costs[entry.title]])
        share = NONE if entry.title == floor else spread(share_of(costs, entry.title, floor))
        rows.append((entry.title, spread(rates), share))
    return Table(title, ("", "answers a second", "share of the floor's"), tuple(rows))


def share_of(costs: Costs, one: str, other: str) -> Spread:
    """Answers a second of the one as a share of the other's, round by round."""
    return Spread.of([theirs.wall / mine.wall for mine, theirs in zip(costs[one], costs[other], strict=True)])


__all__ = ["ECHO", "SECONDS", "UNSEEN", "Entry", "Field", "share_of", "throughput"]
