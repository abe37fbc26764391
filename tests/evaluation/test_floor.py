"""The floor under a calibration error: what chance leaves to probabilities that are exactly right."""

import numpy as np
import pytest

from loanbook.evaluation.floor import calibration_floor
from loanbook.evaluation.metrics import calibration_error


@pytest.mark.parametrize("rows", [50, 1_000])
def test_it_is_the_mean_error_of_right_probabilities(rows):
    draw = np.random.default_rng(1)
    p = draw.beta(1, 4, rows)
    errors = [calibration_error((draw.random(rows) < p).astype(float), p) for _ in range(400)]
    spread = np.std(errors) / np.sqrt(100)
    assert calibration_floor(p) == pytest.approx(np.mean(errors), abs=3 * spread)


def test_tied_probabilities_share_a_bin():
    """Everyone 20%: one bin, whose error is the mean distance of a share of 100 draws from 20%."""
    draw = np.random.default_rng(0)
    errors = np.abs(draw.binomial(100, 0.2, 100_000) / 100 - 0.2)
    assert calibration_floor(np.full(100, 0.2), samples=4_000) == pytest.approx(errors.mean(), rel=0.05)


def test_certain_probabilities_leave_nothing_to_chance():
    assert calibration_floor(np.array([0.0, 1.0, 0.0])) == 0.0


def test_the_same_seed_gives_the_same_floor_whatever_the_blocks(monkeypatch):
    p = np.linspace(0.05, 0.5, 400)
    assert calibration_floor(p, seed=3) == calibration_floor(p, seed=3)
    assert calibration_floor(p, seed=3) != calibration_floor(p, seed=4)
    whole = calibration_floor(p, seed=3)
    monkeypatch.setattr("loanbook.evaluation.floor._CELLS", 1_000)
    assert calibration_floor(p, seed=3) == whole


def test_more_loans_have_a_lower_floor():
    floors = [calibration_floor(np.linspace(0.0, 0.6, rows)) for rows in (100, 1_000, 10_000)]
    assert floors[0] > 2 * floors[1] > 4 * floors[2]


@pytest.mark.parametrize("p", [[], [1.5], [np.nan]])
def test_what_are_no_probabilities_is_refused(p):
    with pytest.raises(ValueError, match="p must"):
        calibration_floor(p)


def test_copies_of_a_loan_share_its_fate_and_raise_the_floor():
    """A hundred loans, nine times each, are a hundred loans."""
    p = np.linspace(0.05, 0.5, 100)
    few, many = calibration_floor(p, samples=2_000), calibration_floor(p.repeat(9), samples=2_000)
    together = calibration_floor(p.repeat(9), groups=np.arange(100).repeat(9), samples=2_000)
    assert together == pytest.approx(few, rel=0.1)
    assert many < 0.5 * few
