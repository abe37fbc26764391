"""The arithmetic that decides: right, exact, and the same bits for one row and for many."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loanbook.errors import RegistryError
from loanbook.models.scoring import Additive, Calibration, TreeEnsemble, scorer_from_arrays, sigmoid

WIDTH = 4


def a_forest(seed: int, trees: int = 7, depth: int = 4) -> TreeEnsemble:
    """Random trees over WIDTH columns, with missing values sent either way and covers that add up."""
    draw = np.random.default_rng(seed)
    nodes: list[tuple] = []

    def grow(level: int, cover: float) -> int:
        at = len(nodes)
        nodes.append(())
        if level == 0 or draw.random() < 0.2:
            nodes[at] = (-1, 0.0, at, at, False, draw.normal(), cover)
            return at
        share = draw.uniform(0.1, 0.9)
        left, right = grow(level - 1, cover * share), grow(level - 1, cover * (1 - share))
        nodes[at] = (int(draw.integers(WIDTH)), draw.normal(), left, right, draw.random() < 0.5, 0.0, cover)
        return at

    roots = [grow(depth, 100.0) for _ in range(trees)]
    feature, threshold, left, right, missing, value, cover = zip(*nodes, strict=True)
    return TreeEnsemble(
        base_margin=-0.7,
        feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float32),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        missing_left=np.array(missing),
        value=np.array(value),
        cover=np.array(cover),
        roots=np.array(roots, np.int32),
        width=WIDTH,
    )


def an_additive(seed: int) -> Additive:
    draw = np.random.default_rng(seed)
    columns = draw.integers(WIDTH, size=6)
    return Additive(
        intercept=0.3,
        columns=columns,
        knots=np.sort(draw.normal(size=(6, 5)), axis=1),
        values=draw.normal(size=(6, 5)),
        missing=draw.normal(size=6),
        means=draw.normal(size=6),
        width=WIDTH,
    )


def rows(seed: int, count: int = 300) -> np.ndarray:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, WIDTH))
    x[draw.random(x.shape) < 0.15] = np.nan
    return x


SCORERS = [pytest.param(a_forest, id="trees"), pytest.param(an_additive, id="additive")]


@pytest.mark.parametrize("make", SCORERS)
@pytest.mark.parametrize("seed", range(3))
def test_one_row_a_batch_and_any_slice_give_the_same_bits(make, seed):
    scorer, x = make(seed), rows(seed)
    batch = scorer.margin(x)
    alone = np.concatenate([scorer.margin(x[at : at + 1]) for at in range(len(x))])
    sliced = np.concatenate([scorer.margin(x[:7]), scorer.margin(x[7:])])
    assert batch.tobytes() == alone.tobytes() == sliced.tobytes()
    many = np.vstack([x] * 40)
    assert scorer.margin(many).tobytes() == np.tile(batch, 40).tobytes()
    assert (
        scorer.contributions(x).tobytes() == np.vstack([scorer.contributions(x[[at]]) for at in range(300)]).tobytes()
    )


@pytest.mark.parametrize("make", SCORERS)
@pytest.mark.parametrize("seed", range(3))
def test_contributions_add_up_to_the_margin(make, seed):
    scorer, x = make(seed), rows(seed)
    assert scorer.base + scorer.contributions(x).sum(axis=1) == pytest.approx(scorer.margin(x), abs=1e-12)


@pytest.mark.parametrize("make", SCORERS)
def test_a_scorer_survives_being_taken_apart(make):
    scorer, x = make(5), rows(5)
    again = scorer_from_arrays(scorer.kind, scorer.to_arrays())
    assert again.margin(x).tobytes() == scorer.margin(x).tobytes()


def test_an_unknown_kind_of_scorer_is_refused():
    with pytest.raises(RegistryError, match="Upgrade loanbook"):
        scorer_from_arrays("quantum", {})


def expected_value(forest: TreeEnsemble, x: np.ndarray, known: frozenset[int]) -> float:
    """The game itself: columns outside the coalition send the row both ways, by cover."""

    def below(node: int) -> float:
        if forest.feature[node] < 0:
            return float(forest.value[node])
        left, right, column = int(forest.left[node]), int(forest.right[node]), int(forest.feature[node])
        if column in known:
            cell = np.float32(x[column])
            to_left = bool(forest.missing_left[node]) if np.isnan(cell) else bool(cell < forest.threshold[node])
            return below(left if to_left else right)
        share = forest.cover[left] / forest.cover[node] if forest.cover[node] else 0.5
        return float(share * below(left) + (1 - share) * below(right))

    return forest.base_margin + sum(below(int(root)) for root in forest.roots)


def without_training_rows(forest: TreeEnsemble, seed: int) -> TreeEnsemble:
    """The same trees, as if no training row had taken every third branch: everything under it has cover zero."""
    cover, draw = forest.cover.copy(), np.random.default_rng(seed)
    for node in np.flatnonzero(forest.feature >= 0):
        left, right = forest.left[node], forest.right[node]
        share = forest.cover[left] / forest.cover[node]
        if draw.random() < 1 / 3:
            share = np.round(share)
        cover[left], cover[right] = share * cover[node], (1 - share) * cover[node]
    return replace(forest, cover=cover)


GAMES = [
    pytest.param(a_forest(11), id="any"),
    pytest.param(a_forest(4, trees=3, depth=7), id="columns that come again and again"),
    pytest.param(without_training_rows(a_forest(12), 1), id="branches without training rows"),
    pytest.param(a_forest(2, depth=0), id="no comparison at all"),
]


@pytest.mark.parametrize("forest", GAMES)
def test_contributions_are_the_shapley_values_of_the_tree_game(forest):
    from itertools import combinations

    x = rows(11, 6)
    found = forest.contributions(x)
    for row, cells in enumerate(x):
        for column in range(WIDTH):
            others = [other for other in range(WIDTH) if other != column]
            value = 0.0
            for size in range(WIDTH):
                weight = math.factorial(size) * math.factorial(WIDTH - size - 1) / math.factorial(WIDTH)
                for coalition in combinations(others, size):
                    known = frozenset(coalition)
                    gain = expected_value(forest, cells, known | {column}) - expected_value(forest, cells, known)
                    value += weight * gain
            assert found[row, column] == pytest.approx(value, abs=1e-12)
    assert forest.base == pytest.approx(expected_value(forest, x[0], frozenset()), abs=1e-12)
    assert forest.base + found.sum(axis=1) == pytest.approx(forest.margin(x), abs=1e-12)


def test_some_of_those_branches_had_no_training_rows():
    forest = GAMES[2].values[0]
    assert (forest.cover == 0).sum() > 10
    assert (forest.cover[forest.left[forest.cover == 0]] == 0).any()


@given(arrays(np.float64, 20, elements=st.floats(-1e4, 1e4)))
def test_sigmoid_is_right_and_keeps_the_order(log_odds):
    p = sigmoid(log_odds)
    right = [1 / (1 + math.exp(-v)) if v > -700 else 0.0 for v in log_odds]
    assert p == pytest.approx(right, rel=4e-16, abs=1e-300)
    assert (np.diff(p[np.argsort(log_odds, kind="stable")]) >= -1e-16).all()


def test_sigmoid_hands_nan_on():
    assert np.isnan(sigmoid(np.array([np.nan, 0.0]))).tolist() == [True, False]


def test_calibration_mends_an_overconfident_model_and_its_limits_hold():
    draw = np.random.default_rng(0)
    truth = draw.normal(-1.0, 1.0, 20_000)
    bad = (draw.random(20_000) < sigmoid(truth)).astype(float)
    fitted = Calibration.fit(3.0 * truth + 1.0, bad)
    assert fitted.method == "platt"
    assert fitted.line.below == pytest.approx(1 / 3, abs=0.02)
    assert fitted.log_odds(np.zeros(1)) == pytest.approx(-1 / 3, abs=0.06)
    log_odds = fitted.log_odds(3.0 * truth + 1.0)
    p = sigmoid(log_odds)
    low, high = fitted.interval(log_odds, p)
    assert ((low <= p) & (p <= high)).all()
    inside = (low - 0.02 <= sigmoid(truth)) & (sigmoid(truth) <= high + 0.02)
    assert inside.mean() > 0.9
    saved = Calibration.from_json(fitted.to_json())
    assert saved.log_odds(truth).tobytes() == fitted.log_odds(truth).tobytes()
    assert saved.interval(log_odds, p)[0].tobytes() == low.tobytes()


@pytest.mark.parametrize("margin", [np.zeros(100), -np.arange(100.0)], ids=["no order", "upside down"])
def test_calibration_of_a_worthless_model_is_the_base_rate(margin):
    bad = (np.arange(100) >= 80).astype(float)
    fitted = Calibration.fit(margin, bad)
    assert not np.ptp(fitted.log_odds(margin))
    assert sigmoid(fitted.log_odds(margin))[0] == pytest.approx(0.2, abs=0.02)
