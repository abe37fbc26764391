"""A calibration rises, keeps contributions exact, is the best of its kind, and is chosen by rows held out."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loanbook.models.scoring import Calibration, sigmoid
from loanbook.models.scoring.calibrators import MANY, METHODS, beta, choose, platt
from loanbook.models.scoring.polyline import Polyline

bands_of_margins = st.lists(st.tuples(st.floats(-8, 8), st.integers(1, 400), st.floats(0, 1)), min_size=2, max_size=6)


def rows_of(bands):
    margin = np.repeat([at for at, *_ in bands], [rows for _, rows, _ in bands])
    bad = np.concatenate([np.arange(rows) < round(share * rows) for _, rows, share in bands]).astype(float)
    return margin, bad


def drawn(log_odds_of, rows, seed=0, centre=-1.0):
    """Margins, and outcomes of the probability that a function of the margin says."""
    draw = np.random.default_rng(seed)
    margin = draw.normal(centre, 1.5, rows)
    return margin, (draw.random(rows) < sigmoid(log_odds_of(margin))).astype(float)


def loss(log_odds, target):
    return np.mean(np.logaddexp(0, log_odds) - target * log_odds)


def smoothed(bad):
    bads, goods = bad.sum(), (1 - bad).sum()
    return np.where(bad > 0, (bads + 1) / (bads + 2), 1 / (goods + 2))


def test_calibration_does_not_swing_past_a_few_far_margins():
    """Full Newton steps from the base rate never settle on these: one band of a rule, far from the others."""
    bands = [(-2.29, 6526, 603 / 6526), (-2.0, 821, 98 / 821), (-1.56, 302, 48 / 302), (0.58, 263, 177 / 263)]
    fitted = platt(*rows_of(bands))
    assert 0.9 < fitted.below < 1.2
    share = [share for *_, share in bands]
    assert sigmoid(fitted.at(np.array([at for at, *_ in bands]))) == pytest.approx(share, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(bands_of_margins)
def test_the_line_of_platt_is_the_best_there_is(bands):
    """It is flat only where bad loans do not have the higher margins, and else no step lowers the log-loss."""
    margin, bad = rows_of(bands)
    assume(0 < bad.sum() < len(bad))
    ahead = margin[bad == 1].mean() - margin[bad == 0].mean()
    assume(abs(ahead) > 1e-6)
    fitted, target = platt(margin, bad), smoothed(bad)
    slope, offset = fitted.below, float(fitted.at(np.zeros(1))[0])
    assert (slope > 0) == (ahead > 0)
    if slope > 0:
        best = loss(offset + slope * margin, target)
        steps = [(1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)]
        assert all(loss(offset + b + (slope + a) * margin, target) >= best - 1e-9 for a, b in steps)


@settings(max_examples=60, deadline=None)
@given(bands_of_margins)
def test_the_beta_curve_is_no_worse_than_the_line_it_contains(bands):
    """With a = b it is Platt's line, so it fits the rows it was fitted on at least as well."""
    margin, bad = rows_of(bands)
    assume(0 < bad.sum() < len(bad))
    target = smoothed(bad)
    assert loss(beta(margin, bad).at(margin), target) <= loss(platt(margin, bad).at(margin), target) + 1e-3


