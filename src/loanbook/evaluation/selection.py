"""Which rung to keep: the simplest that is not clearly worse than the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loanbook.errors import TrainingError
from loanbook.evaluation.benchmark import Result


@dataclass(frozen=True, slots=True)
class Choice:
    """The rung that was chosen, the best one, and the sentence that says why."""

    name: str
    best: str
    why: str


def choose(results: Sequence[Result]) -> Choice:
    """Choose the most interpretable rung within one standard error of the best.

    All are judged by the folds of the development rows, so that the test rows stay untouched (the rule is that of
    Breiman, Friedman, Olshen & Stone 1984). Of rungs that are equally easy to understand the better is chosen.

    >>> floor = Result("floor", "Floor", 0, (0.5, 0.5, 0.5))
    >>> line, forest = Result("line", "Line", 2, (0.74, 0.76, 0.75)), Result("forest", "Forest", 5, (0.74, 0.78, 0.76))
    >>> choose([floor, line, forest]).name
    'line'
    >>> boosting = Result("boosting", "Boosting", 5, (0.76, 0.80, 0.78))
    >>> choose([floor, forest, boosting]).name
    'boosting'
    """
    measured = [result for result in results if not result.skipped]
    if not measured:
        why = "; ".join(f"{result.title}: {result.skipped}" for result in results)
        raise TrainingError(
            f"none of the rungs to choose from was measured ({why})", todo="name others, or a larger budget"
        )
    best = max(measured, key=lambda result: result.merit)
    near = [result for result in measured if result.merit >= best.merit - best.error]
    chosen = min(near, key=lambda result: (result.interpretability, -result.merit))
    figure = best.headline.upper()
    if chosen is best:
        why = (
            f"{best.title} has the best {figure} over the folds, {_shown(best.mean)}, and no simpler rung comes within "
            f"one standard error ({_shown(best.error)}) of it."
        )
    else:
        why = (
            f"{chosen.title} has an {figure} of {_shown(chosen.mean)} over the folds, within one standard error "
            f"({_shown(best.error)}) of the best, {best.title} with {_shown(best.mean)}, and is easier to understand."
        )
    return Choice(chosen.name, best.name, why)


def _shown(figure: float) -> str:
    return f"{figure:.4f}" if abs(figure) < 10 else f"{figure:,.0f}"
