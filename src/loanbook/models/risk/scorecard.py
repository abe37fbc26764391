"""The scorecard of credit practice: points for ranges of a few columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from loanbook.models.risk.base import Floats, RiskClassifier
from loanbook.models.risk.binning import Bins, Cutting
from loanbook.models.risk.card import Card
from loanbook.models.risk.folds import drawn, inner_folds
from loanbook.models.risk.path import HeldOut, l1_path, penalties
from loanbook.models.risk.points import Part, Scale, write_card
from loanbook.models.risk.ridge import Rows
from loanbook.models.risk.space import Range
from loanbook.models.scoring import Additive

_STEPS, _WEAKEST = 20, 5e-4


class Scorecard(RiskClassifier):
    """A weight-of-evidence scorecard in whole points (Siddiqi 2006; Thomas, Edelman and Crook 2002).

    Every column is cut into ranges, in one direction of risk where that costs little; columns with little information,
    or that repeat a better one, are left out. A logistic regression on the weights of evidence, with weights of zero
    or more and an L1 penalty by cross-validated log-loss (one standard error, paired), decides which columns stay. The
    result is rounded to whole points, and the rounded card is what decides.

    Parameters
    ----------
    points, odds, doubling : so many points at good-to-bad odds of `odds` to one; so many more double the odds.
    penalty : deviance that one more range must explain. turn : deviance that leaving one direction must explain.
    least_share : least share of the rows in a range. most : most ranges of a column, the missing one not counted.
    prior : rows' worth of the base rate in each range.
    least_information : information value below which a column is left out.
    redundant : correlation of weights of evidence above which the column with less information is left out.
    least_points : points between its safest and its riskiest range below which a column is left out.
    folds : of the inner cross-validation.
    rows_to_tune : the penalty on the weights is chosen on at most this many rows.
    seed : of folds and of the rows drawn to tune.

    Attributes
    ----------
    card_ : the points, without names; `table` gives them names.

    >>> x = np.repeat([[20.0], [30.0], [40.0], [50.0]], 100, axis=0)
    >>> y = np.concatenate([np.arange(100) < bads for bads in (60, 30, 28, 10)])
    >>> print(Scorecard().fit(x, y).describe(["age"]))
                       points  loans    bad    WOE  information
    every loan            483
    age                                                   0.701
        below 30            0  25.0%  60.0%  +1.10        0.355
        from 30 to 50      29  50.0%  29.0%  -0.14        0.010
        from 50            57  25.0%  10.0%  -1.33        0.337
        missing            26   0.0%      -  +0.00        0.000
    Bad loans by total: 483: 53.6%, 494: 44.1%, 506: 34.2%, 517: 26.2%, 529: 19.0%, 540: 13.8%.
    """

    title: ClassVar[str] = "Scorecard"
    interpretability: ClassVar[int] = 3
    space: ClassVar[Mapping[str, Range]] = {
        "penalty": Range(2.0, 15.0, log=True),
        "turn": Range(2.0, 100.0, log=True),
        "least_share": Range(0.005, 0.05, log=True),
        "most": Range(4, 12, whole=True),
    }

    scorer_: Additive
    card_: Card

    def __init__(
        self,
        *,
        points: float = 600.0,
        odds: float = 50.0,
        doubling: float = 20.0,
        penalty: float = 4.0,
        turn: float = 12.0,
        least_share: float = 0.01,
        most: int = 10,
        prior: float = 5.0,
        least_information: float = 0.01,
        redundant: float = 0.95,
        least_points: int = 3,
        folds: int = 3,
        rows_to_tune: int = 20_000,
        seed: int = 0,
    ) -> None:
        self.points = points
        self.odds = odds
        self.doubling = doubling
        self.penalty = penalty
        self.turn = turn
        self.least_share = least_share
        self.most = most
        self.prior = prior
        self.least_information = least_information
        self.redundant = redundant
        self.least_points = least_points
        self.folds = folds
        self.rows_to_tune = rows_to_tune
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        with threadpool_limits(1, user_api="blas"):  # as in Logistic
            parts = self._parts(x, y, weight)
        scale = Scale(doubling=self.doubling, points=self.points, odds=self.odds)
        self.card_ = write_card(parts, scale, x, y, weight, least=self.least_points)
        return self.card_.scorer(x, weight)

    def _parts(self, x: Floats, y: Floats, weight: Floats) -> list[Part]:
        columns = self._shortlist(x, y, weight)
        bins = self._cutting.learn(x[:, columns], y, weight)
        rows = Rows(_evidence(bins, x[:, columns]), y, weight)
        tried = penalties(rows, _STEPS, _WEAKEST, positive=True)
        held = HeldOut.measure(self._folds(x[:, columns], y, weight), tried, positive=True) if len(tried) else None
        if held is None:
            return []
        weights = l1_path(rows, tried[: held.simplest + 1], positive=True)[-1].weights
        found = zip(columns, bins, weights, strict=True)
        return [Part(int(column), one, share * one.woe) for column, one, share in found if share > 0]

    @property
    def _cutting(self) -> Cutting:
        return Cutting(self.penalty, self.turn, self.least_share, self.most, self.prior)

    def _shortlist(self, x: Floats, y: Floats, weight: Floats) -> NDArray[np.intp]:
        """Columns that tell enough and that no better one tells already, the most telling first."""
        bins = self._cutting.learn(x, y, weight)
        information = np.array([one.information.sum() for one in bins])
        order = [at for at in np.argsort(-information, kind="stable") if information[at] >= self.least_information]
        evidence = _evidence([bins[at] for at in order], x[:, order])
        spread = (evidence - evidence.mean(axis=0)) / evidence.std(axis=0)
        alike = np.abs(spread.T @ spread) > self.redundant * len(x)
        kept: list[int] = []
        for place in range(len(order)):
            if not alike[place, kept].any():
                kept.append(place)
        return np.array([order[place] for place in kept], dtype=np.intp)

    def _folds(self, x: Floats, y: Floats, weight: Floats) -> Iterator[tuple[Rows, Rows]]:
        """Rows to fit on and rows held out, in ranges that were learned on the former."""
        some = drawn(len(y), self.rows_to_tune, self.seed)
        for split in inner_folds(y[some], self.folds, self.seed):
            train, held = (some[part] for part in split)
            bins = self._cutting.learn(x[train], y[train], weight[train])
            first, second = (Rows(_evidence(bins, x[part]), y[part], weight[part]) for part in (train, held))
            yield first, second

    def table(self, names: Sequence[str]) -> Card:
        """Return the card with names: for each column its ranges with points, shares, bad rates and information."""
        return self.card_.named(names, self.n_features_in_)

    def describe(self, names: Sequence[str]) -> str:
        """Return the card as an aligned table."""
        return self.table(names).text()


def _evidence(bins: Sequence[Bins], x: Floats) -> Floats:
    return np.column_stack([one(column) for one, column in zip(bins, x.T, strict=True)]) if len(bins) else x[:, :0]
