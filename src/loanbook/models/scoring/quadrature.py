"""Points and weights with which a polynomial is integrated exactly, the same to the last bit on every machine."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import cache

_DIGITS = 50
_STEPS = 8  # of Newton's; each doubles the digits that are right, and two are right at the start


@cache
def gauss_legendre(count: int) -> tuple[tuple[float, float], ...]:
    """Gauss and Legendre's points in (0, 1), each with its weight, ascending.

    The integral over [0, 1] of a polynomial of degree below 2 count is the weighted sum of its values there. The points
    are the roots of Legendre's polynomial, moved from (-1, 1). They are found in decimal arithmetic, which no processor
    or library rounds differently, and rounded once; numpy's come from an eigenvalue routine whose last bit may differ.

    >>> gauss_legendre(1), [point for point, _ in gauss_legendre(2)]
    (((0.5, 1.0),), [0.2113248654051871, 0.7886751345948129])
    """
    with localcontext(prec=_DIGITS):
        # The usual first guess (Tricomi 1947). Its last bit does not matter: Newton's steps end in the same root.
        guesses = [Decimal(math.cos(math.pi * (place - 0.25) / (count + 0.5))) for place in range(count, 0, -1)]
        return tuple(_refined(count, guess) for guess in guesses)


def _refined(count: int, x: Decimal) -> tuple[float, float]:
    for _ in range(_STEPS):
        value, slope = _legendre(count, x)
        x -= value / slope
    slope = _legendre(count, x)[1]
    return float((1 + x) / 2), float(1 / ((1 - x * x) * slope * slope))


def _legendre(count: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """Legendre's polynomial and its slope, by Bonnet's recurrence."""
    before, value = Decimal(1), x
    for degree in range(1, count):
        before, value = value, ((2 * degree + 1) * x * value - degree * before) / (degree + 1)
    return value, count * (before - x * value) / (1 - x * x)
