"""What is measured where a probability is learned; `amounts.py` says the same for an amount."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.evaluation.intervals import Estimate
from loanbook.evaluation.metrics import auc, evaluate
from loanbook.models.scoring import Output
from loanbook.models.training import calibrated

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Headline:
    """The figure that a ladder is compared by.

    name : as in the figures of `Task.evaluate`. title : for a table.
    score : (y, margin) to the figure. higher : whether more is better.
    """

    name: str
    title: str
    score: Callable[[Floats, Floats], float]
    higher: bool = True

    def merit(self, value: float) -> float:
        """The figure with the sign that makes more better."""
        return value if self.higher else -value


class Task(Protocol):
    """How the answers of one kind of question are finished and measured."""

    @property
    def headline(self) -> Headline: ...

    def finish(self, margin: Floats, loans: Loans) -> Output:
        """Learn, from margins (n,) of n loans that the model was not fitted on, how a margin becomes an answer."""

    def evaluate(self, y: Floats, output: Output, margin: Floats, *, seed: int) -> dict[str, Estimate]:
        """Every figure of the test rows, with its interval."""

    def facts(self, loans: Loans) -> Mapping[str, Any]:
        """What is said of the rows as a whole, by name."""

    def doubts(self, headline: float) -> tuple[str, ...]:
        """What makes a test figure too good to be true."""


class Probability:
    """A probability of something bad, measured by how well it ranks and how true it is."""

    headline = Headline("auc", "AUC", auc)

    def finish(self, margin: Floats, loans: Loans) -> Output:
        """Calibrate."""
        return calibrated(margin, loans)

    def evaluate(self, y: Floats, output: Output, margin: Floats, *, seed: int) -> dict[str, Estimate]:
        """AUC, Brier and the others of `metrics.METRICS`."""
        return evaluate(y, output.answer(margin).value, seed=seed)

    def facts(self, loans: Loans) -> Mapping[str, Any]:
        """The share that went bad."""
        return {"bad_rate": float(loans.bad.mean())}

    def doubts(self, headline: float) -> tuple[str, ...]:
        """Doubt a model that hardly errs: no honest table of loans tells that much."""
        if headline < _TOO_GOOD:
            return ()
        return (f"an AUC of {headline:.3f} is more than honest columns give: look for one that is known only later",)


_TOO_GOOD = 0.985  # the best ever seen on honest tables of loans is 0.98, and there near-twins were on both sides
