"""The search: ask for a configuration, score it, write it down, again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loanbook.evaluation.tuning.journal import Journal
from loanbook.evaluation.tuning.sampling import suggest
from loanbook.evaluation.tuning.trial import Config, Trial
from loanbook.models.risk.space import Range

Score = Callable[[Config], Sequence[float]]
"""A configuration to its score on each fold; more is better."""

Heard = Callable[[int, int, float], None]
"""Called after each trial with how many are done, how many there are to be, and the best mean so far."""

__all__ = ["Heard", "Score", "Trial", "Tuned", "tune"]


@dataclass(frozen=True)
class Tuned:
    """What a search found.

    trials : all of them, in order; the first is the rung as it comes.
    wanted : how many there were to be; fewer were made when the machine was far too slow.
    """

    trials: tuple[Trial, ...]
    wanted: int
    best: Trial = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "best", max(self.trials, key=lambda trial: trial.mean))  # of equals the first

    @property
    def gained(self) -> float:
        """How much the best mean lies above that of the rung as it comes; 0 when nothing better was found.

        The best of many trials looks better than it is: only rows that took no part in the search can tell its worth.
        """
        return self.best.mean - self.trials[0].mean

    def to_json(self) -> dict[str, Any]:
        return {
            "best": self.best.to_json(),
            "gained": self.gained,
            "wanted": self.wanted,
            "trials": [trial.to_json() for trial in self.trials],
        }


def tune(
    space: Mapping[str, Range],
    score: Score,
    *,
    start: Config,
    trials: int,
    seed: int = 0,
    journal: Journal = Journal(None),  # noqa: B008 (frozen)
    known: Sequence[float] = (),
    heard: Heard = lambda done, total, best: None,
    late: Callable[[], bool] = lambda: False,
) -> Tuned:
    """Search a space for the configuration with the best mean score over the folds.

    The first trial is the rung as it comes, so that tuning never returns anything worse on these folds. The same
    arguments make the same trials, whether or not a search was interrupted.

    Parameters
    ----------
    space : the range of each parameter.
    score : fits and scores one configuration on the folds; must give the same for the same.
    start : the rung's own values of these parameters.
    trials : how many, the first included; at least one is made.
    seed : of the search.
    journal : where finished trials are kept and found again.
    known : scores of `start`, where they were measured already.
    heard : told after each trial. late : asked before each trial after the first; True ends the search.

    >>> def score(config):
    ...     return [1.0 - (config["x"] - 0.3) ** 2] * 2
    >>> found = tune({"x": Range(0.0, 1.0)}, score, start={"x": 0.9}, trials=15)
    >>> abs(found.best.config["x"] - 0.3) < 0.1, found.gained > 0.3
    (True, True)
    """
    done = journal.read()[: max(1, trials)]
    seen = {_key(trial.config): trial.scores for trial in done}
    if known:
        seen.setdefault(_key(start), tuple(known))
    while len(done) < max(1, trials) and not (done and late()):
        config = suggest(space, done, seed) if done else dict(start)
        scores = seen.get(_key(config)) or tuple(float(one) for one in score(config))
        seen[_key(config)] = scores
        done.append(Trial(len(done), config, scores))
        journal.write(done)
        heard(len(done), trials, max(trial.mean for trial in done))
    return Tuned(tuple(done), max(1, trials))


def _key(config: Config) -> tuple[tuple[str, float | None], ...]:
    return tuple(sorted(config.items()))
