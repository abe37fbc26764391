"""How good a ranking and a set of probabilities are, each figure with an interval around it.

Every metric here is a function of one small table: how many bad and how many good loans stand at each distinct
score. A bootstrap resample is such a table too, so the figure and its interval come out of the same lines, and
ties are exact (a tied pair of a bad and a good loan counts one half).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loanbook.evaluation.intervals import Estimate, Floats, draw_blocks, interval

__all__ = [
    "BINS",
    "METRICS",
    "Counts",
    "Estimate",
    "accuracy",
    "auc",
    "brier",
    "calibration_error",
    "checked",
    "evaluate",
    "gini",
    "ks",
    "log_loss",
    "majority_accuracy",
]

BINS = 10
"""Bins of the calibration error."""

_TINY = 1e-15  # a probability of 0 or 1 that is wrong costs 34.5 nats, not infinity


@dataclass(frozen=True, slots=True)
class Counts:
    """Bad and good loans at each distinct score, for r samples of the same loans.

    Parameters
    ----------
    scores : (g,) the distinct scores, ascending.
    bads, goods : (r, g) how many of either stand there.
    """

    scores: Floats
    bads: Floats
    goods: Floats

    @property
    def rows(self) -> Floats:
        """(r, 1) loans in each sample."""
        return np.asarray((self.bads + self.goods).sum(axis=1, keepdims=True))

    def mean(self, bad: Floats, good: Floats) -> Floats:
        """(r,) mean of what each loan scores: `bad` (g,) at a bad one, `good` (g,) at a good one."""
        return np.asarray((self.bads @ bad + self.goods @ good) / self.rows[:, 0])


def _auc(counts: Counts) -> Floats:
    below = np.cumsum(counts.goods, axis=1) - 0.5 * counts.goods
    won = (counts.bads * below).sum(axis=1)
    return _ratio(won, counts.bads.sum(axis=1) * counts.goods.sum(axis=1))


def _gini(counts: Counts) -> Floats:
    return 2.0 * _auc(counts) - 1.0


def _ks(counts: Counts) -> Floats:
    bads = _ratio(np.cumsum(counts.bads, axis=1), counts.bads.sum(axis=1, keepdims=True))
    goods = _ratio(np.cumsum(counts.goods, axis=1), counts.goods.sum(axis=1, keepdims=True))
    return np.asarray(np.abs(goods - bads).max(axis=1))


def _brier(counts: Counts) -> Floats:
    return counts.mean((1.0 - counts.scores) ** 2, counts.scores**2)


def _log_loss(counts: Counts) -> Floats:
    p = np.clip(counts.scores, _TINY, 1.0 - _TINY)
    return counts.mean(-np.log(p), -np.log1p(-p))


def _accuracy(counts: Counts, cutoff: float = 0.5) -> Floats:
    called_bad = counts.scores >= cutoff
    return counts.mean(called_bad.astype(np.float64), (~called_bad).astype(np.float64))


def _majority_accuracy(counts: Counts) -> Floats:
    share = counts.bads.sum(axis=1) / counts.rows[:, 0]
    return np.asarray(np.maximum(share, 1.0 - share))


def _calibration_error(counts: Counts, bins: int = BINS) -> Floats:
    loans = counts.bads + counts.goods
    middle = np.cumsum(loans, axis=1) - 0.5 * loans
    bin_of = np.minimum((middle * (bins / counts.rows)).astype(np.intp), bins - 1)
    samples = len(loans)
    cell = bin_of + bins * np.arange(samples)[:, None]
    surplus = np.bincount(cell.ravel(), (loans * counts.scores - counts.bads).ravel(), samples * bins)
    return np.asarray(np.abs(surplus).reshape(samples, bins).sum(axis=1) / counts.rows[:, 0])


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, and nan (without a warning) where the whole is 0: a sample without bad or without good loans."""
    ratio: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)
    return ratio


METRICS: Mapping[str, Callable[[Counts], Floats]] = {
    "auc": _auc,
    "gini": _gini,
    "ks": _ks,
    "brier": _brier,
    "log_loss": _log_loss,
    "calibration_error": _calibration_error,
    "accuracy": _accuracy,
    "majority_accuracy": _majority_accuracy,
}
"""What `evaluate` reports, by name, in the order of reading."""


