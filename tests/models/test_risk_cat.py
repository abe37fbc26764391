"""What CatBoost grows is what decides: the same leaf for every row, the same reasons, nothing written to disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loanbook.models.risk.cat import CatBoost, ensemble_of
from loanbook.models.scoring import TreeEnsemble
from loanbook.testing import example

Rows = tuple[np.ndarray, np.ndarray]
Probes = Callable[[TreeEnsemble], np.ndarray]


@pytest.fixture(autouse=True)
def _catboost(need: Callable[[str], None]) -> None:
    need("catboost")


@pytest.mark.parametrize("settings", [{}, {"depth": 1}, {"depth": 4, "penalty": 0.1, "borders": 254}])
def test_margin_and_contributions_are_catboosts(settings: dict[str, Any], probes: Probes) -> None:
    import catboost

    rows = example(800)
    rung = CatBoost(**settings)
    grown = rung._grow(rows.x, rows.y, np.ones(len(rows.y)))
    ensemble = rung.fit(rows.x, rows.y).scorer_
    rows = probes(ensemble)
    assert ensemble.margin(rows) == pytest.approx(grown.predict(rows), abs=1e-9)
    some = rows[~np.isnan(rows[:, 0])][::9]  # the amount was always known: CatBoost's reasons refuse it missing
    theirs = grown.get_feature_importance(catboost.Pool(some), type="ShapValues")
    assert ensemble.contributions(some) == pytest.approx(theirs[:, :-1], abs=1e-9)
    assert ensemble.base == pytest.approx(theirs[0, -1], abs=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_rows_full_of_holes_go_catboosts_way(seed: int, riddled: Callable[..., Rows], probes: Probes) -> None:
    (x, y), (fresh, _) = riddled(1500, seed), riddled(400, seed + 50)
    grown = CatBoost(seed=seed)._grow(x, y, np.ones(len(y)))
    ensemble = ensemble_of(grown, x.shape[1])
    rows = np.vstack([fresh, probes(ensemble)])
    assert (ensemble.threshold < -1e38).any()  # less than every number: where CatBoost parts the missing from the known
    assert ensemble.margin(rows) == pytest.approx(grown.predict(rows), abs=1e-9)


def test_real_loans_go_catboosts_way(model_rows: Rows) -> None:
    x, bad = model_rows
    grown = CatBoost()._grow(x, bad, np.ones(len(bad)))
    assert np.isnan(x).any()
    assert ensemble_of(grown, x.shape[1]).margin(x) == pytest.approx(grown.predict(x.astype(np.float32)), abs=1e-9)


def test_columns_without_information_give_the_base_rate() -> None:
    y = np.arange(50) % 5 == 0
    draw = np.random.default_rng(0)
    for x in (np.ones((50, 2)), np.full((50, 2), np.nan), np.where(draw.random((50, 1)) < 0.5, np.nan, 1.0)):
        found = CatBoost(most_trees=10).fit(x, y).predict_proba(x)[:, 1].mean()
        assert found == pytest.approx(0.2, abs=0.02)


def test_it_stops_before_it_learns_noise() -> None:
    draw = np.random.default_rng(0)
    rung = CatBoost().fit(draw.normal(size=(1000, 5)), draw.random(1000) < 0.3)
    assert len(rung.scorer_.roots) < 100
    assert len(CatBoost(trees_if_few=7).fit(example(30).x, np.arange(30) < 5).scorer_.roots) == 7


def test_nothing_is_written_to_the_folder_and_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = example(200)
    CatBoost(most_trees=20).fit(rows.x, rows.y)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_threads_never_change_the_trees() -> None:
    assert CatBoost(jobs=8)._settings(1_000_000, trees=5)["thread_count"] == 1
