"""A rising line through a few knots: the one shape that every calibration has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Polyline:
    """Straight between knots and beyond them, nowhere falling; evaluated with + - * / and comparisons alone.

    Parameters
    ----------
    knots : (k,) strictly ascending, k at least 1.
    values : (k,) what stands there, ascending or level.
    below, above : slopes left of the first and right of the last knot, 0 or more.

    >>> bent = Polyline(np.array([0.0, 2.0]), np.array([0.0, 1.0]), below=2.0, above=0.25)
    >>> bent.at(np.array([-1.0, 1.0, 6.0])).tolist()
    [-2.0, 0.5, 2.0]
    """

    knots: Floats
    values: Floats
    below: float
    above: float

    def __post_init__(self) -> None:
        falls = (np.diff(self.knots) <= 0).any() or (np.diff(self.values) < 0).any() or min(self.below, self.above) < 0
        if not len(self.knots) or len(self.knots) != len(self.values) or falls:
            raise ValueError("a polyline must rise: ascending knots, values and slopes that do not fall")

    @classmethod
    def straight(cls, slope: float, offset: float) -> Polyline:
        """The line offset + slope * margin.

        >>> Polyline.straight(0.5, -1.0).at(np.array([4.0])).tolist()
        [1.0]
        """
        return cls(np.zeros(1), np.array([offset]), slope, slope)

    @property
    def slopes(self) -> Floats:
        """(k + 1,) slope left of the first knot, between each two, right of the last."""
        between = np.diff(self.values) / np.diff(self.knots)
        return np.concatenate([[self.below], between, [self.above]])

    def at(self, margin: Floats) -> Floats:
        """Its height at each margin, same shape; NaN stays NaN."""
        part = np.searchsorted(self.knots, margin, side="right")
        start = np.maximum(part - 1, 0)
        height = self.values[start] + self.slopes[part] * (margin - self.knots[start])
        # The last bit of a rounded slope must not lift the end of one part above the start of the next.
        return np.asarray(np.minimum(height, np.append(self.values, np.inf)[part]))

    def stretch(self, margin: Floats, base: float) -> Floats:
        """By what a distance from `base` is multiplied on its way through the line, same shape as margin.

        The slope itself where both ends lie on one straight part.
        """
        part = np.searchsorted(self.knots, margin, side="right")
        home = np.searchsorted(self.knots, base, side="right")
        distance = margin - base
        bent = len(self.knots) > 1 or self.below != self.above
        apart = bent & (part != home) & (distance != 0)
        rise = self.at(margin) - self.at(np.asarray(base, np.float64))
        quotient = np.divide(rise, distance, out=np.zeros_like(rise), where=apart)
        factor: Floats = np.where(apart, quotient, self.slopes[part])
        return factor

    def to_json(self) -> dict[str, Any]:
        return {"knots": self.knots.tolist(), "values": self.values.tolist(), "below": self.below, "above": self.above}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Polyline:
        """Rebuild what `to_json` wrote."""
        knots, values = (np.array(saved[name], np.float64) for name in ("knots", "values"))
        return cls(knots, values, float(saved["below"]), float(saved["above"]))
