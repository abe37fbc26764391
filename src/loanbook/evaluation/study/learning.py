"""The learning curve of a rung: how good it is on more and more loans, and what still more would bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.errors import TrainingError
from loanbook.evaluation.benchmark import Progress, missing, quiet
from loanbook.evaluation.metrics import auc
from loanbook.evaluation.study.power_law import PowerLaw
from loanbook.evaluation.study.rows import nested, sample
from loanbook.models.training import Rung, Setting, fit_plan, fit_scorer

Floats = NDArray[np.float64]

GAIN = 0.005
"""Of AUC, that the question is asked about."""

MOST = 20_000
"""Loans that are studied; more are sampled, so that the study ends in minutes."""

_SMALLEST = 250
_FEWEST_BAD = 10  # in the smallest sample; with fewer, chance is all that the curve's foot shows
_DRAWS = 400  # of the folds, for the intervals
_TAILS = (0.025, 0.975)  # of those draws: eight folds vary too little, and in simulations these cover about 90%
_FAR = 4.0  # beyond so many times the loans at hand the curve is no longer evidence (Viering and Loog, 2022)


def study_learning(
    loans: Loans,
    rungs: Sequence[Rung],
    setting: Setting,
    *,
    most: int = MOST,
    repeats: int = 8,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Fit rungs on nested samples of growing size, and extrapolate.

    Each of `repeats` folds is held out once to judge by; from the others come samples of which each holds the one
    before and is 1.5 times as large.

    Returns
    -------
    Plain data: `rows`, `available`, `repeats`, `gain` and `rungs`, a list: each has `name`, `title` and either
    `skipped` or `curve` (for each size `rows`, `train`, `validation` and its `error`), `law` (`limit`, `loss`,
    `rate`), `more` (`loans`, `low`, `high`: how many more loans for the gain; null where no number would do), `far`
    (whether that is far beyond what was seen) and the `sentence` that says it.

    Raises
    ------
    TrainingError : there are too few loans for a curve.
    """
    drawn = sample(loans, most, setting.seed)
    sizes = _sizes(drawn, repeats)
    lines = []
    total = len(rungs) * repeats
    for place, rung in enumerate(rungs):
        head = {"name": rung.name, "title": rung.title}
        if why := missing(rung):
            lines.append({**head, "skipped": why})
            continue
        scores = np.empty((repeats, len(sizes), 2))
        divisions = folds(drawn.bad, drawn.groups, count=repeats, seed=setting.seed)
        for repeat, (train, test) in enumerate(divisions):
            progress(rung.title, place * repeats + repeat, total)
            scores[repeat] = _climb(drawn.take(train), drawn.take(test), rung, sizes, setting)
        lines.append({**head, **_read(np.array(sizes, np.float64), scores, rung.title, setting.seed)})
    return {"rows": len(drawn), "available": len(loans), "repeats": repeats, "gain": GAIN, "rungs": lines}


def _sizes(loans: Loans, repeats: int) -> list[int]:
    """Sizes from few to as many as a fold leaves, each 1.5 times the one before."""
    whole = int(len(loans) * (1.0 - 1.0 / repeats) * 0.99)
    share = float(min(loans.bad.mean(), 1.0 - loans.bad.mean()))
    least = max(_SMALLEST, math.ceil(_FEWEST_BAD / share))
    count = int(math.log(whole / least) / math.log(1.5)) + 1 if whole > least else 0
    if count < 4:
        enough = math.ceil(least * 1.5**4 / (1.0 - 1.0 / repeats))
        raise TrainingError(
            f"{len(loans):,} loans with {loans.bad.sum():,.0f} bad ones are too few for a learning curve",
            todo=f"bring about {enough:,} of them, with as large a share of bad ones",
        )
    return sorted(round(whole / 1.5**step) for step in range(count))


