"""How many trials a budget pays for: by a fixed cost model, so that the answer does not depend on the clock.

Two trainings with one seed must end with one champion (docs/adr/0017). A busy machine makes fewer trials in a given
time than an idle one, so the clock must not count them. Instead the budget is spent in reference seconds: what a fit
costs, by rung, rows and columns, on one core of the machine on which the table below was measured, in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from types import MappingProxyType

MOST = 20
"""Trials of one rung at most: on 12 tables of loans, 4 to 6 more configurations bought .0015 of AUC in all."""

LEAST = 4
"""Fewer trials than this are not worth starting a search for."""

PATIENCE = 3.0
"""A machine that takes this many times the budget is far too slow: work ends there, and says so."""

_COSTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "approve_all": (0.0, 0.0),
        "one_rule": (0.15, 0.1e-6),
        "three_rules": (0.15, 0.5e-6),
        "scorecard": (0.10, 0.6e-6),
        "logistic": (0.05, 0.5e-6),
        "logistic_l1": (0.30, 1.5e-6),
        "logistic_woe": (0.15, 1.0e-6),
        "tree": (0.02, 0.5e-6),
        "ebm": (0.80, 2.0e-6),
        "xgboost": (0.05, 1.2e-6),
        "lightgbm": (0.05, 1.4e-6),
        "catboost": (0.05, 2.0e-6),
        "forest": (0.50, 2.0e-6),
        "extra_trees": (0.35, 1.2e-6),
        "network": (0.30, 2.5e-6),
    }
)
"""Reference seconds of a fit, whatever its size, and for each cell of its rows."""

_UNKNOWN = (0.20, 2.0e-6)
_MEASURING = 1.5  # reference seconds for a rung's figures, apart from its fits
_DEARER = 1.5  # a configuration that is tried costs more than the rung as it comes: deeper, slower, more of it


def fit_seconds(rung: str, rows: int, columns: int) -> float:
    """Reference seconds of one fit.

    >>> round(fit_seconds("xgboost", 10_000, 40), 2)
    0.53
    """
    fixed, cell = _COSTS.get(rung, _UNKNOWN)
    return fixed + cell * rows * columns


class Purse:
    """What is left of a budget while a ladder is benchmarked, in reference seconds.

    Parameters
    ----------
    budget : seconds; None is no limit.
    rows, columns : of the rows that a fold trains on.
    fits : of each rung.

    >>> purse = Purse(4.0, 10_000, 40, fits=8)
    >>> purse.empty()
    ''
    >>> purse.pay("xgboost")
    >>> purse.empty()
    'the budget of 4 seconds was used up'
    """

    def __init__(self, budget: float | None, rows: int, columns: int, *, fits: int) -> None:
        self.budget = budget
        self.rows, self.columns, self.fits = rows, columns, fits
        self.spent = 0.0
        self.started = perf_counter()

    def pay(self, rung: str, *, blend: bool = False) -> None:
        """Take off what a rung costs; a blend is measured without a fit."""
        self.spent += _MEASURING
        if not blend:
            self.spent += self.fits * fit_seconds(rung, self.rows, self.columns)

    def empty(self) -> str:
        """Say why nothing more is to be begun; "" while there is something left."""
        if self.budget is None:
            return ""
        if self.spent > self.budget or not self.budget:
            return f"the budget of {self.budget:g} seconds was used up"
        return "this machine took far longer than the budget" if self.late() else ""

    def late(self) -> bool:
        """Say whether the clock ends the work, because the machine is far too slow."""
        return self.budget is not None and perf_counter() - self.started > PATIENCE * self.budget

    def left(self, final: float) -> float:
        """Reference seconds for tuning, when so many go to the fit on every row."""
        return 0.0 if self.budget is None else self.budget - self.spent - final


def trials_within(left: float, rung: str, rows: int, columns: int, *, folds: int, after: int = 0) -> tuple[int, float]:
    """How many trials of a rung so many reference seconds pay for, and how many seconds those leave.

    Parameters
    ----------
    left : reference seconds. rung : its name.
    rows, columns : of the rows that a fold trains on. folds : fits of a trial. after : fits once the search is over.

    Returns
    -------
    0 and all of `left` when it does not pay for LEAST trials.

    >>> trials_within(100.0, "xgboost", 10_000, 40, folds=5)
    (20, 20.5)
    >>> trials_within(1.0, "xgboost", 10_000, 40, folds=5)
    (0, 1.0)
    """
    fit = _DEARER * fit_seconds(rung, rows, columns)
    count = min(MOST, int((left - after * fit) / (folds * fit)))
    return (count, left - (count * folds + after) * fit) if count >= LEAST else (0, left)
