"""How long until there is a model?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Contender, Cost, Spread, cost_of, in_turns
from benchmarks.processes import cost_of_process, loanbook, python
from benchmarks.results import Promise, Report, Unit, compare, paragraphs
from benchmarks.usual import CLASSIFIERS, Columns, classifier
from loanbook.models.training import fit_plan, fit_scorer

COMMAND = "`loanbook train`: the usual ladder, eight fits a rung, and the candidate's six"
PEER = "peer: read, one-hot, then logistic, forest and XGBoost, six fits each"
FLOOR = "floor: Python reads the table with pandas"
PLAN = "the feature plan alone (floor)"
SECONDS = Unit(1.0, "s")
BUDGET = 90.0


def run(bench: Bench) -> Report:
    """Measure it."""
    commands = _commands(bench)
    whole = in_turns(commands, bench.pick(3, 1), bench.tell)
    fits = _fits(bench)
    each = in_turns(fits, bench.pick(5, 1), bench.tell)
    found = whole[COMMAND]
    return Report(
        tables=(
            compare("The whole command, a process each", commands, whole, SECONDS, floor=FLOOR),
            compare(f"One fit on the same {len(bench.loans):,} rows, in process", fits, each, SECONDS, floor=PLAN),
        ),
        promises=(
            Promise(
                "training on the bundled sample, wall", "s", BUDGET, Spread.of([cost.wall for cost in found]).middle
            ),
            Promise("training on the bundled sample, CPU", "s", BUDGET, Spread.of([cost.cpu for cost in found]).middle),
        ),
        notes=paragraphs(
            """
            The command also checks the table, looks for leaks, tests out of time, bootstraps every
            figure, calibrates out of fold and writes the artefact; the peer does none of this. Ours
            benchmarks on the loans whose outcome was known when the test begins and fits the candidate
            on all; the peer fits all of its own on all.

            A rung's fit includes its own choices (penalty, size of the tree, early stopping); the
            peer's classifiers have their libraries' own settings. What each is worth stands under
            `quality`.
            """
        ),
    )


def _commands(bench: Bench) -> list[Contender]:
    book = bench.book("train")
    table = bench.folder / "train" / "table.parquet"
    bench.table.write_parquet(table)

    ours = ("train", "--book", str(book.path), *(("--only", "approve_all") if bench.quick else ()))
    theirs = ("-m", "benchmarks.scripts.usual_training", str(table), *(("logistic",) if bench.quick else ()))

    def process(words: list[str]) -> Callable[[], Cost]:
        return lambda: cost_of_process(words, book.path.parent)

    return [
        Contender(FLOOR, process(python("-m", "benchmarks.scripts.read_table", str(table)))),
        Contender(COMMAND, process(loanbook(*ours)), PEER),
        Contender(PEER, process(python(*theirs))),
    ]


def _fits(bench: Bench) -> list[Contender]:
    loans, setting = bench.loans, bench.setting
    x = fit_plan(loans, setting)[1]
    columns = Columns.of(loans.contract)
    frame = columns.frame(_rows(bench))
    found = [Contender(PLAN, lambda: cost_of(lambda: fit_plan(loans, setting)))]
    for rung in bench.ladder:
        peer = f"peer: one-hot and {rung.name}" if rung.name in CLASSIFIERS else ""
        found.append(_fit(rung.name, partial(fit_scorer, rung, x, loans.bad, setting), peer))
        if peer:
            found.append(
                _fit(peer, partial(columns.pipeline(classifier(rung.name, setting.seed)).fit, frame, loans.bad))
            )
    return found


def _fit(title: str, work: Callable[[], object], peer: str = "") -> Contender:
    return Contender(title, lambda: cost_of(work), peer)


def _rows(bench: Bench) -> pd.DataFrame:
    """The labelled rows as the peer reads them; the sample has no others."""
    if len(bench.loans) != bench.table.height:
        raise ValueError("the sample has rows without an outcome: the peer needs the same rows as we")
    return bench.table.to_pandas()


SCENARIO = Scenario("train", "How long until there is a model?", run)
