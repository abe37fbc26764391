"""Fitting: rows of loans in, a trained model out; every part of it fitted on the same rows and on no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.features.plan import Plan
from loanbook.models.scoring import Blend, Calibration, Output, Scorer
from loanbook.models.trained import TrainedModel

Floats = NDArray[np.float64]
FOLDS = 5


class Estimator(Protocol):
    """A scikit-learn estimator that leaves its scorer behind."""

    scorer_: Scorer

    def fit(self, x: Floats, y: Floats) -> Estimator: ...


class Blender(Protocol):
    """An estimator made of others, which can also weigh what others have predicted already."""

    def weigh(self, margins: Floats, y: Floats) -> tuple[float, Floats]:
        """Intercept and weights (k,) for out-of-fold margins (n, k) of its members."""


class Rung(Protocol):
    """One step of a ladder: how to make its estimator, and how easily a person understands the result (0 is best).

    needs, extra : module it cannot do without, and the extra that brings it. standard : part of the usual ladder.
    members : names of the rungs that it is made of, if it is a blend.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def interpretability(self) -> int: ...
    @property
    def needs(self) -> str: ...
    @property
    def extra(self) -> str: ...
    @property
    def standard(self) -> bool: ...
    @property
    def members(self) -> tuple[str, ...]: ...
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


def fit_scorer(rung: Rung, x: Floats, y: Floats, setting: Setting) -> Scorer:
    """Fit one rung on model rows."""
    return rung.make(setting.seed, setting.jobs).fit(x, y).scorer_


def weigh(rung: Rung, margins: Floats, y: Floats, setting: Setting) -> tuple[float, Floats]:
    """Weigh the members of a blend by their out-of-fold margins, (n, k): intercept and (k,) weights."""
    return cast("Blender", rung.make(setting.seed, setting.jobs)).weigh(margins, y)


def calibrated(margin: Floats, loans: Loans) -> Output:
    """Turn margins of rows that the model was not fitted on into probabilities; groups of rows stay together."""
    return Calibration.fit(margin, loans.y, groups=loans.groups)


def fit_model(
    rung: Rung,
    loans: Loans,
    setting: Setting,
    *,
    usecase: str,
    card: Mapping[str, Any],
    members: Sequence[Rung] = (),
    finish: Callable[[Floats, Loans], Output] = calibrated,
    progress: Callable[[int], None] = lambda done: None,
) -> TrainedModel:
    """Fit a rung on all these rows, and its output on predictions that it made for rows it had not seen.

    The card gains `quantiles`, 1,001 quantiles of those predictions: policies that approve a share need them.

    Parameters
    ----------
    rung : which estimator.
    loans : every labelled row.
    card : what is known of the model; plain JSON.
    members : rungs that it is made of, if it is a blend; each is fitted once, its weights come from the same folds.
    finish : out-of-fold margins (n,) and their loans to what turns a margin into an answer.
    progress : told after each round of fits (FOLDS + 1 of them) how many are done.
    """
    made = members or (rung,)
    margins = np.empty((len(loans), len(made)))
    divisions = folds(loans.bad, loans.groups, count=FOLDS, seed=setting.seed)
    for done, (train, test) in enumerate(divisions, start=1):
        part = loans.take(train)
        plan, x = fit_plan(part, setting)
        x_test = plan.transform(loans.codes[test])
        for place, one in enumerate(made):
            margins[test, place] = fit_scorer(one, x, part.y, setting).margin(x_test)
        progress(done)
    plan, x = fit_plan(loans, setting)
    scorers = [fit_scorer(one, x, loans.y, setting) for one in made]
    scorer, margin = scorers[0], margins[:, 0]
    if members:
        intercept, weights = weigh(rung, margins, loans.y, setting)
        scorer, margin = Blend.of(intercept, weights, scorers, x.shape[1]), intercept + margins @ weights
    output = finish(margin, loans)
    progress(FOLDS + 1)
    quantiles = np.quantile(output.answer(margin).value, np.linspace(0.0, 1.0, 1001)).tolist()
    return TrainedModel(usecase, loans.contract, plan, scorer, output, {**card, "quantiles": quantiles})
