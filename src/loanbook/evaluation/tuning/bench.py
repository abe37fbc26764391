"""Where benchmark and tuning meet: tuned rungs are measured like all others, and stand beside themselves untuned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from loanbook.evaluation.tasks import Task
from loanbook.evaluation.tuning.budget import Purse
from loanbook.evaluation.tuning.ladder import Measured, Search, Tuner, tuned_rung
from loanbook.models.training import Floats, Rung, Setting, fit_scorer

if TYPE_CHECKING:
    from loanbook.evaluation.benchmark import Progress, Result

TUNING = 60
"""Steps of progress that all searches of a training share."""


class Part(Protocol):
    """Rows to fit on and rows to predict."""

    @property
    def x(self) -> Floats: ...
    @property
    def y(self) -> Floats: ...
    @property
    def x_test(self) -> Floats: ...
    @property
    def y_test(self) -> Floats: ...


class Course(Protocol):
    """What a rung has to run in the benchmark."""

    @property
    def task(self) -> Task: ...
    @property
    def setting(self) -> Setting: ...
    @property
    def folds(self) -> Sequence[Part]: ...

    def fit(self, rung: Rung, tell: Callable[[int], None]) -> Any: ...
    def measure(self, rung: Rung, fitted: Any) -> Result: ...


def improve(
    tuner: Tuner,
    course: Course,
    ladder: Sequence[Rung],
    results: Sequence[Result],
    purse: Purse,
    *,
    progress: Progress,
) -> tuple[Result, ...]:
    """Tune what the budget pays for, on the folds of the development rows, and measure what came out.

    Parameters
    ----------
    course : of the benchmark. ladder, results : rungs, and their figures in the same order.
    purse : what the benchmark left of the budget.
    progress : told after each trial, with 0 to TUNING of TUNING steps.

    Returns
    -------
    The results; behind each rung that gained from tuning the tuned one. A rung that was tuned says so in `tuning`.
    """
    headline = course.task.headline
    measured = [
        Measured(rung, tuple(headline.merit(one) for one in result.folds))
        for rung, result in zip(ladder, results, strict=True)
        if not result.skipped
    ]
    searches = list(tuner.searches(measured, purse))
    total, behind = sum(search.trials for search in searches), 0
    found = {result.name: [result] for result in results}
    for search in searches:

        def heard(done: int, of: int, best: float, search: Search = search, behind: int = behind) -> None:
            so_far = f"{headline.merit(best):.4f}".removeprefix("0")
            told = f"{search.rung.title}, trial {done} of {of}, best {headline.title} {so_far}"
            progress(told, round(TUNING * (behind + done) / total), TUNING)

        tuned = tuner.run(search, _scorer(course), _arrays(course.folds), heard, purse.late)
        untuned = replace(found[search.rung.name][0], tuning=tuned.to_json())
        found[search.rung.name] = [untuned]
        if tuned.gained > 0:
            rung = tuned_rung(search.rung, tuned.best.config)
            made = course.measure(rung, course.fit(rung, lambda done: None))
            found[search.rung.name].append(replace(made, tuned_from=search.rung.name, config=dict(tuned.best.config)))
        behind += search.trials
    return tuple(one for pair in found.values() for one in pair)


def unfinished(results: Iterable[Result]) -> tuple[str, ...]:
    """Say which searches the clock ended, because the machine is far too slow for the budget."""
    return tuple(
        f"{result.title} was tuned with {len(result.tuning['trials'])} of {result.tuning['wanted']} trials, because "
        "this machine took far longer than the budget: another run may choose another model"
        for result in results
        if result.tuning and len(result.tuning["trials"]) < result.tuning["wanted"]
    )


def rung_of(result: Result, ladder: Iterable[Rung]) -> Rung:
    """The rung that a result is of, with the parameters that tuning found."""
    rung = next(rung for rung in ladder if rung.name == (result.tuned_from or result.name))
    return tuned_rung(rung, result.config) if result.tuned_from else rung


def _scorer(course: Course) -> Callable[[Rung], list[float]]:
    headline = course.task.headline

    def score(rung: Rung) -> list[float]:
        """The headline on each fold; a rung never sees the rows by which it is scored, nor the test rows."""
        return [
            headline.merit(
                headline.score(part.y_test, fit_scorer(rung, part.x, part.y, course.setting).margin(part.x_test))
            )
            for part in course.folds
        ]

    return score


def _arrays(folds: Iterable[Part]) -> list[Floats]:
    return [array for part in folds for array in (part.x, part.y, part.x_test, part.y_test)]
