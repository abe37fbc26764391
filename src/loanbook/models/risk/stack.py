"""Several rungs as one: each predicts rows it has not seen, and their log-odds are weighed by how well they did."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from loanbook.errors import TrainingError
from loanbook.models.ladder import Rung
from loanbook.models.risk import LADDER, MEMBERS
from loanbook.models.risk.base import Floats, RiskClassifier, check_names
from loanbook.models.risk.folds import inner_folds, loss_of
from loanbook.models.scoring import Blend, sigmoid

EQUAL_BELOW = 1000
"""Rows below which weights learned from them are worse than equal ones."""
_PULL = 100.0  # towards equal weights: a ridge as strong as so many rows
_ROUNDS = 50
_TO_THE_END = {"ftol": 1e-13, "gtol": 1e-9, "maxiter": 1000}

Weights = tuple[float, Floats]
"""Intercept, and the weight of each member."""


class Blended(RiskClassifier):
    """What the stack and the greedy blend share: members, fitted on folds to be weighed and on all rows to decide.

    Below 1,000 rows every member weighs the same: weights learned from so few would be noise.

    Parameters
    ----------
    members : names of rungs of the ladder; those whose library is not installed are left out.
    folds : of the inner cross-validation.
    seed : of folds and members.
    jobs : threads of a member.

    Attributes
    ----------
    members_ : the members that were there, fitted on all rows. weights_ : theirs.
    """

    scorer_: Blend
    members_: dict[str, RiskClassifier]
    weights_: Floats

    def __init__(self, *, members: Sequence[str] = MEMBERS, folds: int = 5, seed: int = 0, jobs: int = 1) -> None:
        self.members = members
        self.folds = folds
        self.seed = seed
        self.jobs = jobs

    @staticmethod
    @abstractmethod
    def weigh(margins: Floats, bad: Floats, weight: Floats | None = None) -> Weights:
        """Find intercept and weights of a blend.

        Parameters
        ----------
        margins : (n, k) log-odds that each member gave rows it was not fitted on.
        bad : (n,) 1 where the loan went bad, else 0.
        weight : (n,) of the rows; None counts each once.

        Returns
        -------
        The intercept, and (k,) weights, none below 0.
        """

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Blend:
        rungs = installed(self.members)
        intercept, self.weights_ = self.weigh(self._held_out(rungs, x, y, weight), y, weight)
        used = [rung for rung, part in zip(rungs, self.weights_, strict=True) if part > 0]
        self.members_ = {rung.name: rung.make(self.seed, self.jobs).fit(x, y, weight) for rung in used}
        scorers = [made.scorer_ for made in self.members_.values()]
        self.weights_ = self.weights_[self.weights_ > 0]
        return Blend.of(intercept, self.weights_, scorers, x.shape[1])

    def _held_out(self, rungs: Sequence[Rung], x: Floats, y: Floats, weight: Floats) -> Floats:
        """Log-odds of each member for rows it was not fitted on, (n, k); equal ones where there are too few rows."""
        margins = np.zeros((len(y), len(rungs)))
        for train, held in inner_folds(y, self.folds, self.seed) if len(y) >= EQUAL_BELOW else []:
            for place, rung in enumerate(rungs):
                made = rung.make(self.seed, self.jobs).fit(x[train], y[train], weight[train])
                margins[held, place] = made.scorer_.margin(x[held])
        return margins

    def describe(self, names: Sequence[str]) -> str:
        """Return each member's weight and what it says of itself."""
        called = check_names(names, self.n_features_in_)
        parts = [f"Log-odds {self.scorer_.intercept:+.3f}, and of {len(self.members_)} members:"]
        for weight, member in zip(self.weights_, self.members_.values(), strict=True):
            parts.append(f"{weight:.3f} × {member.title}")
            parts += [f"    {line}" for line in member.describe(called).splitlines()]
        return "\n".join(parts)


