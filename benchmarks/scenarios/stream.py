"""How much memory and CPU does a file take that is larger than one would like to hold?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Cost, Costs, in_turns
from benchmarks.processes import can_ask_for_memory, cost_of_process, loanbook, python
from benchmarks.results import Promise, Report, Table, Unit, compare, number, paragraphs
from benchmarks.services import serving_book, usual_model

MICROSECONDS = Unit(1e6, "µs a row")
FLOOR = "floor: pyarrow copies the file batch by batch"
PEER = "peer: pandas batches through ColumnTransformer and XGBoost of as many trees"
COMMAND = "`loanbook predict`"
SOME, MANY = 400_000, 5_000_000
GIGABYTE = 1e9
MOST = 1.5


def run(bench: Bench) -> Report:
    """Measure it."""
    rows = bench.pick(SOME, 3_000)
    files = _Files.make(bench)
    contenders = files.contenders(_large(bench, files.folder / "some.parquet", rows), rows)
    costs = dict(in_turns(contenders, bench.pick(3, 1), bench.tell))
    tables = [compare(f"{rows:,} rows, a process each", contenders, costs, MICROSECONDS, floor=FLOOR)]
    many = bench.pick(MANY, 6_000)
    bench.tell(f"{COMMAND} of {many:,} rows")
    once = files.predict(_large(bench, files.folder / "many.parquet", many), many)
    promises, absent = [], []
    if can_ask_for_memory():
        tables.append(_memory({**costs, f"{COMMAND}, {many:,} rows": [once]}, rows))
        promises.append(Promise(f"peak memory of {COMMAND} of {many:,} rows", "GB", MOST, once.peak / GIGABYTE))
    else:
        absent.append("memory: this system does not tell what another process has used (no /proc)")
    return Report(
        tables=tuple(tables),
        promises=tuple(promises),
        notes=paragraphs(
            """
            From Parquet to Parquet: the sample's rows repeated, 25 columns, row groups of 100,000. The
            champion is XGBoost, without reasons.
            """
        ),
        absent=tuple(absent),
    )


def _memory(costs: Costs, rows: int) -> Table:
    lines = []
    for name, spent in costs.items():
        peak, speed = max(cost.peak for cost in spent) / GIGABYTE, median(1.0 / cost.wall for cost in spent)
        lines.append((name, number(peak), number(speed)))
    title = f"Memory and speed; {rows:,} rows where nothing else is said"
    return Table(title, ("", "peak memory, GB", "rows a second, wall"), tuple(lines))


@dataclass(frozen=True)
class _Files:
    """A book whose champion is XGBoost, and the peer's model, in one folder."""

    folder: Path
    book: Path
    model: Path

    @classmethod
    def make(cls, bench: Bench) -> _Files:
        book = serving_book(bench, "stream")
        folder = book.path.parent
        return cls(folder, book.path, usual_model(bench, folder))

    def contenders(self, table: Path, rows: int) -> list[Contender]:
        copy = python("-m", "benchmarks.scripts.copy_table", str(table), str(self.folder / "copy.parquet"))
        words = ("benchmarks.scripts.usual_predict", str(self.model), str(table), str(self.folder / "usual.parquet"))
        return [
            Contender(FLOOR, lambda: cost_of_process(copy, self.folder).each(rows)),
            Contender(COMMAND, lambda: self.predict(table, rows), PEER),
            Contender(PEER, lambda: cost_of_process(python("-m", *words), self.folder).each(rows)),
        ]

    def predict(self, table: Path, rows: int) -> Cost:
        """`loanbook predict`, the cost of a row."""
        words = ("predict", str(table), "-o", str(self.folder / "scored.parquet"), "--book", str(self.book))
        return cost_of_process(loanbook(*words), self.folder).each(rows)


def _large(bench: Bench, path: Path, rows: int) -> Path:
    """Write the sample again and again, a row group at a time."""
    from pyarrow import parquet

    bench.tell(f"writing a table of {rows:,} rows")
    sample, written = bench.table, 0
    group = pl.concat([sample] * (1 + 100_000 // sample.height)).head(100_000)
    with parquet.ParquetWriter(path, group.to_arrow().schema) as writer:
        while written < rows:
            part = group.head(min(group.height, rows - written))
            writer.write_table(part.to_arrow())
            written += part.height
    return path


SCENARIO = Scenario("stream", "How much memory and CPU does a large file take?", run)
