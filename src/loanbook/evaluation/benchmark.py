"""The benchmark: every rung of a ladder on the same rows, with the same figures, floor first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from time import perf_counter
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import Split, folds
from loanbook.evaluation.intervals import Estimate
from loanbook.evaluation.manners import Manners, decision_cost, manners
from loanbook.evaluation.tasks import Task
from loanbook.evaluation.tuning.bench import improve
from loanbook.evaluation.tuning.budget import Purse
from loanbook.evaluation.tuning.ladder import Tuner
from loanbook.features.plan import Plan
from loanbook.models.scoring import Blend, Scorer
from loanbook.models.training import FOLDS, Floats, Rung, Setting, fit_plan, fit_scorer, weigh

STEPS = FOLDS + 3
"""Fits of each rung: the folds, the random split, the one to calibrate on, the one to test."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are behind and how many there are."""


def quiet(what: str, done: int, total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Result:
    """What one rung of the ladder is worth.

    name, title, interpretability : of the rung. headline : name of the figure that rungs are compared by.
    higher : whether more of it is better.
    folds : that figure on each fold of the development rows; selection looks at nothing else.
    test : every figure on the untouched test rows, with its interval.
    random : the headline had the rows been split at random; beside an out-of-time split it shows what that flatters.
    train : the headline on the rows it was fitted on. fit_seconds : of that fit.
    predictions : (n,) calibrated answers for the test rows.
    manners : how it behaves beside being accurate. decision_cost : CPU microseconds of one row with its reasons.
    profit : what the book's policy would earn with it on the test rows, if the question has to do with profit.
    skipped : why the rung has no figures, if it has none.
    tuning : the search that was made from this rung, if one was. tuned_from, config : for a rung that a search found,
        the one it began at and the parameters that differ.
    """

    name: str
    title: str
    interpretability: int
    folds: tuple[float, ...] = ()
    test: dict[str, Estimate] = field(default_factory=dict)
    random: float = float("nan")
    train: float = float("nan")
    fit_seconds: float = float("nan")
    predictions: Floats = field(default_factory=lambda: np.empty(0))
    manners: Manners | None = None
    decision_cost: float = float("nan")
    profit: float | None = None
    skipped: str = ""
    headline: str = "auc"
    higher: bool = True
    tuning: dict[str, Any] = field(default_factory=dict)
    tuned_from: str = ""
    config: dict[str, float | None] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Mean headline over the folds."""
        return float(np.mean(self.folds)) if self.folds else float("nan")

    @property
    def merit(self) -> float:
        """That mean with the sign that makes more better."""
        return self.mean if self.higher else -self.mean

    @property
    def error(self) -> float:
        """Standard error of that mean."""
        return float(np.std(self.folds, ddof=1) / np.sqrt(len(self.folds))) if self.folds else float("nan")

    @property
    def gap(self) -> float:
        """How much better the headline is on the training rows than on the test rows: what was learned by heart."""
        if not self.test:
            return float("nan")
        lost = self.train - self.test[self.headline].value
        return lost if self.higher else -lost

    def to_json(self) -> dict[str, Any]:
        head = {"name": self.name, "title": self.title, "interpretability": self.interpretability}
        if self.skipped:
            return {**head, "skipped": self.skipped}
        name = self.headline
        return {
            **head,
            f"fold_{name}": list(self.folds),
            f"fold_{name}_mean": self.mean,
            f"fold_{name}_error": self.error,
            "test": {name: asdict(figure) for name, figure in self.test.items()},
            f"random_split_{name}": self.random,
            f"train_{name}": self.train,
            "gap": self.gap,
            "profit": self.profit,
            "manners": self.manners.to_json() if self.manners else None,
            **{name: getattr(self, name) for name in TIMES},
            **{name: value for name in _TUNED if (value := getattr(self, name))},
        }


_TUNED = ("tuning", "tuned_from", "config")

TIMES = ("fit_seconds", "decision_cost")
"""What differs from one machine and one run to the next."""


@dataclass(frozen=True)
class _Part:
    """Rows to fit on and rows to predict, both as model rows: the feature plan's cost is shared by all rungs."""

    plan: Plan
    x: Floats
    y: Floats
    x_test: Floats
    test: Loans

    @property
    def y_test(self) -> Floats:
        return self.test.y

    @classmethod
    def make(cls, loans: Loans, train: NDArray[np.intp], test: NDArray[np.intp], setting: Setting) -> _Part:
        """Fit the feature plan on the rows to train, and apply it to the rows to predict."""
        part = loans.take(train)
        plan, x = fit_plan(part, setting)
        return cls(plan, x, part.y, plan.transform(loans.codes[test]), loans.take(test))


@dataclass(frozen=True)
class _Fitted:
    """One rung on every part: its margins, and the scorers that were fitted to them.

    margins : of the rows that each part predicts, in the order of `_Course.parts`.
    train : of the rows that the last part was fitted on. scorer : of the last part; again : of the first.
    seconds : that the last fit took.
    """

    margins: tuple[Floats, ...]
    train: Floats
    scorer: Scorer
    again: Scorer
    seconds: float


@dataclass(frozen=True)
class _Course:
    """What every rung has to run.

    task : what is measured.
    folds : of the development rows. shuffled : the shares of the final split, of all rows, drawn at random.
    calibrating : trained on the older, calibrated on the newer of them.
    final : trained on all of them, tested on the test rows.
    held : rows of each fold among the development rows.
    again_x : the test rows as the plan of the first fold makes them.
    """

    task: Task
    setting: Setting
    folds: tuple[_Part, ...]
    shuffled: _Part
    calibrating: _Part
    final: _Part
    held: tuple[NDArray[np.intp], ...]
    again_x: Floats

    @classmethod
    def lay_out(cls, task: Task, loans: Loans, split: Split, setting: Setting) -> _Course:
        """Divide the rows."""
        rows = split.development
        inner = loans.take(rows)
        pairs = list(folds(inner.bad, inner.groups, count=FOLDS, seed=setting.seed))
        parts = tuple(_Part.make(loans, rows[train], rows[test], setting) for train, test in pairs)
        return cls(
            task=task,
            setting=setting,
            folds=parts,
            shuffled=_Part.make(loans, *next(folds(loans.bad, loans.groups, count=4, seed=setting.seed)), setting),
            calibrating=_Part.make(loans, split.train, split.calibrate, setting),
            final=_Part.make(loans, rows, split.test, setting),
            held=tuple(test for _, test in pairs),
            again_x=parts[0].plan.transform(loans.codes[split.test]),
        )

    @property
    def parts(self) -> tuple[_Part, ...]:
        return (*self.folds, self.shuffled, self.calibrating, self.final)

    def fit(self, rung: Rung, tell: Callable[[int], None]) -> _Fitted:
        """Fit a rung on every part; `tell` hears of each fit done."""
        scorers, margins, seconds = [], [], 0.0
        for done, part in enumerate(self.parts):
            tell(done)
            began = perf_counter()
            scorer = fit_scorer(rung, part.x, part.y, self.setting)
            seconds = perf_counter() - began
            scorers.append(scorer)
            margins.append(scorer.margin(part.x_test))
        return _Fitted(tuple(margins), scorers[-1].margin(self.final.x), scorers[-1], scorers[0], seconds)

    def blend(self, rung: Rung, members: Sequence[_Fitted]) -> _Fitted:
        """Put fitted members together as the rung would, without fitting any of them again.

        Each part is blended with weights that come from out-of-fold margins of other rows than it predicts; only for
        the random split, which is a figure to look at, they come from all development rows.
        """
        began = perf_counter()
        size = sum(map(len, self.held))
        outside = np.empty((size, len(members)))
        y = np.empty(size)
        for place, rows in enumerate(self.held):
            outside[rows] = np.stack([member.margins[place] for member in members], axis=1)
            y[rows] = self.folds[place].y_test
        all_rows = np.arange(size)
        others = [np.setdiff1d(all_rows, rows) for rows in self.held]
        older = all_rows[: len(self.calibrating.y)]
        found = [weigh(rung, outside[rows], y[rows], self.setting) for rows in (*others, all_rows, older, all_rows)]
        margins = [
            intercept + np.stack([member.margins[place] for member in members], axis=1) @ weights
            for place, (intercept, weights) in enumerate(found)
        ]
        scorer = Blend.of(*found[-1], [member.scorer for member in members], self.final.x.shape[1])
        again = Blend.of(*found[0], [member.again for member in members], self.folds[0].x.shape[1])
        seconds = sum(member.seconds for member in members) * FOLDS + perf_counter() - began
        return _Fitted(tuple(margins), scorer.margin(self.final.x), scorer, again, seconds)

    def watch(self, fitted: _Fitted) -> Manners:
        """See how the rung behaves on the test rows, beside its like that the first fold taught."""
        plan, other = self.final.plan, self.folds[0].plan
        place = {group.name: number for number, group in enumerate(plan.groups)}
        theirs = np.array([place.get(group.name, -1) for group in other.groups], np.intp)
        return manners(
            fitted.scorer,
            fitted.again,
            self.final.x_test,
            plan.group_of,
            len(plan.groups),
            reference=self.final.x,
            other_x=self.again_x,
            other_group_of=theirs[other.group_of],
            seed=self.setting.seed,
        )

    def measure(self, rung: Rung, fitted: _Fitted) -> Result:
        """Score the folds, calibrate, and test."""
        task, parts = self.task, self.parts
        *scores, random = [
            task.headline.score(part.y_test, margin)
            for part, margin in zip(parts[: FOLDS + 1], fitted.margins[: FOLDS + 1], strict=True)
        ]
        output = task.finish(fitted.margins[-2], self.calibrating.test)
        predictions = output.answer(fitted.margins[-1]).value
        return Result(
            name=rung.name,
            title=rung.title,
            interpretability=rung.interpretability,
            folds=tuple(scores),
            random=random,
            test=task.evaluate(self.final.y_test, output, fitted.margins[-1], seed=self.setting.seed),
            train=task.headline.score(self.final.y, fitted.train),
            fit_seconds=fitted.seconds,
            predictions=predictions,
            manners=self.watch(fitted),
            decision_cost=decision_cost(fitted.scorer, self.final.x_test),
            headline=task.headline.name,
            higher=task.headline.higher,
        )


def benchmark(
    ladder: Sequence[Rung],
    loans: Loans,
    parts: Split,
    setting: Setting,
    task: Task,
    *,
    floor: Sequence[str] = (),
    left_out: Mapping[str, str] = MappingProxyType({}),
    budget: float | None = None,
    tuner: Tuner | None = None,
    progress: Progress = quiet,
) -> tuple[Result, ...]:
    """Measure every rung: k-fold on the development rows, then out of time.

    Out of time means: fitted on the training rows and calibrated on the newer calibration rows; then fitted on both,
    as a lender would who knows both, and tested on the rows that came after. Where the book names no time the parts are
    drawn at random and the same is done. A blend is measured by the margins of its members, which are fitted once.

    Parameters
    ----------
    ladder : the rungs, floor first; a blend behind its members.
    loans : labelled rows. parts : their division. task : what is measured.
    floor : names of rungs that are measured whatever the budget.
    left_out : why rungs are not to be measured, by name.
    budget : seconds, counted as `tuning/budget.py` does; rungs whose turn comes later are listed as skipped.
    tuner : spends what is left of a budget; None tunes nothing.

    Returns
    -------
    One result a rung, in the ladder's order; a rung that gained from tuning is followed by itself tuned.
    """
    progress("Features", 0, len(ladder) * STEPS)
    course = _Course.lay_out(task, loans, parts, setting)
    purse = Purse(budget, *course.folds[0].x.shape, fits=STEPS)
    fitted: dict[str, _Fitted] = {}
    results = []
    for number, rung in enumerate(ladder):

        def tell(done: int, number: int = number, title: str = rung.title) -> None:
            progress(title, number * STEPS + done, len(ladder) * STEPS)

        members = [fitted[name] for name in rung.members if name in fitted]
        late = "" if rung.name in floor else purse.empty()
        if why := left_out.get(rung.name) or missing(rung) or _too_few(rung, members) or late:
            results.append(Result(rung.name, rung.title, rung.interpretability, skipped=why))
            continue
        fitted[rung.name] = course.blend(rung, members) if members else course.fit(rung, tell)
        results.append(course.measure(rung, fitted[rung.name]))
        purse.pay(rung.name, blend=bool(members))
    if tuner is None:
        return tuple(results)
    behind = len(ladder) * STEPS

    def told(what: str, done: int, of: int) -> None:
        progress(what, behind + done, behind + of)

    return improve(tuner, course, ladder, results, purse, progress=told)


def missing(rung: Rung) -> str:
    """Say what has to be installed for a rung; "" when nothing is missing."""
    if not rung.needs or find_spec(rung.needs):
        return ""
    return f"not installed: pip install 'loanbook[{rung.extra}]'"


def _too_few(rung: Rung, members: Sequence[_Fitted]) -> str:
    return "fewer than two of its members were measured" if rung.members and len(members) < 2 else ""
