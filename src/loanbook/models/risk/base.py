"""What the rungs of the risk ladder share: a scikit-learn classifier that answers only through its scorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from loanbook.errors import TrainingError
from loanbook.models.scoring import Additive, Scorer, sigmoid

Floats = NDArray[np.float64]

LARGEST = 1e30  # no sum of money comes near it, its square is a float64, and it is a float32 itself

__all__ = ["LARGEST", "Floats", "OneOutcome", "RiskClassifier", "base_log_odds", "check_names", "constant"]


class OneOutcome(TrainingError, ValueError):
    """Every row has the same outcome: a TrainingError to a lender, a ValueError to scikit-learn."""


class RiskClassifier(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn ships no types
    """A binary classifier whose only product is a scorer; the greater class is the bad one.

    A rung implements `_learn` and `describe`. Everything a caller asks for afterwards is computed from `scorer_`, so
    that what is measured in training is what decides in service, to the last bit.

    Attributes
    ----------
    classes_ : (2,) the labels seen, ascending; with y in {0, 1} the second is the bad class.
    n_features_in_ : number of columns of x.
    scorer_ : log-odds of bad and exact contributions.
    """

    title: ClassVar[str]
    interpretability: ClassVar[int]

    classes_: NDArray[Any]
    n_features_in_: int
    scorer_: Scorer

    def fit(self, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from labelled rows.

        Parameters
        ----------
        x : (n, m) numbers; NaN is "missing", infinity is refused.
        y : (n,) outcomes, two classes.
        sample_weight : (n,) weights, 0 or more; None counts every row once.

        Raises
        ------
        OneOutcome : every row has the same outcome, or those of one outcome weigh nothing.
        ValueError : x or y is not what scikit-learn calls valid.
        """
        rows, labels = validate_data(self, x, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        weight = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        self.classes_, bad = np.unique(labels, return_inverse=True)
        _two_classes(self.classes_, bad, weight)
        seen = weight > 0
        self.scorer_ = self._learn(rows[seen].clip(-LARGEST, LARGEST), bad[seen].astype(np.float64), weight[seen])
        return self

    @abstractmethod
    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Scorer:
        """Return the scorer for checked rows: y in {0.0, 1.0} with both present, every weight above 0."""

    @abstractmethod
    def describe(self, names: Sequence[str]) -> str:
        """Return what was learned, in plain text.

        Parameters
        ----------
        names : (m,) what to call the columns of x.
        """

    def decision_function(self, x: ArrayLike) -> Floats:
        """Log-odds of bad, (n,)."""
        check_is_fitted(self)
        rows = validate_data(self, x, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.scorer_.margin(rows)

    def predict_proba(self, x: ArrayLike) -> Floats:
        """Probability of good and of bad, (n, 2)."""
        bad = sigmoid(self.decision_function(x))
        return np.stack([1.0 - bad, bad], axis=1)

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Return the likelier class, (n,); at log-odds of exactly 0 the good one."""
        bad = self.decision_function(x) > 0
        return np.asarray(self.classes_[bad.astype(np.intp)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags


def base_log_odds(y: Floats, weight: Floats) -> float:
    """Log-odds of the weighted share of bad rows.

    >>> base_log_odds(np.array([0.0, 1.0, 1.0]), np.array([2.0, 1.0, 1.0]))
    0.0
    """
    bads = float(weight @ y)
    return float(np.log(bads / (float(weight.sum()) - bads)))


def constant(log_odds: float, width: int) -> Additive:
    """The scorer that gives every row the same log-odds.

    >>> constant(-1.5, width=2).margin(np.array([[1.0, 2.0]])).tolist()
    [-1.5]
    """
    none = np.empty(0)
    return Additive(log_odds, np.empty(0, np.int64), np.empty((0, 2)), np.empty((0, 2)), none, none, width)


def check_names(names: Sequence[str], width: int) -> list[str]:
    """Return the names as a list, one for each column of x, or raise ValueError.

    >>> check_names(["amount"], 2)
    Traceback (most recent call last):
    ValueError: names must have one entry for each of the 2 columns. Got 1 instead.
    """
    if len(names) != width:
        raise ValueError(f"names must have one entry for each of the {width} columns. Got {len(names)} instead.")
    return [str(name) for name in names]


def _two_classes(classes: NDArray[Any], bad: NDArray[np.intp], weight: Floats) -> None:
    if len(classes) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is multiclass: {len(classes)} classes."
        )
    seen = np.bincount(bad, weight, minlength=2) > 0
    if not seen.all():
        raise OneOutcome(
            "every loan has the same outcome (only one class), so there is nothing to tell apart",
            todo="check the target, and which of its values is the bad one",
        )
