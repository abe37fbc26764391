"""A card of points: what is printed is what decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from loanbook.models.risk.base import Floats, check_names, constant
from loanbook.models.risk.binning import steps
from loanbook.models.risk.design import Curve, additive
from loanbook.models.scoring import Additive

_TOTALS = 6  # how many totals the text translates into shares of bad loans


@dataclass(frozen=True, slots=True)
class Band:
    """A line of a card.

    Parameters
    ----------
    low, high : from low, which belongs to it, up to high; infinite at the ends, both NaN for a missing value.
    points : what a loan gets; the more the safer.
    share : of the training loans. bad_rate : of those, share that went bad; NaN where there were none.
    woe : weight of evidence, log-odds of bad less those of all loans.
    information : its part of the column's information value.
    flag : whether the column is 0 for no and 1 for yes.
    """

    low: float
    high: float
    points: int
    share: float
    bad_rate: float
    woe: float
    information: float
    flag: bool = False

    @property
    def label(self) -> str:
        """The range in words, with every digit that decides.

        >>> Band(2.5, 1e6, 7, 0.5, 0.1, -1.0, 0.3).label
        'from 2.5 to 1000000'
        >>> Band(1.0, math.inf, 7, 0.5, 0.1, -1.0, 0.3, flag=True).label
        'yes (from 1)'
        """
        if math.isnan(self.low):
            return "missing"
        parts = [f"from {_number(self.low)}"] * math.isfinite(self.low)
        parts += [f"{'to' if parts else 'below'} {_number(self.high)}"] * math.isfinite(self.high)
        if self.flag and parts:
            return f"{'yes' if math.isfinite(self.low) else 'no'} ({' '.join(parts)})"
        return " ".join(parts) or "known"


@dataclass(frozen=True)
class Item:
    """A column of a card: its ranges from low to high, then the missing value."""

    name: str
    column: int
    bands: tuple[Band, ...]

    @property
    def information(self) -> float:
        """Information value of the column."""
        return math.fsum(band.information for band in self.bands)

    @cached_property
    def cuts(self) -> Floats:
        """(k,) where one range ends and the next begins."""
        return np.array([band.low for band in self.bands[1:-1]])

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """(k + 2,) points of the bands."""
        return np.array([band.points for band in self.bands])

    def score(self, column: Floats) -> NDArray[np.int64]:
        """Points of each value, (n,)."""
        place = np.where(np.isnan(column), len(self.cuts) + 1, np.searchsorted(self.cuts, column, side="right"))
        return np.asarray(self.points[place])


@dataclass(frozen=True)
class Card:
    """Whole points for ranges of columns; their sum is the score, and the score is the decision.

    Parameters
    ----------
    items : the columns.
    base_points : what every loan starts with.
    per_point : log-odds of bad that a point takes away.
    none : log-odds of bad of a score of 0.
    """

    items: tuple[Item, ...]
    base_points: int
    per_point: float
    none: float

    def score(self, x: Floats) -> NDArray[np.int64]:
        """Points of each row, (n,), for x of shape (n, m)."""
        each = [item.score(x[:, item.column]) for item in self.items]
        return np.asarray(np.sum([np.full(len(x), self.base_points), *each], axis=0, dtype=np.int64))

    def log_odds(self, score: NDArray[np.int64]) -> Floats:
        """Log-odds of bad of each score; exact, for every number in it is on one grid."""
        return np.asarray(self.none - score * self.per_point)

    def scorer(self, x: Floats, weight: Floats) -> Additive:
        """The card as what decides; contributions are measured from the mean of the training rows x."""
        start = self.none - self.base_points * self.per_point
        if not self.items:
            return constant(start, x.shape[1])
        curves = []
        for item in self.items:
            *known, missing = -item.points * self.per_point
            curves.append(Curve(*steps(item.cuts, np.array(known)), missing=float(missing)))
        return additive(curves, start, x, weight, columns=[item.column for item in self.items])[0]

    def named(self, names: Sequence[str], width: int) -> Card:
        """The same card with the names of the columns of x, (width,)."""
        called = check_names(names, width)
        return replace(self, items=tuple(replace(item, name=called[item.column]) for item in self.items))

    def text(self) -> str:
        """The card as an aligned table, with the share of bad loans that some totals stand for."""
        lines: list[tuple[str, ...]] = [("", "points", "loans", "bad", "WOE", "information")]
        lines.append(("every loan", str(self.base_points), "", "", "", ""))
        for item in self.items:
            lines.append((item.name, "", "", "", "", f"{item.information:.3f}"))
            lines += [_cells(band) for band in item.bands]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [
            f"{line[0]:<{widths[0]}}"
            + "".join(f"{cell:>{width + 2}}" for cell, width in zip(line[1:], widths[1:], strict=True))
            for line in lines
        ]
        return "\n".join([*(line.rstrip() for line in table), self._totals()])

    def _totals(self) -> str:
        least, most = (self.base_points + sum(int(end(item.points)) for item in self.items) for end in (min, max))
        totals = sorted({round(total) for total in np.linspace(least, most, _TOTALS)})
        told = [f"{total}: {expit(self.none - total * self.per_point):.1%}" for total in totals]
        return f"Bad loans by total: {', '.join(told)}."


def _cells(band: Band) -> tuple[str, ...]:
    rate = f"{band.bad_rate:.1%}" if band.share else "-"
    return (
        f"    {band.label}",
        str(band.points),
        f"{band.share:.1%}",
        rate,
        f"{band.woe:+.2f}",
        f"{band.information:.3f}",
    )


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
