"""The regularisation path of the lasso: how columns come in as the penalty falls."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from loanbook.reporting.drawing import ACCENT, LINE, QUIET, Still
from loanbook.reporting.parts import Block, Picture, Table
from loanbook.reporting.wording import clipped, figure, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED = 6  # columns, those with the largest weights


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
        ends = found.coefficients[-1, shown]
        for column, height in zip(shown, _apart(ends, 0.07 * float(np.ptp(found.coefficients))), strict=True):
            axes.annotate(
                clipped(names[column], 22),
                (strength[-1], height),
                xytext=(4, -3),
                textcoords="offset points",
                fontsize=8.5,
            )
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


def _apart(heights: np.ndarray, gap: float) -> list[float]:
    """Heights of labels that leave a gap between each other, each as near its own as that allows from below.

    >>> _apart(np.array([1.0, 0.0, 0.1]), 0.5)
    [1.0, 0.0, 0.5]
    """
    placed = heights.astype(np.float64)
    order = np.argsort(heights, kind="stable")
    for below, above in pairwise(order):
        placed[above] = max(placed[above], placed[below] + gap)
    return [float(height) for height in placed]
