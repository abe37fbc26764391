"""What decisions earn: profit, and the cut-off that makes the most of it.

A good loan earns `margin` of its amount over its life, a bad one loses `loss_given_default` of it; a loan that is not
approved earns nothing. All figures are about loans that were once granted and whose outcome is known: what declined
applicants would have done is not in them. What a model is worth against other policies is in `impact`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loanbook.book import Economics
from loanbook.evaluation.impact import Impact, impact
from loanbook.evaluation.intervals import Estimate, Floats, draw_weights, interval
from loanbook.evaluation.metrics import checked
from loanbook.evaluation.money import Exposure, exposure, gains

__all__ = [
    "Curve",
    "Exposure",
    "Impact",
    "break_even",
    "exposure",
    "impact",
    "profit",
    "profit_curve",
]


def break_even(economics: Economics) -> float:
    """Probability of bad at which a loan earns nothing: margin / (margin + loss given default).

    Where probabilities are right, approving below it is the most profitable policy. Without a loss it is 1.

    >>> round(break_even(Economics(loss_given_default=0.60, margin=0.08)), 4)
    0.1176
    """
    if economics.loss_given_default == 0.0:
        return 1.0
    return economics.margin / (economics.margin + economics.loss_given_default)


def profit(
    y: ArrayLike,
    amount: ArrayLike | None,
    approved: ArrayLike,
    economics: Economics,
    *,
    referred: ArrayLike | None = None,
) -> float:
    """Profit of a set of decisions.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    amount : (n,) exposure in money; None counts one for each loan, and the profit is then in loans.
    approved : (n,) true where the loan was granted in the end, or the chance of that in [0, 1].
    economics : margin and loss given default, as shares of the amount; review_cost in money for each case.
    referred : (n,) true where a person looked first. Costs nothing when profit is counted in loans.

    >>> profit([0, 1, 0], [1000, 500, 200], [True, False, True], Economics(margin=0.08, review_cost=40.0))
    96.0
    >>> profit([0, 1, 0], [1000, 500, 200], [True, False, True], Economics(), referred=[False, True, False])
    56.0
    """
    share = np.asarray(approved, dtype=np.float64)
    outcome, share = checked(y, share)
    money = exposure(amount, len(outcome))
    earned = float(gains(outcome, money, economics) @ share)
    if referred is None or money.unit == "loans":
        return earned
    return earned - economics.review_cost * int(np.asarray(referred, dtype=np.bool_).sum())


@dataclass(frozen=True, slots=True)
class Curve:
    """What each cut-off would approve and earn; a loan is approved when its probability of bad is below the cut-off.

    Parameters
    ----------
    cutoffs : (k,) ascending, from approving nobody to approving everyone.
    approval_rate : (k,) share of loans approved.
    bad_rate : (k,) share of bad loans among the approved; nan where nobody is.
    profit : (k,) in `unit`.
    unit : "money", or "loans" where no amounts are known.
    best : index of the most profitable cut-off.
    best_cutoff : that cut-off, with the interval in which it moves when the same loans are drawn again.
    best_profit : what it earns, with its interval (the cut-off held fast).
    """

    cutoffs: Floats
    approval_rate: Floats
    bad_rate: Floats
    profit: Floats
    unit: Literal["money", "loans"]
    best: int
    best_cutoff: Estimate
    best_profit: Estimate


def profit_curve(
    y: ArrayLike,
    p: ArrayLike,
    amount: ArrayLike | None,
    economics: Economics,
    *,
    points: int = 200,
    seed: int = 0,
    resamples: int = 200,
) -> Curve:
    """Profit against the cut-off, and the cut-off that maximises it.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) probabilities of bad, in [0, 1].
    amount : (n,) exposure in money, or None.
    economics : margin and loss given default.
    points : at most about this many cut-offs are kept, evenly over the loans; the best one always.
    seed, resamples : of the bootstrap.

    Returns
    -------
    A Curve. Of equally profitable cut-offs the one that approves most is the best.

    >>> curve = profit_curve([0, 0, 1, 1], [0.125, 0.25, 0.5, 0.75], None, Economics(), resamples=50)
    >>> curve.cutoffs.tolist(), curve.best_cutoff.value, curve.best_profit.value
    ([0.125, 0.1875, 0.375, 0.625, 1.0], 0.375, 0.16)
    """
    outcome, score = checked(y, p)
    money = exposure(amount, len(outcome))
    order = np.argsort(score, kind="stable")
    gain = gains(outcome, money, economics)[order]
    cutoffs, approved = _cutoffs(score[order])
    earned = _running(gain, approved)
    best = int(_last_best(earned[None])[0])
    shown = _thin(approved, best, points)
    chosen, earnings = _redraw(gain, approved, best, seed, resamples)
    return Curve(
        cutoffs=cutoffs[shown],
        approval_rate=approved[shown] / len(outcome),
        bad_rate=_bad_rate(outcome[order], approved[shown]),
        profit=earned[shown],
        unit=money.unit,
        best=int(np.searchsorted(shown, best)),
        best_cutoff=interval(float(cutoffs[best]), [cutoffs[index] for index in chosen]),
        best_profit=interval(float(earned[best]), earnings),
    )


def _cutoffs(score: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Cut-offs for ascending scores, and how many loans each approves: none, then one more distinct score each time."""
    starts = np.flatnonzero(np.diff(score, prepend=-1.0) > 0)
    distinct = score[starts]
    between = (distinct[:-1] + distinct[1:]) / 2
    between = np.where(between > distinct[:-1], between, distinct[1:])  # neighbouring floats have no middle
    everyone = 1.0 if distinct[-1] < 1.0 else np.nextafter(1.0, 2.0)
    return np.concatenate([distinct[:1], between, [everyone]]), np.append(starts, len(score))


def _running(gain: Floats, approved: NDArray[np.intp]) -> Floats:
    """Sum of the gains of the first loans, along the last axis, for each number of approved loans."""
    zero = np.zeros((*gain.shape[:-1], 1))
    total = np.concatenate([zero, np.cumsum(gain, axis=-1)], axis=-1)
    return np.asarray(total[..., approved])


def _last_best(earned: Floats) -> NDArray[np.intp]:
    """Index of the greatest of each row; of equal ones (to rounding) the last."""
    slack = 1e-12 * (1.0 + np.abs(earned).max(axis=1, keepdims=True))
    near = earned >= earned.max(axis=1, keepdims=True) - slack
    return np.asarray(earned.shape[1] - 1 - np.argmax(near[:, ::-1], axis=1))


def _redraw(
    gain: Floats, approved: NDArray[np.intp], best: int, seed: int, resamples: int
) -> tuple[list[NDArray[np.intp]], list[Floats]]:
    """In each resample: the best cut-off's index, and what the chosen cut-off earns."""
    chosen, earnings = [], []
    for weights in draw_weights(len(gain), resamples, seed):
        earned = _running(weights * gain, approved)
        chosen.append(_last_best(earned))
        earnings.append(earned[:, best])
    return chosen, earnings


def _bad_rate(outcome: Floats, approved: NDArray[np.intp]) -> Floats:
    bads = _running(outcome, approved)
    rate: Floats = np.divide(bads, approved, out=np.full(len(bads), np.nan), where=approved > 0)
    return rate


def _thin(approved: NDArray[np.intp], best: int, points: int) -> NDArray[np.intp]:
    """Indices of at most `points` cut-offs at even steps of approval, and the best one."""
    if len(approved) <= points:
        return np.arange(len(approved))
    even = np.searchsorted(approved, np.linspace(0, approved[-1], points))
    return np.unique(np.append(even, best))
