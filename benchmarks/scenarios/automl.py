"""How does the stack compare with AutoML libraries, and at what cost?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
import polars as pl
from pandas import isna

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Cost
from benchmarks.paired import written
from benchmarks.peers import PEERS, Peer
from benchmarks.processes import Failed, cost_of_process, python
from benchmarks.results import NONE, Promise, Report, Table, number, paragraphs
from benchmarks.scripts.automl import TARGET
from benchmarks.scripts.fit_trial import TENTHS_TESTED, part, read
from benchmarks.usual import Columns
from loanbook.book import Book
from loanbook.evaluation.metrics import auc, brier, log_loss
from loanbook.lifecycle import load
from loanbook.models.training import Floats

OURS = "loanbook: the stack"
SHARE = 1 / 3
SEED = 0


@dataclass(frozen=True)
class Outcome:
    """What one contestant reached on one data set, and what it took."""

    auc: float
    log_loss: float
    brier: float
    cost: Cost


Found = Mapping[str, Mapping[str, Outcome]]
"""By contestant, then by data set."""


def run(bench: Bench) -> Report:
    """Measure it; a quick run fits no library, each takes minutes."""
    peers = [] if bench.quick else [peer for peer in PEERS if not peer.absent]
    found: dict[str, dict[str, Outcome]] = {OURS: {}, **{_named(peer): {} for peer in peers}}
    rung = "logistic" if bench.quick else bench.best
    failed = []
    for data, book in bench.course.books:
        folder = bench.folder / f"automl-{data.name}"
        folder.mkdir()
        y = _write(book, folder)
        bench.tell(f"{data.title}: the stack")
        words = python("-m", "benchmarks.scripts.fit_stack", str(book), str(SEED), rung, "ours.npy")
        found[OURS][data.title] = _outcome(cost_of_process(words, folder), folder / "ours.npy", y)
        for peer in peers:
            bench.tell(f"{data.title}: {peer.title}")
            try:
                found[_named(peer)][data.title] = _of_peer(peer, folder, y)
            except Failed as fault:
                failed.append(f"{peer.title} on {data.title}: {str(fault).splitlines()[-1]}")
    absent = [*bench.absent_data, *(peer.absent for peer in PEERS if peer.absent), *failed]
    if bench.quick:
        absent = ["the AutoML libraries in a quick run"]
    return Report(
        tables=(_figures(found), _probabilities(found), _costs(found)),
        promises=_promises(found),
        notes=_notes(),
        absent=tuple(absent),
    )


def _named(peer: Peer) -> str:
    return f"peer: {peer.title} ({peer.version()})"


def _write(book: Path, folder: Path) -> Floats:
    """Write the raw columns that a model may see, of the rows that teach and of those that test.

    Returns
    -------
    Outcomes of the rows that test.
    """
    loans, _ = read(book)
    opened = Book.load(book)
    table, _ = load(opened, opened.section("risk"))
    columns = Columns.of(loans.contract)
    frame = columns.frame(table[loans.rows].to_pandas())
    numbers = {name: frame[name].to_numpy(np.float64, na_value=np.nan) for name in (*columns.numbers, *columns.made)}
    texts = {name: [None if isna(cell) else str(cell) for cell in frame[name]] for name in columns.categories}
    plain = pl.DataFrame({**numbers, **texts}, nan_to_null=True).with_columns(pl.Series(TARGET, loans.y))
    train, test = part(loans, SEED)
    plain[train].write_parquet(folder / "train.parquet")
    plain[test].drop(TARGET).write_parquet(folder / "test.parquet")
    return loans.y[test]


def _of_peer(peer: Peer, folder: Path, y: Floats) -> Outcome:
    seconds = str(peer.limit(len(y) * 10 // TENTHS_TESTED))
    words = [str(peer.python), "-m", "benchmarks.scripts.automl", peer.name, str(folder), seconds, str(SEED)]
    return _outcome(cost_of_process(words, folder), folder / f"{peer.name}.npy", y)


def _outcome(cost: Cost, path: Path, y: Floats) -> Outcome:
    p = np.load(path, allow_pickle=False)
    return Outcome(auc(y, p), log_loss(y, p), brier(y, p), cost)


def _figures(found: Found) -> Table:
    titles = list(found[OURS])
    rows = [
        (name, *(written(each[title].auc) if title in each else NONE for title in titles), _mean(each, "auc"))
        for name, each in found.items()
    ]
    return Table("Area under the curve on the test rows", ("", *titles, "mean"), tuple(rows))


def _probabilities(found: Found) -> Table:
    rows = [(name, _mean(each, "log_loss"), _mean(each, "brier")) for name, each in found.items()]
    return Table("Probabilities, means over the data sets", ("", "log-loss", "Brier"), tuple(rows))


def _costs(found: Found) -> Table:
    rows = []
    for name, each in found.items():
        shares = [found[OURS][title].cost.cpu / one.cost.cpu for title, one in each.items()]
        rows.append(
            (
                name,
                *(number(each[title].cost.cpu) if title in each else NONE for title in found[OURS]),
                number(sum(one.cost.cpu for one in each.values())),
                NONE if name == OURS else f"{median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})",
                number(max(one.cost.peak for one in each.values()) / 1e9),
            )
        )
    columns = ("", *found[OURS], "all", "ours ÷ theirs", "peak memory, GB")
    return Table("CPU seconds, a process each, with reading the table and scoring", columns, tuple(rows))


def _mean(each: Mapping[str, Outcome], figure: str) -> str:
    return written(fmean(getattr(one, figure) for one in each.values())) if each else NONE


def _promises(found: Found) -> tuple[Promise, ...]:
    """Against the best peer, on the data sets that every contestant finished."""
    shared = [title for title in found[OURS] if all(title in each for each in found.values())]
    if len(found) == 1 or not shared:
        return ()

    def mean(name: str) -> float:
        return fmean(found[name][title].auc for title in shared)

    def cpu(name: str) -> float:
        return sum(found[name][title].cost.cpu for title in shared)

    best = max((name for name in found if name != OURS), key=mean)
    sets = f"{len(shared)} data sets"
    return (
        Promise(
            f"mean AUC of the stack less that of the best peer ({best[6:]}), {sets}",
            "",
            0.0,
            mean(OURS) - mean(best),
            most=False,
        ),
        Promise("CPU of the stack as a share of that peer's", "", SHARE, cpu(OURS) / cpu(best)),
    )


def _notes() -> tuple[str, ...]:
    limits = ", ".join(f"{peer.title} {peer.seconds} s" for peer in PEERS)
    return paragraphs(
        f"""
        One split of each data set (seed {SEED}), the same rows for all; on HMEQ near-copies stand on one side. The
        libraries see the raw columns that a model may see: numbers, categories with the same levels on both sides, of a
        date its month and weekday; no id, nothing that is known only later. They make of them what they will.

        Limits of wall clock, on two threads: {limits}; half as much again on Taiwan and SBA. Each runs in an
        environment of its own (`benchmarks/peers`). AutoGluon has no torch, so no neural networks; without Ray it fits
        its folds one after the other. Each is asked for the AUC; none is asked to calibrate. On a busy machine a limit
        of wall clock leaves them less CPU than two threads could spend: the CPU column says what each one got, and
        with little of it they are worse than they could be.

        Ours is fitted and calibrated as a training fits a candidate, on five folds and all rows.
        """
    )


SCENARIO = Scenario("automl", "How does the stack compare with AutoML libraries, and at what cost?", run)
