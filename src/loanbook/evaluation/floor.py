"""What a calibration error is to be compared with: the one that chance alone leaves to a perfect model."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from loanbook.evaluation.intervals import Floats
from loanbook.evaluation.metrics import METRICS, Counts, checked

_CELLS = 2_000_000  # of one block of simulated samples


def calibration_floor(p: ArrayLike, *, groups: ArrayLike | None = None, samples: int = 200, seed: int = 0) -> float:
    """Expected calibration error that probabilities show on loans for which they are exactly right.

    Outcomes are drawn from the probabilities, again and again, and the error of `metrics.calibration_error` is taken of
    each draw. The fewer the loans, the larger it is; a model can hardly be asked to show less.

    Parameters
    ----------
    p : (n,) probabilities of bad, in [0, 1].
    groups : (n,) near-copies of one loan have one number and share its fate: there are fewer loans than rows.
    samples : draws. seed : of the draws; the same seed gives the same floor.

    Returns
    -------
    Mean error over the draws.

    >>> [round(calibration_floor(np.linspace(0.0, 0.6, loans)), 3) for loans in (300, 30_000)]
    [0.06, 0.006]
    """
    _, probability = checked(np.zeros(np.shape(p)), p)
    order = np.argsort(probability, kind="stable")
    scores, first, loans = np.unique(probability[order], return_index=True, return_counts=True)
    _, fate = np.unique(np.arange(len(order)) if groups is None else np.asarray(groups), return_inverse=True)
    draw = np.random.default_rng(seed)
    block = max(1, _CELLS // len(order))
    errors: list[Floats] = []
    for start in range(0, samples, block):
        luck = draw.random((min(block, samples - start), int(fate.max()) + 1))
        came = luck[:, fate[order]] < probability[order]
        bads = np.add.reduceat(came.astype(np.float64), first, axis=1)
        errors.append(METRICS["calibration_error"](Counts(scores, bads, loans.astype(np.float64) - bads)))
    return float(np.concatenate(errors).mean())
