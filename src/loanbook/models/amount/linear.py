"""Linear regression: a weight or two for each column, and a table that adds up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from loanbook.models.amount.base import AmountRegressor, Floats, amount_text
from loanbook.models.risk.base import check_names, constant
from loanbook.models.risk.design import Design, additive
from loanbook.models.scoring import Additive

PENALTIES = (0.3, 3.0, 30.0, 300.0)
"""L2 penalties tried, in rows' worth of a standardised weight of 1."""


class Linear(AmountRegressor):
    """Ridge regression (Hoerl and Kennard, 1970) of the amount's logarithm on values and ranks of every column.

    The shapes of a column are those of the logistic rung of `risk`; the penalty is chosen by cross-validated squared
    error.

    Parameters
    ----------
    folds : of the inner cross-validation.
    seed : of the folds.

    >>> income = np.linspace(1_000.0, 9_000.0, 60)
    >>> print(Linear().fit(income[:, None], 2.5 * income).describe(["income"]))
    The usual amount is 10,824. Times, for each column at its lowest, middle and highest knot:
        income: 0.32 at 1000, 0.99 at 4932.2, 3.09 at 9000
    """

    title: ClassVar[str] = "Linear regression (L2)"
    interpretability: ClassVar[int] = 2

    scorer_: Additive
    spread_: Floats

    def __init__(self, *, folds: int = 3, seed: int = 0) -> None:
        self.folds = folds
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        # Matrices this small are ten times slower on several threads of a busy machine, and their last bits differ.
        with threadpool_limits(1, user_api="blas"):
            return self._learn_alone(x, y, weight)

    def _learn_alone(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        self.spread_ = np.zeros(x.shape[1])
        design = Design.learn(x)
        rows = design(x)
        mean = float(np.average(y, weights=weight))
        if not rows.shape[1]:
            return constant(mean, x.shape[1])
        penalty = self._tune(rows, y, weight)
        weights, intercept = _ridge(rows, y, weight, penalty)
        table, self.spread_ = additive(design.curves(weights), intercept, x, weight)
        return table

    def _tune(self, rows: Floats, y: Floats, weight: Floats) -> float:
        fold = np.random.default_rng(self.seed).permutation(len(y)) % self.folds
        if len(y) < 2 * self.folds:
            return PENALTIES[-1]
        losses = [
            [self._loss(rows, y, weight, fold == out, penalty) for penalty in PENALTIES] for out in range(self.folds)
        ]
        return PENALTIES[int(np.argmin(np.mean(losses, axis=0)))]

    def _loss(self, rows: Floats, y: Floats, weight: Floats, held: NDArray[np.bool_], penalty: float) -> float:
        weights, intercept = _ridge(rows[~held], y[~held], weight[~held], penalty)
        off = rows[held] @ weights + intercept - y[held]
        return float(np.average(off**2, weights=weight[held]))

    def describe(self, names: Sequence[str]) -> str:
        """Return by what each column multiplies the amount along its values, the one that moves most first."""
        called, table = check_names(names, self.n_features_in_), self.scorer_
        start = f"The usual amount is {amount_text(table.base)}. "
        lines = [f"{start}Times, for each column at its lowest, middle and highest knot:"]
        order = [at for at in np.argsort(-self.spread_, kind="stable") if self.spread_[at] > 0]
        lines += [f"    {called[at]}: {_along(table, int(at))}" for at in order]
        return "\n".join(lines)


def _along(table: Additive, at: int) -> str:
    knots, factors = table.knots[at], np.exp(table.values[at] - table.means[at])
    last = int(np.argmax(knots))
    shown = sorted({0, last // 2, last})
    texts = [f"{factors[knot]:.2f} at {knots[knot]:.6g}" for knot in shown]
    if table.missing[at] != 0.0:
        texts.append(f"{np.exp(table.missing[at] - table.means[at]):.2f} missing")
    return ", ".join(texts)


def _ridge(rows: Floats, y: Floats, weight: Floats, penalty: float) -> tuple[Floats, float]:
    """Weights (d,) and intercept that minimise the weighted squared error and the penalty on the weights."""
    middle = np.average(rows, axis=0, weights=weight)
    level = float(np.average(y, weights=weight))
    centred = rows - middle
    gram = (centred * weight[:, None]).T @ centred + penalty * np.eye(rows.shape[1])
    weights = np.asarray(np.linalg.solve(gram, centred.T @ (weight * (y - level))), np.float64)
    return weights, level - float(middle @ weights)
