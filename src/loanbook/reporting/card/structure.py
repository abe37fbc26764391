"""What can be read as a whole: the tree, drawn and in words; the points of a scorecard; the path of the lasso."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.models.scoring import TreeEnsemble, sigmoid
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.drawing import ACCENT, INK, LINE, PAPER, QUIET, Still
from loanbook.reporting.parts import Block, Chapter, Code, Picture, Table, Text
from loanbook.reporting.wording import clipped, figure, number, share, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED = 6  # columns of a path
_LEVELS = 4  # of a tree that are drawn; the text has all of it
_NAME, _TITLE = "structure", "What can be read as a whole"


def structure(subject: Subject) -> Chapter | None:
    """The rungs of the ladder that a person can read, fitted on every loan as the candidate was."""
    shown = [name for name in READABLE if subject.measured(name)]
    if not shown:
        return None
    if subject.places is None:
        return Chapter.absent(_NAME, _TITLE, "The book's table is not the one of the training any more; train anew.")
    blocks: list[Block] = []
    figures = {}
    for name in shown:
        subject.tell(f"Fitting {name}")
        estimator, names = subject.fitted(name)
        title = next(rung["title"] for rung in subject.ladder if rung["name"] == name)
        text = str(estimator.describe(names))
        decides = " It is the model of this card." if name == subject.rung else ""
        blocks.append(Text(f"{title}, fitted on every labelled loan.{decides}"))
        blocks += READABLE[name](estimator, names)
        blocks.append(Code(f"{title} in words", text))
        figures[name] = text
    return Chapter(_NAME, _TITLE, blocks, figures)


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


def points(estimator: Any, names: Sequence[str]) -> list[Block]:
    """The card of a scorecard, as it adds up."""
    card = estimator.table(names)
    rows = [["every loan", "", whole(card.base_points), "", "", "", ""]]
    for item in card.items:
        for band in item.bands:
            figures = [whole(band.points), share(band.share), share(band.bad_rate), figure(band.woe, 2)]
            rows.append([clipped(item.name), band.label, *figures, figure(band.information)])
    columns = ["column", "~range", ">points", ">loans", ">bad", ">WOE", ">information"]
    text = "A loan's score is the sum of its points; the more the safer. What is printed is what decides."
    return [Text(text), Table("The scorecard", columns, rows)]


def path(estimator: Any, names: Sequence[str]) -> list[Block]:
    """How columns come in as the penalty of the lasso falls."""
    found = estimator.path_
    if len(found.penalties) < 2:
        return []
    strength = -np.log10(found.penalties)
    order = np.argsort(-np.abs(found.coefficients[found.chosen]), kind="stable")
    shown = [int(place) for place in order[:_NAMED] if found.coefficients[found.chosen, place] != 0.0]
    left = [int((row != 0.0).sum()) for row in found.coefficients]

    def paint(axes: Axes) -> None:
        for column in range(found.coefficients.shape[1]):
            if column not in shown and found.coefficients[:, column].any():
                axes.plot(strength, found.coefficients[:, column], color=LINE, linewidth=0.9)
        for place, column in enumerate(shown):
            axes.plot(strength, found.coefficients[:, column], color=ACCENT, linewidth=1.5, alpha=1.0 - 0.12 * place)
            end = (strength[-1], found.coefficients[-1, column])
            axes.annotate(clipped(names[column], 22), end, xytext=(4, 0), textcoords="offset points", fontsize=8.5)
        axes.axvline(strength[found.chosen], color=QUIET, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(strength[0], strength[-1] + 0.45 * (strength[-1] - strength[0]))
        axes.set_xlabel("weaker penalty →; dashed: the one that was chosen", loc="left")
        axes.set_ylabel("log-odds per standard deviation")
        axes.set_xticks([])

    largest = ", ".join(clipped(names[column], 30) for column in shown[:4]) or "none"
    alt = (
        f"The regularisation path: {left[found.chosen]} of {found.coefficients.shape[1]} columns have a weight at the "
        f"chosen penalty, {left[-1]} at the weakest. The largest: {largest}."
    )
    rows = [
        [figure(penalty, 5), whole(count), figure(loss, 4), *(figure(row[column], 3) for column in shown)]
        for penalty, count, loss, row in zip(found.penalties, left, found.losses, found.coefficients, strict=True)
    ]
    columns = [">penalty", ">columns", ">held-out log-loss", *(f">{clipped(names[column], 30)}" for column in shown)]
    table = Table("Weights along the path", columns, rows, frozenset([int(found.chosen)]))
    return [Picture("Regularisation path", alt, Still(paint, height=3.2), table)]


def _nothing_more(estimator: Any, names: Sequence[str]) -> list[Block]:  # noqa: ARG001 (all are called alike)
    return []


READABLE: dict[str, Callable[[Any, Sequence[str]], list[Block]]] = {
    "one_rule": _nothing_more,
    "three_rules": _nothing_more,
    "tree": tree,
    "scorecard": points,
    "logistic_l1": path,
}
"""Rungs that a person can read, and what is shown of each beside its words."""
