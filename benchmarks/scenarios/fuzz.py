"""What comes of a hundred thousand broken requests?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.contest import UNSEEN
from benchmarks.processes import Server, can_ask_for_cpu
from benchmarks.results import Promise, Report, Table, number, paragraphs
from benchmarks.scripts.fuzz import Seen, fuzz, still_decides

REQUESTS, FEW, PARTS = 100_000, 2_000, 10
FLAT = 1.05
MEGABYTE = 1e6
OURS = "loanbook"
FLOOR, PEER = "floor: an echo behind FastAPI", "peer: the usual service behind FastAPI"


@dataclass(frozen=True)
class Fuzzed:
    """What came of it: the answers, and bytes in use after each part."""

    seen: Seen
    memory: list[int]

    @property
    def growth(self) -> float:
        """Memory at its most, after the first part, by that after the first part."""
        return max(self.memory) / self.memory[0]

    def count(self, first: str) -> int:
        """Answers whose status begins so; "0" is none."""
        return sum(count for status, count in self.seen.statuses.items() if status.startswith(first))


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    row = bench.applications(1)[0]
    few = bench.pick(FEW, 100)
    model = services.usual_model(bench, bench.folder)
    book = services.serving_book(bench, "fuzz")
    with ExitStack() as stack:
        ours = stack.enter_context(services.ours(bench, book))
        others = {
            FLOOR: stack.enter_context(services.echo(bench, "fastapi")),
            PEER: stack.enter_context(services.usual(bench, model)),
        }
        found = {OURS: _fuzz(bench, ours, bench.pick(REQUESTS, 200), row)}
        found |= {title: _fuzz(bench, server, few, row) for title, server in others.items()}
        alive = still_decides(_address(ours))
    mine = found[OURS]
    return Report(
        tables=(_table(found),),
        promises=(
            Promise("answers with 5xx", "", 0, mine.count("5")),
            Promise("answers that were neither a 4xx nor right", "", 0, len(mine.seen.wrong)),
            Promise("memory at its most ÷ after the first tenth", "", FLAT, mine.growth),
            Promise("a sound application is decided afterwards", "", 1, float(alive), most=False),
        ),
        notes=paragraphs(
            """
            Broken JSON, fields, framing and addresses, one after the other over raw sockets; the same
            in every run (`benchmarks/scripts/fuzz.py`). Some broken requests are rightly answered
            with 2xx: a number that is large but is one, a byte that changed into another letter. None:
            the request was not whole, and the connection just ended. An echo accepts whatever is an
            object.
            """
        ),
    )


def _fuzz(bench: Bench, server: Server, requests: int, row: Mapping[str, Any]) -> Fuzzed:
    seen, memory = Seen(), list[int]()
    for part in range(PARTS):
        bench.tell(f"port {server.port}: {(part + 1) * requests // PARTS:,} of {requests:,} broken requests")
        fuzz(_address(server), requests // PARTS, part, seen, row=dict(row))
        memory.append(server.memory())
    return Fuzzed(seen, memory)


def _address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def _table(found: Mapping[str, Fuzzed]) -> Table:
    rows = []
    for title, one in found.items():
        counts = (f"{one.count(first):,}" for first in ("2", "4", "5", "0"))
        memory = (number(used / MEGABYTE) for used in (one.memory[0], max(one.memory)))
        rows.append((title, f"{sum(one.seen.statuses.values()):,}", *counts, *memory))
    columns = ("", "requests", "2xx", "4xx", "5xx", "none", "memory after a tenth, MB", "at most, MB")
    return Table("Broken requests", columns, tuple(rows))


SCENARIO = Scenario("fuzz", "What comes of broken requests?", run)
