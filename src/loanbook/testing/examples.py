"""Rows as a feature plan makes them, invented: every kind of column that a model meets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring import sigmoid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """Model rows with their outcomes.

    Parameters
    ----------
    x : (n, 9) numbers, NaN where missing.
    y : (n,) 1 for a bad loan, 0 for a good one.
    taken : (n,) the amount that each customer took.
    names : what the columns are.
    """

    x: Floats
    y: Floats
    taken: Floats
    names: tuple[str, ...]


def example(rows: int = 400, seed: int = 0) -> Example:
    """Make a table with heavy tails, missing values and their flag, a ratio, encoded and one-hot categories.

    Both outcomes are there from three rows on.

    >>> made = example(50)
    >>> made.x.shape, sorted(set(made.y.tolist())), made.names[:3]
    ((50, 9), [0.0, 1.0], ('amount', 'income', 'income_missing'))
    """
    draw = np.random.default_rng(seed)
    amount = np.exp(draw.normal(10.0, 1.5, rows))
    income = np.exp(draw.normal(8.0, 1.0, rows))
    income[draw.random(rows) < 0.2] = np.nan
    city = draw.normal(0.0, 0.4, rows)
    years = np.floor(draw.gamma(2.0, 3.0, rows))
    kind = draw.integers(0, 2, rows)
    ratio = amount / income
    log_odds = 0.5 * np.log(amount) - 6.2 + 2.0 * city - 0.15 * years + 0.8 * np.isnan(income)
    y = (draw.random(rows) < sigmoid(log_odds)).astype(np.float64)
    y[0], y[1] = 1.0, 0.0
    columns = {
        "amount": amount,
        "income": income,
        "income_missing": np.isnan(income).astype(np.float64),
        "amount_per_income": ratio,
        "city_woe": city,
        "years": years,
        "kind=a": (kind == 0).astype(np.float64),
        "kind=b": (kind == 1).astype(np.float64),
        "constant": np.ones(rows),
    }
    taken = np.round(np.exp(3.0 + 0.6 * np.log(amount) - 0.4 * city + 0.3 * kind + draw.normal(0.0, 0.2, rows)), 2)
    return Example(np.column_stack(list(columns.values())), y, taken.astype(np.float64), tuple(columns))
