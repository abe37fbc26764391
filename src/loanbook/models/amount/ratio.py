"""The best single ratio: what a lender could write on a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from loanbook.models.amount.base import AmountRegressor, Floats, amount_text, weighted_median
from loanbook.models.risk.base import check_names, constant
from loanbook.models.scoring import Additive
from loanbook.models.scoring.amounts import to_amount, to_margin

_KNOTS = 65


class OneRatio(AmountRegressor):
    """The amount is a fixed multiple of one column: 2.5 times the yearly income.

    Of the columns that are positive where they are known, the one is chosen whose median multiple errs least. Where it
    is missing, the usual amount of such rows is said.

    Parameters
    ----------
    least_known : least share of the rows in which a column must be known and above 0.

    >>> income = np.linspace(1_000.0, 9_000.0, 60)
    >>> rung = OneRatio().fit(np.column_stack([np.cos(income), income]), 2.5 * income)
    >>> rung.describe(["noise", "income"])
    'The amount is 2.5 times income; 12,331 where it is not known.'
    """

    title: ClassVar[str] = "One ratio"
    interpretability: ClassVar[int] = 1

    scorer_: Additive
    column_: int
    ratio_: float

    def __init__(self, *, least_known: float = 0.5) -> None:
        self.least_known = least_known

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        usual, amounts = weighted_median(y, weight), to_amount(y)
        errors = [self._try(column, y, amounts, weight, usual) for column in x.T]
        self.column_ = int(np.argmin([error for error, _ in errors])) if errors else 0
        error, self.ratio_ = errors[self.column_] if errors else (np.inf, np.nan)
        if not np.isfinite(error):
            return constant(usual, x.shape[1])
        column = x[:, self.column_]
        known = ~np.isnan(column)
        knots = np.unique(np.quantile(column[known], np.linspace(0.0, 1.0, _KNOTS)))
        knots = np.unique(np.concatenate([knots, [0.0] if knots[0] < 0.0 < knots[-1] else []]))
        values = to_margin(self.ratio_ * np.maximum(knots, 0.0))
        unknown = weighted_median(y[~known], weight[~known]) if not known.all() else usual
        table = Additive(
            0.0, np.array([self.column_]), knots[None], values[None], np.array([unknown]), np.zeros(1), x.shape[1]
        )
        mean = float(np.average(table.margin(x), weights=weight))
        return Additive(0.0, table.columns, table.knots, table.values, table.missing, np.array([mean]), table.width)

    def _try(self, column: Floats, y: Floats, amounts: Floats, weight: Floats, usual: float) -> tuple[float, float]:
        """Mean absolute error of the best multiple of a column, on the margin's scale, and that multiple."""
        fit = column > 0  # NaN compares false
        if fit.mean() < self.least_known or np.ptp(column[fit]) == 0 or (column < 0).any():
            return np.inf, np.nan
        ratio = weighted_median(amounts[fit] / column[fit], weight[fit])
        if not np.isfinite(ratio) or ratio <= 0:
            return np.inf, np.nan
        said = np.where(fit, to_margin(ratio * np.where(fit, column, 0.0)), usual)
        return float(np.average(np.abs(said - y), weights=weight)), ratio

    def describe(self, names: Sequence[str]) -> str:
        """Return the rule as one sentence."""
        called = check_names(names, self.n_features_in_)
        if not len(self.scorer_.columns):
            return f"No column has a fixed ratio to the amount; the usual amount is {amount_text(self.scorer_.base)}."
        unknown = amount_text(float(self.scorer_.missing[0]))
        return f"The amount is {self.ratio_:.3g} times {called[self.column_]}; {unknown} where it is not known."
