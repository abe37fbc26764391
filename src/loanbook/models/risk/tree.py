"""A decision tree small enough to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from loanbook.models.risk.base import Floats, RiskClassifier, check_names
from loanbook.models.risk.folds import inner_folds, loss_of
from loanbook.models.risk.growing import rules, share_of_bad, smoothed_log_odds, to_ensemble
from loanbook.models.risk.space import Range
from loanbook.models.scoring import TreeEnsemble

LEAVES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


class Tree(RiskClassifier):
    """A CART tree (Breiman et al., 1984), grown best split first; the number of leaves by cross-validation.

    Parameters
    ----------
    leaf_share : least share of the rows in a leaf.
    least_leaf : least number of rows in a leaf.
    smoothing : rows' worth of base rate in every leaf.
    folds : of the inner cross-validation.
    seed : of folds and of ties between splits.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> tree = Tree().fit(x, (x[:, 0] < 38).astype(int))
    >>> print(tree.describe(["age"]))
    age < 37.5
        95.5% bad (50% of loans)
    age >= 37.5 or missing
        4.5% bad (50% of loans)
    """

    title: ClassVar[str] = "Decision tree"
    interpretability: ClassVar[int] = 5
    space: ClassVar[Mapping[str, Range]] = {
        "leaf_share": Range(0.001, 0.05, log=True),
        "smoothing": Range(0.5, 50.0, log=True),
    }

    scorer_: TreeEnsemble

    def __init__(
        self,
        *,
        leaf_share: float = 0.005,
        least_leaf: int = 5,
        smoothing: float = 4.0,
        folds: int = 3,
        seed: int = 0,
    ) -> None:
        self.leaf_share = leaf_share
        self.least_leaf = least_leaf
        self.smoothing = smoothing
        self.folds = folds
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        losses = [self._held_out_losses(x, y, weight, *split) for split in inner_folds(y, self.folds, self.seed)]
        leaves = LEAVES[int(np.argmin(np.mean(losses, axis=0)))] if losses else LEAVES[0]
        grown = self._grow(x, y, weight, leaves).tree_
        return to_ensemble([grown], float(np.average(y, weights=weight)), self.smoothing, x.shape[1])

    def _grow(self, x: Floats, y: Floats, weight: Floats, leaves: int) -> DecisionTreeClassifier:
        least = max(self.least_leaf, int(self.leaf_share * len(x)))
        return DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=least, random_state=self.seed).fit(
            x, y, weight
        )

    def _held_out_losses(
        self, x: Floats, y: Floats, weight: Floats, train: NDArray[np.intp], held: NDArray[np.intp]
    ) -> list[float]:
        """Log-loss on the held-out rows for each number of leaves, out of one growth."""
        grown = self._grow(x[train], y[train], weight[train], LEAVES[-1])
        base = float(np.average(y[train], weights=weight[train]))
        tree = grown.tree_
        value = smoothed_log_odds(share_of_bad(tree), tree.weighted_n_node_samples, base, self.smoothing)
        reached = grown.apply(x[held])
        return [loss_of(value[cut_back(tree, leaves)[reached]], y[held], weight[held]) for leaves in LEAVES]

    def describe(self, names: Sequence[str]) -> str:
        """Return the tree as indented rules."""
        return rules(self.scorer_, check_names(names, self.n_features_in_))


def cut_back(tree: Any, leaves: int) -> NDArray[np.intp]:
    """For each node of a best-first scikit-learn tree, the node it ends in when only `leaves` leaves were grown.

    scikit-learn numbers nodes in the order of splitting, two children at a time, so the tree of k leaves is made of
    the first 2 k - 1 nodes of any larger one.
    """
    kept = 2 * leaves - 1
    end = np.arange(tree.node_count)
    for node in range(tree.node_count):  # a parent has a lower number than its children
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= kept:
                end[child] = end[node]
    return end
