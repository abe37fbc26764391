"""Fitting: rows of loans in, a trained model out; every part of it fitted on the same rows and on no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.features.plan import Plan
from loanbook.models.scoring import Calibration, Scorer, sigmoid
from loanbook.models.trained import TrainedModel

Floats = NDArray[np.float64]
FOLDS = 5


class Estimator(Protocol):
    """A scikit-learn classifier that leaves its scorer behind."""

    scorer_: Scorer

    def fit(self, x: Floats, y: Floats) -> Estimator: ...


class Rung(Protocol):
    """One step of a ladder: how to make its estimator, and how easily a person understands the result (0 is best)."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def interpretability(self) -> int: ...
    @property
    def make(self) -> Callable[[int, int], Estimator]: ...


@dataclass(frozen=True)
class Setting:
    """What every fit of one training shares.

    time, amount : fields that date the decision and measure the exposure, if any.
    seed : of everything drawn. jobs : threads an estimator may use.
    """

    time: str | None = None
    amount: str | None = None
    seed: int = 0
    jobs: int = 1


def fit_plan(loans: Loans, setting: Setting) -> tuple[Plan, Floats]:
    """Fit the feature plan on these rows; return it with their model rows."""
    names = loans.contract.names
    return Plan.fit(
        loans.contract,
        loans.codes,
        loans.bad,
        time=setting.time if setting.time in names else None,
        amount=setting.amount if setting.amount in names else None,
        seed=setting.seed,
    )


def fit_scorer(rung: Rung, x: Floats, bad: Floats, setting: Setting) -> Scorer:
    """Fit one rung on model rows."""
    return rung.make(setting.seed, setting.jobs).fit(x, bad).scorer_


def fit_model(
    rung: Rung,
    loans: Loans,
    setting: Setting,
    *,
    usecase: str,
    card: Mapping[str, Any],
    progress: Callable[[int], None] = lambda done: None,
) -> TrainedModel:
    """Fit a rung on all these rows and calibrate it on predictions that it made for rows it had not seen.

    The card gains `probabilities`, 1,001 quantiles of those predictions: policies that approve a share need them.

    Parameters
    ----------
    rung : which estimator.
    loans : every labelled row.
    card : what is known of the model; plain JSON.
    progress : told after each of the FOLDS + 1 fits how many are done.
    """
    margin = np.empty(len(loans))
    divisions = folds(loans.bad, loans.groups, count=FOLDS, seed=setting.seed)
    for done, (train, test) in enumerate(divisions, start=1):
        part = loans.take(train)
        plan, x = fit_plan(part, setting)
        margin[test] = fit_scorer(rung, x, part.bad, setting).margin(plan.transform(loans.codes[test]))
        progress(done)
    calibration = Calibration.fit(margin, loans.bad)
    plan, x = fit_plan(loans, setting)
    scorer = fit_scorer(rung, x, loans.bad, setting)
    progress(FOLDS + 1)
    probabilities = sigmoid(calibration.log_odds(margin))
    quantiles = np.quantile(probabilities, np.linspace(0.0, 1.0, 1001)).tolist()
    return TrainedModel(usecase, loans.contract, plan, scorer, calibration, {**card, "probabilities": quantiles})
