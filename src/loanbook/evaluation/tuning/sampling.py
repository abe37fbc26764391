"""Which configuration to try next: a function of the seed, the trials before and nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loanbook.evaluation.tuning.trial import Config, Trial
from loanbook.models.risk.space import Range

_DRAWN = 5  # trials that are drawn blindly before the sampler may trust what it saw
_DIGITS = 3  # of a configuration: readable, and safe from the last bit of a machine's logarithm


def suggest(space: Mapping[str, Range], trials: Sequence[Trial], seed: int) -> Config:
    """Suggest the configuration of the next trial.

    By the tree-structured Parzen estimator (Bergstra et al., 2011) of Optuna (Akiba et al., 2019). Its study is made
    anew from the finished trials, and its sampler is seeded with the trial's number, for each suggestion: a search that
    was killed and goes on therefore makes the suggestions that it would have made.

    Parameters
    ----------
    space : the range of each parameter. trials : the finished ones, in order. seed : of the search.

    >>> suggest({"depth": Range(2, 6, whole=True), "rate": Range(0.01, 0.3, log=True)}, [], seed=0)
    {'depth': 4, 'rate': 0.069}
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ranges = {name: _distribution(optuna.distributions, one) for name, one in space.items()}
    drawn = int(np.random.SeedSequence([seed, len(trials)]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # multivariate, before Optuna 5
        sampler = optuna.samplers.TPESampler(
            seed=drawn, n_startup_trials=_DRAWN, multivariate=True, constant_liar=False
        )
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.add_trials([_told(optuna, trial, ranges) for trial in trials if _inside(trial.config, space)])
        asked = study.ask(ranges)
    return {name: rounded(asked.params[name], one) for name, one in space.items()}


def rounded(value: float, within: Range) -> float:
    """Hold a value within its range, at three significant digits, whole where the range is.

    >>> rounded(0.123456, Range(0.1, 1.0)), rounded(7.0, Range(1, 5, whole=True))
    (0.123, 5)
    """
    held = min(max(value, within.low), within.high)
    if within.whole:
        return int(held)
    return min(max(float(f"{held:.{_DIGITS}g}"), within.low), within.high)


def _distribution(kinds: Any, one: Range) -> Any:
    if one.whole:
        return kinds.IntDistribution(int(one.low), int(one.high), log=one.log)
    return kinds.FloatDistribution(one.low, one.high, log=one.log)


def _inside(config: Config, space: Mapping[str, Range]) -> bool:
    """Say whether a sampler can place it; a rung's own default may be None, or stand outside its range."""
    values = [(config[name], one) for name, one in space.items()]
    return all(value is not None and one.low <= value <= one.high for value, one in values)


def _told(optuna: Any, trial: Trial, ranges: Mapping[str, Any]) -> Any:
    """A finished trial as Optuna's."""
    params = {name: trial.config[name] for name in ranges}
    return optuna.trial.create_trial(params=params, distributions=dict(ranges), value=trial.mean)
