"""How much of each loan is at stake, and what its outcome earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from loanbook.book import Economics
from loanbook.evaluation.intervals import Floats


@dataclass(frozen=True, slots=True)
class Exposure:
    """The amount of each loan.

    Parameters
    ----------
    amounts : (n,) money at stake, or 1 for each loan where no amount is known.
    unit : "money" or "loans".
    unknown : how many amounts were missing or negative and stand at the median of the others.
    """

    amounts: Floats
    unit: Literal["money", "loans"]
    unknown: int


def exposure(amount: ArrayLike | None, rows: int) -> Exposure:
    """Amounts that can be added up.

    Parameters
    ----------
    amount : (rows,) money, with nan where it is not known; None where the book names no amount.
    rows : number of loans.

    >>> exposure([100.0, np.nan, 300.0], 3)
    Exposure(amounts=array([100., 200., 300.]), unit='money', unknown=1)
    >>> exposure(None, 2)
    Exposure(amounts=array([1., 1.]), unit='loans', unknown=0)
    """
    amounts = np.full(rows, np.nan) if amount is None else np.asarray(amount, dtype=np.float64)
    if amounts.shape != (rows,):
        raise ValueError(f"amount must have one number for each of the {rows} loans. Got {amounts.shape} instead.")
    known = np.isfinite(amounts) & (amounts >= 0)
    if not known.any():
        return Exposure(np.ones(rows), "loans", 0)
    filled = np.where(known, amounts, np.median(amounts[known]))
    return Exposure(filled, "money", int(rows - known.sum()))


def gains(y: Floats, money: Exposure, economics: Economics) -> Floats:
    """What each loan earns if approved, (n,).

    >>> gains(np.array([0.0, 1.0]), exposure([100, 100], 2), Economics(margin=0.08, loss_given_default=0.6)).tolist()
    [8.0, -60.0]
    """
    return money.amounts * np.where(y == 1.0, -economics.loss_given_default, economics.margin)
