"""From a model's margin to an amount of money, and an interval around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.exponential import exponential
from loanbook.models.scoring.output import Answer

Floats = NDArray[np.float64]

COVERAGE = 0.90
"""Share of the amounts that intervals are to hold; 5% lie on either side."""

_BANDS = 10  # rows of similar margin that share a spread
_BAND_ROWS = 100  # at least, so that the outer 5% on either side are several rows


def to_margin(amount: Floats) -> Floats:
    """The scale on which amounts are learned: sign(a) log(1 + |a|), so that being wrong by half weighs alike anywhere.

    >>> to_margin(np.array([0.0, 99.0, -99.0])).round(3).tolist()
    [0.0, 4.605, -4.605]
    """
    return np.asarray(np.sign(amount) * np.log1p(np.abs(amount)))


def to_amount(margin: Floats) -> Floats:
    """The amount that a margin stands for.

    >>> to_amount(to_margin(np.array([0.0, 99.0, -99.0]))).round(6).tolist()
    [0.0, 99.0, -99.0]
    """
    size = exponential(np.abs(margin)) - 1.0
    return np.asarray(np.where(margin < 0.0, -size, size))


@dataclass(frozen=True)
class Amounts:
    """Amounts whose middle lies among those seen, and intervals that hold 90% of them.

    The intervals are conformal (Vovk, Gammerman & Shafer 2005) for each band of margins (Mondrian): they hold 90% of
    the amounts of small loans and of large ones.

    Parameters
    ----------
    shift : added to every margin, so that half of the amounts lie above and half below.
    cuts : (k - 1,) ascending margins that part the bands.
    low, high : (k,) how far the interval reaches below and above the shifted margin in each band.
    """

    kind: ClassVar[str] = "amount"

    shift: float
    cuts: Floats
    low: Floats
    high: Floats

    def level(self, margin: Floats) -> Floats:
        """The amount, (n,): contributions add up in money."""
        return to_amount(margin + self.shift)

    def scale(self, margin: Floats, base: float) -> Floats:
        """Money a unit of margin, (n,), on the way from `base` to each margin.

        A row's contributions keep their shares (the rescale rule of DeepLIFT: Shrikumar, Greenside & Kundaje 2017).
        """
        start = np.full(1, base)
        rise, distance = self.level(margin) - self.level(start), margin - base
        here = 1.0 + np.abs(self.level(start))
        near = np.abs(distance) < 1e-9
        factor: Floats = np.where(near, here, rise / np.where(near, 1.0, distance))
        return factor

    def answer(self, margin: Floats) -> Answer:
        """Amounts with their intervals, for (n,) margins."""
        amount = self.level(margin)
        band = np.searchsorted(self.cuts, margin, side="right")
        middle = margin + self.shift
        lower, upper = to_amount(middle + self.low[band]), to_amount(middle + self.high[band])
        return Answer(amount, amount, np.minimum(lower, amount), np.maximum(upper, amount))

    @classmethod
    def fit(cls, margin: Floats, y: Floats) -> Amounts:
        """Learn from margins of rows that the model was not fitted on.

        Parameters
        ----------
        margin : (n,) from the scorer.
        y : (n,) the amounts.

        >>> draw = np.random.default_rng(0)
        >>> margin = draw.normal(9.0, 1.0, 5000)
        >>> y = to_amount(margin + draw.normal(0.0, 0.3, 5000))
        >>> fitted = Amounts.fit(margin[:4000], y[:4000]).answer(margin[4000:])
        >>> bool(abs(np.mean((fitted.lower <= y[4000:]) & (y[4000:] <= fitted.upper)) - 0.9) < 0.02)
        True
        """
        off = to_margin(y) - margin
        shift = float(np.median(off))
        bands = max(1, min(_BANDS, len(y) // _BAND_ROWS))
        cuts = np.unique(np.quantile(margin, np.arange(1, bands) / bands))
        cuts = cuts[cuts > margin.min()]  # no band without rows
        band = np.searchsorted(cuts, margin, side="right")
        ends = [_ends(off[band == place] - shift) for place in np.unique(band)]
        low, high = np.array(ends).T
        return cls(shift, cuts, low, high)

    def to_json(self) -> dict[str, Any]:
        arrays = {name: getattr(self, name).tolist() for name in ("cuts", "low", "high")}
        return {"kind": self.kind, "shift": self.shift, **arrays}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Amounts:
        """Rebuild what `to_json` wrote."""
        arrays = {name: np.array(saved[name], dtype=np.float64) for name in ("cuts", "low", "high")}
        return cls(shift=float(saved["shift"]), **arrays)


def _ends(off: Floats) -> tuple[float, float]:
    """The distances between which 90% of further rows lie, by their ranks among these; the outermost where few."""
    ordered = np.sort(off)
    reach = int(np.floor((1.0 - COVERAGE) / 2 * (len(off) + 1)))
    return float(ordered[max(reach - 1, 0)]), float(ordered[min(len(off) - reach, len(off) - 1)])
