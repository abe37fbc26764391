"""How many rows does a CPU second score, with and without reasons?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.bench import APPROVE_ALL, DECLINE_ALL, Bench, Scenario
from benchmarks.measure import Contender, Cost, Costs, Spread, cost_of, in_turns
from benchmarks.results import Promise, Report, Table, Unit, compare, number, paragraphs
from loanbook.decisions.decider import Decider
from loanbook.decisions.policy import Policy

FLOOR = "floor: XGBoost's raw probability of rows that are numbers already"
PLAIN = "peer: pandas, ColumnTransformer, XGBoost of as many trees"
REASONED = "peer with reasons: the same and its `pred_contribs`"
MICROSECONDS = Unit(1e6, "µs a row")
DECLINED, SOME = "with reasons", "with reasons for the riskiest 30%"
LEAST = 100_000
"""Rows with reasons per CPU second, promised for the default model and for depth 3."""


def run(bench: Bench) -> Report:
    """Measure it."""
    contenders = _contenders(bench)
    costs = in_turns(contenders, bench.pick(7, 1), bench.tell)
    return Report(
        tables=(
            compare("Scoring a table in memory", contenders, costs, MICROSECONDS, floor=FLOOR),
            _throughput(contenders, costs),
        ),
        promises=tuple(
            _promise(f"{name} {how}", costs)
            for name in dict.fromkeys((bench.default, _kinds(bench)[-1]))
            for how in (DECLINED, SOME)
        ),
        notes=paragraphs(
            f"""
            A row goes through the data contract, the feature plan, the scorer, calibration and its
            interval, and the policy. With reasons every row is declined and has its four principal
            reasons in words; or the riskiest 30% are, as where seven of ten are approved, for an
            approval has none.

            xgboost has {bench.size}, on both sides{_others(bench)}. {bench.default} is what a
            training of the usual ladder chooses; the peer's reasons are the names of the four
            columns whose contributions are largest. It neither checks its rows nor calibrates.

            The others have no peer of their own: they are compared with the same XGBoost pipeline.
            """
        ),
    )


def _contenders(bench: Bench) -> list[Contender]:
    many, kinds = bench.table, _kinds(bench)
    few = {name: many.gather_every(max(1, many.height // size)) for name, size in _reasoned_rows(bench).items()}
    model = bench.model("xgboost")
    x = model.plan.transform(model.contract.code_table(many).values)
    frame, usual = many.to_pandas(), bench.usual
    some = frame.iloc[:: max(1, len(frame) // bench.pick(2_000, 100))]
    raw = _raw(x, bench)

    return [
        Contender(FLOOR, raw),
        *(_ours(name, bench.decider(name, APPROVE_ALL), many, PLAIN) for name in kinds),
        Contender(PLAIN, lambda: cost_of(lambda: usual.score(frame), len(frame))),
        *(_ours(f"{name} {DECLINED}", bench.decider(name, DECLINE_ALL), few[name], REASONED) for name in kinds),
        *(
            _ours(f"{name} {SOME}", bench.decider(name, _usual(bench, name, many)), few[name], REASONED)
            for name in kinds
        ),
        Contender(REASONED, lambda: cost_of(lambda: usual.explain(some), len(some))),
    ]


def _usual(bench: Bench, name: str, rows: pl.DataFrame) -> Policy:
    """Approves seven rows of ten."""
    risk = bench.decider(name, APPROVE_ALL).decide_table(rows)["probability_of_default"]
    cut = float(risk.quantile(0.7) or 1.0)
    return Policy(cut, cut, 1, "approves seven of ten")


def _ours(title: str, decider: Decider, rows: pl.DataFrame, peer: str) -> Contender:
    """Decide a table; reasons are asked for where there is a peer who gives them."""

    def decide() -> object:
        return decider.decide_table(rows, reasons=peer == REASONED)

    decider.decide_table(rows[:2], reasons=True)  # what is made once is made before the clock starts
    return Contender(title, lambda: cost_of(decide, rows.height), peer)


def _kinds(bench: Bench) -> tuple[str, ...]:
    """Those of the bench, what a training chooses, and the fixed shape of depth 3."""
    return tuple(dict.fromkeys(bench.kinds if bench.quick else (*bench.kinds, bench.default, "depth_3")))


def _others(bench: Bench) -> str:
    return "".join(f", {name} {bench.size_of(name)}" for name in _kinds(bench)[2:] if name != "xgboost")


def _promise(title: str, costs: Costs) -> Promise:
    found = Spread.of([1.0 / cost.cpu for cost in costs[title]]).middle
    return Promise(f"rows per CPU second, {title}", "", LEAST, found, most=False)


def _reasoned_rows(bench: Bench) -> dict[str, int]:
    """Rows that are given reasons: enough to take a good part of a second."""
    few = {"forest": bench.pick(500, 20)}
    return {name: few.get(name, bench.pick(20_000, 50)) for name in _kinds(bench)}


def _raw(x: NDArray[np.float64], bench: Bench) -> Callable[[], Cost]:
    import xgboost

    settings = {"objective": "binary:logistic", "max_depth": bench.size.depth, "eta": 0.08, "nthread": 1}
    booster = xgboost.train(settings, xgboost.QuantileDMatrix(x, bench.loans.bad, nthread=1), bench.size.trees)
    return lambda: cost_of(lambda: booster.inplace_predict(x), len(x))


def _throughput(contenders: list[Contender], costs: Costs) -> Table:
    rows = []
    for contender in contenders:
        found = Spread.of([1.0 / cost.cpu for cost in costs[contender.title]])
        rows.append((contender.title, number(found.middle), f"{number(found.low)} to {number(found.high)}"))
    return Table("The same as rows per CPU second", ("", "rows per CPU s", "over the rounds"), tuple(rows))


SCENARIO = Scenario("batch", "How many rows does a CPU second score, with and without reasons?", run)