class Stack(Blended):
    """Stacked generalisation (Wolpert, 1992) by a logistic regression with weights of 0 or more (Breiman, 1996).

    The regression sees the log-odds that the members gave rows they were not fitted on. A ridge pulls its weights
    towards equal ones, so that members who say the same share the weight.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> rung = Stack(members=("one_rule", "tree")).fit(x, x[:, 0] < 38)
    >>> rung.weights_.tolist()
    [0.5, 0.5]
    """

    title: ClassVar[str] = "Stack"
    interpretability: ClassVar[int] = 12

    @staticmethod
    def weigh(margins: Floats, bad: Floats, weight: Floats | None = None) -> Weights:
        """Weigh members by a logistic regression that is pulled towards equal weights; see `Blended.weigh`.

        >>> good, noise = np.tile([-2.0, 2.0], 500), np.repeat([-1.0, 1.0], 500)
        >>> intercept, weights = Stack.weigh(np.stack([good, noise], axis=1), np.tile([0.0, 1.0], 500))
        >>> bool(weights[0] > 1 > weights[1] >= 0)
        True
        """
        rows, members = margins.shape
        equal = _equal(members)
        if rows < EQUAL_BELOW:
            return 0.0, equal
        weight = np.ones(rows) if weight is None else weight
        pull, shares = _PULL / weight.sum(), weight / weight.sum()

        def loss(at: Floats) -> tuple[float, Floats]:
            margin = at[0] + margins @ at[1:]
            off = shares * (sigmoid(margin) - bad)
            away = at[1:] - equal
            value = loss_of(margin, bad, shares) + pull / 2 * float(away @ away)
            return value, np.array([off.sum(), *(off @ margins + pull * away)])

        # Matrices this small are slower on several threads, and their last bits differ.
        with threadpool_limits(1, user_api="blas"):
            bounds = [(None, None), *[(0.0, None)] * members]
            found = minimize(
                loss, np.array([0.0, *equal]), jac=True, method="L-BFGS-B", bounds=bounds, options=_TO_THE_END
            )
        return float(found.x[0]), np.asarray(found.x[1:])


class GreedyBlend(Blended):
    """Ensemble selection (Caruana et al., 2004): again and again the member is added that helps the average most.

    A member may be added many times; its weight is how often it was, as a share. The average is one of log-odds, not
    of probabilities, so that contributions stay exact. The best of all averages on the way is kept.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 125)
    >>> rung = GreedyBlend(members=("one_rule", "approve_all")).fit(x, x[:, 0] < 38)
    >>> rung.weights_.tolist()
    [1.0]
    """

    title: ClassVar[str] = "Greedy blend"
    interpretability: ClassVar[int] = 11

    @staticmethod
    def weigh(margins: Floats, bad: Floats, weight: Floats | None = None) -> Weights:
        """Weigh members by how often each was chosen; see `Blended.weigh`.

        >>> good, noise = np.tile([-2.0, 2.0], 500), np.repeat([-1.0, 1.0], 500)
        >>> intercept, weights = GreedyBlend.weigh(np.stack([good, noise], axis=1), np.tile([0.0, 1.0], 500))
        >>> intercept, weights.tolist()
        (0.0, [1.0, 0.0])
        """
        if len(bad) < EQUAL_BELOW:
            return 0.0, _equal(margins.shape[1])
        weight = np.ones(len(bad)) if weight is None else weight
        chosen, total = np.zeros(margins.shape[1]), np.zeros(len(bad))
        best, kept = np.inf, chosen.copy()
        for size in range(1, _ROUNDS + 1):
            losses = [loss_of((total + column) / size, bad, weight) for column in margins.T]
            at = int(np.argmin(losses))
            chosen[at] += 1
            total += margins[:, at]
            if losses[at] < best:
                best, kept = losses[at], chosen / size
        return 0.0, kept


def _equal(members: int) -> Floats:
    return np.full(members, 1.0 / members)


def installed(names: Sequence[str]) -> list[Rung]:
    """The rungs of these names whose library is there, in the ladder's order.

    >>> [rung.name for rung in installed(["tree", "logistic"])]
    ['logistic', 'tree']

    Raises
    ------
    TrainingError : none of them is.
    """
    asked = [rung for rung in LADDER if rung.name in names]
    found = [rung for rung in asked if not rung.needs or find_spec(rung.needs)]
    if not found:
        extras = sorted({rung.extra for rung in asked if rung.extra})
        hint = f": pip install 'loanbook[{','.join(extras)}]'" if extras else ""
        raise TrainingError("no member of the blend is there", todo=f"name rungs of the ladder{hint}")
    return found
