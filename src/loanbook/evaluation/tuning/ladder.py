"""Tuning a ladder: which rungs are searched, in which order, how long, and what comes out of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from loanbook.evaluation.tuning.budget import Purse, fit_seconds, trials_within
from loanbook.evaluation.tuning.journal import Journal, digest
from loanbook.evaluation.tuning.search import Heard, Tuned, tune
from loanbook.evaluation.tuning.trial import Config
from loanbook.models.risk.space import Range
from loanbook.models.training import FOLDS, Floats, Rung, Setting

_LIBRARIES = ("numpy", "scikit-learn", "optuna", "xgboost", "xgboost-cpu", "lightgbm", "catboost", "keras", "jax")


@dataclass(frozen=True)
class Measured:
    """What tuning knows of a rung that was benchmarked.

    rung : how it is made. folds : its headline on each fold, with the sign that makes more better.
    """

    rung: Rung
    folds: tuple[float, ...]


@dataclass(frozen=True)
class Search:
    """One search to be made: a rung, its space, its own values, and how many trials the budget pays for."""

    measured: Measured
    space: Mapping[str, Range]
    start: Config
    trials: int

    @property
    def rung(self) -> Rung:
        return self.measured.rung


@dataclass(frozen=True)
class Tuner:
    """Tunes what a ladder has to tune inside a budget; see docs/adr/0017.

    Parameters
    ----------
    folder : where the journals of its searches are kept.
    setting : of the training.
    """

    folder: Path
    setting: Setting

    def searches(self, ladder: Iterable[Measured], purse: Purse) -> Iterator[Search]:
        """Yield the searches that the budget pays for when the benchmark is paid, best rung first.

        Parameters
        ----------
        ladder : every rung that was measured. purse : what they left.
        """
        if not self.installed():
            return
        measured = list(ladder)
        cost = {one.rung.name: fit_seconds(one.rung.name, purse.rows, purse.columns) for one in measured}
        made_of = [[name for name in (one.rung.members or (one.rung.name,)) if name in cost] for one in measured]
        left = purse.left((FOLDS + 1) * max((sum(cost[name] for name in names) for names in made_of), default=0.0))
        for one in sorted(measured, key=lambda one: -sum(one.folds)):
            made = one.rung.make(self.setting.seed, self.setting.jobs)
            space = getattr(type(made), "space", {})
            if not space:
                continue
            trials, left = trials_within(left, one.rung.name, purse.rows, purse.columns, folds=FOLDS, after=purse.fits)
            if trials:
                own = cast("Any", made).get_params()
                yield Search(one, space, {name: own[name] for name in space}, trials)

    def run(
        self,
        search: Search,
        score: Callable[[Rung], Sequence[float]],
        folds: Iterable[Floats],
        heard: Heard,
        late: Callable[[], bool] = lambda: False,
    ) -> Tuned:
        """Make one search, or what is left of it after an interruption.

        Parameters
        ----------
        score : a rung to its headline on each fold, with the sign that makes more better.
        folds : the arrays of the folds, by which the search is named.
        heard : told after each trial. late : whether the machine is far too slow to go on.
        """
        name = digest(self._words(search), folds)
        return tune(
            search.space,
            lambda config: score(tuned_rung(search.rung, config)),
            start=search.start,
            trials=search.trials,
            seed=self.setting.seed,
            journal=Journal(self.folder / f"{search.rung.name}-{name}.json"),
            known=search.measured.folds,
            heard=heard,
            late=late,
        )

    @staticmethod
    def installed() -> bool:
        """Say whether there is anything to search with."""
        return find_spec("optuna") is not None

    def _words(self, search: Search) -> list[object]:
        space = sorted((name, one) for name, one in search.space.items())
        start = sorted(search.start.items())
        return [search.rung.name, space, start, self.setting.seed, FOLDS, sys.version_info[:2], *_versions()]


def tuned_rung(rung: Rung, config: Config) -> Rung:
    """The rung with other parameters, under the name `<name>_tuned`.

    >>> from loanbook.models.risk import LADDER
    >>> boosting = next(rung for rung in LADDER if rung.name == "xgboost")
    >>> tuned = tuned_rung(boosting, {"depth": 5})
    >>> tuned.name, tuned.make(0, 1).depth
    ('xgboost_tuned', 5)
    """

    def make(seed: int, jobs: int) -> Any:
        return cast("Any", rung.make(seed, jobs)).set_params(**config)

    found = replace(cast("Any", rung), name=f"{rung.name}_tuned", title=f"{rung.title}, tuned", make=make)
    return cast("Rung", found)


def _versions() -> Iterator[tuple[str, str]]:
    """Which libraries fit; another version may fit another model, and then old trials are worth nothing."""
    for name in _LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
