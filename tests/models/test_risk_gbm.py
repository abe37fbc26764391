"""What LightGBM grows is what decides: the same leaf for every row, the same reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loanbook.models.risk.boosting import Boosting
from loanbook.models.risk.gbm import LightGBM, ensemble_of
from loanbook.models.scoring import TreeEnsemble
from loanbook.testing import example


@pytest.fixture(autouse=True)
def _lightgbm(need: Callable[[str], None]) -> None:
    need("lightgbm")


Rows = tuple[np.ndarray, np.ndarray]
Probes = Callable[[TreeEnsemble], np.ndarray]


@pytest.mark.parametrize("settings", [{}, {"leaves": 2}, {"penalty": 0.0, "least_leaf": 1}, {"monotone": (1,) * 9}])
def test_margin_and_contributions_are_lightgbms(settings: dict[str, Any], probes: Probes) -> None:
    rows = example(800)
    rung = LightGBM(**settings)
    booster = rung._grow(rows.x, rows.y, np.ones(len(rows.y)))
    ensemble = rung.fit(rows.x, rows.y).scorer_
    rows = probes(ensemble)
    assert ensemble.margin(rows) == pytest.approx(booster.predict(rows, raw_score=True), abs=1e-9)
    theirs = booster.predict(rows[::7], pred_contrib=True)
    assert ensemble.contributions(rows[::7]) == pytest.approx(theirs[:, :-1], abs=1e-9)
    assert ensemble.base == pytest.approx(theirs[0, -1], abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_rows_full_of_holes_go_lightgbms_way(seed: int, riddled: Callable[..., Rows], probes: Probes) -> None:
    (x, y), (fresh, _) = riddled(1500, seed), riddled(400, seed + 50)
    booster = LightGBM(seed=seed, least_leaf=5)._grow(x, y, np.ones(len(y)))
    ensemble = ensemble_of(booster)
    rows = np.vstack([fresh, probes(ensemble)])
    assert np.isposinf(ensemble.threshold).any()
    assert ensemble.missing_left.any()
    assert ensemble.margin(rows) == pytest.approx(booster.predict(rows, raw_score=True), abs=1e-9)


def test_real_loans_go_lightgbms_way(model_rows: Rows) -> None:
    x, bad = model_rows
    booster = LightGBM()._grow(x, bad, np.ones(len(bad)))
    assert np.isnan(x).any()
    theirs = booster.predict(x.astype(np.float32), raw_score=True)
    assert ensemble_of(booster).margin(x) == pytest.approx(theirs, abs=1e-9)


def test_a_booster_that_never_splits_gives_the_base_rate() -> None:
    rung = LightGBM().fit(np.ones((50, 2)), np.arange(50) % 5 == 0)
    assert len(rung.scorer_.feature) == len(rung.scorer_.roots)
    assert rung.predict_proba([[3.0, np.nan]])[0, 1] == pytest.approx(0.2, abs=1e-6)


def test_it_stops_before_it_learns_noise() -> None:
    draw = np.random.default_rng(0)
    rung = LightGBM().fit(draw.normal(size=(1000, 5)), draw.random(1000) < 0.3)
    assert len(rung.scorer_.roots) < 30
    assert len(LightGBM(trees_if_few=7).fit(example(30).x, np.arange(30) < 5).scorer_.roots) <= 7


@pytest.mark.parametrize("made", [Boosting, LightGBM])
@pytest.mark.parametrize("sign", [1, -1])
def test_monotone_signs_hold_everywhere(made: type[Boosting | LightGBM], sign: int) -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(1500, 3))
    y = draw.random(1500) < 1 / (1 + np.exp(-x[:, 0] - np.sin(3 * x[:, 1])))
    probes = np.repeat(draw.normal(size=(30, 3)), 50, axis=0)
    probes[:, 1] = np.tile(np.linspace(-3, 3, 50), 30)

    def steps(**settings: Any) -> np.ndarray:
        return np.diff(made(**settings).fit(x, y).scorer_.margin(probes).reshape(30, 50), axis=1)

    assert (sign * steps(monotone=(0, sign, 0)) >= -1e-9).all()
    assert (sign * steps() < -1e-3).any()


@pytest.mark.parametrize("made", [Boosting, LightGBM])
@pytest.mark.parametrize("signs", [(1, 0), (1, 0, 2) * 3])
def test_signs_must_fit_the_columns(made: type[Boosting | LightGBM], signs: tuple[int, ...]) -> None:
    rows = example(60)
    with pytest.raises(ValueError, match="monotone must have one of 1, 0, -1 for each of the 9 columns"):
        made(monotone=signs).fit(rows.x, rows.y)
