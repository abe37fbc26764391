"""A curve for each column and a table for a few pairs of them: the explainable boosting machine."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names
from loanbook.models.risk.space import Range
from loanbook.models.scoring import Pairs

_FEW = 10  # rows of a class below which none is held out to stop by


class Ebm(RiskClassifier):
    """An explainable boosting machine (Lou et al., 2013; Nori et al., 2019), as interpret-core fits it.

    Boosting that visits one column at a time leaves a step function for each; boosting on what they could not explain
    adds a table for each of the pairs of columns that interact most. Rows held out of each bag say when to stop, and
    the bags' curves are averaged.

    Parameters
    ----------
    pairs : how many.
    bags : times that all is fitted, each on other rows; twice as often up to `small` rows, where it is cheap.
    small : so many rows are few.
    bins, pair_bins : of a column at most, for itself and in pairs.
    learning_rate : of each step.
    most_rounds : limit on the steps through all terms.
    patience : rounds without improvement before stopping.
    held_out : share of the rows that decides when to stop.
    smoothing : rounds at the start in which cuts are drawn instead of chosen.
    seed : of every draw.
    jobs : without effect: bags are fitted one after the other.

    >>> x = np.column_stack([np.arange(400.0) % 20, np.ones(400)])
    >>> print(Ebm().fit(x, x[:, 0] > 9).describe(["day", "constant"]))
    Log-odds ..., and for each term where it lowers and where it raises them most:
        day: -... below ..., +... from ...
    """

    title: ClassVar[str] = "Explainable boosting machine"
    interpretability: ClassVar[int] = 6
    space: ClassVar[Mapping[str, Range]] = {
        "pairs": Range(0, 20, whole=True),
        "bins": Range(32, 512, log=True, whole=True),
        "learning_rate": Range(0.02, 0.2, log=True),
    }

    scorer_: Pairs
    importances_: Floats

    def __init__(
        self,
        *,
        pairs: int = 10,
        bags: int = 4,
        small: int = 6000,
        bins: int = 128,
        pair_bins: int = 32,
        learning_rate: float = 0.1,
        most_rounds: int = 2000,
        patience: int = 30,
        held_out: float = 0.15,
        smoothing: int = 25,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.pairs = pairs
        self.bags = bags
        self.small = small
        self.bins = bins
        self.pair_bins = pair_bins
        self.learning_rate = learning_rate
        self.most_rounds = most_rounds
        self.patience = patience
        self.held_out = held_out
        self.smoothing = smoothing
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Pairs:
        varies = np.array([len(np.unique(column)) > 1 for column in x.T])
        self.importances_ = np.empty(0)
        if not varies.any():
            return Pairs.of(base_log_odds(y, weight), [], [], means=[], width=x.shape[1])
        grown = self._grow(x[:, varies], y, weight)
        scorer = pairs_of(grown, np.flatnonzero(varies), x.shape[1])
        said = scorer.terms(x)
        means = np.average(said, axis=0, weights=weight)
        self.importances_ = np.average(np.abs(said - means), axis=0, weights=weight)
        return replace(scorer, means=means)

    def _grow(self, x: Floats, y: Floats, weight: Floats) -> Any:
        from interpret.glassbox import ExplainableBoostingClassifier

        few = min(y.sum(), len(y) - y.sum()) < _FEW
        machine = ExplainableBoostingClassifier(
            feature_types=["continuous"] * x.shape[1],
            max_bins=self.bins,
            max_interaction_bins=self.pair_bins,
            interactions=0 if few else min(self.pairs, x.shape[1] * (x.shape[1] - 1) // 2),
            validation_size=0 if few else self.held_out,
            outer_bags=1 if few else self.bags * (2 if len(y) <= self.small else 1),
            learning_rate=self.learning_rate,
            max_rounds=self.patience if few else self.most_rounds,
            early_stopping_rounds=self.patience,
            smoothing_rounds=self.smoothing,
            interaction_smoothing_rounds=self.smoothing,
            n_jobs=1,
            random_state=self.seed,
        )
        with _undisturbed():
            return machine.fit(x, y.astype(np.int64), sample_weight=weight)

    def describe(self, names: Sequence[str]) -> str:
        """Return where each term lowers and raises the log-odds most, the term that moves most first."""
        called, table = check_names(names, self.n_features_in_), self.scorer_
        lines = [f"Log-odds {table.base:+.3f}, and for each term where it lowers and where it raises them most:"]
        order = [at for at in np.argsort(-self.importances_, kind="stable") if self.importances_[at] > 0]
        lines += [f"    {_extremes(table, at, called)}" for at in order]
        return "\n".join(lines)


def pairs_of(grown: Any, columns: NDArray[np.intp], width: int) -> Pairs:
    """A fitted ExplainableBoostingClassifier of numbers as tables; means still zero.

    Parameters
    ----------
    grown : fitted with every feature_type "continuous" and pairs at most.
    columns : which column of x each of its features is.
    width : number of columns of x.
    """
    places: dict[tuple[int, int], int] = {}
    cut: list[tuple[int, list[float]]] = []
    terms = []
    for features, scores in zip(grown.term_features_, grown.term_scores_, strict=True):
        # A feature has one list of cuts for itself, and another for pairs where it needs fewer.
        looked_up = [(feature, min(len(features), len(grown.bins_[feature])) - 1) for feature in features]
        for feature, level in looked_up:
            if (feature, level) not in places:
                places[feature, level] = len(cut)
                cut.append((int(columns[feature]), grown.bins_[feature][level].tolist()))
        # The last bin of each dimension is for categories never seen, of which numbers have none.
        table = scores[(slice(-1),) * len(features)]
        terms.append((tuple(places[one] for one in looked_up), table))
    return Pairs.of(float(np.ravel(grown.intercept_)[0]), cut, terms, means=[0.0] * len(terms), width=width)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without interpret's warning that its own pictures show no missing values: ours do."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Missing values detected", category=UserWarning)
        yield


def _extremes(scorer: Pairs, term: int, names: Sequence[str]) -> str:
    places, table = scorer.table(term)
    called = " with ".join(names[scorer.columns[place]] for place in places)
    moved = table - scorer.means[term]

    def shown(flat: np.intp) -> str:
        end = np.unravel_index(flat, moved.shape)
        bins = [_bin(scorer.cuts_of(place), int(at)) for place, at in zip(places, end, strict=True)]
        return f"{moved[end]:+.2f} {' and '.join(bins)}"

    return f"{called}: {shown(moved.argmin())}, {shown(moved.argmax())}"


def _bin(cuts: Floats, at: int) -> str:
    """What falls into a bin.

    >>> [_bin(np.array([1.0, 2.5]), at) for at in range(4)], _bin(np.empty(0), 1)
    (['missing', 'below 1', '1 to 2.5', 'from 2.5'], 'known')
    """
    if at == 0:
        return "missing"
    if not len(cuts):
        return "known"
    if at == 1:
        return f"below {cuts[0]:.6g}"
    return f"from {cuts[-1]:.6g}" if at > len(cuts) else f"{cuts[at - 2]:.6g} to {cuts[at - 1]:.6g}"
