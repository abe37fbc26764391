"""A picture of a decision tree: its first levels, what is asked there, which loans go where and how many are bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.models.scoring import TreeEnsemble, sigmoid
from loanbook.reporting.drawing import ACCENT, INK, LINE, PAPER, QUIET, Still
from loanbook.reporting.parts import Block, Picture, Table
from loanbook.reporting.wording import clipped, number, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = 4  # that are drawn; the text has all of the tree


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of the drawing: where it stands, what is asked or promised there, its share of loans and of bad ones."""

    x: float
    depth: int
    label: str
    loans: float
    bad: float
    above: tuple[float, int] | None
    leaf: bool


def tree(estimator: Any, names: Sequence[str]) -> list[Block]:
    """A picture of the first levels of a single tree."""
    scorer = getattr(estimator, "scorer_", None)
    if not isinstance(scorer, TreeEnsemble) or len(scorer.roots) != 1:
        return []
    nodes = _laid_out(scorer, names)
    inner = [node for node in nodes if not node.leaf]
    alt = (
        f"The first {max(node.depth for node in nodes) + 1} levels of the tree. It asks first for "
        f"{inner[0].label if inner else 'nothing'}."
    )
    rows = [[str(node.depth + 1), node.label, share(node.loans), share(node.bad)] for node in nodes]
    table = Table("Nodes of the drawing, level by level", [">level", "question or leaf", ">loans", ">bad"], rows)
    height = 0.95 * (max(node.depth for node in nodes) + 1)
    note = (
        "Left where the answer is yes. Width of a line: loans; darker circles: more bad ones. The text has all of it."
    )
    return [Picture("Decision tree", alt, Still(_painter(nodes), height=height, width=8.8), table, note, wide=True)]


def _laid_out(scorer: TreeEnsemble, names: Sequence[str]) -> list[_Node]:
    """Nodes level by level; the drawing is parted in the middle at each question."""
    share_of = scorer.cover / scorer.cover[scorer.roots[0]]
    bad = _mean_bad(scorer)
    found: list[_Node] = []
    level: list[tuple[int, float, float, tuple[float, int] | None]] = [(int(scorer.roots[0]), 0.0, 1.0, None)]
    for depth in range(_LEVELS):
        below: list[tuple[int, float, float, tuple[float, int] | None]] = []
        for node, low, high, above in level:
            x, leaf = (low + high) / 2, bool(scorer.feature[node] < 0)
            last = depth == _LEVELS - 1 or leaf
            label = share(bad[node]) if last else _question(scorer, node, names)
            found.append(_Node(x, depth, label, float(share_of[node]), float(bad[node]), above, last))
            if not leaf:
                below += [(int(scorer.left[node]), low, x, (x, depth)), (int(scorer.right[node]), x, high, (x, depth))]
        level = below
    return found


def _question(scorer: TreeEnsemble, node: int, names: Sequence[str]) -> str:
    name, cut = clipped(names[scorer.feature[node]], 24), float(scorer.threshold[node])
    if not np.isfinite(cut):
        return f"{name} known?"
    return f"{name} < {number(cut)}"


def _mean_bad(scorer: TreeEnsemble) -> np.ndarray:
    """Share of bad loans below each node, as its leaves promise."""
    leaves = sigmoid(scorer.base_margin + scorer.value)
    bad = leaves.copy()
    for node in range(len(bad) - 1, -1, -1):  # a parent has a lower number than its children
        if scorer.feature[node] >= 0:
            both = np.array([scorer.left[node], scorer.right[node]])
            bad[node] = float(np.average(bad[both], weights=np.maximum(scorer.cover[both], 1e-12)))
    return bad


def _painter(nodes: Sequence[_Node]) -> Callable[[Axes], None]:
    most = max(node.bad for node in nodes) or 1.0

    def paint(axes: Axes) -> None:
        for node in nodes:
            if node.above is not None:
                x, depth = node.above
                axes.plot([x, node.x], [-depth, -node.depth], color=LINE, linewidth=1 + 9 * node.loans, zorder=1)
        for node in nodes:
            axes.plot([node.x], [-node.depth], "o", color=PAPER, markersize=11, zorder=2)
            axes.plot([node.x], [-node.depth], "o", color=ACCENT, markersize=11, alpha=node.bad / most, zorder=3)
            axes.plot([node.x], [-node.depth], "o", color=QUIET, markersize=11, fillstyle="none", mew=0.8, zorder=4)
            above = not node.leaf
            axes.annotate(
                node.label,
                (node.x, -node.depth),
                xytext=(0, 9 if above else -9),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                fontsize=9.5,
                color=INK,
                zorder=5,
            )
        axes.set_axis_off()
        axes.margins(0.11, 0.16)

    return paint
