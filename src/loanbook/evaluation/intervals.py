"""A figure and its 90% interval, by drawing the same loans again (bootstrap: Efron, 1979)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COVERAGE = 0.90
"""Share of resamples inside an interval; 5% lie on either side."""

_CELLS = 2_000_000  # resamples are made in blocks of about this many numbers: 16 MB


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 90% interval.

    The interval is the percentile bootstrap's (Efron, 1979) and is widened to hold the figure itself: metrics that
    measure a distance, such as the calibration error, grow under resampling.

    >>> print(Estimate(0.7716, 0.7651, 0.7779))
    0.772 (0.765 to 0.778)
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def interval(value: float, drawn: list[Floats]) -> Estimate:
    """The Estimate of a figure from its values in the resamples (nan where a resample could not tell).

    >>> interval(2.0, [np.array([1.0, 2.0, 3.0, np.nan])])
    Estimate(value=2.0, low=1.1, high=2.9)
    """
    values = np.concatenate(drawn) if drawn else np.empty(0)
    values = values[~np.isnan(values)]
    if np.isnan(value) or not len(values):
        return Estimate(value, value, value)
    tail = 50.0 * (1.0 - COVERAGE)
    low, high = np.percentile(values, (tail, 100.0 - tail))
    return Estimate(value, min(float(low), value), max(float(high), value))


def draw_blocks(rows: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Blocks of (r, rows) row numbers drawn with replacement, `resamples` in all.

    >>> [block.shape for block in draw_blocks(4, 3, seed=0)]
    [(3, 4)]
    """
    generator = np.random.default_rng(seed)
    at_once = max(1, _CELLS // rows)
    for start in range(0, resamples, at_once):
        yield generator.integers(0, rows, size=(min(at_once, resamples - start), rows))


def draw_weights(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Blocks of (r, rows): how often each row was drawn in a resample.

    >>> [block.sum(axis=1).tolist() for block in draw_weights(4, 2, seed=0)]
    [[4.0, 4.0]]
    """
    for drawn in draw_blocks(rows, resamples, seed):
        yield np.stack([np.bincount(row, minlength=rows) for row in drawn]).astype(np.float64)


def means(values: Floats, *, seed: int = 0, resamples: int = 500) -> list[Estimate]:
    """Mean of each column over the rows that have a number there, with its interval.

    Parameters
    ----------
    values : (n, k) figures, nan where a row has nothing to say; a column without any number has the mean nan.
    seed, resamples : of the bootstrap; the rows of a sample are the same for every column.

    >>> print(*means(np.array([[1.0, np.nan], [0.0, 2.0], [1.0, 2.0], [0.0, np.nan]]), resamples=100))
    0.500 (0.000 to 1.000) 2.000 (2.000 to 2.000)
    """
    known = (~np.isnan(values)).astype(np.float64)
    filled = np.nan_to_num(values)

    def of(weights: Floats) -> Floats:
        rows = weights @ known
        found: Floats = np.divide(weights @ filled, rows, out=np.full(rows.shape, np.nan), where=rows > 0)
        return found

    drawn = [of(weights) for weights in draw_weights(len(values), resamples, seed)]
    plain = of(np.ones((1, len(values))))[0]
    return [interval(float(value), [block[:, column] for block in drawn]) for column, value in enumerate(plain)]
