"""How a model behaves beside being accurate: do its reasons hold, does its score keep its direction, what does it cost.

Two models that rank loans equally well can differ in all of this, and a lender lives with it daily: a reason that
changes with the training sample is hard to defend, one that can be taken away without moving the score is none.
Nothing here needs an outcome.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from time import thread_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.evaluation.intervals import Estimate, Floats, draw_weights, interval, means
from loanbook.models.scoring import Scorer

__all__ = ["Manners", "decision_cost", "manners"]

_ROWS = 200  # that are explained
_DRAWN = 1_000  # of which those are the riskiest: the fifth whom a lender would owe reasons
_FEWEST = 20
_NUMBERS = 140_000_000  # numbers in a scorer times rows explained: what a forest may cost
_NAMED = 4  # reasons, as decisions name
_COLUMNS = 10  # whose direction is looked at, those that move the score most
_POINTS = 10  # quantiles of a column: nine steps
_WALKED = 30  # rows that walk along them
_ENOUGH, _PATIENCE = 5, 250_000_000  # rows, and nanoseconds, that the cost of a slow model is measured by
_STILL = 1e-9  # log-odds: a score that moved less did not move


@dataclass(frozen=True, slots=True)
class Manners:
    """How a model behaves on a sample of rows; nan where it has nothing to say (a constant has no reasons).

    Reasons are those of the riskiest fifth of the rows.

    Parameters
    ----------
    rows : how many rows were explained.
    reason_stability : share of them whose first reason is the same in a model that other rows taught.
    reason_overlap : how far the first four reasons of both models agree, from 0 to 1: the mean, over the first 1, 2, 3
        and 4 of them, of the share that both name (average overlap: Fagin, Kumar & Sivakumar 2003).
    flip : share of them whose score falls when the first reason's columns are given their typical values.
    flip_other : the same for another group of columns that the model uses, drawn at random: the floor of `flip`.
    fall, fall_other : how far the score falls on average, in log-odds.
    monotonicity : of the steps along a column's quantiles that move the score, the share that move it in the column's
        direction; the mean over the columns that matter most, weighted by how much they move the score.
    additivity_error : most by which base and contributions miss the margin, in log-odds.
    """

    rows: int
    reason_stability: Estimate
    reason_overlap: Estimate
    flip: Estimate
    flip_other: Estimate
    fall: Estimate
    fall_other: Estimate
    monotonicity: Estimate
    additivity_error: float

    def to_json(self) -> dict[str, Any]:
        """Plain figures, each estimate with `value`, `low` and `high`."""
        return asdict(self)


def manners(
    scorer: Scorer,
    other: Scorer,
    x: Floats,
    group_of: NDArray[np.intp],
    groups: int,
    *,
    reference: Floats | None = None,
    other_x: Floats | None = None,
    other_group_of: NDArray[np.intp] | None = None,
    seed: int = 0,
    resamples: int = 500,
) -> Manners:
    """Watch a model on rows it has not seen.

    At most 200 rows are explained, fewer where a model is large (by the count of its numbers, not by the clock, so
    that the same model gives the same figures everywhere).

    Parameters
    ----------
    scorer : the model.
    other : the same kind of model, fitted on other rows.
    x : (n, m) model rows.
    group_of : (m,) the group that names each column in a reason.
    groups : how many groups there are.
    reference : (r, m) rows that say what is typical: best those that taught the model, as its reasons are measured from
        them and later applicants may be others; x by default.
    other_x, other_group_of : (n, k) the same rows as the other model sees them and (k,) their groups, numbered as
        above, -1 for a group that `scorer` does not know; x and group_of by default.
    seed, resamples : of the rows drawn, of the floor's groups and of the bootstrap.

    >>> from loanbook.models.scoring import Additive
    >>> line = Additive(0.0, np.array([0]), np.array([[0.0, 9.0]]), np.array([[0.0, 9.0]]), np.array([0.0]),
    ...                 np.array([4.5]), width=2)
    >>> found = manners(line, line, np.arange(20.0).reshape(10, 2), np.array([0, 1]), 2, resamples=10)
    >>> found.reason_stability.value, found.flip.value, found.monotonicity.value, found.additivity_error
    (1.0, 1.0, 1.0, 0.0)
    """
    draw = np.random.default_rng(seed)
    places = draw.permutation(len(x))[:_DRAWN]
    drawn = x[places]
    margin = scorer.margin(drawn)
    count = min(-(-len(drawn) // 5), _affordable(scorer, other))
    riskiest = np.argsort(-margin, kind="stable")[:count]
    risky = drawn[riskiest]

    contributions = scorer.contributions(risky)
    by_group = _by_group(contributions, group_of, groups)
    theirs = other.contributions(risky if other_x is None else other_x[places[riskiest]])
    their_groups = group_of if other_group_of is None else other_group_of
    ranked = _ranked(by_group)
    agreed = _agreement(ranked, _ranked(_by_group(theirs, their_groups, groups)))
    typical = _typical(drawn if reference is None else reference)
    fell = _falls(scorer, risky, typical, group_of, by_group, ranked, draw)
    rows = np.column_stack([*agreed, *(np.where(np.isnan(fall), np.nan, fall > _STILL) for fall in fell), *fell])
    found = means(rows, seed=seed, resamples=resamples)

    walkers = drawn[:_WALKED]
    weight = np.abs(contributions).mean(axis=0)
    return Manners(
        rows=count,
        reason_stability=found[0],
        reason_overlap=found[1],
        flip=found[2],
        flip_other=found[3],
        fall=found[4],
        fall_other=found[5],
        monotonicity=_monotonicity(scorer, walkers, drawn, weight, seed, resamples),
        additivity_error=_additivity_error(scorer, risky, contributions),
    )


def decision_cost(scorer: Scorer, x: Floats, *, repeats: int = 20) -> float:
    """CPU time of one decision with its reasons, in microseconds: margin and contributions of a single row.

    A time, so it differs from one machine and one run to the next. The first row warms up and is not counted; after a
    quarter of a second five rows are enough.

    Parameters
    ----------
    scorer : the model.
    x : (n, m) model rows; each repeat takes the next one.
    repeats : of which the median is returned.
    """
    taken: list[int] = []
    while len(taken) <= repeats and (len(taken) <= _ENOUGH or sum(taken) < _PATIENCE):
        row = x[len(taken) % len(x)][None]
        began = thread_time_ns()
        scorer.margin(row)
        scorer.contributions(row)
        taken.append(thread_time_ns() - began)
    return median(taken[1:]) / 1000.0


def _affordable(*scorers: Scorer) -> int:
    """Rows that the models can explain without much work: it grows with the numbers they hold."""
    size = sum(array.size for scorer in scorers for array in scorer.to_arrays().values())
    return int(np.clip(_NUMBERS // max(1, size), _FEWEST, _ROWS))


def _by_group(contributions: Floats, group_of: NDArray[np.intp], groups: int) -> Floats:
    """Add up columns that are named together, (n, groups); those of group -1 are left out."""
    sums = np.zeros((groups + 1, len(contributions)))
    np.add.at(sums, group_of, contributions.T)
    return sums[:groups].T


def _ranked(by_group: Floats) -> NDArray[np.intp]:
    """The first four groups that spoke against each row, (n, 4); -1 where fewer did."""
    order = np.argsort(-by_group, axis=1, kind="stable")[:, :_NAMED]
    order = np.pad(order, ((0, 0), (0, _NAMED - order.shape[1])), constant_values=-1)
    against = np.take_along_axis(by_group, order, axis=1) > _STILL
    return np.where(against & (order >= 0), order, -1)


def _agreement(mine: NDArray[np.intp], theirs: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Whether the first reasons are the same, and the average overlap of both lists, (n,) each."""
    some = (mine[:, 0] >= 0) | (theirs[:, 0] >= 0)
    shared = (mine[:, :, None] == theirs[:, None, :]) & (mine[:, :, None] >= 0)
    overlap = np.zeros(len(mine))
    for depth in range(1, _NAMED + 1):
        both = shared[:, :depth, :depth].sum(axis=(1, 2))
        longer = np.maximum((mine[:, :depth] >= 0).sum(axis=1), (theirs[:, :depth] >= 0).sum(axis=1))
        overlap += both / np.maximum(longer, 1) / _NAMED
    return np.where(some, shared[:, 0, 0], np.nan), np.where(some, overlap, np.nan)


