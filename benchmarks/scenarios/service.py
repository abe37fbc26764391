"""What does a decision cost the server, with reasons and logged, beside what people ship and beside an echo?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from benchmarks import services
from benchmarks.bench import Bench, Scenario
from benchmarks.contest import ECHO, UNSEEN, Entry, Field, share_of, throughput
from benchmarks.measure import Costs, Spread, in_turns, ratio
from benchmarks.processes import can_ask_for_cpu
from benchmarks.results import Promise, Report, Table, Unit, compare, paragraphs
from benchmarks.services import USUAL

MICROSECONDS = Unit(1e6, "µs a decision")
DEPTHS = ("depth_3", "depth_5")
LESS, LESS_AT_DEPTH_5 = 120.0, 60.0
MOST, SHARE = 110.0, 0.4
CROWDS = (1, 8, 64)


def run(bench: Bench) -> Report:
    """Measure it."""
    if not can_ask_for_cpu():
        return Report((), absent=UNSEEN)
    with ExitStack() as stack:
        contest = _Contest(Field(bench, stack, "service"))
        entries = list(contest.entries())
        contenders = [entry.contender(bench) for entry in entries]
        costs = in_turns(contenders, bench.pick(5, 1), bench.tell)
        tables = (
            compare("Server CPU", contenders, costs, MICROSECONDS, floor=ECHO),
            throughput("Throughput of one process", entries, costs),
            contest.crowds(entries),
        )
        promises = contest.promises(costs)
    return Report(
        tables=tables,
        promises=promises,
        notes=paragraphs(
            f"""
            CPU of all the server's processes, the load generator's own left out; it is one process
            more on the same cores, so that throughput has its part in it. Closed loop, 32 connections
            kept alive (8 for the peers, which answer one after the other), each request another
            application. Every answer has reasons (the policy declines everyone) and is in the log
            before it leaves: ours in the store's SQLite, every input, reason and digest; the peers'
            one insert and commit in SQLite with a write-ahead log.

            The default model is what a training of the usual ladder chooses on the sample:
            {bench.default}, {bench.size_of(bench.default)}. The peers have as many trees of the same
            shape from XGBoost, behind a pandas row and a ColumnTransformer, and name the four columns
            whose contributions are largest. They check nothing and calibrate nothing.

            All of them log and give reasons, MLflow's and BentoML's servers too: their users can
            write both into the model's own code. Only ours answers the same request twice with the
            same decision.
            """
        ),
        absent=contest.absent,
    )


class _Contest:
    """Who takes part."""

    def __init__(self, field: Field) -> None:
        self.field, self.bench = field, field.bench
        self.models = {"default": self.bench.default}
        if not self.bench.quick:
            self.models.update((name, name) for name in DEPTHS)
        self.shares: dict[tuple[int, int], float] = {}

    def title(self, name: str) -> str:
        said = "the default model" if name == "default" else "XGBoost"
        return f"loanbook: {said}, {self.bench.size_of(self.models[name])}"

    def peer(self, usual: services.Usual, name: str) -> str:
        return f"peer: {usual.name}, {self.bench.size_of(self.models[name])}"

    @property
    def usual(self) -> tuple[services.Usual, ...]:
        """Those that are there; a quick run knows those of our own environment."""
        return tuple(usual for usual in USUAL if not usual.absent and not (self.bench.quick and usual.environment))

    @property
    def absent(self) -> tuple[str, ...]:
        return tuple(usual.absent for usual in USUAL if usual.absent)

    def entries(self) -> Iterator[Entry]:
        yield self.field.echo()
        yield self.field.echo("an echo behind Starlette", "starlette")
        yield self.field.echo("an echo behind FastAPI", "fastapi")
        for name, model in self.models.items():
            yield self.field.ours(self.title(name), model, self.peer(services.FLASK, name))
        for name, model in self.models.items():
            for usual in self.usual if name == "default" else (services.FLASK,):
                yield self.field.usual(self.peer(usual, name), usual, model)

    def crowds(self, entries: list[Entry]) -> Table:
        """The default model and the echo with fewer and more connections, and with two workers."""
        pair = [entry for entry in entries if entry.title in {ECHO, self.title("default")}]
        twins = [
            self.field.echo("", workers=2),
            self.field.ours("", self.models["default"], workers=2),
        ]
        crowds = CROWDS[: self.bench.pick(3, 1)]
        rows = [self._crowd(workers, crowd, found) for workers, found in ((1, pair), (2, twins)) for crowd in crowds]
        columns = ("", "CPU, µs a decision", "decisions a second", "of the echo's", "echo: CPU, µs", "echo: a second")
        return Table("The default model by connections and workers", columns, tuple(rows))

    def _crowd(self, workers: int, crowd: int, entries: list[Entry]) -> tuple[str, ...]:
        titled = [replace(entry, title=str(at), connections=crowd) for at, entry in enumerate(entries)]
        contenders = [entry.contender(self.bench) for entry in titled]
        costs = in_turns(contenders, self.bench.pick(3, 1), lambda _: None)
        floor, ours = (
            (Spread.of([1e6 * cost.cpu for cost in spent]), Spread.of([1.0 / cost.wall for cost in spent]))
            for spent in (costs["0"], costs["1"])
        )
        self.shares[workers, crowd] = share = share_of(costs, "1", "0").middle
        name = f"{workers} worker{'s' * (workers > 1)}, {crowd} connection{'s' * (crowd > 1)}"
        figures = (ours[0].middle, ours[1].middle, share, floor[0].middle, floor[1].middle)
        return (name, *(f"{figure:,.3g}" if figure < 100 else f"{figure:,.0f}" for figure in figures))

    def promises(self, costs: Costs) -> tuple[Promise, ...]:
        cpu = 1e6 * Spread.of([cost.cpu for cost in costs[self.title("default")]]).middle
        found = [
            ("Flask's CPU ÷ ours, default model", "", LESS, self._times(costs, "default"), False),
            ("CPU of a decision, default model", "µs", MOST, cpu, True),
            ("throughput ÷ the echo's, two workers, default model", "", SHARE, max(self.shares.items())[1], False),
        ]
        if "depth_5" in self.models:
            limit = LESS_AT_DEPTH_5
            found.insert(1, ("Flask's CPU ÷ ours, depth 5", "", limit, self._times(costs, "depth_5"), False))
        return tuple(Promise(*one) for one in found)

    def _times(self, costs: Costs, name: str) -> float:
        return ratio(costs, self.peer(services.FLASK, name), self.title(name)).middle


SCENARIO = Scenario("service", "What does a decision cost the server, with reasons and logged?", run)
