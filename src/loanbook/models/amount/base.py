"""What the rungs of the amount ladder share: a scikit-learn regressor that answers only through its scorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from loanbook.models.risk.base import LARGEST
from loanbook.models.scoring import Scorer
from loanbook.models.scoring.amounts import to_amount, to_margin

Floats = NDArray[np.float64]


class AmountRegressor(RegressorMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn ships no types
    """A regressor whose only product is a scorer; its margin is sign(a) log(1 + |a|) of the amount.

    On that scale being wrong by half weighs alike for a small and for a large amount. A rung implements `_learn` and
    `describe`; everything a caller asks for afterwards is computed from `scorer_`.

    Attributes
    ----------
    n_features_in_ : number of columns of x.
    scorer_ : margins and exact contributions to them.
    """

    title: ClassVar[str]
    interpretability: ClassVar[int]

    n_features_in_: int
    scorer_: Scorer

    def fit(self, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from rows whose amount is known.

        Parameters
        ----------
        x : (n, m) numbers; NaN is "missing", infinity is refused.
        y : (n,) amounts.
        sample_weight : (n,) weights, 0 or more; None counts every row once.

        Raises
        ------
        ValueError : x or y is not what scikit-learn calls valid.
        """
        rows, amounts = validate_data(
            self, x, y, dtype=np.float64, ensure_all_finite="allow-nan", y_numeric=True, multi_output=False
        )
        weight = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        seen = weight > 0
        if not seen.any():
            raise ValueError("every row weighs nothing: there is nothing to learn from")
        margins = to_margin(np.asarray(amounts, np.float64)[seen])
        self.scorer_ = self._learn(rows[seen].clip(-LARGEST, LARGEST), margins, weight[seen])
        return self

    @abstractmethod
    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Scorer:
        """Return the scorer for checked rows: y on the margin's scale, every weight above 0."""

    @abstractmethod
    def describe(self, names: Sequence[str]) -> str:
        """Return what was learned, in plain text.

        Parameters
        ----------
        names : (m,) what to call the columns of x.
        """

    def predict(self, x: ArrayLike) -> Floats:
        """Amounts, (n,)."""
        check_is_fitted(self)
        rows = validate_data(self, x, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return to_amount(self.scorer_.margin(rows))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.regressor_tags.poor_score = True  # scikit-learn's check wants R² on amounts of both signs around zero
        return tags


def weighted_median(values: Floats, weight: Floats) -> float:
    """The value below and above which half of the weight lies; between two of them the lower.

    >>> weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 5.0]))
    2.0
    """
    order = np.argsort(values, kind="stable")
    place = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)
    return float(values[order][min(int(place), len(values) - 1)])


def amount_text(margin: float) -> str:
    """An amount with thousands separators, for `describe`.

    >>> amount_text(float(to_margin(np.array([12_345.6]))[0]))
    '12,346'
    """
    amount = float(to_amount(np.array([margin]))[0])
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.3g}"
