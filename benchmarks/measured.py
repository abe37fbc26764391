"""Figures of every rung over the trials of one data set, and which rung a training would have chosen in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np

from benchmarks.paired import Difference
from benchmarks.trials import Trial
from loanbook.evaluation.benchmark import Result
from loanbook.evaluation.floor import calibration_floor
from loanbook.evaluation.metrics import auc, brier, calibration_error, log_loss
from loanbook.evaluation.selection import choose
from loanbook.models.risk import Rung
from loanbook.models.training import Floats

CHAMPION = "champion"
READABLE = 6
"""Interpretability up to which a person can follow a rung: rules, scorecard, logistic regressions, tree, EBM."""
PERFECT = "ECE of a perfect model"
_DRAWS = 50

FIGURES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "AUC": auc,
    "log-loss": log_loss,
    "Brier": brier,
    "ECE": calibration_error,
}


@dataclass(frozen=True)
class Measured:
    """The trials of one data set, measured."""

    trials: Sequence[Trial]

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return tuple(rung for rung in self.trials[0].ladder if rung.name in self.trials[0].predictions)

    @cached_property
    def figures(self) -> dict[str, dict[str, list[float]]]:
        """Each figure of each rung and of the champion, one a trial: figures[rung][figure]."""
        found = {rung.name: self._of(rung.name) for rung in self.rungs}
        kept = list(enumerate(self.champions))
        figures = next(iter(found.values()))
        return {**found, CHAMPION: {one: [found[name][one][at] for at, name in kept] for one in figures}}

    def _of(self, name: str) -> dict[str, list[float]]:
        said = [(trial.y_test, trial.probability(name)) for trial in self.trials]
        found = {figure: [measure(y, p) for y, p in said] for figure, measure in FIGURES.items()}
        learned = [auc(trial.y, trial.predictions[name].train) for trial in self.trials]
        found["gap"] = [one - other for one, other in zip(learned, found["AUC"], strict=True)]
        found[PERFECT] = [
            calibration_floor(p, groups=trial.arrays["groups_test"], samples=_DRAWS)
            for trial, (_, p) in zip(self.trials, said, strict=True)
        ]
        found["CPU"] = [trial.predictions[name].cpu for trial in self.trials]
        return found

    @cached_property
    def champions(self) -> tuple[str, ...]:
        """The rung that a training would choose in each trial, by the inner folds alone."""
        return tuple(choose(_results(trial, self.rungs)).name for trial in self.trials)

    @cached_property
    def readables(self) -> tuple[str, ...]:
        """The best rung that a person can follow in each trial, by the inner folds alone."""
        rungs = [rung for rung in self.rungs if rung.interpretability <= READABLE]
        found = [_results(trial, rungs) for trial in self.trials]
        return tuple(max(results, key=lambda result: result.merit).name for results in found)

    def mean(self, name: str, figure: str = "AUC") -> float:
        return fmean(self.figures[name][figure])

    def less(self, one: str, other: str, figure: str = "AUC") -> Difference:
        """The one's figure less the other's, split by split."""
        pairs = zip(self.figures[one][figure], self.figures[other][figure], strict=True)
        return Difference.over_splits([mine - theirs for mine, theirs in pairs])

    @property
    def singles(self) -> list[str]:
        return [rung.name for rung in self.rungs if not rung.members]

    def best(self, figure: str = "AUC") -> str:
        """The single rung with the best mean figure: AUC up, the others down."""
        better = max if figure == "AUC" else min
        return better(self.singles, key=lambda name: self.mean(name, figure))

    def usual(self, names: Sequence[str]) -> str:
        """The name that stands there most often, and how often if not always."""
        most = max(dict.fromkeys(names), key=list(names).count)
        count = list(names).count(most)
        return most if count == len(names) else f"{most} ({count} of {len(names)})"

    def behind(self, names: Sequence[str], other: str) -> Difference:
        """AUC of the rung named in each trial less that of another rung."""
        mine = [self.figures[name]["AUC"][at] for at, name in enumerate(names)]
        return Difference.over_splits([one - two for one, two in zip(mine, self.figures[other]["AUC"], strict=True)])


def _results(trial: Trial, rungs: Sequence[Rung]) -> list[Result]:
    """What selection looks at: AUC of each inner fold."""
    return [Result(rung.name, rung.title, rung.interpretability, tuple(_fold_auc(trial, rung.name))) for rung in rungs]


def _fold_auc(trial: Trial, name: str) -> list[float]:
    held = trial.predictions[name].held
    return [auc(trial.y[trial.fold == fold], held[trial.fold == fold]) for fold in np.unique(trial.fold)]
