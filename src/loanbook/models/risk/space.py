"""What tuning may change in a rung."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """The values that one parameter may take.

    Parameters
    ----------
    low, high : the ends, both allowed.
    log : whether steps are multiples rather than differences.
    whole : whether only whole numbers are allowed.

    >>> Range(2, 6, whole=True)
    Range(low=2, high=6, log=False, whole=True)
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
