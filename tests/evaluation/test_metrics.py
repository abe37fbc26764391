"""The metrics against scikit-learn, against a bootstrap done the slow way, and against their own laws."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as theirs

from loanbook.evaluation import metrics
from loanbook.evaluation.intervals import draw_blocks, interval
from loanbook.evaluation.metrics import evaluate

Floats = NDArray[np.float64]


def loans(seed: int, rows: int = 400, decimals: int = 1) -> tuple[Floats, Floats]:
    """Outcomes and probabilities with many ties."""
    generator = np.random.default_rng(seed)
    p = np.round(generator.random(rows), decimals)
    y = (generator.random(rows) < 0.2 + 0.5 * p).astype(np.float64)
    y[:2] = (0.0, 1.0)
    return y, p


@st.composite
def tables(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Small tables with both classes; scores on a grid of hundredths, so ties are usual."""
    cells = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 100)), min_size=2, max_size=40))
    cells += [(0, draw(st.integers(0, 100))), (1, draw(st.integers(0, 100)))]
    y, hundredths = np.array(cells, dtype=np.float64).T
    return y, hundredths / 100.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [0, 1, 2, 12])
def test_equals_scikit_learn(seed: int, decimals: int) -> None:
    y, p = loans(seed, decimals=decimals)
    inside = np.clip(p, 1e-15, 1 - 1e-15)
    fpr, tpr, _ = theirs.roc_curve(y, p)
    assert metrics.auc(y, p) == pytest.approx(theirs.roc_auc_score(y, p), abs=1e-12)
    assert metrics.brier(y, p) == pytest.approx(theirs.brier_score_loss(y, p), abs=1e-12)
    assert metrics.log_loss(y, p) == pytest.approx(theirs.log_loss(y, inside), abs=1e-9)
    assert metrics.accuracy(y, p) == pytest.approx(theirs.accuracy_score(y, p >= 0.5), abs=1e-12)
    assert metrics.ks(y, p) == pytest.approx(np.max(tpr - fpr), abs=1e-12)


@given(tables())
def test_auc_is_the_share_of_pairs_won(table: tuple[Floats, Floats]) -> None:
    y, p = table
    difference = p[y == 1][:, None] - p[y == 0][None, :]
    assert metrics.auc(y, p) == pytest.approx(np.mean((difference > 0) + 0.5 * (difference == 0)), abs=1e-12)


@given(tables())
def test_ranking_metrics_ignore_monotone_maps(table: tuple[Floats, Floats]) -> None:
    y, p = table
    for score in (5.0 * p - 100.0, np.exp(3.0 * p)):
        assert metrics.auc(y, score) == pytest.approx(metrics.auc(y, p), abs=1e-12)
        assert metrics.ks(y, score) == pytest.approx(metrics.ks(y, p), abs=1e-12)


@given(tables())
def test_laws_of_the_ranking_metrics(table: tuple[Floats, Floats]) -> None:
    y, p = table
    assert metrics.gini(y, p) == pytest.approx(2 * metrics.auc(y, p) - 1, abs=1e-12)
    assert metrics.auc(y, -p) == pytest.approx(1 - metrics.auc(y, p), abs=1e-12)
    assert metrics.auc(1 - y, p) == pytest.approx(1 - metrics.auc(y, p), abs=1e-12)
    assert metrics.ks(y, p) >= abs(metrics.gini(y, p)) / 2 - 1e-12
    assert metrics.auc(y, y) == metrics.ks(y, y) == 1.0


@given(tables(), st.integers(1, 12))
def test_laws_of_the_calibration_error(table: tuple[Floats, Floats], bins: int) -> None:
    y, p = table
    error = metrics.calibration_error(y, p, bins)
    assert abs(np.mean(y) - np.mean(p)) - 1e-12 <= error <= np.mean(np.abs(y - p)) + 1e-12
    assert metrics.calibration_error(y, p, bins=1) == pytest.approx(abs(np.mean(y) - np.mean(p)), abs=1e-12)
    assert metrics.calibration_error(y, y, bins) == 0.0


@given(tables(), st.integers(0, 1_000))
def test_order_of_the_rows_does_not_matter(table: tuple[Floats, Floats], seed: int) -> None:
    y, p = table
    order = np.random.default_rng(seed).permutation(len(y))
    here, there = (evaluate(a, b, resamples=0) for a, b in ((y, p), (y[order], p[order])))
    assert {name: figure.value for name, figure in here.items()} == pytest.approx(
        {name: figure.value for name, figure in there.items()}, abs=1e-12
    )