def auc(y: ArrayLike, p: ArrayLike) -> float:
    """Chance that a random bad loan scores higher than a random good one; a tie counts one half.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) scores, higher for riskier; any finite numbers.

    Returns
    -------
    Mid-rank area under the ROC curve (Hanley and McNeil, 1982); nan when y holds one class only.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    return _only(_auc(_count(y, p)))


def gini(y: ArrayLike, p: ArrayLike) -> float:
    """Gini coefficient, 2 AUC - 1: 0 for a coin, 1 for a perfect ranking.

    >>> gini([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.75
    """
    return _only(_gini(_count(y, p)))


def ks(y: ArrayLike, p: ArrayLike) -> float:
    """Kolmogorov-Smirnov distance: the widest gap between the score distributions of good and bad loans.

    >>> ks([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.5
    """
    return _only(_ks(_count(y, p)))


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance between probability and outcome (Brier, 1950); p in [0, 1].

    >>> round(brier([0, 1], [0.2, 0.6]), 4)
    0.1
    """
    return _only(_brier(_count(y, p, probabilities=True)))


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Mean negative log-likelihood in nats; p in [0, 1], held 1e-15 away from both ends.

    >>> round(log_loss([0, 1], [0.5, 0.5]), 4)
    0.6931
    """
    return _only(_log_loss(_count(y, p, probabilities=True)))


def calibration_error(y: ArrayLike, p: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error: the mean gap between promised and observed share of bad loans.

    The loans, sorted by p, are cut into `bins` bins of equal mass (Naeini et al., 2015; equal mass after Nixon et
    al., 2019); equal scores share a bin, that of their middle one. On few loans even perfect probabilities show an
    error (.055 on 300 loans): compare with that.

    >>> round(calibration_error([0, 1, 1, 1], [0.4, 0.4, 0.9, 0.9], bins=2), 3)
    0.1
    """
    if bins < 1:
        raise ValueError(f"bins must be 1 or more. Got {bins} instead.")
    return _only(_calibration_error(_count(y, p, probabilities=True), bins))


def accuracy(y: ArrayLike, p: ArrayLike, cutoff: float = 0.5) -> float:
    """Share of loans called right when those with p >= cutoff are called bad. See `majority_accuracy`.

    >>> accuracy([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.8])
    0.5
    """
    return _only(_accuracy(_count(y, p, probabilities=True), cutoff))


def majority_accuracy(y: ArrayLike) -> float:
    """Accuracy of calling every loan by the more frequent outcome: the floor under any accuracy.

    >>> majority_accuracy([0, 0, 0, 1])
    0.75
    """
    return _only(_majority_accuracy(_count(y, np.zeros(np.shape(y)))))


def evaluate(
    y: ArrayLike, p: ArrayLike, *, names: Sequence[str] = tuple(METRICS), seed: int = 0, resamples: int = 500
) -> dict[str, Estimate]:
    """All of METRICS on the same loans, each with its 90% bootstrap interval.

    Parameters
    ----------
    y : (n,) 1 for a bad loan, 0 for a good one.
    p : (n,) probabilities of bad, in [0, 1].
    names : which of METRICS are wanted.
    seed : of the resampling; the same seed gives the same intervals.
    resamples : samples of n loans drawn with replacement; the loans of a sample are the same for every metric.

    Returns
    -------
    Estimates by metric name. With one class only, AUC, Gini and KS are nan.

    >>> figures = evaluate([0, 0, 1, 1, 0, 1], [0.1, 0.4, 0.4, 0.8, 0.2, 0.7], resamples=100)
    >>> round(figures["auc"].value, 3), figures["auc"].high, figures["majority_accuracy"].value
    (0.944, 1.0, 0.5)
    """
    counts = _count(y, p, probabilities=True)
    drawn: dict[str, list[Floats]] = {name: [] for name in names}
    for block in _resample(y, p, seed, resamples):
        for name in names:
            drawn[name].append(METRICS[name](block))
    return {name: interval(_only(METRICS[name](counts)), drawn[name]) for name in names}


def _resample(y: ArrayLike, p: ArrayLike, seed: int, resamples: int) -> Iterator[Counts]:
    scores, place = np.unique(np.asarray(p, dtype=np.float64), return_inverse=True)
    groups = len(scores)
    cell = place + groups * np.asarray(y, dtype=np.intp)
    for drawn in draw_blocks(len(cell), resamples, seed):
        table = np.stack([np.bincount(cell[row], minlength=2 * groups) for row in drawn]).astype(np.float64)
        yield Counts(scores, bads=table[:, groups:], goods=table[:, :groups])


def _count(y: ArrayLike, p: ArrayLike, *, probabilities: bool = False) -> Counts:
    """The table of the loans as they are: one sample."""
    outcome, score = checked(y, p, probabilities=probabilities)
    scores, place = np.unique(score, return_inverse=True)
    bads, goods = (np.bincount(place, weight, len(scores)) for weight in (outcome, 1.0 - outcome))
    return Counts(scores, bads.astype(np.float64)[None], goods.astype(np.float64)[None])


def checked(y: ArrayLike, p: ArrayLike, *, probabilities: bool = True) -> tuple[Floats, Floats]:
    """y and p as float64 of one length; ValueError says what is wrong with them.

    >>> checked([0, 1], [0.5, 1.5])
    Traceback (most recent call last):
    ValueError: p must hold probabilities in [0, 1]. Got 1.5 instead.
    """
    outcome = np.asarray(y, dtype=np.float64)
    score = np.asarray(p, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != score.shape or not len(outcome):
        raise ValueError(f"y and p must be rows of one length. Got {outcome.shape} and {score.shape} instead.")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("y must hold 0 (good) and 1 (bad) only.")
    if not np.isfinite(score).all():
        raise ValueError("p must hold finite numbers only.")
    if probabilities and (score.min() < 0.0 or score.max() > 1.0):
        wrong = score.min() if score.min() < 0.0 else score.max()
        raise ValueError(f"p must hold probabilities in [0, 1]. Got {wrong} instead.")
    return outcome, score


def _only(figure: Floats) -> float:
    return float(figure[0])
