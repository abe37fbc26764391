"""What interpret fits is what decides: the same bin for every row, pairs and missing values included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loanbook.evaluation.metrics import auc
from loanbook.models.risk.ebm import Ebm, pairs_of
from loanbook.models.scoring import sigmoid
from loanbook.testing import example

Rows = tuple[np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def _interpret(need: Callable[[str], None]) -> None:
    need("interpret")


def on_the_cuts(x: np.ndarray, machine: Any) -> np.ndarray:
    """Rows that sit on, just below and just above every cut."""
    rows = []
    for column, levels in enumerate(machine.bins_):
        cuts = np.concatenate(levels)
        for values in (np.nextafter(cuts, -np.inf), cuts, np.nextafter(cuts, np.inf)):
            near = x[np.arange(len(cuts)) % len(x)]
            near[:, column] = values
            rows.append(near)
    return np.vstack(rows)


@pytest.mark.parametrize("settings", [{}, {"pairs": 0}, {"bins": 8, "pair_bins": 4, "bags": 1}])
def test_margin_is_interprets(settings: dict[str, int]) -> None:
    rows, fresh = example(800), example(200, seed=1).x
    machine = Ebm(most_rounds=200, **settings)._grow(rows.x, rows.y, np.ones(len(rows.y)))
    scorer = pairs_of(machine, np.arange(9), 9)
    fresh[::9] = np.nan
    fresh[1::9] = 0.0
    probes = np.vstack([fresh, on_the_cuts(fresh, machine)])
    assert (scorer.second >= 0).sum() == settings.get("pairs", 10)
    assert scorer.margin(probes) == pytest.approx(machine.decision_function(probes), abs=1e-9)


def test_real_and_riddled_rows_score_as_interpret_scores_them(
    model_rows: Rows, riddled: Callable[[int, int], Rows]
) -> None:
    for x, y in (model_rows, riddled(1000, 0)):
        machine = Ebm(most_rounds=100)._grow(x, y, np.ones(len(y)))
        scorer = pairs_of(machine, np.arange(x.shape[1]), x.shape[1])
        assert np.isnan(x).any()
        assert scorer.margin(x) == pytest.approx(machine.decision_function(x), abs=1e-9)


def test_base_is_the_mean_margin_of_the_training_rows() -> None:
    rows, weight = example(600), np.random.default_rng(0).integers(1, 4, 600).astype(float)
    scorer = Ebm(most_rounds=100).fit(rows.x, rows.y, sample_weight=weight).scorer_
    assert scorer.base == pytest.approx(np.average(scorer.margin(rows.x), weights=weight), abs=1e-9)


def test_a_pair_finds_what_no_curve_can() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 4))
    y = (draw.random(4000) < sigmoid(2.0 * np.sign(x[:, 0] * x[:, 1]))).astype(float)

    def score(pairs: int) -> float:
        return auc(y[2000:], Ebm(pairs=pairs).fit(x[:2000], y[:2000]).decision_function(x[2000:]))

    assert score(0) < 0.6
    assert score(1) > 0.8


def test_columns_that_never_change_are_in_no_term() -> None:
    rows = example(300)
    x = np.insert(rows.x, 0, np.nan, axis=1)
    x[:, 3] = 7.0
    scorer = Ebm(most_rounds=50, pairs=99).fit(x, rows.y).scorer_
    assert set(scorer.columns.tolist()) == {1, 2, 4, 5, 6, 7, 8}
    probes = np.random.default_rng(0).normal(size=(20, 10))
    assert not scorer.contributions(probes)[:, [0, 3, 9]].any()


def test_the_description_names_every_term_that_moves_and_where() -> None:
    rows = example(1500)
    rung = Ebm(pairs=2).fit(rows.x, rows.y)
    lines = rung.describe(rows.names).splitlines()
    assert lines[0].startswith(f"Log-odds {rung.scorer_.base:+.3f}")
    assert sum(" with " in line for line in lines[1:]) == 2
    assert len(lines) - 1 == (rung.importances_ > 0).sum()
    city = next(line.strip() for line in lines if line.strip().startswith("city_woe:"))
    assert city.index(" below ") < city.index(" from ")  # the log-odds rise with it, so they are lowest below


def test_a_fit_warns_of_nothing_and_leaves_the_filters_alone(recwarn: pytest.WarningsRecorder) -> None:
    import warnings

    before = list(warnings.filters)
    rows = example(200)
    Ebm(most_rounds=20).fit(rows.x, rows.y)
    assert warnings.filters == before
    assert not recwarn.list
