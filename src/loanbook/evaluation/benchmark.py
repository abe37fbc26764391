"""The benchmark: every rung of a ladder on the same rows, with the same figures, floor first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import Split, folds
from loanbook.evaluation.metrics import Estimate, auc, evaluate
from loanbook.models.scoring import Calibration, Scorer, sigmoid
from loanbook.models.training import FOLDS, Floats, Rung, Setting, fit_plan, fit_scorer

STEPS = FOLDS + 3
"""Fits of each rung: the folds, the random split, the one to calibrate on, the one to test."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are behind and how many there are."""


def quiet(what: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Result:
    """What one rung of the ladder is worth.

    name, title, interpretability : of the rung.
    folds : AUC of each fold of the development rows; selection looks at nothing else.
    test : every figure on the untouched test rows, with its interval.
    random_auc : AUC had the rows been split at random; beside an out-of-time split it shows what that would flatter.
    train_auc : AUC on the rows it was fitted on. fit_seconds : of that fit.
    probabilities : (n,) calibrated, of the test rows.
    skipped : why the rung has no figures, if it has none.
    """

    name: str
    title: str
    interpretability: int
    folds: tuple[float, ...] = ()
    test: dict[str, Estimate] = field(default_factory=dict)
    random_auc: float = float("nan")
    train_auc: float = float("nan")
    fit_seconds: float = float("nan")
    probabilities: Floats = field(default_factory=lambda: np.empty(0))
    skipped: str = ""

    @property
    def mean(self) -> float:
        """Mean AUC over the folds."""
        return float(np.mean(self.folds)) if self.folds else float("nan")

    @property
    def error(self) -> float:
        """Standard error of that mean."""
        return float(np.std(self.folds, ddof=1) / np.sqrt(len(self.folds))) if self.folds else float("nan")

    @property
    def gap(self) -> float:
        """AUC on the training rows less AUC on the test rows: how much was learned by heart."""
        return self.train_auc - self.test["auc"].value if self.test else float("nan")

    def to_json(self) -> dict[str, Any]:
        head = {"name": self.name, "title": self.title, "interpretability": self.interpretability}
        if self.skipped:
            return {**head, "skipped": self.skipped}
        return {
            **head,
            "fold_auc": list(self.folds),
            "fold_auc_mean": self.mean,
            "fold_auc_error": self.error,
            "test": {name: asdict(figure) for name, figure in self.test.items()},
            "random_split_auc": self.random_auc,
            "train_auc": self.train_auc,
            "gap": self.gap,
            "fit_seconds": self.fit_seconds,
        }


@dataclass(frozen=True)
class _Part:
    """Rows to fit on and rows to predict, both as model rows: the feature plan's cost is shared by all rungs."""

    x: Floats
    bad: Floats
    x_test: Floats
    bad_test: Floats

    @classmethod
    def make(cls, loans: Loans, train: NDArray[np.intp], test: NDArray[np.intp], setting: Setting) -> _Part:
        """Fit the feature plan on the rows to train, and apply it to the rows to predict."""
        part = loans.take(train)
        plan, x = fit_plan(part, setting)
        return cls(x, part.bad, plan.transform(loans.codes[test]), loans.bad[test])

    def fit(self, rung: Rung, setting: Setting) -> Scorer:
        """Fit a rung on the rows to train."""
        return fit_scorer(rung, self.x, self.bad, setting)


@dataclass(frozen=True)
class _Course:
    """What every rung has to run.

    folds : of the development rows. calibrating : trained on the older, calibrated on the newer of them.
    final : trained on all of them, tested on the test rows. shuffled : the same shares of all rows, split at random.
    """

    folds: tuple[_Part, ...]
    calibrating: _Part
    final: _Part
    shuffled: _Part

    @classmethod
    def lay_out(cls, loans: Loans, parts: Split, setting: Setting) -> _Course:
        """Divide the rows."""
        rows = parts.development
        inner = loans.take(rows)
        pairs = folds(inner.bad, inner.groups, count=FOLDS, seed=setting.seed)
        return cls(
            folds=tuple(_Part.make(loans, rows[train], rows[test], setting) for train, test in pairs),
            calibrating=_Part.make(loans, parts.train, parts.calibrate, setting),
            final=_Part.make(loans, rows, parts.test, setting),
            shuffled=_Part.make(loans, *next(folds(loans.bad, loans.groups, count=4, seed=setting.seed)), setting),
        )

    def run(self, rung: Rung, setting: Setting, tell: Callable[[int], None]) -> Result:
        """Fit, calibrate and test one rung; `tell` hears of each step done."""
        scores = []
        for done, part in enumerate((*self.folds, self.shuffled)):
            tell(done)
            scores.append(auc(part.bad_test, part.fit(rung, setting).margin(part.x_test)))
        tell(FOLDS + 1)
        step = self.calibrating
        calibration = Calibration.fit(step.fit(rung, setting).margin(step.x_test), step.bad_test)
        tell(FOLDS + 2)
        began = perf_counter()
        scorer = self.final.fit(rung, setting)
        seconds = perf_counter() - began
        probabilities = sigmoid(calibration.log_odds(scorer.margin(self.final.x_test)))
        return Result(
            name=rung.name,
            title=rung.title,
            interpretability=rung.interpretability,
            folds=tuple(scores[:-1]),
            random_auc=scores[-1],
            test=evaluate(self.final.bad_test, probabilities, seed=setting.seed),
            train_auc=auc(self.final.bad, scorer.margin(self.final.x)),
            fit_seconds=seconds,
            probabilities=probabilities,
        )


def benchmark(
    ladder: Sequence[Rung],
    loans: Loans,
    parts: Split,
    setting: Setting,
    *,
    floor: Sequence[str] = (),
    budget: float | None = None,
    progress: Progress = quiet,
) -> tuple[Result, ...]:
    """Measure every rung: k-fold on the development rows, then out of time.

    Out of time means: fitted on the training rows and calibrated on the newer calibration rows; then fitted on both,
    as a lender would who knows both, and tested on the rows that came after. Where the book names no time the parts are
    drawn at random and the same is done.

    Parameters
    ----------
    ladder : the rungs, floor first.
    loans : labelled rows. parts : their division.
    floor : names of rungs that are measured whatever the budget.
    budget : seconds; rungs whose turn comes later are listed as skipped.

    Returns
    -------
    One result a rung, in the ladder's order.
    """
    started = perf_counter()
    progress("Features", 0, len(ladder) * STEPS)
    course = _Course.lay_out(loans, parts, setting)
    results = []
    for number, rung in enumerate(ladder):
        if rung.name not in floor and budget is not None and perf_counter() - started > budget:
            late = f"the budget of {budget:g} seconds was used up"
            results.append(Result(rung.name, rung.title, rung.interpretability, skipped=late))
            continue

        def tell(done: int, number: int = number, title: str = rung.title) -> None:
            progress(title, number * STEPS + done, len(ladder) * STEPS)

        results.append(course.run(rung, setting, tell))
    return tuple(results)
