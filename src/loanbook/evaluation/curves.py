"""What the pictures of a report show, as plain numbers: a picture and the table beside it have the same points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loanbook.evaluation.intervals import Floats
from loanbook.evaluation.metrics import BINS, checked

_Z = 1.6448536269514722  # 5% of a normal distribution lie above it: the interval holds 90%


@dataclass(frozen=True, slots=True)
class Ranked:
    """What each cut-off would flag as bad: the k-th point flags all loans that score at least `cutoffs[k]`.

    Parameters
    ----------
    cutoffs : (k,) descending; the first flags nobody, the last everyone.
    flagged : (k,) share of all loans flagged.
    caught : (k,) share of the bad loans flagged: true positive rate, recall.
    disturbed : (k,) share of the good loans flagged: false positive rate.
    precision : (k,) share of bad loans among the flagged; nan where nobody is.
    """

    cutoffs: Floats
    flagged: Floats
    caught: Floats
    disturbed: Floats
    precision: Floats

    @property
    def widest(self) -> int:
        """Index of the point where bad and good loans are furthest apart: the Kolmogorov-Smirnov distance."""
        return int(np.argmax(self.caught - self.disturbed))

    @property
    def average_precision(self) -> float:
        """Mean precision over the bad loans, a step at each cut-off; the share of bad loans where nothing is known."""
        return float(np.sum(np.diff(self.caught) * self.precision[1:]))

    def thin(self, points: int) -> Ranked:
        """Keep about `points` of the points, evenly over the loans, and those that matter: both ends, the widest."""
        if len(self.cutoffs) <= points:
            return self
        even = np.searchsorted(self.flagged, np.linspace(0.0, 1.0, points))
        kept = np.unique([*np.minimum(even, len(self.cutoffs) - 1), self.widest])
        return Ranked(*(getattr(self, name)[kept] for name in self.__slots__))


def ranked(y: ArrayLike, p: ArrayLike) -> Ranked:
    """Every point of the ROC and of the precision-recall curve; tied loans are flagged together.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one; both must be there.
    p : (n,) scores, higher for riskier.

    >>> found = ranked([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    >>> found.cutoffs.tolist(), found.caught.tolist(), found.disturbed.tolist()
    ([inf, 0.8, 0.4, 0.1], [0.0, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 1.0])
    >>> round(found.average_precision, 4), found.widest
    (0.8333, 1)
    """
    outcome, score = checked(y, p, probabilities=False)
    if not 0 < outcome.sum() < len(outcome):
        raise ValueError("y must hold good and bad loans.")
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf) != 0)
    bads, loans = np.cumsum(outcome[order])[ends], ends + 1.0
    whole, precision = float(outcome.sum()), bads / loans
    return Ranked(
        cutoffs=np.concatenate([[np.inf], score[order][ends]]),
        flagged=np.concatenate([[0.0], loans / len(outcome)]),
        caught=np.concatenate([[0.0], bads / whole]),
        disturbed=np.concatenate([[0.0], (loans - bads) / (len(outcome) - whole)]),
        precision=np.concatenate([[np.nan], precision]),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Loans whose probabilities are alike: what was promised, and what came.

    low, high : smallest and largest probability. loans, bads : how many. promised : mean probability.
    observed : share of bad loans, with its 90% interval `observed_low` to `observed_high` (Wilson, 1927).
    """

    low: float
    high: float
    loans: int
    bads: int
    promised: float
    observed: float
    observed_low: float
    observed_high: float


def calibration_bins(y: ArrayLike, p: ArrayLike, bins: int = BINS) -> tuple[Bin, ...]:
    """Bins of equal mass, those of `metrics.calibration_error`; bins that ties leave empty are left out.

    >>> [(one.loans, one.promised, one.observed) for one in calibration_bins([0, 1, 1, 1], [0.4] * 2 + [0.9] * 2, 2)]
    [(2, 0.4, 0.5), (2, 0.9, 1.0)]
    """
    outcome, score = checked(y, p)
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - 0.5 * counts
    bin_of = np.minimum((middle * (bins / len(score))).astype(np.intp), bins - 1)[place]
    found = []
    for number in np.unique(bin_of):
        inside = bin_of == number
        loans, bads = int(inside.sum()), int(outcome[inside].sum())
        low, high = wilson(bads, loans)
        mean = float(score[inside].mean())
        ends = float(score[inside].min()), float(score[inside].max())
        found.append(Bin(*ends, loans, bads, mean, bads / loans, low, high))
    return tuple(found)


def wilson(bads: int, loans: int) -> tuple[float, float]:
    """90% interval of a share (Wilson, 1927); it keeps its promise near 0 and 1, and on few loans.

    >>> [round(end, 3) for end in wilson(0, 20)]
    [0.0, 0.119]
    """
    share, room = bads / loans, _Z * _Z / loans
    middle = (share + room / 2) / (1 + room)
    half = float(np.sqrt(share * (1 - share) * room + room * room / 4)) / (1 + room)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the loans, riskiest first.

    loans, bads : how many. cutoff : its smallest probability. bad_rate : share of bad loans in it.
    caught : share of all bad loans in it and in those before it. lift : its bad rate over that of all loans.
    """

    loans: int
    bads: float
    cutoff: float
    bad_rate: float
    caught: float
    lift: float


def gains_table(y: ArrayLike, p: ArrayLike, parts: int = 10) -> tuple[Tenth, ...]:
    """Gains and lift by tenths of the ranking; a group of ties at a border is parted in proportion.

    >>> [(one.loans, one.bads, one.lift) for one in gains_table([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], parts=2)]
    [(2, 2.0, 2.0), (2, 0.0, 0.0)]
    """
    outcome, score = checked(y, p, probabilities=False)
    order = np.argsort(-score, kind="stable")
    _, place = np.unique(-score[order], return_inverse=True)
    shared = (np.bincount(place, outcome[order]) / np.bincount(place))[place]
    whole, base = float(outcome.sum()), float(outcome.mean())
    found, caught = [], 0.0
    for part in np.array_split(np.arange(len(order)), min(parts, len(order))):
        bads = float(shared[part].sum())
        caught += bads
        rate = bads / len(part)
        cutoff = float(score[order[part[-1]]])
        found.append(Tenth(len(part), bads, cutoff, rate, caught / whole, rate / base))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Heap:
    """A histogram: (k + 1,) edges, and how many of each kind lie between them, (k,) each; the last edge is inside."""

    edges: Floats
    counts: dict[str, NDArray[np.int64]]


def by_outcome(y: ArrayLike, p: ArrayLike, bins: int = 20) -> Heap:
    """How the probabilities of good and of bad loans are spread, over bins of equal width from 0 to the largest.

    >>> heap = by_outcome([0, 0, 1], [0.1, 0.3, 0.4], bins=2)
    >>> heap.edges.tolist(), {name: count.tolist() for name, count in heap.counts.items()}
    ([0.0, 0.2, 0.4], {'good': [1, 1], 'bad': [0, 1]})
    """
    outcome, score = checked(y, p)
    edges = np.linspace(0.0, float(score.max()) or 1.0, bins + 1)
    kinds = {"good": outcome == 0.0, "bad": outcome == 1.0}
    return Heap(edges, {name: np.histogram(score[rows], edges)[0] for name, rows in kinds.items()})
