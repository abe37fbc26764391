"""How much hangs on the two numbers of the economics that nobody knows exactly: loss given default, and margin.

The policy of today is held fast while the world turns out otherwise: at each pair of loss and margin stands what it
would earn there, what the best cut-off would, and what lies between: the price of having reckoned with the wrong pair.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from loanbook.book import Economics
from loanbook.evaluation.economics import break_even, profit_curve
from loanbook.evaluation.intervals import Estimate, Floats, means
from loanbook.evaluation.metrics import checked
from loanbook.evaluation.money import exposure, gains

__all__ = ["Cell", "Sensitivity", "sensitivity"]

_LOSSES = (0.5, 0.75, 1.0, 1.25, 1.5)
_MARGINS = (0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair of loss given default and margin.

    Parameters
    ----------
    loss_given_default, margin : shares of the amount.
    break_even : the cut-off that is best there where probabilities are right.
    best_cutoff : the one that earns most on these loans, and its interval.
    best_approval_rate, best_profit : the share it approves, and what it earns.
    profit : what today's policy earns there.
    lost : the best profit less that of today's policy. The best is found on the same loans, so this is an upper bound.
    """

    loss_given_default: float
    margin: float
    break_even: float
    best_cutoff: Estimate
    best_approval_rate: float
    best_profit: Estimate
    profit: Estimate
    lost: Estimate


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Today's policy over a grid of economics.

    Parameters
    ----------
    losses, margins : the grid's axes.
    cells : for each loss, in its order, one for each margin.
    approve_below : today's cut-off.
    approval_rate : share of these loans that it approves.
    unit : of all profits: "money", or "loans" where no amounts are known.
    """

    losses: tuple[float, ...]
    margins: tuple[float, ...]
    cells: tuple[tuple[Cell, ...], ...]
    approve_below: float
    approval_rate: float
    unit: Literal["money", "loans"]

    def sentence(self) -> str:
        """How far the best cut-off moves over the grid, and where today's policy costs most."""
        every = [cell for row in self.cells for cell in row]
        cutoffs = [cell.best_cutoff.value for cell in every]
        worst = max(every, key=lambda cell: cell.lost.value)
        digits, unit = (0, "") if self.unit == "money" else (1, " loans")
        lost, low, high = (f"{each:,.{digits}f}" for each in (worst.lost.value, worst.lost.low, worst.lost.high))
        losing = sum(cell.profit.value < 0 for cell in every)
        return (
            f"With a loss given default from {self.losses[0]:.0%} to {self.losses[-1]:.0%} and a margin from "
            f"{self.margins[0]:.1%} to {self.margins[-1]:.1%} the best cut-off lies between {min(cutoffs):.3f} and "
            f"{max(cutoffs):.3f}. Approving below {self.approve_below:.3f} costs most where "
            f"{worst.loss_given_default:.0%} is lost and {worst.margin:.1%} earned: {lost}{unit} ({low} to {high}) "
            f"less than the best. It loses money in {losing} of {len(every)} cases."
        )

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "sentence": self.sentence()}


def sensitivity(
    y: ArrayLike,
    p: ArrayLike,
    amount: ArrayLike | None,
    economics: Economics,
    approve_below: float,
    *,
    seed: int = 0,
    resamples: int = 100,
) -> Sensitivity:
    """Reckon the best cut-off, and what today's is worth, over losses and margins around the book's.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) probabilities of bad, in [0, 1].
    amount : (n,) exposure in money, or None.
    economics : the book's; the grid has half to one and a half times its loss (at most 1), half to twice its margin.
    approve_below : today's cut-off.
    seed, resamples : of the bootstrap.

    >>> found = sensitivity([0, 0, 1, 1], [0.1, 0.2, 0.5, 0.8], None, Economics(), 0.15, resamples=10)
    >>> here = found.cells[2][2]
    >>> here.loss_given_default, here.margin, here.best_approval_rate, here.profit.value, here.lost.value
    (0.6, 0.08, 0.5, 0.08, 0.08)
    """
    outcome, score = checked(y, p)
    money = exposure(amount, len(outcome))
    losses = _around(economics.loss_given_default, _LOSSES)
    margins = _around(economics.margin, _MARGINS)
    terms = [replace(economics, loss_given_default=loss, margin=margin) for loss in losses for margin in margins]
    gain = np.stack([gains(outcome, money, there) for there in terms], axis=1)
    curves = [profit_curve(y, p, amount, there, points=2, seed=seed, resamples=resamples) for there in terms]
    best = gain * np.stack([score < curve.best_cutoff.value for curve in curves], axis=1)
    today = gain * (score < approve_below)[:, None]
    drawn = [_totals(values, seed, resamples) for values in (best, today, best - today)]
    cells = [
        Cell(
            loss_given_default=there.loss_given_default,
            margin=there.margin,
            break_even=break_even(there),
            best_cutoff=curve.best_cutoff,
            best_approval_rate=float(curve.approval_rate[curve.best]),
            best_profit=top,
            profit=earned,
            lost=lost,
        )
        for there, curve, top, earned, lost in zip(terms, curves, *drawn, strict=True)
    ]
    width = len(margins)
    return Sensitivity(
        losses=losses,
        margins=margins,
        cells=tuple(tuple(cells[start : start + width]) for start in range(0, len(cells), width)),
        approve_below=approve_below,
        approval_rate=float((score < approve_below).mean()),
        unit=money.unit,
    )


def _totals(values: Floats, seed: int, resamples: int) -> list[Estimate]:
    """Sum of each column, (n, k), with its interval."""
    rows = len(values)
    return [
        Estimate(rows * mean.value, rows * mean.low, rows * mean.high)
        for mean in means(values, seed=seed, resamples=resamples)
    ]


def _around(value: float, factors: tuple[float, ...]) -> tuple[float, ...]:
    """Multiples of a share, none above 1; a share of 0 has none but itself.

    >>> _around(0.8, (0.5, 1.0, 1.5)), _around(0.0, (0.5, 1.0))
    ((0.4, 0.8, 1.0), (0.0,))
    """
    return tuple(sorted({round(min(1.0, value * factor), 6) for factor in factors}))
