"""One column beside the outcome: the few statistics that the evidence is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.inference import MISSING, ColumnType, dates, numbers
from loanbook.data.sources.columns import pick

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FOLDS = 5
_BINS = 50
_SMOOTH = 20


@dataclass(frozen=True)
class Outcome:
    """Labelled rows: frame of n rows, y (n,) in {0, 1}, fold (n,) of each row; equal rows are in one fold."""

    frame: pl.DataFrame
    y: Floats
    fold: Ints

    @classmethod
    def of(cls, frame: pl.DataFrame, y: Floats, *, looked_at: list[str], rows: int) -> Outcome:
        """Take at most about `rows` rows, evenly; rows are equal when the columns looked at are."""
        step = max(1, -(-len(y) // rows))
        frame, y = frame.gather_every(step), y[::step]
        plain = [name for name in looked_at if not _is_odd(frame[name].dtype)]
        hashes = pick(frame, plain).hash_rows(seed=7).to_numpy() if plain else np.zeros(len(y), dtype=np.uint64)
        return cls(frame, y, (hashes % np.uint64(_FOLDS)).astype(np.int64))

    @property
    def base(self) -> float:
        """Share of bad loans."""
        return float(self.y.mean())

    @property
    def both(self) -> bool:
        """Whether there are loans of both outcomes."""
        return bool(0 < self.y.sum() < len(self.y))


@dataclass(frozen=True)
class Column:
    """One column of labelled loans.

    values : (n,) numbers, or days of dates, NaN where missing; None for other kinds.
    codes : (n,) number of the exact value, 0 where missing.
    """

    name: str
    kind: str
    outcome: Outcome
    cells: pl.Series
    values: Floats | None
    codes: Ints

    @property
    def y(self) -> Floats:
        """Return the outcome, (n,)."""
        return self.outcome.y

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Return where there is a value, (n,)."""
        return self.codes > 0

    @cached_property
    def distinct(self) -> int:
        """Count the different values."""
        return int(self.codes.max(initial=0))

    @cached_property
    def exact_auc(self) -> float:
        """AUC when each exact value is scored by its bad rate in the other folds."""
        return auc(self.y, _encoded(self.codes, self.outcome))

    @cached_property
    def smooth_auc(self) -> float:
        """AUC when only neighbourhoods of values count; for kinds without order, the exact values."""
        return self.exact_auc if self.values is None else auc(self.y, _encoded(self.bins(_SMOOTH), self.outcome))

    @cached_property
    def order_auc(self) -> float:
        """AUC of the values as they are ordered, one way or the other, where there are any; 0.5 without order."""
        if self.values is None:
            return 0.5
        there = ~np.isnan(self.values)
        if not 0 < self.y[there].sum() < there.sum():
            return 0.5
        ordered = auc(self.y[there], self.values[there])
        return max(ordered, 1 - ordered)

    @cached_property
    def groups(self) -> Ints:
        """Neighbourhoods of values, or the values themselves, (n,); 0 where missing."""
        return self.codes if self.values is None else self.bins(_BINS)

    def bins(self, count: int) -> Ints:
        """Number of the quantile that a value lies in, from 1; 0 where missing."""
        values = self.values if self.values is not None else self.codes.astype(np.float64)
        there = ~np.isnan(values)
        if not there.any():
            return np.zeros(len(values), dtype=np.int64)
        edges = np.unique(np.quantile(values[there], np.linspace(0, 1, count + 1)[1:-1]))
        return np.where(there, np.searchsorted(edges, values, side="right") + 1, 0).astype(np.int64)


def view(outcome: Outcome, name: str, kind: ColumnType) -> Column:
    """Look at one column of the outcome's frame."""
    cells = outcome.frame[name]
    if _is_odd(cells.dtype):
        return Column(name, "text", outcome, cells, None, cells.is_not_null().cast(pl.Int64).to_numpy())
    if cells.dtype == pl.String:
        cells = cells.set(cells.is_in(list(MISSING)), None)
    values = _values(cells, kind)
    exact = cells if values is None else pl.Series(name, values).fill_nan(None)
    if not exact.dtype.is_numeric():
        exact = exact.cast(pl.String, strict=False)
    codes = exact.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    return Column(name, kind.kind, outcome, cells, values, codes)


def auc(y: Floats, score: Floats) -> float:
    """Area under the ROC curve, ties counted half (Mann and Whitney, 1947).

    >>> auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 2.0, 2.0, 3.0]))
    0.875
    """
    ranks = pl.Series(score).rank("average").to_numpy()
    bad = y.sum()
    return float((ranks[y == 1].sum() - bad * (bad + 1) / 2) / (bad * (len(y) - bad)))


def percent(share: float) -> str:
    """Write a share so that "all" and "none" are told from "nearly".

    >>> percent(1.0), percent(0.996), percent(0.9999), percent(0.0001), percent(0.0), percent(0.25)
    ('100%', '99.6%', '99.9%', '0.1%', '0%', '25%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    percent = 100 * share
    if 5 <= percent <= 95:
        return f"{percent:.0f}%"
    return f"{min(max(percent, 0.1), 99.9):.1f}%"


def _is_odd(dtype: pl.DataType) -> bool:
    """Whether cells are things that have no order and no text: lists, structs, bytes, Python objects."""
    return dtype.is_nested() or isinstance(dtype, pl.Object | pl.Binary)


def _values(cells: pl.Series, kind: ColumnType) -> Floats | None:
    if kind.kind == "date":
        read = dates(cells, kind.format)
    elif kind.kind in {"integer", "decimal"}:
        read = numbers(cells, kind.format)
    else:
        return None
    return read.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _encoded(codes: Ints, outcome: Outcome) -> Floats:
    """Score each row by the bad rate of its value in the other folds, drawn to the base by one row's weight."""
    size = int(codes.max(initial=0)) + 1
    count = np.bincount(codes, minlength=size)
    bad = np.bincount(codes, weights=outcome.y, minlength=size)
    score = np.empty(len(codes))
    for fold in range(_FOLDS):
        own = outcome.fold == fold
        others = count - np.bincount(codes[own], minlength=size)
        bads = bad - np.bincount(codes[own], weights=outcome.y[own], minlength=size)
        score[own] = ((bads + outcome.base) / (others + 1))[codes[own]]
    return score
