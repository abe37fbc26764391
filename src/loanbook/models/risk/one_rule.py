"""The best single rule: what a lender could write on a card."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from loanbook.models.risk.base import Floats, RiskClassifier, check_names
from loanbook.models.risk.folds import inner_folds, loss_of
from loanbook.models.risk.growing import share_of_bad, smoothed_log_odds, to_ensemble
from loanbook.models.risk.tree import cut_back
from loanbook.models.scoring import TreeEnsemble, sigmoid


class OneRule(RiskClassifier):
    """Up to six bands of one column, each with its own share of bad loans (after Holte's 1R, 1993).

    Every column is cut into bands by a small tree. The columns that rank the training rows best are compared, with
    two to six bands, by cross-validated log-loss.

    Parameters
    ----------
    bands : most bands of a rule.
    band_share : least share of the rows in a band.
    least_band : least number of rows in a band.
    shortlist : how many columns reach the cross-validation.
    smoothing : rows' worth of base rate in every band.
    folds : of the inner cross-validation.
    seed : of the folds.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> rule = OneRule().fit(x, (x[:, 0] < 38).astype(int))
    >>> rule.describe(["age"])
    'Decide by age alone: below 37.5, 96.5% bad; from 37.5 (or missing), 3.5% bad.'
    """

    title: ClassVar[str] = "One rule"
    interpretability: ClassVar[int] = 1

    scorer_: TreeEnsemble

    def __init__(
        self,
        *,
        bands: int = 6,
        band_share: float = 0.02,
        least_band: int = 5,
        shortlist: int = 5,
        smoothing: float = 3.0,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.bands = bands
        self.band_share = band_share
        self.least_band = least_band
        self.shortlist = shortlist
        self.smoothing = smoothing
        self.folds = folds
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        in_sample = [self._loss_in_sample(x[:, [column]], y, weight) for column in range(x.shape[1])]
        candidates = np.argsort(in_sample, kind="stable")[: self.shortlist]
        losses = np.array([self._held_out_losses(x[:, [column]], y, weight) for column in candidates])
        best, bands = np.unravel_index(int(np.argmin(losses)), losses.shape)
        column = int(candidates[best])
        grown = self._cut(x[:, [column]], y, weight, int(bands) + 2).tree_
        rule = to_ensemble([grown], float(np.average(y, weights=weight)), self.smoothing, x.shape[1])
        rule.feature[rule.feature == 0] = column
        return rule

    def _cut(self, x: Floats, y: Floats, weight: Floats, bands: int) -> DecisionTreeClassifier:
        least = max(self.least_band, int(self.band_share * len(x)))
        return DecisionTreeClassifier(max_leaf_nodes=bands, min_samples_leaf=least, random_state=self.seed).fit(
            x, y, weight
        )

    def _values(self, grown: DecisionTreeClassifier, y: Floats, weight: Floats) -> Floats:
        tree, base = grown.tree_, float(np.average(y, weights=weight))
        return smoothed_log_odds(share_of_bad(tree), tree.weighted_n_node_samples, base, self.smoothing)

    def _loss_in_sample(self, x: Floats, y: Floats, weight: Floats) -> float:
        grown = self._cut(x, y, weight, self.bands)
        return loss_of(self._values(grown, y, weight)[grown.apply(x)], y, weight)

    def _held_out_losses(self, x: Floats, y: Floats, weight: Floats) -> Floats:
        """Mean held-out log-loss for 2, 3, … bands; all 0 where there are too few rows to hold any out."""
        losses = []
        for train, held in inner_folds(y, self.folds, self.seed):
            grown = self._cut(x[train], y[train], weight[train], self.bands)
            value, reached = self._values(grown, y[train], weight[train]), grown.apply(x[held])
            losses.append(
                [
                    loss_of(value[cut_back(grown.tree_, bands)[reached]], y[held], weight[held])
                    for bands in range(2, self.bands + 1)
                ]
            )
        return np.mean(losses, axis=0) if losses else np.zeros(self.bands - 1)

    def describe(self, names: Sequence[str]) -> str:
        """Return the rule as one sentence."""
        rule = self.scorer_
        called = check_names(names, self.n_features_in_)
        used = rule.feature[rule.feature >= 0]
        if not len(used):
            return f"No column tells good from bad: {_share(rule.margin(np.zeros((1, rule.width)))[0])} bad."
        column = int(used[0])
        cuts = np.unique(rule.threshold[np.isfinite(rule.threshold) & (rule.feature >= 0)])
        probe = np.zeros((len(cuts) + 2, rule.width))
        probe[:, column] = [-np.inf, *cuts, np.nan]
        *bands, missing = rule.margin(probe)
        return f"Decide by {called[column]} alone: {'; '.join(_bands(cuts, bands, missing))}."


def _bands(cuts: NDArray[np.float32], bands: list[float], missing: float) -> list[str]:
    """Each band with its share of bad loans; missing values in the band whose leaf they share, or in their own."""
    edges = [f"{cut:.6g}" for cut in cuts]
    texts = [f"{low} to {high}" for low, high in pairwise(edges)]
    texts = [f"below {edges[0]}", *texts, f"from {edges[-1]}"] if edges else ["known"]
    if missing in bands:
        texts[len(bands) - 1 - bands[::-1].index(missing)] += " (or missing)"
    else:
        texts, bands = [*texts, "missing"], [*bands, missing]
    return [f"{text}, {_share(band)} bad" for text, band in zip(texts, bands, strict=True)]


def _share(log_odds: float) -> str:
    return f"{float(sigmoid(np.array([log_odds]))[0]):.1%}"
