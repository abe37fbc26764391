"""How much memory and CPU does a file take that is larger than one would like to hold?"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Cost, Spread, in_turns
from benchmarks.processes import cost_of_process, loanbook, python
from benchmarks.results import Promise, Report, Table, Unit, compare, number, paragraphs
from benchmarks.services import serving_book, usual_model

MICROSECONDS = Unit(1e6, "µs a row")
FLOOR = "floor: pyarrow copies the file batch by batch"
PEER = "peer: pandas batches through ColumnTransformer and XGBoost of as many trees"
COMMAND = "`loanbook predict`"
ROWS = 5_000_000
GIGABYTE = 1e9
MOST = 1.5


def run(bench: Bench) -> Report:
    """Measure it."""
    rows = bench.pick(ROWS if bench.full else 400_000, 3_000)
    contenders = _contenders(bench, rows)
    costs = in_turns(contenders, bench.pick(1 if bench.full else 3, 1), bench.tell)
    peaks = {name: max(cost.peak for cost in spent) / GIGABYTE for name, spent in costs.items()}
    speeds = {name: Spread.of([1.0 / cost.wall for cost in spent]).middle for name, spent in costs.items()}
    memory = tuple((name, number(peaks[name]), number(speeds[name])) for name in peaks)
    absent = () if bench.full else (f"{ROWS:,} rows: take minutes; `make bench FULL=1` runs them",)
    return Report(
        tables=(
            compare(
                f"{rows:,} rows from Parquet to Parquet, a process each", contenders, costs, MICROSECONDS, floor=FLOOR
            ),
            Table(f"Memory and speed on {rows:,} rows", ("", "peak memory, GB", "rows a second, wall"), memory),
        ),
        promises=(Promise(f"peak memory of `loanbook predict` on {rows:,} rows", "GB", MOST, peaks[COMMAND]),),
        notes=paragraphs(
            """
            The sample's rows repeated, 25 columns, row groups of 100,000; the champion is XGBoost,
            without reasons.
            """
        ),
        absent=absent,
    )


def _contenders(bench: Bench, rows: int) -> list[Contender]:
    book = serving_book(bench, "stream")
    folder = book.path.parent
    table = _large(bench, folder / "large.parquet", rows)
    model = usual_model(bench, folder)

    def each(*words: str, script: bool = True) -> Cost:
        command = python("-m", *words) if script else loanbook(*words)
        return cost_of_process(command, folder, allowed=(0, 1)).each(rows)

    predict = ("predict", str(table), "-o", str(folder / "scored.parquet"), "--book", str(book.path))
    copy = ("benchmarks.scripts.copy_table", str(table), str(folder / "copy.parquet"))
    peer = ("benchmarks.scripts.usual_predict", str(model), str(table), str(folder / "usual.parquet"))
    return [
        Contender(FLOOR, lambda: each(*copy)),
        Contender(COMMAND, lambda: each(*predict, script=False), PEER),
        Contender(PEER, lambda: each(*peer)),
    ]


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
