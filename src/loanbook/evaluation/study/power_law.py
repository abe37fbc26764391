"""The inverse power law that learning curves follow, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EXPONENTS = np.geomspace(0.05, 3.0, 120)
_FEWEST = 4  # sizes that three numbers can be fitted to with anything left to judge by


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """score(n) = limit - loss × n^-rate (Cortes et al., 1993).

    limit : the score with any number of rows. loss : 0 or more. rate : above 0.

    >>> PowerLaw(limit=0.75, loss=2.0, rate=0.5).at(np.array([400.0])).tolist()
    [0.65]
    """

    limit: float
    loss: float
    rate: float

    def at(self, sizes: Floats) -> Floats:
        """The score at these sizes."""
        return np.asarray(self.limit - self.loss * np.power(sizes, -self.rate))

    def rows_for(self, gain: float, now: float) -> float:
        """How many more rows than `now` raise the score by `gain`; infinity where no number does.

        >>> round(PowerLaw(limit=0.75, loss=2.0, rate=0.5).rows_for(0.05, now=400.0))
        1200
        >>> PowerLaw(limit=0.75, loss=2.0, rate=0.5).rows_for(0.11, now=400.0)
        inf
        """
        short = self.loss * now**-self.rate - gain
        return float((self.loss / short) ** (1.0 / self.rate) - now) if short > 0 else float("inf")

    @classmethod
    def fit(cls, sizes: Floats, scores: Floats, weight: Floats, *, ceiling: float = 1.0) -> PowerLaw:
        """Fit by weighted least squares: the rate on a grid, the other two exactly.

        Parameters
        ----------
        sizes : (k,) rows, four different ones or more. scores : (k,) mean scores. weight : (k,) inverse variances.
        ceiling : above which no score can be.

        >>> sizes = np.array([100.0, 200.0, 400.0, 800.0, 1600.0])
        >>> law = PowerLaw.fit(sizes, PowerLaw(0.75, 2.0, 0.5).at(sizes), np.ones(5))
        >>> round(law.limit, 2), round(law.rate, 1)
        (0.75, 0.5)
        """
        if len(np.unique(sizes)) < _FEWEST:
            raise ValueError(f"a learning curve needs {_FEWEST} sizes. Got {len(np.unique(sizes))} instead.")
        laws = [cls._at_rate(float(rate), sizes, scores, weight, ceiling) for rate in _EXPONENTS]
        return min(laws, key=lambda law: float(weight @ (scores - law.at(sizes)) ** 2))

    @classmethod
    def _at_rate(cls, rate: float, sizes: Floats, scores: Floats, weight: Floats, ceiling: float) -> PowerLaw:
        falling = sizes**-rate
        share = weight / weight.sum()
        centre, mean = share @ falling, share @ scores
        spread = share @ (falling - centre) ** 2
        loss = max(0.0, -float(share @ ((falling - centre) * (scores - mean)) / spread))
        limit = float(mean + loss * centre)
        if limit > ceiling:  # then the curve ends at the ceiling, and falls from there as steeply as fits best
            limit = ceiling
            loss = max(0.0, float(share @ ((limit - scores) * falling) / (share @ falling**2)))
        return cls(limit, loss, rate)
