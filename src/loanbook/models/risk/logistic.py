"""Logistic regression: a weight or two for each column, and a table that adds up."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names, constant
from loanbook.models.risk.bends import Bends
from loanbook.models.risk.folds import Split, inner_folds, loss_of
from loanbook.models.scoring import Additive

STRENGTHS = (0.003, 0.03, 0.3, 3.0)
"""Inverse penalties tried, weakest model first."""


class Logistic(RiskClassifier):
    """Ridge-penalised logistic regression (le Cessie and van Houwelingen, 1992) on values and ranks.

    Each column enters as its value, held within the 0.5% and 99.5% quantiles, and as the normal score of its rank, so
    that outliers weigh little and an effect may level off; both fold into one line with bends. A missing value is the
    mean plus a weight of its own where no other column says that it is missing. The penalty is chosen by
    cross-validated log-loss.

    Parameters
    ----------
    folds : of the inner cross-validation.
    rows_to_tune : the penalty is chosen on at most this many rows; more do not change it.
    seed : of folds and of the rows drawn to tune.

    >>> x = np.column_stack([np.arange(40.0) % 10, np.ones(40)])
    >>> print(Logistic().fit(x, x[:, 0] > 5).describe(["day", "constant"]))
    Log-odds -1.600, and for each column at its lowest, middle and highest knot:
        day: -8.28 at 0, -0.78 at 4, +8.28 at 9
    """

    title: ClassVar[str] = "Logistic regression (L2)"
    interpretability: ClassVar[int] = 4

    scorer_: Additive
    spread_: Floats
    strength_: float

    def __init__(self, *, folds: int = 3, rows_to_tune: int = 5000, seed: int = 0) -> None:
        self.folds = folds
        self.rows_to_tune = rows_to_tune
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        # Matrices this small are ten times slower on several threads of a busy machine, and their last bits differ.
        with threadpool_limits(1, user_api="blas"):
            return self._learn_alone(x, y, weight)

    def _learn_alone(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        self.spread_, self.strength_ = np.zeros(x.shape[1]), STRENGTHS[0]
        bends = [Bends.learn(column) for column in x.T]
        blocks = [bend(column) for bend, column in zip(bends, x.T, strict=True)]
        flagged, flags = _own_flags(x)
        design = np.hstack([*blocks, flags])
        if not design.shape[1]:
            return constant(base_log_odds(y, weight), x.shape[1])
        self.strength_ = self._tune(design, y, weight)
        model = _fit(design, y, weight, self.strength_)
        *weights, of_flags = np.split(model.coef_[0], np.cumsum([block.shape[1] for block in blocks]))
        missing = np.zeros(x.shape[1])
        missing[flagged] = of_flags
        added = [block @ part for block, part in zip(blocks, weights, strict=True)]
        moved = np.column_stack(added) + np.isnan(x) * missing
        self.spread_ = moved.std(axis=0)
        means = np.average(moved, axis=0, weights=weight)
        return _fold(bends, weights, missing, means, float(model.intercept_[0]))

    def _tune(self, design: Floats, y: Floats, weight: Floats) -> float:
        if len(y) > self.rows_to_tune:
            drawn = np.random.default_rng(self.seed).choice(len(y), self.rows_to_tune, replace=False)
            design, y, weight = design[drawn], y[drawn], weight[drawn]
        losses = [
            [_held_out_loss(design, y, weight, strength, split) for strength in STRENGTHS]
            for split in inner_folds(y, self.folds, self.seed)
        ]
        return STRENGTHS[int(np.argmin(np.mean(losses, axis=0)))] if losses else STRENGTHS[0]

    def describe(self, names: Sequence[str]) -> str:
        """Return what each column adds to the log-odds along its values, the one that moves most first."""
        called, table = check_names(names, self.n_features_in_), self.scorer_
        lines = [f"Log-odds {table.base:+.3f}, and for each column at its lowest, middle and highest knot:"]
        order = [at for at in np.argsort(-self.spread_, kind="stable") if self.spread_[at] > 0]
        lines += [f"    {called[at]}: {_along(table, at)}" for at in order]
        return "\n".join(lines)


def _along(table: Additive, at: int) -> str:
    knots, values = table.knots[at], table.values[at] - table.means[at]
    last = int(np.argmax(knots))
    shown = sorted({0, last // 2, last})
    texts = [f"{values[knot]:+.2f} at {knots[knot]:.6g}" for knot in shown]
    if table.missing[at] != 0.0:
        texts.append(f"{table.missing[at] - table.means[at]:+.2f} missing")
    return ", ".join(texts)


def _own_flags(x: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Columns with missing values that no column of x marks, and their 0/1 flags."""
    empty = np.isnan(x).astype(np.float64)
    told = {column.tobytes() for column in x.T if np.isin(column, (0.0, 1.0)).all()}
    share = empty.mean(axis=0)
    some = np.flatnonzero((share > 0) & (share < 1))
    flagged = [at for at in some if empty[:, at].tobytes() not in told]
    return np.array(flagged, dtype=np.intp), empty[:, flagged]


def _fit(design: Floats, y: Floats, weight: Floats, strength: float) -> LogisticRegression:
    with warnings.catch_warnings():
        # On separable rows the weak penalties stop early; what counts is the held-out loss, which has the last word.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=50).fit(design, y, weight)


def _held_out_loss(design: Floats, y: Floats, weight: Floats, strength: float, split: Split) -> float:
    train, held = split
    model = _fit(design[train], y[train], weight[train], strength)
    return loss_of(model.decision_function(design[held]), y[held], weight[held])


def _fold(bends: list[Bends], weights: list[Floats], missing: Floats, means: Floats, intercept: float) -> Additive:
    """Shapes and weights as one table; shorter rows of knots repeat their last one."""
    longest = max([2, *(len(bend.knots) for bend in bends)])
    curves = [part @ bend.shapes for bend, part in zip(bends, weights, strict=True)]
    return Additive(
        intercept=intercept,
        columns=np.arange(len(bends), dtype=np.int64),
        knots=np.stack([_filled(bend.knots, longest) for bend in bends]),
        values=np.stack([_filled(curve, longest) for curve in curves]),
        missing=missing,
        means=means,
        width=len(bends),
    )


def _filled(row: Floats, length: int) -> Floats:
    return np.append(row, np.repeat(row[-1], length - len(row)))
