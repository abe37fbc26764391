"""From a raw column to numbers that straight weights can use: robust, and straight between a few knots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from loanbook.models.risk.base import Floats

LEVELS = np.array([0.005, 0.025, *np.linspace(0.05, 0.95, 19), 0.975, 0.995])
"""Quantiles at which the knots of a column stand."""


@dataclass(frozen=True, slots=True)
class Bends:
    """The shapes in which one column enters a linear model.

    A column of many values enters twice: as its value, held within the outer quantiles, and as the normal score of
    its rank (van der Waerden, 1952). Heavy tails then pull no harder than the outermost knot, and the sum of both can
    level off or turn. A column of two values enters once, a constant one not at all.

    Parameters
    ----------
    knots : (q,) ascending values of the column; flat outside them.
    shapes : (s, q) each shape at the knots; mean 0 and standard deviation 1 over the training rows that have a value.
    """

    knots: Floats
    shapes: Floats

    @classmethod
    def learn(cls, column: Floats) -> Bends:
        """Fit to a column; NaN is passed over.

        >>> Bends.learn(np.array([0.0, 4.0, 4.0, np.nan, 0.0]))
        Bends(knots=array([0., 4.]), shapes=array([[-1.,  1.]]))
        """
        values = np.sort(column[~np.isnan(column)])
        knots = _knots(values)
        if len(knots) < 2:
            return cls(np.append(knots, 0.0)[:1], np.empty((0, 1)))
        shapes = [knots]
        if len(knots) > 2:
            rank = np.searchsorted(values, knots, "left") + np.searchsorted(values, knots, "right")
            shapes.append(ndtri(rank / (2 * len(values))))
        moved = [np.interp(values, knots, shape) for shape in shapes]
        scaled = [(shape - seen.mean()) / seen.std() for shape, seen in zip(shapes, moved, strict=True)]
        return cls(knots, np.stack(scaled))

    def __call__(self, column: Floats) -> Floats:
        """The column in each shape, (n, s); NaN becomes 0, the mean.

        >>> Bends.learn(np.array([0.0, 4.0, 4.0, 0.0]))(np.array([1.0, 9.0, np.nan])).tolist()
        [[-0.5], [1.0], [0.0]]
        """
        empty = np.isnan(column)
        moved = [np.where(empty, 0.0, np.interp(column, self.knots, shape)) for shape in self.shapes]
        return np.stack(moved, axis=1) if moved else np.empty((len(column), 0))


def _knots(values: Floats) -> Floats:
    if not len(values):
        return values
    distinct: Floats = np.unique(np.quantile(values, LEVELS, method="inverted_cdf"))
    if len(distinct) > 1 or values[0] == values[-1]:
        return distinct
    # Nearly all rows share one value: the few others stand at their median.
    others = values[values != distinct[0]]
    return np.unique([distinct[0], np.quantile(others, 0.5, method="inverted_cdf")])
