"""From a model's margin to a probability that can be believed, and an interval around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.calibrators import METHODS, choose
from loanbook.models.scoring.conformal import Sets
from loanbook.models.scoring.output import Answer
from loanbook.models.scoring.polyline import Polyline
from loanbook.models.scoring.sigmoid import sigmoid

_GROUPS = 200  # Venn-Abers works on this many groups of equal scores: any monotone grouping keeps its promise


@dataclass(frozen=True)
class Calibration:
    """A rising line through the log-odds, and Venn-Abers limits for the probability.

    Parameters
    ----------
    method : "none", "platt", "beta" or "isotonic": how the line came about.
    line : calibrated log-odds over the margin.
    cuts : (k - 1,) ascending calibrated log-odds that part the groups.
    low, high : (k,) probability of bad in each group, had one more good or one more bad loan been seen there.
    sets : where the model is unsure; None in an artefact of an earlier release.
    """

    kind: ClassVar[str] = "probability"

    method: str
    line: Polyline
    cuts: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sets: Sets | None = None

    def log_odds(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated log-odds of bad, same shape as margin; never falling as the margin rises."""
        return self.line.at(margin)

    level = log_odds

    def answer(self, margin: NDArray[np.float64]) -> Answer:
        """Calibrated log-odds, the probability of bad and its interval, for (n,) margins."""
        log_odds = self.log_odds(margin)
        probability = sigmoid(log_odds)
        return Answer(log_odds, probability, *self.interval(log_odds, probability))

    def scale(self, margin: NDArray[np.float64], base: float) -> NDArray[np.float64]:
        """(n,) what contributions to `margin - base` are multiplied by to add up to the same in calibrated log-odds.

        One number for all rows where the line is straight. Elsewhere each row has its own, the rescale rule of DeepLIFT
        (Shrikumar, Greenside & Kundaje 2017): a row's contributions keep their shares.

        >>> draw = np.random.default_rng(0)
        >>> margin = draw.normal(size=400)
        >>> fitted = Calibration.fit(margin, (draw.random(400) < 0.5 + margin / 8).astype(float))
        >>> moved = fitted.log_odds(margin) - fitted.log_odds(np.zeros(1))
        >>> bool(np.allclose(fitted.scale(margin, 0.0) * margin, moved))
        True
        """
        return self.line.stretch(margin, base)

    def interval(
        self, log_odds: NDArray[np.float64], probability: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper probability, each (n,), for calibrated log-odds and the probability, which lies between."""
        group = np.searchsorted(self.cuts, log_odds, side="right")
        # NaN (a refused row) stays NaN: minimum and maximum hand it on.
        return np.minimum(self.low[group], probability), np.maximum(self.high[group], probability)

    @classmethod
    def fit(
        cls,
        margin: NDArray[np.float64],
        bad: NDArray[np.float64],
        *,
        groups: NDArray[np.int64] | None = None,
        seed: int = 0,
    ) -> Calibration:
        """Learn from margins of rows that the model was not fitted on.

        The method is chosen by its log-loss on rows held out (see `choose`); a model whose order is worthless or upside
        down gives everyone the base rate. The limits are inductive Venn-Abers (Vovk, Petej & Fedorova 2015) over at
        most 200 groups.

        Parameters
        ----------
        margin : (n,) log-odds from the scorer.
        bad : (n,) 1 where the loan went bad, else 0.
        groups : (n,) rows of one number are held out together; each alone by default.
        seed : of the rows held out.
        """
        method = choose(margin, bad, groups, seed)
        line = METHODS[method](margin, bad)
        log_odds = line.at(margin)
        return cls(method, line, *_venn_abers(log_odds, bad), sets=Sets.fit(sigmoid(log_odds), bad))

    def to_json(self) -> dict[str, Any]:
        limits = {name: getattr(self, name).tolist() for name in ("cuts", "low", "high")}
        sets = None if self.sets is None else self.sets.to_json()
        return {"kind": self.kind, "method": self.method, "line": self.line.to_json(), **limits, "sets": sets}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Calibration:
        """Rebuild what `to_json` wrote, or the slope and offset that an earlier release wrote."""
        cuts, low, high = (np.array(saved[name], dtype=np.float64) for name in ("cuts", "low", "high"))
        if "line" not in saved:
            line = Polyline.straight(float(saved["slope"]), float(saved["offset"]))
            return cls("platt", line, cuts, low, high)
        sets = None if saved["sets"] is None else Sets.from_json(saved["sets"])
        return cls(str(saved["method"]), Polyline.from_json(saved["line"]), cuts, low, high, sets)


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
