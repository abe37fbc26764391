"""The line through the log-odds is the best one, whatever the margins look like."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loanbook.models.scoring import Calibration, sigmoid


def test_calibration_does_not_swing_past_a_few_far_margins():
    """Full Newton steps from the base rate never settle on these: one band of a rule, far from the others."""
    bands = [(-2.29, 6526, 603), (-2.0, 821, 98), (-1.56, 302, 48), (0.58, 263, 177)]
    margin = np.concatenate([np.full(rows, at) for at, rows, _ in bands])
    bad = np.concatenate([np.arange(rows) < bads for _, rows, bads in bands]).astype(float)
    fitted = Calibration.fit(margin, bad)
    assert 0.9 < fitted.slope < 1.2
    share = [bads / rows for _, rows, bads in bands]
    assert sigmoid(fitted.log_odds(np.array([at for at, *_ in bands]))) == pytest.approx(share, abs=0.02)


@given(st.lists(st.tuples(st.floats(-8, 8), st.integers(1, 400), st.floats(0, 1)), min_size=2, max_size=6))
def test_the_line_of_a_calibration_is_the_best_there_is(bands):
    """It is flat only where bad loans do not have the higher margins, and else no step lowers the log-loss."""
    margin = np.repeat([at for at, *_ in bands], [rows for _, rows, _ in bands])
    bad = np.concatenate([np.arange(rows) < round(share * rows) for _, rows, share in bands]).astype(float)
    assume(0 < bad.sum() < len(bad))
    ahead = margin[bad == 1].mean() - margin[bad == 0].mean()
    assume(abs(ahead) > 1e-6)
    fitted = Calibration.fit(margin, bad)
    assert (fitted.slope > 0) == (ahead > 0)

    bads, goods = bad.sum(), (1 - bad).sum()
    target = np.where(bad > 0, (bads + 1) / (bads + 2), 1 / (goods + 2))

    def loss(slope, offset):
        log_odds = offset + slope * margin
        return np.mean(np.logaddexp(0, log_odds) - target * log_odds)

    if fitted.slope > 0:
        best = loss(fitted.slope, fitted.offset)
        steps = [(1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)]
        assert all(loss(fitted.slope + slope, fitted.offset + offset) >= best - 1e-9 for slope, offset in steps)
