"""What does the full ladder cost, and a large table?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.bench import Bench, Scenario
from benchmarks.invented import ROWS, TARGET, large_table
from benchmarks.measure import Contender, Cost, Spread, in_turns
from benchmarks.processes import can_ask_for_memory, cost_of_process, loanbook, python
from benchmarks.results import Promise, Report, Table, Unit, compare, number, paragraphs

FLOOR = "floor: Python reads the sample with pandas"
USUAL = "`loanbook train`: the usual ladder"
FULL = "`loanbook train --full`: every rung"
PEER = "peer: read, one-hot, then logistic, forest and XGBoost, six fits each"
LARGE = "`loanbook train`: the usual ladder, a large table"
LARGE_FLOOR = "floor: Python reads the large table with pandas"
MOST = {USUAL: 90.0, FULL: 240.0, LARGE: 300.0}
MEMORY = 3.0
SECONDS = Unit(1.0, "s")


def run(bench: Bench) -> Report:
    """Measure it."""
    sample, large = _sample(bench), _large(bench)
    costs = in_turns(sample, 1, bench.tell)
    costs_large = in_turns(large, 1, bench.tell)
    everything = {**costs, **costs_large}
    rows = bench.pick(ROWS, _QUICK_ROWS)
    peaks = {title: max(cost.peak for cost in spent) / 1e9 for title, spent in everything.items()}
    promises = [
        Promise(f"{title}, CPU", "s", most, Spread.of([cost.cpu for cost in everything[title]]).middle)
        for title, most in MOST.items()
        if title in everything
    ]
    absent = []
    if can_ask_for_memory():
        promises.append(Promise(f"{LARGE}, peak memory", "GB", MEMORY, peaks[LARGE]))
    else:
        absent.append("memory: this system does not tell what another process has used (no /proc)")
    return Report(
        tables=(
            compare("The bundled sample, a process each", sample, costs, SECONDS, floor=FLOOR),
            compare(f"{rows:,} × 10 numbers, a process each", large, costs_large, SECONDS, floor=LARGE_FLOOR),
            Table("Memory", ("", "peak, GB"), tuple((title, number(peak)) for title, peak in peaks.items())),
        ),
        promises=tuple(promises),
        notes=paragraphs(
            """
            Untuned: no rung searches beyond its own choices. The whole command: reading, checking, the benchmark of
            every rung, the candidate fitted and calibrated, the artefact written. Peer: the pipelines of `train`.

            The large table is invented (`benchmarks/invented.py`): as many rows and columns, the same kinds of columns
            and about the same share of bad loans as Give Me Some Credit, which may not be handed on.
            """
        ),
        absent=tuple(absent),
    )


_QUICK_ROWS = 2000


def _sample(bench: Bench) -> list[Contender]:
    book = bench.book("full").path
    table = book.parent / "table.parquet"
    bench.table.write_parquet(table)
    usual, full = (_ours(book, bench, *words) for words in ((), ("--full",)))
    every = [] if bench.quick else [Contender(FULL, full, PEER)]
    theirs = ("-m", "benchmarks.scripts.usual_training", str(table), *(("logistic",) if bench.quick else ()))
    return [
        Contender(FLOOR, _process(python("-m", "benchmarks.scripts.read_table", str(table)), book)),
        Contender(USUAL, usual, PEER),
        *every,
        Contender(PEER, _process(python(*theirs), book)),
    ]


def _large(bench: Bench) -> list[Contender]:
    folder = bench.folder / "large"
    folder.mkdir()
    table, book = folder / "table.parquet", folder / "loanbook.toml"
    large_table(bench.pick(ROWS, _QUICK_ROWS)).write_parquet(table)
    book.write_text(f'[risk]\ndata = "table.parquet"\ntarget = "{TARGET}"\nbad = 1\n', encoding="utf-8")
    return [
        Contender(LARGE_FLOOR, _process(python("-m", "benchmarks.scripts.read_table", str(table)), book)),
        Contender(LARGE, _ours(book, bench)),
    ]


def _ours(book: Path, bench: Bench, *words: str) -> Callable[[], Cost]:
    only = ("--only", "approve_all") if bench.quick else words
    return _process(loanbook("train", "--book", str(book), *only), book)


def _process(words: list[str], book: Path) -> Callable[[], Cost]:
    return lambda: cost_of_process(words, book.parent)


SCENARIO = Scenario("full", "What does the full ladder cost, and a large table?", run)
