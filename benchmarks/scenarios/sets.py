"""Do the sets of outcomes hold the true one as often as they promise, among the bad loans and among the good ones?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench, Scenario
from benchmarks.paired import written
from benchmarks.results import Promise, Report, Table, paragraphs
from benchmarks.trials import Trial
from loanbook.models.scoring import sigmoid
from loanbook.models.scoring.conformal import LEVELS, Sets

LEVEL, LEAST, MOST = 0.90, 0.87, 0.93
CONDITIONAL, PLAIN = "label-conditional", "plain"
_SHARES = ("of the bad", "of the good", "of all", "sets of one outcome", "of both", "of neither")

Held = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""For each loan, whether its set holds "bad" and whether it holds "good"."""


def run(bench: Bench) -> Report:
    """Measure it."""
    rung = bench.best
    rows, promises = [], []
    for data in bench.data_sets:
        for kind, holds in ((CONDITIONAL, _conditional), (PLAIN, _plain)):
            found = _covered(bench.course.trials[data.name], holds, rung)
            rows.append((f"{data.title}, {kind}", *(written(found[name], 3) for name in _SHARES)))
            if kind == CONDITIONAL:
                promises += _promises(data.title, found)
    return Report(
        tables=(Table(f"Share whose set at {LEVEL:.0%} holds their outcome; {rung}", ("", *_SHARES), tuple(rows)),),
        promises=tuple(promises),
        notes=paragraphs(
            f"""
            Means over {bench.course.splits}, those of `ladder`. The sets are learned from what
            was said of rows held out, as a training learns them, and counted on the rows that test.

            A set of both outcomes, or of neither, is what the policy refers to a person when it is told to refer the
            unsure. Plain sets promise {LEVEL:.0%} of all loans together: they keep that at the cost of the bad ones,
            which are few.
            """
        ),
        absent=bench.absent_data,
    )


def _covered(trials: Sequence[Trial], holds: Callable[[Trial, str], Held], rung: str) -> Mapping[str, float]:
    each = [_shares(*holds(trial, rung), trial.y_test > 0) for trial in trials]
    return {name: fmean(found[name] for found in each) for name in _SHARES}


def _shares(bad: NDArray[np.bool_], good: NDArray[np.bool_], went_bad: NDArray[np.bool_]) -> dict[str, float]:
    right = np.where(went_bad, bad, good)
    found = (right[went_bad], right[~went_bad], right, bad ^ good, bad & good, ~bad & ~good)
    return {name: float(rows.mean()) for name, rows in zip(_SHARES, found, strict=True)}


def _conditional(trial: Trial, rung: str) -> Held:
    sets, p = trial.calibration(rung).sets, trial.probability(rung)
    if not isinstance(sets, Sets):
        raise TypeError("a calibration of today keeps its sets")
    place = int(np.searchsorted(LEVELS, LEVEL - 1e-9))
    return p >= sets.bads[place], p <= sets.goods[place]


def _plain(trial: Trial, rung: str) -> Held:
    """The outcomes whose probability is not less than that of nine in ten true outcomes, bad or good."""
    learned = sigmoid(trial.calibration(rung).log_odds(trial.predictions[rung].held))
    true = np.sort(np.where(trial.y > 0, learned, 1.0 - learned))
    least = true[int(np.floor((1.0 - LEVEL) * (len(true) + 1))) - 1]
    p = trial.probability(rung)
    return p >= least, 1.0 - p >= least


def _promises(title: str, found: Mapping[str, float]) -> list[Promise]:
    return [
        Promise(f"{title}, {name}", "", limit, found[name], most=most)
        for name in ("of the bad", "of the good")
        for limit, most in ((LEAST, False), (MOST, True))
    ]


SCENARIO = Scenario("sets", "Do the sets cover the bad loans as well as the good ones?", run)
