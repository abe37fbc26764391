"""Three rules that add up: points that a lender could write on a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds
from loanbook.models.risk.binning import Bins, Cutting
from loanbook.models.risk.card import Card
from loanbook.models.risk.folds import inner_folds, losses_of
from loanbook.models.risk.points import Part, Scale, write_card
from loanbook.models.risk.space import Range
from loanbook.models.scoring import Additive

_NEWTON = 25
_SETTLED = 1e-6


class ThreeRules(RiskClassifier):
    """Up to three columns, each in up to five bands, whose points add up (after Holte's 1R, 1993).

    Columns are taken one after the other, each time the one that lowers the cross-validated log-loss most together with
    those already taken; none is taken that lowers it by less than a band must. The effects of the bands are fitted
    together, and rounded to whole points.

    Parameters
    ----------
    columns : most rules.
    most : most bands of a column, the missing one not counted.
    least_share : least share of the rows in a band.
    penalty : deviance that one more band must explain, and one more column on held-out rows.
    turn : deviance that leaving one direction must explain.
    ridge : on the effect of a band.
    doubling : points that double the odds of good to bad.
    folds : of the inner cross-validation.
    seed : of the folds.

    Attributes
    ----------
    card_ : the points, without names; `table` gives them names.

    >>> x = np.column_stack([np.arange(400.0) // 100, np.arange(400.0) % 2])
    >>> y = np.concatenate([np.arange(100) < bads for bads in (60, 30, 28, 10)])
    >>> print(ThreeRules().fit(x, y).describe(["history", "noise"]))
                     points  loans    bad    WOE  information
    every loan            0
    history                                             0.701
        below 1           0  25.0%  60.0%  +1.10        0.355
        from 1 to 3       9  50.0%  29.0%  -0.14        0.010
        from 3           17  25.0%  10.0%  -1.33        0.337
        missing           9   0.0%      -  +0.00        0.000
    Bad loans by total: 0: 58.5%, 3: 48.2%, 7: 34.8%, 10: 26.1%, 14: 16.8%, 17: 11.8%.
    """

    title: ClassVar[str] = "Three rules"
    interpretability: ClassVar[int] = 2
    space: ClassVar[Mapping[str, Range]] = {
        "penalty": Range(2.0, 20.0, log=True),
        "turn": Range(2.0, 50.0, log=True),
        "least_share": Range(0.01, 0.1, log=True),
    }

    scorer_: Additive
    card_: Card

    def __init__(
        self,
        *,
        columns: int = 3,
        most: int = 5,
        least_share: float = 0.02,
        penalty: float = 8.0,
        turn: float = 12.0,
        ridge: float = 1.0,
        doubling: float = 5.0,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.columns = columns
        self.most = most
        self.least_share = least_share
        self.penalty = penalty
        self.turn = turn
        self.ridge = ridge
        self.doubling = doubling
        self.folds = folds
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        taken = self._take(x, y, weight)
        bins = self._cutting.learn(x[:, taken], y, weight)
        placed = _Placed.of(bins, x[:, taken], y, weight)
        effects = placed.fit(range(len(taken)), self.ridge)
        parts = [
            Part(column, one, effect[: len(one.woe)])
            for column, one, effect in zip(taken, bins, effects.bands, strict=True)
        ]
        self.card_ = write_card(parts, Scale(self.doubling), x, y, weight)
        return self.card_.scorer(x, weight)

    @property
    def _cutting(self) -> Cutting:
        return Cutting(self.penalty, self.turn, self.least_share, self.most)

    def _take(self, x: Floats, y: Floats, weight: Floats) -> list[int]:
        folds = []
        for train, held in inner_folds(y, self.folds, self.seed):
            bins = self._cutting.learn(x[train], y[train], weight[train])
            folds.append(tuple(_Placed.of(bins, x[part], y[part], weight[part]) for part in (train, held)))

        def loss(columns: Sequence[int]) -> float:
            return sum(train.fit(columns, self.ridge).loss(held, columns) for train, held in folds)

        taken: list[int] = []
        least = loss(taken)
        while folds and len(taken) < self.columns:
            losses = np.array([np.inf if at in taken else loss([*taken, at]) for at in range(x.shape[1])])
            if 2 * (least - losses.min()) < self.penalty:
                break
            least = float(losses.min())
            taken.append(int(losses.argmin()))
        return taken

    def table(self, names: Sequence[str]) -> Card:
        """Return the card with names: for each column its bands with points, shares, bad rates and information."""
        return self.card_.named(names, self.n_features_in_)

    def describe(self, names: Sequence[str]) -> str:
        """Return the card as an aligned table."""
        return self.table(names).text()


@dataclass(frozen=True)
class _Effects:
    """Log-odds of each band of some columns, (c, b), and of everybody."""

    bands: Floats
    level: float

    def loss(self, held: _Placed, columns: Sequence[int]) -> float:
        """Log-loss on held-out rows, added up."""
        places, goods, bads = held.cells(columns)
        margin = self.level + self.bands[np.arange(len(columns)), places].sum(axis=1)
        return float(bads @ losses_of(margin, np.ones(len(margin))) + goods @ losses_of(margin, np.zeros(len(margin))))


@dataclass(frozen=True)
class _Placed:
    """Rows by the band of each column that they are in: (n, m) numbers below `size`."""

    bands: NDArray[np.intp]
    size: int
    y: Floats
    weight: Floats

    @classmethod
    def of(cls, bins: Sequence[Bins], x: Floats, y: Floats, weight: Floats) -> _Placed:
        bands = [one.place(column) for one, column in zip(bins, x.T, strict=True)]
        size = max((len(one.woe) for one in bins), default=1)
        return cls(np.stack(bands, axis=1) if bands else np.empty((len(x), 0), np.intp), size, y, weight)

    def cells(self, columns: Sequence[int]) -> tuple[NDArray[np.intp], Floats, Floats]:
        """The combinations of bands that occur, (k, c), with the weight of good and of bad rows in each."""
        shape = (self.size,) * len(columns)
        code = sum((self.bands[:, at] * self.size**power for power, at in enumerate(reversed(columns))), start=0)
        code = np.zeros(len(self.y), np.intp) + code
        rows = np.bincount(code, self.weight, minlength=self.size ** len(columns)).astype(np.float64)
        bads = np.bincount(code, self.weight * self.y, minlength=len(rows)).astype(np.float64)
        some = np.flatnonzero(rows)
        places = np.stack(np.unravel_index(some, shape), axis=1) if columns else np.empty((len(some), 0), np.intp)
        return places, rows[some] - bads[some], bads[some]

    def fit(self, columns: Sequence[int], ridge: float) -> _Effects:
        """Effects of the bands of these columns, together, by Newton's method; a band without rows has none."""
        places, goods, bads = self.cells(columns)
        flat = (places[:, :, None] == np.arange(self.size)).reshape(len(places), -1).astype(np.float64)
        design, rows = np.column_stack([flat, np.ones(len(places))]), goods + bads
        pull = np.append(np.full(flat.shape[1], ridge), 0.0)
        found = np.append(np.zeros(flat.shape[1]), base_log_odds(bads / rows, rows))
        for _ in range(_NEWTON):
            share = expit(design @ found)
            slope = (bads - rows * share) @ design - pull * found
            bend = (design * (rows * share * (1 - share))[:, None]).T @ design + np.diag(pull + 1e-9)
            step = np.linalg.solve(bend, slope)
            found = found + step
            if np.abs(step).max() < _SETTLED:
                break
        return _Effects(found[:-1].reshape(len(columns), self.size), float(found[-1]))
