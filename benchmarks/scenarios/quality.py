"""What are the models worth that this costs?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.bench import Bench, Scenario
from benchmarks.measure import Spread
from benchmarks.results import NONE, Promise, Report, Table, paragraphs
from benchmarks.usual import Columns
from loanbook.data.splits import Split, folds, split
from loanbook.evaluation.metrics import auc
from loanbook.models.training import Rung, fit_plan, fit_scorer

PEER = "peer: XGBoost's defaults with native categories"
BEST = "xgboost"
LEAST = 0.77
Rows = NDArray[np.intp]
Scores = Callable[[Rows, Rows], NDArray[np.float64]]
"""Fitted on some rows; scores of others."""


def run(bench: Bench) -> Report:
    """Measure it."""
    loans, setting = bench.loans, bench.setting
    pairs = list(folds(loans.bad, loans.groups, count=5, seed=setting.seed))[: bench.pick(5, 1)]
    later = split(loans.bad, time=loans.time, known=loans.known, groups=loans.groups, seed=setting.seed)
    found = {}
    for name, scores in _contestants(bench).items():
        bench.tell(name)
        shuffled = [auc(loans.bad[test], scores(train, test)) for train, test in pairs]
        found[name] = (shuffled, auc(loans.bad[later.test], scores(later.development, later.test)))
    best = Spread.of(found.get(BEST, found[PEER])[0]).middle
    return Report(
        tables=(_table(found, len(pairs), later),),
        promises=(Promise("AUC of the XGBoost rung, random split without the leak", "", LEAST, best, most=False),),
        notes=paragraphs(
            f"""
            Random: stratified folds of all labelled rows; the median fold, the worst and the best. Out
            of time: trained on {len(later.development):,} loans whose outcome was known by then, tested
            on the {len(later.test):,} that came after. No column that is known only later is used by
            anybody.

            The peer sees the same columns and rows, and of the decision's date its month and weekday,
            as ours do.
            """
        ),
    )


def _contestants(bench: Bench) -> dict[str, Scores]:
    found: dict[str, Scores] = {rung.name: _of_rung(bench, rung) for rung in bench.ladder}
    found[PEER] = _native(bench)
    return found


def _of_rung(bench: Bench, rung: Rung) -> Scores:
    def scores(train: Rows, test: Rows) -> NDArray[np.float64]:
        part = bench.loans.take(train)
        plan, x = fit_plan(part, bench.setting)
        return fit_scorer(rung, x, part.bad, bench.setting).margin(plan.transform(bench.loans.codes[test]))

    return scores


def _native(bench: Bench) -> Scores:
    from xgboost import XGBClassifier

    columns = Columns.of(bench.loans.contract)
    frame = columns.frame(bench.table.to_pandas())
    x = frame[[*columns.numbers, *columns.made, *columns.categories]].copy()
    for name in columns.categories:
        x[name] = pd.Categorical(x[name])

    def scores(train: Rows, test: Rows) -> NDArray[np.float64]:
        model = XGBClassifier(enable_categorical=True, n_jobs=1, random_state=bench.setting.seed)
        model.fit(x.iloc[train], bench.loans.bad[train])
        found: NDArray[np.float64] = model.predict_proba(x.iloc[test])[:, 1]
        return found

    return scores


def _table(found: dict[str, tuple[list[float], float]], count: int, later: Split) -> Table:
    theirs, theirs_later = found[PEER]
    rows = []
    for name, (shuffled, out_of_time) in found.items():
        gain = Spread.of([mine - other for mine, other in zip(shuffled, theirs, strict=True)])
        peer = name == PEER
        rows.append(
            (
                name,
                _auc(Spread.of(shuffled)),
                NONE if peer else _auc(gain, signed=True),
                f"{out_of_time:.4f}",
                NONE if peer else f"{out_of_time - theirs_later:+.4f}",
            )
        )
    columns = (
        "",
        f"AUC, {count} random folds",
        "less the peer's, fold by fold",
        f"AUC {_kind(later)}",
        "less the peer's",
    )
    return Table("Area under the curve on the bundled sample", columns, tuple(rows))


def _kind(later: Split) -> str:
    return later.kind.replace("_", " ")


def _auc(found: Spread, *, signed: bool = False) -> str:
    one: Callable[[float], Any] = (lambda value: f"{value:+.4f}") if signed else (lambda value: f"{value:.4f}")
    return f"{one(found.middle)} ({one(found.low)} to {one(found.high)})"


SCENARIO = Scenario("quality", "What are the models worth?", run)
