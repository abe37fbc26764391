"""What does it cost to read a CSV and to see that it is what it should be?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Spread, cost_of, in_turns
from benchmarks.results import Promise, Report, Unit, compare, paragraphs
from loanbook.data import quality, sources
from loanbook.data.contract import Contract
from loanbook.data.inference import infer_table

SECONDS = Unit(1.0, "s")
FLOOR = "floor: Polars parses the file"
CHECKED = "read, and every cell held against the contract"
QUALITY = "the same, and the twenty checks of `loanbook check`"
PEER = "peer: pandas.read_csv, then dtypes, ranges, levels and ids checked"
ROWS = 150_000
MOST = 3.0


def run(bench: Bench) -> Report:
    """Measure it."""
    rows = bench.pick(ROWS, 2_000)
    path = _csv(bench, rows)
    learned = _Learned.of(bench)
    contenders = [
        Contender(FLOOR, lambda: cost_of(lambda: pl.read_csv(path, infer_schema_length=10_000))),
        Contender(CHECKED, lambda: cost_of(lambda: learned.check(path, rows)), PEER),
        Contender(QUALITY, lambda: cost_of(lambda: learned.check_all(path)), PEER),
        Contender(PEER, lambda: cost_of(lambda: _usual_check(path, learned))),
    ]
    costs = in_turns(contenders, bench.pick(7, 1), bench.tell)
    found = Spread.of([cost.cpu for cost in costs[CHECKED]]).middle
    return Report(
        tables=(compare(f"{rows:,} × {bench.table.width} cells from CSV", contenders, costs, SECONDS, floor=FLOOR),),
        promises=(Promise(f"{rows:,} rows from CSV to a checked table, CPU", "s", MOST, found),),
        notes=paragraphs(
            """
            The peer checks what the contract checks (numbers within their ranges, known levels, nothing
            missing that must be there, dates that can be read, ids unique) in vectorised pandas; it
            finds a wrong column, no cell.
            """
        ),
    )


def _csv(bench: Bench, rows: int) -> Path:
    """Write the sample repeated as CSV, each loan with a number of its own."""
    table = pl.concat([bench.table] * (1 + rows // bench.table.height)).head(rows)
    path = bench.folder / "loans.csv"
    table.with_columns(loan_number=pl.int_range(rows) + 1_000_000_000).write_csv(path)
    return path


class _Learned:
    """What the sample taught: the contract of the file."""

    def __init__(self, table: pl.DataFrame, apart: set[str | None], id: str | None, time: str | None) -> None:
        columns = [name for name in table.columns if name not in apart]
        self.contract = Contract.learn(table, infer_table(table), columns=columns, id=id)
        self.time = time

    @classmethod
    def of(cls, bench: Bench) -> _Learned:
        section = bench.section
        apart = {section.target, section.id, section.outcome_time, *section.ignore}
        return cls(bench.table, apart, section.id, section.time)

    def check(self, path: Path, rows: int) -> None:
        """Read the file and code every cell; all rows keep the contract, and ids are unique."""
        table = sources.read(path)
        coded = self.contract.code_table(table)
        if coded.problems or table[str(self.contract.id)].n_unique() != rows:
            raise ValueError(f"the sample breaks its own contract: {dict(list(coded.problems.items())[:3])}")

    def check_all(self, path: Path) -> None:
        """Read the file and look at the table as a whole too."""
        quality.check(sources.read(path), self.contract, id=self.contract.id, time=self.time)


def _usual_check(path: Path, learned: _Learned) -> None:
    frame = pd.read_csv(path, low_memory=False)
    wrong = [field.name for field in learned.contract.fields if not _holds(frame[field.name], field)]
    if wrong or not frame[learned.contract.id].is_unique:
        raise ValueError(f"the peer's checks refuse the sample: {wrong}")


def _holds(column: pd.Series, field: Any) -> bool:
    if field.required and column.isna().any():
        return False
    if field.kind in ("integer", "decimal"):
        seen = pd.to_numeric(column, errors="coerce").dropna()
        return bool(np.isfinite(seen).all() and seen.between(field.low, field.high).all())
    if field.kind == "date":
        return bool(pd.to_datetime(column, errors="coerce").notna().all())
    return not getattr(field, "closed", False) or bool(column.dropna().isin(field.levels).all())


SCENARIO = Scenario("read", "What does it cost to read a CSV and to see that it is what it should be?", run)
