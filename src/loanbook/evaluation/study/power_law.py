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
        share = weight / weight.sum()
        falling = sizes ** -_EXPONENTS[:, None]
        centre, mean = falling @ share, float(scores @ share)
        apart = falling - centre[:, None]
        loss = np.maximum(0.0, -(apart * (scores - mean)) @ share / (apart**2 @ share))
        limit = mean + loss * centre
        # A curve that would end above the ceiling ends at it, and falls from there as steeply as fits best.
        capped = np.maximum(0.0, falling @ (share * (ceiling - scores)) / (falling**2 @ share))
        loss, limit = np.where(limit > ceiling, capped, loss), np.minimum(limit, ceiling)
        missed = (scores - limit[:, None] + loss[:, None] * falling) ** 2 @ share
        best = int(np.argmin(missed))
        return cls(float(limit[best]), float(loss[best]), float(_EXPONENTS[best]))
