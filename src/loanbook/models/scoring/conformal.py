"""Sets of outcomes that hold the true one as often as promised, of the bad loans and of the good ones alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.errors import BookError

Floats = NDArray[np.float64]

LEVELS = np.arange(500, 991) / 1000
"""Levels that a set is kept for; one between two of them counts as the higher."""


@dataclass(frozen=True)
class Sets:
    """Label-conditional (Mondrian) conformal prediction of two outcomes (Vovk, Gammerman & Shafer 2005; Vovk 2012).

    At level 0.90 the set of a loan holds "bad" for 90% of the loans that go bad, and "good" for 90% of those that do
    not, as long as new loans are like those that it was learned from. A set that holds both outcomes, or neither, says
    that the model is unsure. Plain conformal sets promise 90% of all loans together and keep that by giving up half of
    the bad ones, which are few.

    Parameters
    ----------
    bads : (491,) for each of LEVELS the probability from which on "bad" is in the set, never rising.
    goods : (491,) the probability up to which "good" is in the set, never falling.
    """

    bads: Floats
    goods: Floats

    @classmethod
    def fit(cls, probability: Floats, bad: Floats) -> Sets:
        """Learn from loans that the model was not fitted on.

        Parameters
        ----------
        probability : (n,) of bad, on any scale that keeps their order and is used later on.
        bad : (n,) 1 where the loan went bad, else 0.

        >>> draw = np.random.default_rng(0)
        >>> bad = (draw.random(2000) < 0.3).astype(float)
        >>> sets = Sets.fit(draw.random(2000) * 0.8 + 0.2 * bad, bad)
        >>> low, high = sets.unsure(0.9)
        >>> round(low, 2), round(high, 2)
        (0.27, 0.71)
        """
        # Signs, not 1 - p: that would lose the last bit, and with it the loan that stands right on the border.
        bads, goods = np.sort(probability[bad > 0]), np.sort(-probability[bad == 0])
        return cls(_least(bads, lowest=0.0), -_least(goods, lowest=-1.0))

    def unsure(self, level: float) -> tuple[float, float]:
        """Where the set is not one outcome alone.

        Parameters
        ----------
        level : share of the bad and of the good loans that the sets cover, 0.5 to 0.99.

        Returns
        -------
        low, high : below `low` the set is "good" alone, from `high` on "bad" alone.

        Raises
        ------
        BookError : the level is outside.
        """
        place = int(np.searchsorted(LEVELS, level - 1e-9))
        if not LEVELS[0] <= level or place == len(LEVELS):
            raise BookError(
                f"sets are kept for levels from {LEVELS[0]:g} to {LEVELS[-1]:g}, not for {level:g}",
                where="[policy] refer_when_unsure",
                todo="choose a level between",
            )
        past_good = min(float(np.nextafter(self.goods[place], np.inf)), 1.0)
        ends = (float(self.bads[place]), past_good)
        return min(ends), max(ends)

    def to_json(self) -> dict[str, Any]:
        return {"bads": self.bads.tolist(), "goods": self.goods.tolist()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Sets:
        """Rebuild what `to_json` wrote."""
        return cls(np.array(saved["bads"], np.float64), np.array(saved["goods"], np.float64))


def _least(ranked: Floats, lowest: float) -> Floats:
    """(491,) for each level the least of n ascending figures of a class with which a new one still belongs to it.

    With k of n figures no larger, its p-value is (k + 1) / (n + 1), and that must exceed 1 - level. Where even k = 0
    does, the lowest figure there can be belongs to it.
    """
    count = np.floor((1.0 - LEVELS) * (len(ranked) + 1) + 1e-9).astype(np.intp)
    return np.append(lowest, ranked)[count]
