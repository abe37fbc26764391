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
REASONS = "`loanbook predict --reasons`"
REASONED_PEER = "peer with reasons: the same and its `pred_contribs`"
SOME, MANY = 400_000, 5_000_000
FEW_REASONED, SOME_REASONED, MANY_REASONED = 100_000, 1_000_000, 10_000_000
FLAT = 1.1
"""Peak memory of the largest table ÷ that of the smaller one, with reasons."""
GIGABYTE = 1e9
MOST = 1.5


def run(bench: Bench) -> Report:
    """Measure it."""
    rows = bench.pick(SOME, 3_000)
    files = _Files.make(bench)
    contenders = files.contenders(_large(bench, files.folder / "some.parquet", rows), rows)
    costs = dict(in_turns(contenders, bench.pick(3, 1), bench.tell))
    tables = [compare(f"{rows:,} rows, a process each", contenders, costs, MICROSECONDS, floor=FLOOR)]
    few = bench.pick(FEW_REASONED, 2_000)
    reasoning = files.contenders(_large(bench, files.folder / "few.parquet", few), few, reasons=True)
    reasoned = in_turns(reasoning, bench.pick(3, 1), bench.tell)
    tables.append(compare(f"With reasons, {few:,} rows", reasoning, reasoned, MICROSECONDS, floor=FLOOR))
    many = bench.pick(MANY, 6_000)
    some, most = bench.pick(SOME_REASONED, 4_000), bench.pick(MANY_REASONED, 8_000)
    costs[f"{COMMAND}, {many:,} rows"] = [once] = [files.large(bench, many)]
    costs[f"{REASONS}, {some:,} rows"] = [before] = [files.large(bench, some, reasons=True)]
    costs[f"{REASONS}, {most:,} rows"] = [after] = [files.large(bench, most, reasons=True)]
    promises, absent = [], []
    if can_ask_for_memory():
        tables.append(_memory(costs, rows))
        promises = [
            Promise(f"peak memory of {COMMAND} of {many:,} rows", "GB", MOST, once.peak / GIGABYTE),
            Promise(f"peak memory of {REASONS} of {most:,} rows", "GB", MOST, after.peak / GIGABYTE),
            Promise(f"the same ÷ that of {some:,} rows", "", FLAT, after.peak / before.peak),
        ]
    else:
        absent.append("memory: this system does not tell what another process has used (no /proc)")
    return Report(
        tables=tuple(tables),
        promises=tuple(promises),
        notes=paragraphs(
            f"""
            From Parquet to Parquet: the sample's rows repeated, 25 columns, row groups of 100,000. The
            champion is XGBoost, {bench.size}. With reasons every row is declined and has four.
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

    def contenders(self, table: Path, rows: int, *, reasons: bool = False) -> list[Contender]:
        copy = python("-m", "benchmarks.scripts.copy_table", str(table), str(self.folder / "copy.parquet"))
        words = [str(self.model), str(table), str(self.folder / "usual.parquet"), *["reasons"][:reasons]]
        usual = python("-m", "benchmarks.scripts.usual_predict", *words)
        title, peer = (REASONS, REASONED_PEER) if reasons else (COMMAND, PEER)
        return [
            Contender(FLOOR, lambda: cost_of_process(copy, self.folder).each(rows)),
            Contender(title, lambda: self.predict(table, rows, reasons=reasons), peer),
            Contender(peer, lambda: cost_of_process(usual, self.folder).each(rows)),
        ]

    def predict(self, table: Path, rows: int, *, reasons: bool = False) -> Cost:
        """`loanbook predict`, the cost of a row."""
        words = ["predict", str(table), "-o", str(self.folder / "scored.parquet"), "--book", str(self.book)]
        return cost_of_process(loanbook(*words, *["--reasons"][:reasons]), self.folder).each(rows)

    def large(self, bench: Bench, rows: int, *, reasons: bool = False) -> Cost:
        """The same once, of a table that is written for it and gone afterwards."""
        bench.tell(f"{REASONS if reasons else COMMAND} of {rows:,} rows")
        table = _large(bench, self.folder / "large.parquet", rows)
        found = self.predict(table, rows, reasons=reasons)
        table.unlink()
        return found


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
