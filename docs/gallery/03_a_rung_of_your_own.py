"""A rung of your own: bagged trees, held to the contract suite and benchmarked beside the others.

python docs/gallery/03_a_rung_of_your_own.py               on all bundled loans
python docs/gallery/03_a_rung_of_your_own.py --every 20    on every 20th of them

As a part of loanbook the class would be a file in src/loanbook/models/risk, and its line in LADDER: CONTRIBUTING.md has
the five steps.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import polars as pl
from sklearn.ensemble import BaggingClassifier
from sklearn.tree import DecisionTreeClassifier

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.data.splits import split
from loanbook.evaluation.benchmark import benchmark
from loanbook.evaluation.tasks import Probability
from loanbook.models.risk import LADDER, Rung
from loanbook.models.risk.base import Floats, RiskClassifier, check_names
from loanbook.models.risk.growing import importance_text, to_ensemble
from loanbook.models.scoring import TreeEnsemble
from loanbook.models.training import Setting
from loanbook.testing import check_rung


class BaggedTrees(RiskClassifier):
    """Bagged trees (Breiman, 1996): each is taught by rows drawn anew, and all of them vote.

    Parameters
    ----------
    trees : how many.
    leaf_share : least share of the rows in a leaf.
    seed : of the rows drawn.
    """

    title: ClassVar[str] = "Bagged trees"
    interpretability: ClassVar[int] = 9

    def __init__(self, *, trees: int = 40, leaf_share: float = 0.005, seed: int = 0) -> None:
        self.trees = trees
        self.leaf_share = leaf_share
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        least = max(5, int(self.leaf_share * len(x)))
        tree = DecisionTreeClassifier(min_samples_leaf=least)
        grown = BaggingClassifier(tree, self.trees, random_state=self.seed).fit(x, y, weight)
        self.importances_ = np.mean([one.feature_importances_ for one in grown.estimators_], axis=0)
        # What is left behind is arrays: neither scoring nor reasons ask scikit-learn again.
        trees = [estimator.tree_ for estimator in grown.estimators_]
        return to_ensemble(trees, float(np.average(y, weights=weight)), float(least), x.shape[1])

    def describe(self, names: Sequence[str]) -> str:
        """Return the size and the columns that bought most of the fit."""
        return importance_text(self.importances_, check_names(names, self.n_features_in_), self.trees)


RUNG = Rung("bagged", BaggedTrees.title, BaggedTrees.interpretability, lambda seed, jobs: BaggedTrees(seed=seed))


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every Nth loan")
    run(parser.parse_args().every)


def run(every: int) -> None:
    """Every check of the suite, and the benchmark beside the floor and logistic regression."""
    for name, check in check_rung(RUNG):
        check()
        print(f"keeps its promise: {name}")

    section = Book.load(samples.book("sba_7a")).section("risk")
    table = pl.read_parquet(samples.path("sba_7a")).gather_every(every)
    loans = Loans.learn(table, section, infer_table(table, section.types))
    parts = split(loans.bad, time=loans.time, known=loans.known, groups=loans.groups)
    others = [rung for rung in LADDER if rung.name in ("approve_all", "logistic")]
    setting = Setting(time=section.time, amount=section.amount)
    for result in benchmark([*others, RUNG], loans, parts, setting, Probability()):
        print(f"{result.title:<26} AUC over the folds {result.mean:.3f}, out of time {result.test['auc'].value:.3f}")


if __name__ == "__main__":
    main()
