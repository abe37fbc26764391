"""One tree, a forest or a boosted ensemble: the same arrays, the same walk, exact reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays
from loanbook.models.scoring.shapley import Branches, branches_of

_CELLS_AT_ONCE = 1 << 16  # trees x rows walked together: a few arrays of this size fit the second-level cache
_LEAF = -1


@dataclass(frozen=True)
class TreeEnsemble:
    """margin(x) = base_margin + the sum over trees, in their order, of the leaf that x falls into.

    Parameters
    ----------
    base_margin : log-odds before the first tree.
    feature : (N,) column compared at each node of all trees, -1 at a leaf.
    threshold : (N,) float32; a row goes left where float32(x) < threshold.
    left, right : (N,) node numbers in the concatenated arrays; anything at a leaf.
    missing_left : (N,) whether NaN goes left.
    value : (N,) log-odds added at a leaf; anything elsewhere.
    cover : (N,) weight of training rows that passed the node.
    roots : (T,) node number of each tree's root.
    width : number of columns of x.

    >>> stump = TreeEnsemble(-1.0, np.array([0, -1, -1]), np.array([5, 0, 0], np.float32), np.array([1, 0, 0]),
    ...                      np.array([2, 0, 0]), np.array([True, False, False]), np.array([0.0, -1.0, 1.0]),
    ...                      np.array([4.0, 3.0, 1.0]), np.array([0]), width=1)
    >>> stump.margin(np.array([[4.9], [5.0], [np.nan]])).tolist()
    [-2.0, 0.0, -2.0]
    >>> stump.base, stump.contributions(np.array([[5.0]])).tolist()
    (-1.5, [[1.5]])
    """

    kind: ClassVar[str] = "trees"

    base_margin: float
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]
    roots: NDArray[np.int32]
    width: int

    def margin(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        x32 = x.astype(np.float32)
        out = np.empty(len(x))
        step = max(1, _CELLS_AT_ONCE // max(1, len(self.roots)))
        for start in range(0, len(x), step):
            leaves = self._walk(x32[start : start + step])
            # cumsum adds tree after tree for any number of rows; sum may not.
            out[start : start + step] = self.base_margin + self.value[leaves].cumsum(axis=0)[-1]
        return out

    @cached_property
    def _children(self) -> NDArray[np.intp]:
        """Node to go to, at 2 * node for right and 2 * node + 1 for left; a leaf leads to itself."""
        node = np.arange(len(self.feature), dtype=np.intp)
        leaf = self.feature == _LEAF
        return np.stack([np.where(leaf, node, self.right), np.where(leaf, node, self.left)], axis=1).ravel()

    @cached_property
    def _column(self) -> NDArray[np.intp]:
        return np.where(self.feature == _LEAF, 0, self.feature).astype(np.intp)

    @cached_property
    def _depth(self) -> int:
        depth, level = 0, self.roots
        while True:
            level = level[self.feature[level] != _LEAF]
            if not len(level):
                return depth
            depth, level = depth + 1, np.concatenate([self.left[level], self.right[level]])

    def _walk(self, x: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the leaf of each tree for each row, (T, n)."""
        flat, start = x.ravel(), np.arange(len(x)) * self.width
        empty = np.isnan(x)
        some_empty = bool(empty.any())
        node = np.repeat(self.roots.astype(np.intp)[:, None], len(x), axis=1)
        for _ in range(self._depth):
            cell = start + self._column[node]
            left = flat[cell] < self.threshold[node]
            if some_empty:
                left |= self.missing_left[node] & empty.ravel()[cell]
            node = self._children[2 * node + left]
        return node

    @cached_property
    def _branches(self) -> Branches:
        return branches_of(self)

    @property
    def base(self) -> float:
        """Mean margin when every comparison is answered as the training rows answered it."""
        return self.base_margin + self._branches.mean

    def contributions(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exact Shapley values in log-odds, (n, width).

        The game is that of TreeSHAP with tree_path_dependent perturbation (Lundberg et al. 2020): a column outside
        the coalition sends a row both ways, in the shares of the training rows. For one leaf of value v that game is
        v times a product over the columns on its way, of o_j (does the row fit: 1 or 0) inside the coalition and of
        z_j (share of training rows) outside. The Shapley value of a product game is an integral over the chance q
        that a column has joined (Owen 1972),

            phi_i = v (o_i - z_i) * integral_0^1 prod_{j != i} (z_j + q (o_j - z_j)) dq,

        of a polynomial in q, for which Gauss and Legendre's quadrature is exact with half as many points as columns.
        """
        out, branches = np.empty((len(x), self.width)), self._branches
        for place, row in enumerate(x.astype(np.float32)):
            out[place] = branches.contributions(row, branches.column, self.width)
        return out

    def to_arrays(self) -> Arrays:
        return {
            "base_margin": np.array(self.base_margin),
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "missing_left": self.missing_left,
            "value": self.value,
            "cover": self.cover,
            "roots": self.roots,
            "width": np.array(self.width),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> TreeEnsemble:
        """Rebuild what `to_arrays` took apart."""
        plain = {name: arrays[name] for name in _NODE_ARRAYS}
        return cls(base_margin=float(arrays["base_margin"]), width=int(arrays["width"]), **plain)


_NODE_ARRAYS = ("feature", "threshold", "left", "right", "missing_left", "value", "cover", "roots")