def _typical(x: Floats) -> Floats:
    """The middle value of each column, (m,): of a flag the commoner one; nan where most rows have none."""
    ordered = np.sort(x, axis=0)  # nan comes last
    filled = (~np.isnan(x)).sum(axis=0)
    middle = ordered[np.maximum(filled - 1, 0) // 2, np.arange(x.shape[1])]
    return np.where(2 * filled > len(x), middle, np.nan)


def _falls(  # noqa: PLR0917  # all of it belongs to one test
    scorer: Scorer,
    x: Floats,
    typical: Floats,
    group_of: NDArray[np.intp],
    by_group: Floats,
    ranked: NDArray[np.intp],
    draw: np.random.Generator,
) -> tuple[Floats, Floats]:
    """How far each score falls once its first reason is made typical, and once another used group is, (n,) each."""
    first = ranked[:, 0]
    used = np.flatnonzero((np.abs(by_group) > _STILL).any(axis=0))
    other = _another(first, used, draw)
    before = scorer.margin(x)
    found = []
    for flipped in (first, other):
        here = flipped[:, None] == group_of
        after = scorer.margin(np.where(here, typical, x))
        found.append(np.where((flipped >= 0) & (first >= 0), before - after, np.nan))
    return found[0], found[1]


def _another(first: NDArray[np.intp], used: NDArray[np.intp], draw: np.random.Generator) -> NDArray[np.intp]:
    """A group in use, for each row another than its first, drawn at random; -1 where there is none."""
    if len(used) < 2:
        return np.full(len(first), -1)
    place = np.searchsorted(used, first)
    step = draw.integers(1, len(used), size=len(first))
    return np.where(first >= 0, used[(place + step) % len(used)], -1)


def _monotonicity(  # noqa: PLR0917  # what is walked, by whom, and how it is drawn again
    scorer: Scorer, walkers: Floats, x: Floats, weight: Floats, seed: int, resamples: int
) -> Estimate:
    """Mean over the weightiest columns of the share of moving steps that keep the column's direction."""
    grids = {column: _grid(x[:, column]) for column in np.argsort(-weight, kind="stable")[:_COLUMNS].tolist()}
    columns = [column for column, grid in grids.items() if len(grid) > 1 and weight[column] > 0]
    if not columns:
        return Estimate(np.nan, np.nan, np.nan)
    steps = [np.diff(_walk(scorer, walkers, column, grids[column]), axis=1) for column in columns]
    rising = np.column_stack([(step > _STILL).sum(axis=1) for step in steps]).astype(np.float64)
    falling = np.column_stack([(step < -_STILL).sum(axis=1) for step in steps]).astype(np.float64)

    def kept(weights: Floats) -> Floats:
        ups, downs = weights @ rising, weights @ falling
        moved = ups + downs
        share = np.divide(np.maximum(ups, downs), moved, out=np.zeros_like(moved), where=moved > 0)
        counted = np.where(moved > 0, weight[columns], 0.0)
        total = counted.sum(axis=1)
        mean: Floats = np.divide((share * counted).sum(axis=1), total, out=np.full_like(total, np.nan), where=total > 0)
        return mean

    drawn = [kept(weights) for weights in draw_weights(len(walkers), resamples, seed)]
    return interval(float(kept(np.ones((1, len(walkers))))[0]), drawn)


def _grid(column: Floats) -> Floats:
    """Distinct values at ten even quantiles of a column, from the 5% to the 95% one."""
    seen = column[~np.isnan(column)]
    if not len(seen):
        return seen
    return np.unique(np.quantile(seen, np.linspace(0.05, 0.95, _POINTS), method="nearest"))


def _walk(scorer: Scorer, x: Floats, column: int, grid: Floats) -> Floats:
    """Margins of each row with one column set to each value of a grid, (n, values)."""
    rows = np.repeat(x, len(grid), axis=0)
    rows[:, column] = np.tile(grid, len(x))
    return scorer.margin(rows).reshape(len(x), len(grid))


def _additivity_error(scorer: Scorer, x: Floats, contributions: Floats) -> float:
    return float(np.abs(scorer.base + contributions.sum(axis=1) - scorer.margin(x)).max())
