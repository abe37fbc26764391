"""Neural networks, several of them averaged, with reasons by DeepLIFT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays
from loanbook.models.scoring.curves import Curves, by_column

Floats = NDArray[np.float64]

_ROWS_AT_ONCE = 128  # keeps the units of so many rows within the second-level cache


class _Units(NamedTuple):
    """What the units of both hidden layers receive, before ReLU, and the margin that follows from it."""

    first: Floats
    second: Floats
    margin: Floats


@dataclass(frozen=True)
class Network:
    """margin(x) = the mean over networks of inputs → dense → ReLU → dense → ReLU → one number in log-odds.

    Parameters
    ----------
    columns, knots, values, missing : the inputs, k curves of columns of x, see `Curves`.
    reference : (k,) inputs that contributions are measured from: their means over the training rows.
    first, first_bias : (k, s, a) and (s, a), weights of the first layer of s networks.
    second, second_bias : (s, a, b) and (s, b).
    last, last_bias : (s, b) and (s,), to log-odds.
    width : number of columns of x.

    >>> step = Network(np.array([0]), np.array([[0.0, 10.0]]), np.array([[0.0, 1.0]]), np.array([0.5]),
    ...                np.array([0.5]), np.ones((1, 1, 1)), np.array([[-0.25]]), np.ones((1, 1, 1)), np.zeros((1, 1)),
    ...                np.array([[4.0]]), np.array([-1.0]), width=1)
    >>> step.margin(np.array([[0.0], [10.0], [np.nan]])).tolist()
    [-1.0, 2.0, 0.0]
    >>> step.base, step.contributions(np.array([[0.0], [10.0]])).tolist()
    (0.0, [[-1.0], [2.0]])
    """

    kind: ClassVar[str] = "network"

    columns: NDArray[np.int64]
    knots: Floats
    values: Floats
    missing: Floats
    reference: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    last: Floats
    last_bias: Floats
    width: int

    @cached_property
    def _curves(self) -> Curves:
        return Curves(self.columns, self.knots, self.values, self.missing)

    @cached_property
    def at_reference(self) -> _Units:
        return self._run(self.reference[None, :])

    @property
    def base(self) -> float:
        """The margin where every input is at its mean."""
        return float(self.at_reference.margin[0])

    def _run(self, inputs: Floats) -> _Units:
        """Add up products one input after the other: the same bits for any number of rows, which BLAS does not give."""
        count = len(inputs)
        first = np.repeat(self.first_bias[None], count, axis=0)
        for at, weights in enumerate(self.first):
            first += inputs[:, at, None, None] * weights
        fired = np.maximum(first, 0.0)
        second = np.repeat(self.second_bias[None], count, axis=0)
        for at in range(fired.shape[2]):
            second += fired[:, :, at, None] * self.second[:, at]
        told = np.maximum(second, 0.0) * self.last
        of_each = self.last_bias + told.cumsum(axis=2)[:, :, -1]
        return _Units(first, second, of_each.cumsum(axis=1)[:, -1] / len(self.last_bias))

    def margin(self, x: Floats) -> Floats:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        inputs, out = self._curves(x), np.empty(len(x))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            out[rows] = self._run(inputs[rows]).margin
        return out

    def contributions(self, x: Floats) -> Floats:
        """What each column added to `base`, (n, width), by DeepLIFT's rescale rule.

        A row is compared with the reference (Shrikumar, Greenside & Kundaje 2017). A unit hands on what it received in
        the proportion in which its output moved, (relu(z) - relu(z')) / (z - z'), so that nothing is lost from layer to
        layer and the contributions add up to the margin, but for rounding. It is not a Shapley value: where columns act
        together, it shares what they did by how far each moved the units, not by an average over orders.
        """
        inputs, moved = self._curves(x), np.empty((len(x), len(self.columns)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            moved[rows] = (inputs[rows] - self.reference) * self._multipliers(inputs[rows])
        return by_column(moved, self.columns, self.width)

    def _multipliers(self, inputs: Floats) -> Floats:
        """How much of an input's move reaches the margin, (n, k)."""
        units, reference = self._run(inputs), self.at_reference
        of_second = self.last * _handed_on(units.second, reference.second)
        of_first = np.zeros_like(units.first)
        for at in range(of_second.shape[2]):
            of_first += of_second[:, :, at, None] * self.second[:, :, at]
        of_first *= _handed_on(units.first, reference.first)
        out = np.zeros_like(inputs)
        for network in range(len(self.last_bias)):
            for at in range(of_first.shape[2]):
                out += of_first[:, network, at, None] * self.first[:, network, at]
        return out / len(self.last_bias)

    def to_arrays(self) -> Arrays:
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Rebuild what `to_arrays` took apart."""
        plain = {field.name: arrays[field.name] for field in fields(cls) if field.name != "width"}
        return cls(width=int(arrays["width"]), **plain)


def _handed_on(received: Floats, reference: Floats) -> Floats:
    """Share of a unit's move that ReLU lets through; the slope where it did not move.

    No digits are lost: on one side of zero the shares are 1 and 0, and across it no near-equal numbers are subtracted.
    """
    moved = received - reference
    passed = np.maximum(received, 0.0) - np.maximum(reference, 0.0)
    slope = (received > 0.0).astype(np.float64)
    np.divide(passed, moved, out=slope, where=moved != 0.0)
    return slope
