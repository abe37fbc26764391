"""The peer: the pipeline that most people write and ship, with the same columns, rows and number of trees.

A pandas frame, scikit-learn's ColumnTransformer with one-hot categories, a scikit-learn or XGBoost classifier, and
XGBoost's own contributions for reasons. Written with care: one transform an application, rare categories pooled,
the calendar kept out as ours keeps it out, XGBoost on one thread so that it does not spin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:  # servers that import this have nothing of ours
    from benchmarks.bench import Size
    from loanbook.data.contract import Contract

CLASSIFIERS = ("logistic", "forest", "xgboost")
MOST_REASONS = 4
_POOLED = 20  # categories of fewer rows share a column
_ETA = 0.08


@dataclass(frozen=True)
class Columns:
    """Which column is what; a date becomes its month and its weekday."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    dates: tuple[str, ...]

    @classmethod
    def of(cls, contract: Contract) -> Columns:
        def named(*kinds: str) -> tuple[str, ...]:
            return tuple(field.name for field in contract.fields if field.kind in kinds)

        return cls(named("integer", "decimal"), named("category", "boolean"), named("date"))

    @cached_property
    def made(self) -> tuple[str, ...]:
        return tuple(f"{name} {part}" for name in self.dates for part in ("month", "weekday"))

    def frame(self, rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
        """Applications, or a table as read, with the dtypes that the pipeline was fitted on."""
        frame = pd.DataFrame(rows, copy=True)
        for name in self.numbers:
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
        for name in self.categories:
            frame[name] = frame[name].astype(object).where(frame[name].notna(), np.nan)
        for name in self.dates:
            day = pd.to_datetime(frame[name])
            frame[f"{name} month"], frame[f"{name} weekday"] = day.dt.month, day.dt.day_of_week
        return frame

    def pipeline(self, classifier: Any) -> Pipeline:
        """Impute and scale numbers, one-hot categories, classify."""
        numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_POOLED)
        columns = ColumnTransformer(
            [("numbers", numbers, [*self.numbers, *self.made]), ("categories", one_hot, list(self.categories))]
        )
        return Pipeline([("columns", columns), ("classifier", classifier)])


def classifier(name: str, seed: int) -> Any:
    """One of CLASSIFIERS, with its library's own settings."""
    if name == "logistic":
        return LogisticRegression(max_iter=1000)
    if name == "forest":
        return RandomForestClassifier(n_jobs=2, random_state=seed)
    from xgboost import XGBClassifier

    return XGBClassifier(n_jobs=1, random_state=seed)


@dataclass(frozen=True)
class Usual:
    """A fitted pipeline that ends in XGBoost: probabilities and reasons."""

    columns: Columns
    pipeline: Pipeline

    @classmethod
    def fit(cls, columns: Columns, table: pd.DataFrame, bad: NDArray[np.float64], size: Size) -> Usual:
        from xgboost import XGBClassifier

        shape = (
            {"grow_policy": "lossguide", "max_leaves": size.leaves, "max_depth": 0}
            if size.leaf_by_leaf
            else {"max_depth": size.depth}
        )
        boosted = XGBClassifier(n_estimators=size.trees, learning_rate=_ETA, n_jobs=1, random_state=0, **shape)
        return cls(columns, columns.pipeline(boosted).fit(columns.frame(table), bad))

    def score(self, rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> NDArray[np.float64]:
        """Probability of default, (n,)."""
        found: NDArray[np.float64] = self.pipeline.predict_proba(self.columns.frame(rows))[:, 1]
        return found

    def explain(self, rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> tuple[NDArray[np.float64], list[list[str]]]:
        """Probability of default, (n,), and the names of the columns that raised it most, from one transform."""
        import xgboost

        x = self.pipeline[:-1].transform(self.columns.frame(rows))
        p: NDArray[np.float64] = self.pipeline[-1].predict_proba(x)[:, 1]
        moved = self.pipeline[-1].get_booster().predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True)[:, :-1]
        names, starts = self._sources
        sums = np.add.reduceat(moved, starts, axis=1)
        order = np.argsort(-sums, axis=1)[:, :MOST_REASONS]
        return p, [[names[at] for at in row if sums[number, at] > 0] for number, row in enumerate(order)]

    @cached_property
    def _sources(self) -> tuple[list[str], NDArray[np.intp]]:
        """Columns before the transform, and where the columns made of each start."""
        encoder = self.pipeline[0].named_transformers_["categories"]
        names = [*self.columns.numbers, *self.columns.made, *self.columns.categories]
        widths = [1] * (len(names) - len(self.columns.categories))
        for levels, pooled in zip(encoder.categories_, encoder.infrequent_categories_, strict=True):
            widths.append(len(levels) if pooled is None else len(levels) - len(pooled) + 1)
        return names, np.cumsum([0, *widths[:-1]])
