"""Points and weights that integrate polynomials, in bits that no library decides."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from loanbook.models.scoring import quadrature
from loanbook.models.scoring.quadrature import gauss_legendre

COUNTS = range(1, 17)


@pytest.mark.parametrize("count", COUNTS)
def test_polynomials_of_degree_below_twice_the_count_are_integrated_exactly(count):
    for degree in range(2 * count):
        found = sum(Fraction(weight) * Fraction(point) ** degree for point, weight in gauss_legendre(count))
        assert float(found) == pytest.approx(1 / (degree + 1), rel=4e-16 * max(1, count))


@pytest.mark.parametrize("count", COUNTS)
def test_they_are_those_of_numpy_but_for_its_rounding(count):
    points, weights = np.polynomial.legendre.leggauss(count)
    found = np.array(gauss_legendre(count))
    assert found[:, 0] == pytest.approx((points + 1) / 2, abs=1e-15)
    assert found[:, 1] == pytest.approx(weights / 2, abs=1e-15)


def test_the_bits_are_these_on_every_machine():
    """Those of the closed forms, 1/2 ± √(1/3)/2 and 1/2 ± √(3/5)/2 with weights 5/18, 4/9, 5/18, rounded once."""
    assert [point.hex() for point, _ in gauss_legendre(2)] == ["0x1.b0cb174df99c7p-3", "0x1.93cd3a2c8198ep-1"]
    assert [weight for _, weight in gauss_legendre(3)] == [5 / 18, 4 / 9, 5 / 18]
    for count, square in ((2, Decimal(1) / 3), (3, Decimal(3) / 5)):
        points = [point for point, _ in gauss_legendre(count)]
        assert points[0] == float((1 - square.sqrt()) / 2)
        assert points[-1] == float((1 + square.sqrt()) / 2)


def test_the_last_digits_of_the_first_guess_do_not_matter(monkeypatch):
    expected = [gauss_legendre(count) for count in COUNTS]
    cosine = math.cos
    monkeypatch.setattr(quadrature.math, "cos", lambda angle: cosine(angle) * (1 + 1e-9))
    assert [gauss_legendre(count) for count in COUNTS] == expected
