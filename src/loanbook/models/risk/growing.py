"""From scikit-learn's trees to the arrays that decide, and the text that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats
from loanbook.models.scoring import TreeEnsemble, sigmoid


def strictly_below(threshold: Floats) -> NDArray[np.float32]:
    """The float32 u for which `x < u` says the same as `x <= threshold`, for every float32 x.

    scikit-learn compares float32 rows with a float64 threshold and goes left on equality; a `TreeEnsemble` goes left
    strictly below a float32.

    >>> strictly_below(np.array([0.5, 0.1])).tolist()
    [0.5000000596046448, 0.10000000149011612]
    """
    nearest = threshold.astype(np.float32)
    above = np.nextafter(nearest, np.float32(np.inf))
    return np.where(nearest.astype(np.float64) > threshold, nearest, above)


def smoothed_log_odds(share: Floats, weight: Floats, base: float, strength: float) -> Floats:
    """Log-odds of a node's share of bad rows, pulled towards the base rate as if `strength` more rows had it.

    >>> smoothed_log_odds(np.array([0.0, 0.5]), np.array([8.0, 8.0]), base=0.5, strength=2.0).round(3).tolist()
    [-2.197, 0.0]
    """
    bads = share * weight + strength * base
    return np.asarray(np.log(bads / (weight + strength - bads)))


def share_of_bad(tree: Any) -> Floats:
    """Share of bad rows in each node of a fitted scikit-learn tree (`tree_`), (N,)."""
    counts = tree.value[:, 0, :]
    return np.asarray(counts[:, 1] / counts.sum(axis=1))


def to_ensemble(trees: Sequence[Any], base: float, strength: float, width: int) -> TreeEnsemble:
    """The mean over trees of their smoothed leaf log-odds, as one TreeEnsemble.

    Parameters
    ----------
    trees : fitted scikit-learn `tree_` objects.
    base : share of bad rows that leaves are pulled towards.
    strength : of that pull, in rows.
    width : number of columns of x.
    """
    cover = np.concatenate([tree.weighted_n_node_samples for tree in trees])
    share = np.concatenate([share_of_bad(tree) for tree in trees])
    return joined(trees, smoothed_log_odds(share, cover, base, strength) / len(trees), width)


def joined(trees: Sequence[Any], value: Floats, width: int) -> TreeEnsemble:
    """scikit-learn's trees as one TreeEnsemble.

    Parameters
    ----------
    trees : fitted scikit-learn `tree_` objects.
    value : (N,) what each node of all trees, one after the other, adds to the margin if it is a leaf.
    width : number of columns of x.
    """
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    starts = np.repeat(roots, sizes)

    def of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in trees])

    leaf = of("children_left") < 0
    return TreeEnsemble(
        base_margin=0.0,
        feature=np.where(leaf, -1, of("feature")).astype(np.int32),
        threshold=np.where(leaf, np.float32(0), strictly_below(of("threshold"))),
        left=np.where(leaf, 0, starts + of("children_left")).astype(np.int32),
        right=np.where(leaf, 0, starts + of("children_right")).astype(np.int32),
        missing_left=of("missing_go_to_left").astype(np.bool_) & ~leaf,
        value=np.where(leaf, value, 0.0),
        cover=of("weighted_n_node_samples"),
        roots=roots.astype(np.int32),
        width=width,
    )


def rules(tree: TreeEnsemble, names: Sequence[str]) -> str:
    """A single tree as indented rules, one line a node.

    >>> stump = TreeEnsemble(0.0, np.array([0, -1, -1]), np.array([5, 0, 0], np.float32), np.array([1, 0, 0]),
    ...                      np.array([2, 0, 0]), np.array([True, False, False]), np.array([0.0, -2.0, 1.0]),
    ...                      np.array([4.0, 3.0, 1.0]), np.array([0]), width=1)
    >>> print(rules(stump, ["age"]))
    age < 5 or missing
        11.9% bad (75% of loans)
    age >= 5
        73.1% bad (25% of loans)
    """
    lines: list[str] = []
    stack = [(int(tree.roots[0]), 0, "")]
    while stack:
        node, depth, condition = stack.pop()
        if condition:
            lines.append("    " * (depth - 1) + condition)
        if tree.feature[node] < 0:
            lines.append("    " * depth + _leaf(tree, node))
            continue
        low, high = _conditions(names[tree.feature[node]], tree.threshold[node], to_left=tree.missing_left[node])
        stack.append((int(tree.right[node]), depth + 1, high))
        stack.append((int(tree.left[node]), depth + 1, low))
    return "\n".join(lines)


def _conditions(name: str, cut: float, *, to_left: bool) -> tuple[str, str]:
    """What leads left and what leads right; scikit-learn writes an infinite threshold to part known from missing."""
    if not np.isfinite(cut):
        return f"{name} known", f"{name} missing"
    low, high = f"{name} < {cut:.6g}", f"{name} >= {cut:.6g}"
    return (f"{low} or missing", high) if to_left else (low, f"{high} or missing")


def _leaf(tree: TreeEnsemble, node: int) -> str:
    probability = float(sigmoid(np.array([tree.base_margin + tree.value[node]]))[0])
    return f"{probability:.1%} bad ({tree.cover[node] / tree.cover[tree.roots[0]]:.0%} of loans)"


def importance_text(importances: Floats, names: Sequence[str], trees: int, shown: int = 10) -> str:
    """One sentence about an ensemble: its size and the columns that bought most.

    >>> print(importance_text(np.array([0.25, 0.75, 0.0]), ["age", "amount", "city"], 100))
    100 trees. What bought most of the fit: amount 75%, age 25%.
    """
    order = [index for index in np.argsort(-importances, kind="stable")[:shown] if importances[index] > 0]
    bought = ", ".join(f"{names[index]} {importances[index]:.0%}" for index in order)
    return f"{trees} trees. What bought most of the fit: {bought or 'nothing'}."
