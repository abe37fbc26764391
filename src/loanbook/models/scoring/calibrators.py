"""Ways to turn a model's margin into calibrated log-odds, and which of them a set of rows speaks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.polyline import Polyline
from loanbook.models.scoring.sigmoid import sigmoid

Floats = NDArray[np.float64]
Fit = Callable[[Floats, Floats], Polyline]

SAME = 1e-9
"""Log-odds no further apart than this rank nobody."""

MANY = 5_000
"""Isotonic steps need more rows than this: on fewer they follow chance (see Niculescu-Mizil and Caruana, 2005)."""

_FOLDS = 5
_FEWEST = 4 * _FOLDS  # loans of each outcome, or a comparison says nothing
_BENDS = np.arange(-64, 65) / 8.0  # past +-8 the beta map is straight to within 1e-3 of its slope


def choose(margin: Floats, bad: Floats, groups: NDArray[np.int64] | None = None, seed: int = 0) -> str:
    """Name the method that rows the model was not fitted on speak for.

    Every method is fitted on four fifths of the rows and its log-loss taken on the last, five times over. The simplest
    whose loss is within one standard error of the best one's wins; the error is that of the difference, row by row. A
    model whose order is worthless or upside down gets Platt's line, which is level there.

    Parameters
    ----------
    margin : (n,) log-odds from the scorer.
    bad : (n,) 1 where the loan went bad, else 0.
    groups : (n,) rows of one number stay in one fold.
    seed : of the folds.

    >>> draw = np.random.default_rng(0)
    >>> margin = draw.normal(size=2000)
    >>> choose(margin, (draw.random(2000) < sigmoid(margin)).astype(float))
    'none'
    """
    from loanbook.data.splits import folds

    if platt(margin, bad).below == 0 or min(bad.sum(), len(bad) - bad.sum()) < _FEWEST:
        return "platt"
    methods = [name for name in METHODS if name != "isotonic" or len(margin) > MANY]
    losses = np.empty((len(methods), len(margin)))
    for train, test in folds(bad, np.arange(len(bad)) if groups is None else groups, count=_FOLDS, seed=seed):
        for number, name in enumerate(methods):
            log_odds = METHODS[name](margin[train], bad[train]).at(margin[test])
            losses[number, test] = np.logaddexp(0.0, log_odds) - bad[test] * log_odds
    behind = losses - losses[losses.mean(axis=1).argmin()]
    close = behind.mean(axis=1) <= behind.std(axis=1, ddof=1) / np.sqrt(len(margin))
    return methods[int(close.argmax())]


def none(_margin: Floats, _bad: Floats) -> Polyline:
    """The margin as it is."""
    return Polyline.straight(1.0, 0.0)


def platt(margin: Floats, bad: Floats) -> Polyline:
    """The line of Platt (1999) on his smoothed targets; level unless bad loans have the higher margins."""
    level = _level(bad)
    if np.ptp(margin) < SAME:
        return Polyline.straight(0.0, level)
    centre, scale = float(margin.mean()), float(margin.std())
    slope, height = _logistic(((margin - centre) / scale)[:, None], bad)
    slope /= scale
    return Polyline.straight(slope, height - slope * centre) if slope > 0 else Polyline.straight(0.0, level)


def beta(margin: Floats, bad: Floats) -> Polyline:
    """The curve c + a ln p - b ln(1 - p) of Kull, Silva Filho and Flach (2017), p the sigmoid of the margin.

    It bends about p = 1/2, and is a line of slope a far below and of slope b far above. A slope that came out negative
    is set to 0 and the rest fitted again, so that the curve never falls. It is kept at margins an eighth apart:
    straight between these it is off by no more than 0.0005 |a - b|.
    """
    parts = _beta_parts(margin)
    used = [0, 1] if np.ptp(margin) >= SAME else []
    while used:
        weights = _logistic(parts[:, used], bad)
        kept = [column for column, weight in zip(used, weights, strict=False) if weight > 0]
        if kept == used:
            below, above = (float(weights[used.index(side)]) if side in used else 0.0 for side in (0, 1))
            values = _beta_parts(_BENDS) @ np.array([below, above]) + weights[-1]
            return Polyline(_BENDS, np.maximum.accumulate(values), below, above)
        used = kept
    return Polyline.straight(0.0, _level(bad))


def isotonic(margin: Floats, bad: Floats) -> Polyline:
    """The share of bad loans that rises with the margin and fits best, straight between the centres of its steps.

    Steps by pooling adjacent violators (Ayer et al., 1955), centred as by Oron and Flournoy (2017), with one row of the
    mean share added to each so that none is 0 or 1. Past the outer centres the slope is Platt's: the order of loans
    stays what it was.
    """
    from scipy.optimize import isotonic_regression

    at, place = np.unique(np.round(margin, 9), return_inverse=True)
    rows = np.bincount(place).astype(np.float64)
    bads = np.bincount(place, bad)
    starts = isotonic_regression(bads / rows, weights=rows).blocks[:-1]
    size, centre = (np.add.reduceat(what, starts) for what in (rows, rows * at))
    share = (np.add.reduceat(bads, starts) + bad.mean()) / (size + 1.0)
    values = isotonic_regression(np.log(share / (1.0 - share)), weights=size).x
    slope = platt(margin, bad).below
    return Polyline(centre / size, np.maximum.accumulate(values), slope, slope)


METHODS: Mapping[str, Fit] = MappingProxyType({"none": none, "platt": platt, "beta": beta, "isotonic": isotonic})
"""Every method, simplest first."""


def _level(bad: Floats) -> float:
    """Log-odds of the base rate, one loan of either outcome added."""
    bads = float(bad.sum())
    return float(np.log((bads + 1) / (len(bad) - bads + 1)))


def _beta_parts(margin: Floats) -> Floats:
    """(n, 2) ln p and -ln(1 - p)."""
    return np.column_stack([-np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)])


def _logistic(z: Floats, bad: Floats) -> Floats:
    """(k + 1,) weights and constant of least log-loss on Platt's smoothed targets.

    By Newton's method, halving each step until it helps (Lin, Lin & Weng 2007): without the halving it swings from side
    to side where a few margins lie far from the others.
    """
    bads, goods = float(bad.sum()), float(len(bad) - bad.sum())
    target = np.where(bad > 0, (bads + 1) / (bads + 2), 1 / (goods + 2))
    z = np.column_stack([z, np.ones(len(z))])
    weights = np.append(np.zeros(z.shape[1] - 1), _level(bad))

    def loss(at: Floats) -> float:
        margin = z @ at
        return float(np.mean(np.logaddexp(0.0, margin) - target * margin))

    for _ in range(100):
        p = sigmoid(z @ weights)
        gradient = z.T @ (p - target) / len(z)
        hessian = (z * (p * (1 - p))[:, None]).T @ z / len(z) + 1e-12 * np.eye(z.shape[1])
        step = np.linalg.solve(hessian, gradient)
        downhill = float(gradient @ step)
        if downhill < 1e-13:
            return np.asarray(weights - step)
        now, size = loss(weights), 1.0
        while size > 1e-10 and loss(weights - size * step) > now - 1e-4 * size * downhill:
            size /= 2
        weights = weights - size * step
    return weights
