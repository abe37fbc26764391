"""From a model's margin to a probability that can be believed, and an interval around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.sigmoid import sigmoid

_SAME = 1e-9  # log-odds no further apart than this rank nobody
_GROUPS = 200  # Venn-Abers works on this many groups of equal scores: any monotone grouping keeps its promise


@dataclass(frozen=True)
class Calibration:
    """A straight line through the log-odds, and Venn-Abers limits for the probability.

    The line keeps contributions exact: they are multiplied by `slope` and still add up to the log-odds of the
    probability shown.

    Parameters
    ----------
    slope, offset : calibrated log-odds are offset + slope * margin.
    cuts : (k - 1,) ascending calibrated log-odds that part the groups.
    low, high : (k,) probability of bad in each group, had one more good or one more bad loan been seen there.
    """

    slope: float
    offset: float
    cuts: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def log_odds(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated log-odds of bad, same shape as margin."""
        return self.offset + self.slope * margin

    def interval(
        self, log_odds: NDArray[np.float64], probability: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper probability, each (n,), for calibrated log-odds and the probability, which lies between."""
        group = np.searchsorted(self.cuts, log_odds, side="right")
        # NaN (a refused row) stays NaN: minimum and maximum hand it on.
        return np.minimum(self.low[group], probability), np.maximum(self.high[group], probability)

    @classmethod
    def fit(cls, margin: NDArray[np.float64], bad: NDArray[np.float64]) -> Calibration:
        """Learn from margins of rows that the model was not fitted on.

        The line is Platt's (1999), by Newton's method on his smoothed targets; a model whose order is worthless or
        upside down gets slope 0 (everyone the base rate). The limits are inductive Venn-Abers (Vovk, Petej & Fedorova
        2015) over at most 200 groups.

        Parameters
        ----------
        margin : (n,) log-odds from the scorer.
        bad : (n,) 1 where the loan went bad, else 0.
        """
        slope, offset = _platt(margin, bad)
        cuts, low, high = _venn_abers(offset + slope * margin, bad)
        return cls(slope, offset, cuts, low, high)

    def to_json(self) -> dict[str, Any]:
        return {
            "slope": self.slope,
            "offset": self.offset,
            "cuts": self.cuts.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Calibration:
        """Rebuild what `to_json` wrote."""
        arrays = {name: np.array(saved[name], dtype=np.float64) for name in ("cuts", "low", "high")}
        return cls(slope=float(saved["slope"]), offset=float(saved["offset"]), **arrays)


def _platt(margin: NDArray[np.float64], bad: NDArray[np.float64]) -> tuple[float, float]:
    bads, goods = float(bad.sum()), float(len(bad) - bad.sum())
    target = np.where(bad > 0, (bads + 1) / (bads + 2), 1 / (goods + 2))
    level = float(np.log((bads + 1) / (goods + 1)))
    if np.ptp(margin) < _SAME:
        return 0.0, level
    centre, scale = float(margin.mean()), float(margin.std())
    z = np.stack([(margin - centre) / scale, np.ones_like(margin)], axis=1)
    weights = _newton(z, target, np.array([0.0, level]))
    slope = float(weights[0]) / scale
    if slope <= 0:
        return 0.0, level
    return slope, float(weights[1]) - slope * centre


def _newton(z: NDArray[np.float64], target: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minimise log-loss by Newton's method, halving each step until it helps (Lin, Lin & Weng 2007).

    Without the halving it swings from side to side where a few margins lie far from the others.
    """

    def loss(at: NDArray[np.float64]) -> float:
        margin = z @ at
        return float(np.mean(np.logaddexp(0.0, margin) - target * margin))

    for _ in range(100):
        p = sigmoid(z @ weights)
        gradient = z.T @ (p - target) / len(z)
        hessian = (z * (p * (1 - p))[:, None]).T @ z / len(z) + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        now, downhill, size = loss(weights), float(gradient @ step), 1.0
        while size > 1e-10 and loss(weights - size * step) > now - 1e-4 * size * downhill:
            size /= 2
        weights = weights - size * step
        if np.abs(size * step).max() < 1e-10:
            break
    return weights


def _venn_abers(
    log_odds: NDArray[np.float64], bad: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    from scipy.optimize import isotonic_regression

    cuts = np.unique(np.quantile(log_odds, np.arange(1, _GROUPS) / _GROUPS))
    group = np.searchsorted(cuts, log_odds, side="right")
    rows = np.bincount(group, minlength=len(cuts) + 1).astype(np.float64)
    bads = np.bincount(group, bad, minlength=len(cuts) + 1)
    limits = np.empty((2, len(rows)))
    for extra in (0, 1):
        for at in range(len(rows)):
            n, b = rows.copy(), bads.copy()
            n[at] += 1
            b[at] += extra
            seen = n > 0
            level = isotonic_regression(b[seen] / n[seen], weights=n[seen]).x
            limits[extra, at] = level[int(seen[:at].sum())]
    return cuts, limits[0], limits[1]