def test_calibration_error_bins_have_equal_mass() -> None:
    generator = np.random.default_rng(3)
    p = np.sort(generator.permutation(1_000) / 1_000.0)
    y = (generator.random(1_000) < p**2).astype(np.float64)
    gaps = np.abs(y.reshape(10, 100).mean(axis=1) - p.reshape(10, 100).mean(axis=1))
    assert metrics.calibration_error(y, p) == pytest.approx(gaps.mean(), abs=1e-12)


def test_floor_of_accuracy() -> None:
    assert metrics.majority_accuracy([0, 0, 0, 1]) == metrics.accuracy([0, 0, 0, 1], np.zeros(4)) == 0.75
    assert metrics.majority_accuracy([1, 1, 0]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("decimals", [1, 12])
def test_intervals_equal_the_slow_bootstrap(decimals: int) -> None:
    y, p = loans(7, rows=300, decimals=decimals)
    rows = np.concatenate(list(draw_blocks(len(y), 40, seed=11)))
    figures = evaluate(y, p, seed=11, resamples=40)
    single = {
        "auc": metrics.auc,
        "gini": metrics.gini,
        "ks": metrics.ks,
        "brier": metrics.brier,
        "log_loss": metrics.log_loss,
        "calibration_error": metrics.calibration_error,
        "accuracy": metrics.accuracy,
        "majority_accuracy": lambda y, _: metrics.majority_accuracy(y),
    }
    assert list(figures) == list(single) == list(metrics.METRICS)
    for name, metric in single.items():
        slow = interval(metric(y, p), [np.array([metric(y[row], p[row]) for row in rows])])
        assert (figures[name].value, figures[name].low, figures[name].high) == pytest.approx(
            (slow.value, slow.low, slow.high), abs=1e-12
        ), name


def test_interval_covers_the_truth_about_nine_times_in_ten() -> None:
    covered = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        p = generator.random(400)
        y = (generator.random(400) < p).astype(np.float64)
        figure = evaluate(y, p, seed=seed, resamples=200)["auc"]
        covered += figure.low <= 5 / 6 <= figure.high  # P(bad > good) when P(bad | p) = p and p is uniform
    assert 165 <= covered <= 195


def test_same_seed_same_intervals() -> None:
    y, p = loans(1)
    assert evaluate(y, p, seed=5, resamples=50) == evaluate(y, p, seed=5, resamples=50)
    assert evaluate(y, p, seed=5, resamples=50) != evaluate(y, p, seed=6, resamples=50)


def test_every_interval_holds_its_figure() -> None:
    y, p = loans(2, rows=60, decimals=12)
    for figure in evaluate(y, p, resamples=100).values():
        assert figure.low <= figure.value <= figure.high


def test_one_class_cannot_be_ranked_but_still_has_a_brier_score() -> None:
    figures = evaluate(np.zeros(5), np.full(5, 0.1), resamples=20)
    assert np.isnan([figures[name].value for name in ("auc", "gini", "ks")]).all()
    assert figures["brier"].value == pytest.approx(0.01)
    assert figures["majority_accuracy"].value == 1.0


def test_a_resample_that_lost_a_class_is_left_out() -> None:
    figure = evaluate([0, 0, 0, 0, 1], [0.1, 0.2, 0.6, 0.4, 0.5], resamples=200)["auc"]
    assert 0.0 <= figure.low <= figure.value == 0.75 <= figure.high <= 1.0


@pytest.mark.parametrize(
    ("y", "p", "says"),
    [
        ([0, 1], [0.1], "one length"),
        ([], [], "one length"),
        ([[0, 1]], [[0.1, 0.2]], "one length"),
        ([0, 2], [0.1, 0.2], "0 \\(good\\) and 1 \\(bad\\)"),
        ([0, np.nan], [0.1, 0.2], "0 \\(good\\) and 1 \\(bad\\)"),
        ([0, 1], [0.1, np.nan], "finite"),
        ([0, 1], [0.1, 1.2], "Got 1.2"),
        ([0, 1], [-0.1, 1.0], "Got -0.1"),
    ],
)
def test_wrong_input_is_named(y: list[float], p: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate(y, p)


def test_scores_need_not_be_probabilities_to_be_ranked() -> None:
    assert metrics.auc([0, 1], [-3.0, 8.0]) == 1.0
    with pytest.raises(ValueError, match="probabilities"):
        metrics.brier([0, 1], [-3.0, 8.0])
    with pytest.raises(ValueError, match="bins must be 1 or more"):
        metrics.calibration_error([0, 1], [0.1, 0.2], bins=0)


def test_ten_thousand_loans_take_less_than_a_second_of_cpu() -> None:
    y, p = loans(0, rows=10_000, decimals=12)
    start = time.process_time()
    evaluate(y, p)
    assert time.process_time() - start < 2.0  # 0.5 s measured; room for a busy machine
