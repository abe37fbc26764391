"""Models of every kind that the kernel must know, on the bundled loans, and rows that are hard on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.features.plan import Plan
from loanbook.models.compiled import why_absent
from loanbook.models.risk import LADDER
from loanbook.models.risk.ebm import Ebm
from loanbook.models.risk.forest import Forest
from loanbook.models.scoring import Additive, Blend, Calibration, Network, Output, Scorer
from loanbook.models.scoring.amounts import Amounts, to_amount
from loanbook.models.scoring.calibrators import isotonic
from loanbook.models.trained import TrainedModel
from loanbook.models.training import Setting, fit_plan

LIGHT = ("three_rules", "scorecard", "logistic_woe", "one_rule", "tree", "xgboost", "lightgbm", "catboost")


@pytest.fixture(scope="session", autouse=True)
def _kernel(need: Callable[[str], None]) -> None:
    """Without a compiler numpy would be compared with itself."""
    need("cc")
    assert why_absent() is None


@dataclass(frozen=True)
class Material:
    """Loans, and what the feature plan made of them."""

    loans: Loans
    plan: Plan
    x: np.ndarray
    of: Callable[[Scorer, Output | None], TrainedModel]


@pytest.fixture(scope="session")
def material(small_sample: pl.DataFrame) -> Material:
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    loans = Loans.learn(small_sample, section, infer_table(small_sample, section.types))
    part = loans.take(np.arange(1500))
    plan, x = fit_plan(part, Setting(time=section.time, amount=section.amount))

    def of(scorer: Scorer, output: Output | None = None) -> TrainedModel:
        made = Calibration.fit(scorer.margin(x), part.bad) if output is None else output
        return TrainedModel("risk", part.contract, plan, scorer, made, {})

    return Material(part, plan, x, of)


@pytest.fixture(scope="session")
def models(material: Material) -> Mapping[str, TrainedModel]:
    """By name: light rungs as the ladder makes them, heavy ones made small, every output."""
    x, bad = material.x, material.loans.bad
    scorers: dict[str, Scorer] = {
        rung.name: rung.make(0, 1).fit(x, bad).scorer_ for rung in LADDER if rung.name in LIGHT
    }
    scorers["ebm"] = Ebm(pairs=3, bags=1, most_rounds=60).fit(x, bad).scorer_
    scorers["forest"] = Forest(trees=4, trials=1, depth=20, rows=1.0, columns=0.5).fit(x, bad).scorer_
    scorers["network"] = a_network(x)
    width = x.shape[1]
    nothing = np.empty((0, 2))
    scorers["constant"] = Additive(-1.5, np.empty(0, np.int64), nothing, nothing, np.empty(0), np.empty(0), width)
    scorers["empty blend"] = Blend.of(-1.0, [], [], width)
    inner = Blend.of(0.1, [0.5, 0.25], [scorers["xgboost"], scorers["network"]], width)
    members = [scorers[name] for name in ("catboost", "forest", "ebm", "logistic_woe")]
    scorers["blend of blends"] = Blend.of(-0.2, [0.3, 0.2, 0.4, 0.1, 0.3], [inner, *members], width)
    found = {name: material.of(scorer) for name, scorer in scorers.items()}
    for name in ("xgboost", "network"):
        margin = scorers[name].margin(x)
        bent = Calibration.fit(margin, bad)
        line = isotonic(margin, bad)
        found[f"{name}, isotonic"] = material.of(
            scorers[name], Calibration("isotonic", line, bent.cuts, bent.low, bent.high)
        )
    margin = scorers["lightgbm"].margin(x) + 8.0
    draw = np.random.default_rng(0)
    amounts = Amounts.fit(margin - 8.0, to_amount(margin + draw.normal(0.0, 0.5, len(margin))))
    return {**found, "amounts": material.of(scorers["lightgbm"], amounts)}


def a_network(x: np.ndarray) -> Network:
    """Random networks on some columns of these rows."""
    draw = np.random.default_rng(0)
    columns = np.array([0, 0, 1, 2, 5, 7, 11])
    knots = np.array([np.nanquantile(x[:, column], (0.05, 0.3, 0.6, 0.95)) for column in columns])
    sizes = len(columns), 3, 8, 5
    return Network(
        columns=columns,
        knots=knots,
        values=draw.normal(size=knots.shape),
        missing=draw.normal(size=sizes[0]),
        reference=draw.normal(size=sizes[0]),
        first=draw.normal(size=sizes[:3]),
        first_bias=draw.normal(size=sizes[1:3]),
        second=draw.normal(size=sizes[1:]) / 3,
        second_bias=draw.normal(size=(3, 5)),
        last=draw.normal(size=(3, 5)) / 3,
        last_bias=draw.normal(size=3),
        width=x.shape[1],
    )


@pytest.fixture(scope="session")
def hard_codes(material: Material) -> np.ndarray:
    """Real rows; the same with holes, special codes, levels that are rare or new; numbers far outside."""
    contract, plan, draw = material.loans.contract, material.plan, np.random.default_rng(1)
    real = material.loans.codes[:400]
    holes = real.copy()
    holes[draw.random(holes.shape) < 0.4] = np.nan
    odd = real.copy()
    for place, field in enumerate(contract.fields):
        if field.kind == "category":
            odd[draw.random(len(odd)) < 0.3, place] = -1.0
        elif field.kind in ("integer", "decimal"):
            odd[:, place] *= draw.choice([1.0, 0.0, -1.0, 1e6, 1e-9], len(odd))
        for special in plan.specials[place]:
            odd[draw.random(len(odd)) < 0.2, place] = special
    empty = np.full((1, real.shape[1]), np.nan)
    return np.vstack([real, holes, odd, empty])
