"""What is measured where an amount is learned: how far off it is, beside how far off everybody's usual amount is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from loanbook.data.loans import Loans
from loanbook.evaluation.intervals import Estimate, Floats, draw_weights, interval
from loanbook.evaluation.tasks import Headline
from loanbook.models.scoring import Output
from loanbook.models.scoring.amounts import Amounts, to_amount


class Money:
    """An amount, measured by its mean absolute error."""

    headline = Headline("mae", "MAE", lambda y, margin: mae(y, to_amount(margin)), higher=False)

    def finish(self, margin: Floats, loans: Loans) -> Output:
        """Centre, and learn the intervals."""
        return Amounts.fit(margin, loans.y)

    def evaluate(self, y: Floats, output: Output, margin: Floats, *, seed: int) -> dict[str, Estimate]:
        """See `evaluate`."""
        said = output.answer(margin)
        return evaluate(y, said.value, said.lower, said.upper, seed=seed)

    def facts(self, loans: Loans) -> Mapping[str, Any]:
        """The amount in the middle."""
        return {"median_amount": float(np.median(loans.y))}

    def doubts(self, headline: float) -> tuple[str, ...]:
        """Doubt an amount that is known to the penny."""
        if headline > 0.0:
            return ()
        return ("no amount is missed at all: look for a column that holds the amount itself",)


def mae(y: Floats, said: Floats) -> float:
    """Mean absolute error, in money.

    >>> mae(np.array([100.0, 200.0]), np.array([110.0, 180.0]))
    15.0
    """
    return float(np.abs(y - said).mean())


def evaluate(
    y: Floats, said: Floats, lower: Floats, upper: Floats, *, seed: int = 0, resamples: int = 500
) -> dict[str, Estimate]:
    """Every figure of a set of amounts, with its 90% interval.

    mae, rmse : mean absolute and root mean squared error, in money. r2 : share of the variance that is explained, below
    0 where the mean would have been better. relative_error : median of the error as a share of the true amount.
    coverage : share of the amounts inside their interval. width : median width of the intervals as a share of the
    amount said.

    Parameters
    ----------
    y : (n,) what the amounts were.
    said, lower, upper : (n,) what was said they would be, with intervals.
    seed, resamples : of the bootstrap.

    >>> y = np.array([100.0, 200.0, 400.0])
    >>> found = evaluate(y, y + 10.0, y - 20.0, y + 5.0, resamples=50)
    >>> {name: round(figure.value, 3) for name, figure in found.items()}
    {'mae': 10.0, 'rmse': 10.0, 'r2': 0.994, 'relative_error': 0.05, 'coverage': 1.0, 'width': 0.119}
    """
    off, size = np.abs(y - said), np.abs(y)
    relative = np.divide(off, size, out=np.full(len(y), np.nan), where=size > 0)
    width = np.divide(upper - lower, np.abs(said), out=np.full(len(y), np.nan), where=said != 0)
    inside = ((lower <= y) & (y <= upper)).astype(np.float64)

    def of(weights: Floats) -> dict[str, Floats]:
        rows = weights.sum(axis=1)
        middle = weights @ y / rows
        spread = weights @ y**2 - rows * middle**2
        squared = weights @ off**2
        left = np.divide(squared, spread, out=np.full(len(rows), np.nan), where=spread > 0)
        return {
            "mae": weights @ off / rows,
            "rmse": np.sqrt(squared / rows),
            "r2": 1.0 - left,
            "relative_error": _medians(relative, weights),
            "coverage": weights @ inside / rows,
            "width": _medians(width, weights),
        }

    plain = of(np.ones((1, len(y))))
    drawn = [of(weights) for weights in draw_weights(len(y), resamples, seed)]
    return {name: interval(float(values[0]), [block[name] for block in drawn]) for name, values in plain.items()}


def _medians(values: Floats, weights: Floats) -> Floats:
    """Weighted median of the known values for each row of weights, (r,); nan where none is known."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return np.full(len(weights), np.nan)
    order = known[np.argsort(values[known], kind="stable")]
    sums = np.cumsum(weights[:, order], axis=1)
    place = (sums < sums[:, -1:] / 2).sum(axis=1)
    return np.asarray(values[order][np.minimum(place, len(order) - 1)])
