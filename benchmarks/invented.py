"""A large table of the shape that Give Me Some Credit has: 150,000 applicants, ten numbers, about 7% bad.

That data set may not be handed on, and how long training takes does not depend on whose loans they are. Every number
is drawn; none is of a person. Nothing that is said of quality rests on it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

ROWS = 150_000
TARGET = "serious_delinquency"
_NO_INCOME, _NO_DEPENDENTS = 0.198, 0.026  # shares that are missing in the table it takes after


def large_table(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Draw the table.

    Heavy tails, counts that are nearly always 0, incomes that one in five does not give, and causes that work together,
    so that boosting ranks better than a line.

    >>> table = large_table(2000)
    >>> table.shape, 0.05 < table[TARGET].mean() < 0.09
    ((2000, 11), True)
    """
    draw = np.random.default_rng(seed)
    strain = draw.normal(size=rows)
    age = np.clip(draw.normal(52.0, 15.0, rows), 21, 100).round()
    late = [draw.poisson(np.exp(strain * 1.1 + rare)) for rare in (-2.3, -3.4, -3.2)]
    use = np.where(draw.random(rows) < 0.02, draw.lognormal(5.0, 2.0, rows), 1 / (1 + np.exp(-1.5 * strain + 0.8)))
    income = np.where(draw.random(rows) < _NO_INCOME, np.nan, draw.lognormal(8.5 - 0.15 * strain, 0.7).round())
    dependents = np.where(draw.random(rows) < _NO_DEPENDENTS, np.nan, draw.poisson(0.75, rows))
    debt = draw.lognormal(-1.0, 0.8, rows) * np.where(np.isnan(income), 2000.0, 1.0)
    past = np.minimum(0.5 * late[0] + 0.8 * late[1] + 0.6 * late[2], 3.0)
    young, full = age < 40, (use > 0.7) & (use < 2.0)
    log_odds = -3.98 + 0.5 * strain + past + 1.8 * (young & full) + 1.2 * (full & (late[0] > 0)) - 0.02 * (age - 52)
    log_odds += 1.2 * (np.abs(np.log(debt + 0.01)) > 2.5) + 0.8 * (dependents > 2) * (income < 4000)
    return pl.DataFrame(
        {
            TARGET: (draw.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.int64),
            "use_of_unsecured_lines": use,
            "age": age.astype(np.int64),
            "times_30_days_late": late[0],
            "debt_ratio": debt,
            "monthly_income": income,
            "open_lines": draw.poisson(8.5, rows),
            "times_90_days_late": late[1],
            "real_estate_loans": draw.poisson(1.0, rows),
            "times_60_days_late": late[2],
            "dependents": dependents,
        },
        nan_to_null=True,
    )
