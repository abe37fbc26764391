"""How many trials a budget pays for: by a fixed cost model, so that the answer does not depend on the clock.

Two trainings with one seed must end with one champion (docs/adr/0018). A busy machine makes fewer trials in a given
time than an idle one, so the clock must not count them. Instead the budget is spent in reference seconds: what a fit
costs, by rung, rows and columns, on one core of the machine on which the table below was measured, in November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

MOST = 20
"""Trials of one rung at most: on 12 tables of loans, 4 to 6 more configurations bought .0015 of AUC in all."""

LEAST = 4
"""Fewer trials than this are not worth starting a search for."""

PATIENCE = 3.0
"""A machine that takes this many times the budget is far too slow: the search ends there, and says so."""

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


def benchmark_seconds(rungs: Iterable[str], rows: int, columns: int, *, fits: int) -> float:
    """Reference seconds of a benchmark: each rung fitted so many times, and measured.

    >>> benchmark_seconds(["tree", "xgboost"], 10_000, 40, fits=8) > benchmark_seconds(["tree"], 10_000, 40, fits=8)
    True
    """
    return sum(_MEASURING + fits * fit_seconds(rung, rows, columns) for rung in rungs)


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