def _climb(train: Loans, test: Loans, rung: Rung, sizes: list[int], setting: Setting) -> Floats:
    """AUC on the rows trained on and on the rows held out, (sizes, 2)."""
    found = []
    for rows in nested(train.bad, [min(size, len(train)) for size in sizes], setting.seed):
        part = train.take(rows)
        plan, x = fit_plan(part, setting)
        scorer = fit_scorer(rung, x, part.y, setting)
        found.append((auc(part.y, scorer.margin(x)), auc(test.y, scorer.margin(plan.transform(test.codes)))))
    return np.array(found)


def _read(sizes: Floats, scores: Floats, title: str, seed: int) -> dict[str, Any]:
    """Fit the law to the curve, and to curves of folds drawn again, which tells how sure it is."""
    held = scores[:, :, 1]
    law, now = _law(sizes, held), float(sizes[-1])
    chance = np.random.default_rng(seed)
    needed = [_law(sizes, held[chance.integers(0, len(held), len(held))]).rows_for(GAIN, now) for _ in range(_DRAWS)]
    low, high = np.quantile(needed, _TAILS, method="nearest")
    more = law.rows_for(GAIN, now)
    errors = _within(held).std(axis=0, ddof=1) / np.sqrt(len(held))
    curve = [
        {"rows": int(size), "train": float(train), "validation": float(value), "error": float(error)}
        for size, train, value, error in zip(
            sizes, scores[:, :, 0].mean(axis=0), held.mean(axis=0), errors, strict=True
        )
    ]
    counts = {"loans": _count(more), "low": _count(min(float(low), more)), "high": _count(max(float(high), more))}
    return {
        "curve": curve,
        "law": {"limit": law.limit, "loss": law.loss, "rate": law.rate},
        "more": counts,
        "far": bool(more > _FAR * now),
        "sentence": _sentence(title, law, now, counts),
    }


def _within(held: Floats) -> Floats:
    """Scores less what makes one fold easier than another, which says nothing about size."""
    return np.asarray(held - held.mean(axis=1, keepdims=True) + held.mean())


def _law(sizes: Floats, held: Floats) -> PowerLaw:
    spread = np.maximum(_within(held).var(axis=0, ddof=1), 1e-8)
    # Variances of a handful of folds are themselves uncertain: half of each is the mean of all.
    weight = 1.0 / (0.5 * spread + 0.5 * spread.mean())
    return PowerLaw.fit(sizes, held.mean(axis=0), weight)


def _count(more: float) -> int | None:
    return math.ceil(more) if math.isfinite(more) and more < 1e12 else None


def _sentence(title: str, law: PowerLaw, now: float, more: dict[str, int | None]) -> str:
    """Say how many more loans the gain takes.

    >>> law = PowerLaw(limit=0.75, loss=2.0, rate=0.5)
    >>> _sentence("Tree", law, 400.0, {"loans": 50, "low": 40, "high": None})
    'Tree: for +0.005 AUC about 50 more loans than the 400 it learned from (90% interval: 40 to no number of loans).'
    >>> _sentence("Tree", PowerLaw(0.7, 1.0, 1.0), 400.0, {"loans": None, "low": 9_000, "high": None})
    'Tree: +0.005 AUC is not reachable by more loans alone: with any number of them the curve ends at .7000, from .6975
    with the 400 it learned from (within the 90% interval 9,000 more would do).'
    """
    start = f"{title}: "
    if more["loans"] is None:
        end = "" if more["low"] is None else f" (within the 90% interval {more['low']:,} more would do)"
        here = float(law.at(np.array([now]))[0])
        return (
            f"{start}+{GAIN:.3f} AUC is not reachable by more loans alone: with any number of them the curve ends at "
            f"{law.limit:.4f}, from {here:.4f} with the {now:,.0f} it learned from{end}."
        ).replace(" 0.", " .")
    high = "no number of loans" if more["high"] is None else f"{more['high']:,}"
    far = " That is far beyond what was seen, so take it as a guess." if more["loans"] > _FAR * now else ""
    return (
        f"{start}for +{GAIN:.3f} AUC about {more['loans']:,} more loans than the {now:,.0f} it learned from "
        f"(90% interval: {more['low']:,} to {high}).{far}"
    )
