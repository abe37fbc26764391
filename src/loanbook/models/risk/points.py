"""From effects in log-odds to whole points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from loanbook.models.risk.base import Floats, base_log_odds
from loanbook.models.risk.binning import Bins
from loanbook.models.risk.card import Band, Card, Item

_GRID = 2.0**34  # log-odds are whole multiples of 1 / _GRID: sums of points times log-odds then have no rounding


@dataclass(frozen=True)
class Part:
    """What a card is made from: a column of x, its ranges, and (k + 2,) what each adds to the log-odds of bad."""

    column: int
    bins: Bins
    effect: Floats


@dataclass(frozen=True)
class Scale:
    """How points are counted: `points` at good-to-bad odds of `odds` to one, and `doubling` more double the odds.

    Where `points` is None, a loan starts from 0 points.
    """

    doubling: float
    points: float | None = None
    odds: float = 1.0

    @property
    def per_point(self) -> float:
        """Log-odds of a point."""
        return _on_grid(math.log(2) / self.doubling)

    def start(self, log_odds: float) -> tuple[int, float]:
        """Points with which a loan starts whose log-odds are these, and the log-odds of no points at all."""
        if self.points is None:
            return 0, _on_grid(log_odds)
        none = _on_grid(self.per_point * self.points - math.log(self.odds))
        return round((none - log_odds) / self.per_point), none


def write_card(parts: Sequence[Part], scale: Scale, x: Floats, y: Floats, weight: Floats, *, least: int = 1) -> Card:
    """Round the effects to whole points, 0 for the riskiest range, and let the start take up what that moved.

    Parameters
    ----------
    parts : the columns, in the order of printing.
    scale : how points are counted.
    x, y, weight : training rows.
    least : points between the safest and the riskiest range below which a column is left out.
    """
    items = tuple(item for part in parts if (item := _item(part, x[:, part.column], scale.per_point, least)))
    card = Card(items, 0, scale.per_point, 0.0)
    base, none = scale.start(_level(card.log_odds(card.score(x)), y, weight))
    return replace(card, base_points=base, none=none)


def _item(part: Part, column: Floats, per_point: float, least: int) -> Item | None:
    """The column with its effects in whole points, or None where they differ by too little."""
    bins, effect = part.bins, part.effect
    seen = bins.goods + bins.bads > 0
    points = np.rint((effect[seen].max() - effect) / per_point).clip(0).astype(np.int64)
    if points[seen].max() < least:
        return None
    starts = np.flatnonzero(np.append(True, np.diff(points[:-1]) != 0))
    bins, points = bins.merged(starts), np.append(points[starts], points[-1])
    rows, flag = bins.goods + bins.bads, bool(np.isin(column[~np.isnan(column)], (0.0, 1.0)).all())
    edges = [-math.inf, *bins.cuts.tolist(), math.inf]
    lows, highs = [*edges[:-1], math.nan], [*edges[1:], math.nan]
    bad_rate = np.divide(bins.bads, rows, out=np.full(len(rows), np.nan), where=rows > 0)
    figures = zip(rows / rows.sum(), bad_rate, bins.woe, bins.information, strict=True)
    bands = (
        Band(low, high, count, float(share), float(bad), float(woe), float(told), flag)
        for low, high, count, (share, bad, woe, told) in zip(lows, highs, points.tolist(), figures, strict=True)
    )
    return Item("", part.column, tuple(bands))


def _level(margin: Floats, y: Floats, weight: Floats) -> float:
    """The number that, added to these log-odds, makes as many rows bad as there are."""
    values, place = np.unique(margin, return_inverse=True)
    rows = np.bincount(place, weight)
    usual, bads = base_log_odds(y, weight), float(weight @ y)
    if len(values) == 1:
        return usual - float(values[0])
    return float(
        brentq(lambda level: rows @ expit(values + level) - bads, usual - values[-1] - 1e-6, usual - values[0] + 1e-6)
    )


def _on_grid(value: float) -> float:
    return round(value * _GRID) / _GRID
