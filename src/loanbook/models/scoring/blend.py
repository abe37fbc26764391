"""Several scorers as one: their margins, weighted and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays, Scorer, scorer_from_arrays


@dataclass(frozen=True)
class Blend:
    """margin(x) = intercept + the sum over members, in their order, of weight * the member's margin.

    A weighted sum keeps what its members promise: the contributions of a column are the weighted sum of what each
    member says of it, and add up to the margin as exactly as theirs do.

    Parameters
    ----------
    intercept : log-odds before the first member.
    weights : (k,) of the members.
    members : (k,) scorers over the same columns.
    width : number of columns of x.

    >>> from loanbook.models.scoring.additive import Additive
    >>> line = Additive(-1.0, np.array([0]), np.array([[0.0, 10.0]]), np.array([[0.0, 2.0]]), np.array([0.5]),
    ...                 np.array([1.0]), width=1)
    >>> both = Blend.of(0.25, [0.5, 2.0, 0.0], [line, line, line], width=1)
    >>> len(both.members), both.base, both.margin(np.array([[10.0]])).tolist()
    (2, 0.25, [2.75])
    >>> both.contributions(np.array([[10.0]])).tolist()
    [[2.5]]
    """

    kind: ClassVar[str] = "blend"

    intercept: float
    weights: NDArray[np.float64]
    members: tuple[Scorer, ...]
    width: int

    @classmethod
    def of(
        cls, intercept: float, weights: Sequence[float] | NDArray[np.float64], members: Sequence[Scorer], width: int
    ) -> Blend:
        """Weigh scorers; those of weight 0 are left out and cost nothing.

        Raises
        ------
        ValueError : there is not one weight for each member.
        """
        kept = [(weight, member) for weight, member in zip(weights, members, strict=True) if weight != 0.0]
        return cls(
            intercept=float(intercept),
            weights=np.array([weight for weight, _ in kept], np.float64),
            members=tuple(member for _, member in kept),
            width=width,
        )

    @property
    def base(self) -> float:
        """Mean margin of the training rows, as far as the members' bases are theirs."""
        out = self.intercept
        for weight, member in zip(self.weights.tolist(), self.members, strict=True):
            out += weight * member.base
        return out

    def margin(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        out = np.full(len(x), self.intercept)
        for weight, member in zip(self.weights, self.members, strict=True):
            out += weight * member.margin(x)
        return out

    def contributions(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each column added to `base`, (n, width)."""
        out = np.zeros((len(x), self.width))
        for weight, member in zip(self.weights, self.members, strict=True):
            out += weight * member.contributions(x)
        return out

    def to_arrays(self) -> Arrays:
        parts = {
            f"{place}.{name}": array
            for place, member in enumerate(self.members)
            for name, array in member.to_arrays().items()
        }
        return {
            "intercept": np.array(self.intercept),
            "weights": self.weights,
            "kinds": np.array([member.kind for member in self.members], dtype=np.str_),
            "width": np.array(self.width),
            **parts,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Blend:
        """Rebuild what `to_arrays` took apart."""
        members = [
            scorer_from_arrays(str(kind), _of_member(arrays, place)) for place, kind in enumerate(arrays["kinds"])
        ]
        return cls(
            intercept=float(arrays["intercept"]),
            weights=arrays["weights"],
            members=tuple(members),
            width=int(arrays["width"]),
        )


def _of_member(arrays: Mapping[str, NDArray[Any]], place: int) -> Arrays:
    start = f"{place}."
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