def test_beta_finds_the_curve_that_made_the_rows():
    margin, bad = drawn(lambda m: -0.4 - 0.5 * np.logaddexp(0, -m) + 1.5 * np.logaddexp(0, m), 60_000)
    fitted = beta(margin, bad)
    assert (fitted.below, fitted.above) == pytest.approx((0.5, 1.5), abs=0.1)
    at = np.linspace(-6, 3, 50)
    true = -0.4 - 0.5 * np.logaddexp(0, -at) + 1.5 * np.logaddexp(0, at)
    assert np.abs(sigmoid(fitted.at(at)) - sigmoid(true)).max() < 0.02


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(bands_of_margins)
def test_every_method_rises_and_never_says_surely(method, bands):
    margin, bad = rows_of(bands)
    assume(0 < bad.sum() < len(bad))
    line = METHODS[method](margin, bad)
    found = line.at(np.sort(np.concatenate([np.linspace(-12, 12, 300), margin, line.knots])))
    assert (np.diff(found) >= 0).all()
    assert np.isfinite(found).all()
    said = sigmoid(line.at(margin))
    assert ((said > 0) & (said < 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_contributions_times_the_scale_add_up(method):
    margin, bad = drawn(lambda m: np.where(m < 0, 0.4 * m, 2.0 * m), 7_000)
    fitted = Calibration(method, METHODS[method](margin, bad), np.empty(0), np.zeros(1), np.ones(1))
    base = float(margin.mean())
    parts = np.random.default_rng(1).normal(size=(len(margin), 4))
    parts[:, 0] += margin - base - parts.sum(axis=1)
    scaled = parts * fitted.scale(margin, base)[:, None]
    moved = fitted.log_odds(margin) - fitted.log_odds(np.array([base]))
    assert np.abs(scaled.sum(axis=1) - moved).max() < 1e-9
    assert (fitted.scale(margin, base) >= 0).all(), "a reason for bad must not become one for good"
    assert fitted.scale(np.array([base]), base)[0] > 0


def test_none_is_the_identity_and_platt_a_line_to_the_last_bit():
    margin, bad = drawn(lambda m: 0.3 * m - 0.2, 2_000)
    assert METHODS["none"](margin, bad).at(margin).tobytes() == margin.tobytes()
    line = platt(margin, bad)
    assert line.at(margin).tobytes() == (line.values[0] + line.below * margin).tobytes()
    assert (Calibration.fit(margin, bad).scale(margin, -1.0) == line.below).all()


CASES = {
    "none": lambda m: m,
    "platt": lambda m: 0.3 * m - 0.5,
    "beta": lambda m: -0.4 - 0.1 * np.logaddexp(0, -m) + 2.0 * np.logaddexp(0, m),
    "isotonic": lambda m: np.where(m < -2, -3.0, np.where(m < 0, -1.0, 2.0)),
}


@pytest.mark.parametrize("method", CASES)
def test_the_method_that_made_the_rows_is_chosen(method):
    assert choose(*drawn(CASES[method], 12_000)) == method


def test_isotonic_is_not_for_few_rows_and_no_choice_is_made_on_a_handful():
    margin, bad = drawn(CASES["isotonic"], 12_000)
    assert choose(margin[:MANY], bad[:MANY]) != "isotonic"
    assert choose(margin[:60], bad[:60]) == "platt"


@pytest.mark.parametrize("rows", [30, 3_000, 12_000])
def test_an_upside_down_model_gives_everyone_the_base_rate(rows):
    margin, bad = drawn(lambda m: -m - 2.0, rows)
    fitted = Calibration.fit(margin, bad)
    assert sigmoid(fitted.log_odds(margin)) == pytest.approx((bad.sum() + 1) / (rows + 2))
    assert not fitted.scale(margin, -1.0).any()


def test_the_isotonic_line_keeps_the_order_of_loans():
    """Its steps are joined by slopes, so no two loans tie that did not before."""
    margin, bad = drawn(CASES["platt"], 8_000)
    line = METHODS["isotonic"](margin, bad)
    assert len(line.knots) > 5
    assert (np.diff(line.at(np.sort(margin))) > 0).mean() > 0.99


def test_rows_of_a_group_are_held_out_together():
    """Each row fifty times over: without groups a bent curve learns the copies by heart and seems to win."""
    margin, bad = drawn(lambda m: m, 150)
    margin, bad = margin.repeat(50), bad.repeat(50)
    assert choose(margin, bad) in ("beta", "isotonic")
    assert choose(margin, bad, np.arange(150).repeat(50)) in ("none", "platt")


def test_the_same_seed_gives_the_same_calibration_and_a_file_gives_it_back():
    margin, bad = drawn(CASES["beta"], 12_000)
    fitted = Calibration.fit(margin, bad, seed=3)
    assert fitted.to_json() == Calibration.fit(margin, bad, seed=3).to_json()
    again = Calibration.from_json(fitted.to_json())
    assert again.to_json() == fitted.to_json()
    assert again.log_odds(margin).tobytes() == fitted.log_odds(margin).tobytes()
    one = np.array([fitted.log_odds(row[None])[0] for row in margin[:200]])
    assert one.tobytes() == fitted.log_odds(margin)[:200].tobytes(), "a row and a table differ"


def test_a_calibration_of_an_earlier_release_is_read():
    old = Calibration.from_json({"slope": 0.9, "offset": -0.1, "cuts": [0.0], "low": [0.1, 0.4], "high": [0.2, 0.5]})
    margin = np.array([-1.5, 0.0, 2.25])
    assert old.method == "platt"
    assert old.log_odds(margin).tobytes() == (-0.1 + 0.9 * margin).tobytes()
    assert old.scale(margin, -2.0).tolist() == [0.9, 0.9, 0.9]


def test_a_refused_row_stays_nan():
    margin, bad = drawn(CASES["beta"], 12_000)
    assert np.isnan(Calibration.fit(margin, bad).log_odds(np.array([np.nan, 0.0]))).tolist() == [True, False]


@pytest.mark.parametrize(
    ("knots", "values", "below", "above"),
    [([], [], 1, 1), ([0.0, 0.0], [0.0, 1.0], 1, 1), ([0.0, 1.0], [1.0, 0.0], 1, 1), ([0.0], [0.0], -1, 1)],
    ids=["no knot", "knots alike", "falling", "falling below"],
)
def test_a_line_that_falls_is_no_calibration(knots, values, below, above):
    with pytest.raises(ValueError, match="must rise"):
        Polyline(np.array(knots), np.array(values), below, above)
