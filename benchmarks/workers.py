"""What one more worker of a server costs: CPU until it is ready, and memory once it has worked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import services
from benchmarks.bench import Bench
from benchmarks.load import Bodies, load
from benchmarks.measure import Spread
from benchmarks.processes import Server
from benchmarks.results import Promise, Table, spread

SERVE, GUNICORN = "`loanbook serve --workers`", "loanbook under Gunicorn"
ECHO, FLASK = "floor: an echo behind uvicorn", "peer: Flask and Gunicorn"
FEW, MORE = 2, 4
MEGABYTE = 1e6
READY, MEMORY = 2.0, 120.0
_QUIET = 0.3  # seconds without work after which everything that starts has started


@dataclass(frozen=True)
class Worker:
    """What one more costs: CPU seconds until it is ready, and bytes."""

    cpu: float
    memory: float


@dataclass(frozen=True)
class Workers:
    """Further workers of each server, one a round."""

    found: Mapping[str, Sequence[Worker]]

    @classmethod
    def measured(cls, bench: Bench) -> Workers:
        """Start each server with few and with more workers."""
        book = services.serving_book(bench, "workers", bench.default)
        model = services.usual_model(bench, book.path.parent, bench.default)
        rows = bench.applications(bench.pick(1_000, 50))
        ours = Bodies.write(bench.folder / "workers.jsonl", rows)
        echoed = Bodies.write(bench.folder / "workers-echo.jsonl", rows, mark=f'"{next(iter(rows[0]))}"')
        contest: dict[str, tuple[Callable[[int], services.Serving], Bodies]] = {
            ECHO: (lambda count: services.echo(bench, workers=count), echoed),
            SERVE: (lambda count: services.ours(bench, book, count), ours),
            GUNICORN: (lambda count: services.ours_under_gunicorn(bench, book, count), ours),
            FLASK: (lambda count: services.usual_flask(bench, model, count), ours),
        }
        found: dict[str, list[Worker]] = {title: [] for title in contest}
        for number in range(bench.pick(3, 1)):
            for title, (serve, bodies) in contest.items():
                bench.tell(f"round {number + 1}: workers of {title}")
                counts = (bench.pick(FEW, 1), bench.pick(MORE, 2))
                few, more = (_worker(serve(count), bodies, bench) for count in counts)
                each = counts[1] - counts[0]
                found[title].append(Worker((more.cpu - few.cpu) / each, (more.memory - few.memory) / each))
        return cls(found)

    def table(self) -> Table:
        rows = []
        for title, found in self.found.items():
            cpu = Spread.of([one.cpu for one in found])
            memory = Spread.of([one.memory / MEGABYTE for one in found])
            rows.append((title, spread(cpu), spread(memory)))
        return Table("One further worker", ("", "CPU until ready, s", "memory, MB"), tuple(rows))

    def promises(self) -> tuple[Promise, ...]:
        """Of both ways to start ours."""
        kept = []
        for title in (SERVE, GUNICORN):
            cpu = Spread.of([one.cpu for one in self.found[title]]).middle
            memory = Spread.of([one.memory / MEGABYTE for one in self.found[title]]).middle
            kept.append(Promise(f"{title}: CPU of a further worker until it is ready", "s", READY, cpu))
            kept.append(Promise(f"{title}: memory of a further worker", "MB", MEMORY, memory))
        return tuple(kept)


def _worker(serving: services.Serving, bodies: Bodies, bench: Bench) -> Worker:
    """All workers of a server: what they spent until nothing happened any more, and what they hold after some work."""
    with serving as server:
        spent = _settled(server)
        load(server, bodies, connections=32, seconds=5.0 if bench.quick else 20.0, count=bench.pick(2_000, 50))
        return Worker(spent, server.memory())


def _settled(server: Server) -> float:
    until, before = time.monotonic() + 30.0, -1.0
    while time.monotonic() < until and (now := server.cpu()) > before + 0.01:
        before = now
        time.sleep(_QUIET)
    return server.cpu()
