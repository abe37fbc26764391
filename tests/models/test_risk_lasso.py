"""The lasso: its path keeps the conditions of an optimum, and columns that say nothing stay out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from loanbook.models.risk.design import Design
from loanbook.models.risk.lasso import Lasso
from loanbook.models.risk.path import HeldOut, l1_path, penalties
from loanbook.models.risk.ridge import Rows
from loanbook.testing import example


def some_rows(seed: int, count: int = 600, width: int = 12) -> Rows:
    """Correlated columns, of which three matter, with unequal weights."""
    draw = np.random.default_rng(seed)
    design = draw.normal(size=(count, width)) + 0.8 * draw.normal(size=(count, 1))
    y = draw.random(count) < expit(design[:, 0] - 0.7 * design[:, 1] + 0.5 * design[:, 2] - 1)
    return Rows(design, y.astype(np.float64), draw.uniform(0.2, 3.0, count))


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_every_point_of_the_path_is_an_optimum(seed: int, positive: bool) -> None:
    rows = some_rows(seed)
    tried = penalties(rows, 12, 1e-3, positive=positive)
    share = rows.weight / rows.weight.sum()
    for penalty, point in zip(tried, l1_path(rows, tried, positive=positive), strict=True):
        residual = share * (rows.y - expit(point(rows.design)))
        slopes, on = residual @ rows.design, point.weights != 0
        assert abs(residual.sum()) < 1e-3
        assert slopes[on] == pytest.approx(penalty * np.sign(point.weights[on]), abs=1e-3)
        assert ((slopes if positive else np.abs(slopes))[~on] < penalty + 1e-3).all()
        assert not positive or (point.weights >= 0).all()


def test_the_first_penalty_leaves_all_out_and_the_second_does_not() -> None:
    rows = some_rows(0)
    first, second = l1_path(rows, penalties(rows, 12, 1e-3)[:2])
    assert not first.weights.any()
    assert second.weights.any()


def test_no_penalty_where_no_column_says_anything() -> None:
    rows = Rows(np.tile([[1.0, -1.0], [-1.0, 1.0]], (10, 1)), np.repeat([0.0, 1.0], 10), np.ones(20))
    assert len(penalties(rows, 5, 1e-3)) == 0


def test_the_simplest_penalty_is_within_a_standard_error_of_the_best() -> None:
    found = HeldOut(np.array([0.70, 0.53, 0.51, 0.50, 0.52]), np.array([0.1, 0.02, 0.02, 0.0, 0.01]))
    assert found.simplest == 2


def test_errors_are_of_differences_on_the_same_rows() -> None:
    rows = some_rows(0)
    tried = penalties(rows, 8, 1e-2)
    halves = (np.arange(300), np.arange(300, 600))
    folds = [(rows.take(halves[0]), rows.take(halves[1])), (rows.take(halves[1]), rows.take(halves[0]))]
    found = HeldOut.measure(folds, tried)
    assert found is not None
    assert found.errors[int(found.losses.argmin())] == 0.0
    assert found.errors[0] == max(found.errors)
    assert HeldOut.measure([], tried) is None


def test_noise_is_left_out_and_the_path_shows_it() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2000, 20))
    y = draw.random(2000) < expit(1.5 * x[:, 3] - 1.0 * x[:, 7])
    rung = Lasso().fit(x, y)
    path = rung.path_
    assert path.coefficients.shape == (len(path.penalties), 20)
    assert path.losses.shape == path.errors.shape == path.penalties.shape
    assert (np.diff(path.penalties) < 0).all()
    assert not path.coefficients[0].any()
    chosen = path.coefficients[path.chosen]
    assert chosen[3] > 0.8
    assert chosen[7] < -0.4
    assert np.abs(np.delete(chosen, [3, 7])).max() < 0.1
    assert path.losses[path.chosen] <= path.losses.min() + path.errors[path.chosen]
    names = [f"column {at}" for at in range(20)]
    assert rung.describe(names).splitlines()[1].startswith("    column 3: -")


def test_the_table_says_what_the_regression_said() -> None:
    rows = example(600)
    rung = Lasso(steps=10).fit(rows.x, rows.y)
    design = Design.learn(rows.x)
    seen = design(rows.x)
    scale = np.where(seen.std(axis=0) > 0, seen.std(axis=0), 1.0)
    point = l1_path(Rows(seen / scale, rows.y, np.ones(600)), rung.path_.penalties)[rung.path_.chosen]
    assert rung.decision_function(rows.x) == pytest.approx(point(seen / scale), abs=1e-9)


def test_a_description_counts_the_columns_that_are_left() -> None:
    rows = example(800)
    rung = Lasso().fit(rows.x, rows.y)
    left = int((rung.scorer_.contributions(rows.x) != 0).any(axis=0).sum())
    assert rung.describe(rows.names).startswith(f"{left} of 9 columns are left.")
    assert left < 9


def test_with_a_single_bad_loan_all_columns_are_left_out() -> None:
    rung = Lasso().fit(np.array([[1.0], [2.0], [3.0]]), [0, 0, 1])
    assert rung.path_.chosen == 0
    assert np.isnan(rung.path_.losses).all()
    assert len(set(rung.decision_function([[1.0], [9.0]]))) == 1
