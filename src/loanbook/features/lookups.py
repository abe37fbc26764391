"""Lookups: what the training rows say about each level of a category or a code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loanbook.data.fields import CategoryField
from loanbook.features.encodings import Block, Feature, Lookup, Matrix
from loanbook.features.ratios import is_label
from loanbook.features.training import Training

_PRIOR_ROWS = 20.0  # a level is believed like this many rows of the average, plus its own
_COUNTED_LEVELS = 10  # a category with more levels than this also says how common each is


@dataclass(frozen=True, slots=True)
class _Levels:
    """One column that a lookup reads: which levels it has, and what its feature is called."""

    feature: Feature
    position: int
    divisor: int
    keys: tuple[int, ...]
    size: int


def lookups(training: Training, numeric: Sequence[int]) -> Iterable[Block]:
    """Fit weights of evidence and counts; `numeric` are the positions of the number fields."""
    labels = [at for at in numeric if is_label(training.field(at).name)]
    categories = training.of_kind("category")
    weights = [_category(training, at, "weight") for at in categories]
    weights += [
        _label(training, at, divisor, f"district {divisor}")
        for at in labels
        for divisor in _district_divisors(training.codes[:, at])
    ]
    counts = [_category(training, at, "count") for at in categories if _many_levels(training, at)]
    counts += [_label(training, at, 1, "count") for at in labels]
    if weights:
        yield _lookup(training, weights, by_outcome=True)
    if counts:
        yield _lookup(training, counts, by_outcome=False)


def _category(training: Training, position: int, what: str) -> _Levels:
    field = training.field(position)
    assert isinstance(field, CategoryField)  # noqa: S101 (kind says so)
    return _Levels(Feature(f"{field.name} {what}", field.name), position, 0, (), len(field.levels))


def _label(training: Training, position: int, divisor: int, what: str) -> _Levels:
    name, column = training.field(position).name, training.codes[:, position]
    heads = np.unique(np.floor(column[~np.isnan(column)] / divisor))
    keys = tuple(int(head) for head in heads)
    return _Levels(Feature(f"{name} {what}", name), position, divisor, keys, len(keys))


def _many_levels(training: Training, position: int) -> bool:
    field = training.field(position)
    return isinstance(field, CategoryField) and len(field.levels) > _COUNTED_LEVELS


def _lookup(training: Training, columns: Sequence[_Levels], *, by_outcome: bool) -> Lookup:
    empty = Lookup(
        features=tuple(column.feature for column in columns),
        positions=tuple(column.position for column in columns),
        divisors=tuple(column.divisor for column in columns),
        keys=tuple(column.keys for column in columns),
        tables=tuple((0.0,) * (column.size + 2) for column in columns),
        by_outcome=by_outcome,
    )
    levels = empty.levels(training.codes)
    tables = weight_tables(levels, training.bad, empty.tables) if by_outcome else count_tables(levels, empty.tables)
    return replace(empty, tables=tuple(tuple(float(value) for value in table) for table in tables))


def _district_divisors(column: Matrix) -> tuple[int, ...]:
    """Keep the two and the three leading digits of codes of five and more."""
    seen = column[column > 0]
    digits = len(str(int(np.median(seen)))) if len(seen) else 0
    return (10 ** (digits - 3), 10 ** (digits - 2)) if digits >= 5 else ()


def weight_tables(levels: NDArray[np.int64], bad: NDArray[np.float64], like: Sequence[Sequence[float]]) -> list[Matrix]:
    """Weight of evidence of every level, pulled towards zero where a level has few rows.

    w = ln((b + m p) / (g + m (1 - p))) - ln(p / (1 - p)) for b bad and g good rows of the level, base rate p and m
    rows' worth of prior (Micci-Barreca 2001, in log-odds).

    Parameters
    ----------
    levels : (n, k) row of each table. bad : (n,) outcomes. like : the tables' sizes.
    """
    share = (float(bad.sum()) + 0.5) / (len(bad) + 1.0)
    usual = np.log(share / (1 - share))
    tables = []
    for column, table in enumerate(like):
        rows = np.bincount(levels[:, column], minlength=len(table)).astype(np.float64)
        bads = np.bincount(levels[:, column], bad, minlength=len(table))
        odds = (bads + _PRIOR_ROWS * share) / (rows - bads + _PRIOR_ROWS * (1 - share))
        tables.append(np.log(odds) - usual)
    return tables


def count_tables(levels: NDArray[np.int64], like: Sequence[Sequence[float]]) -> list[Matrix]:
    """How many training rows had each level: a town's size, a bank's business.

    All levels too rare for one of their own share a row, of which each has about one: its count is 1.
    """
    tables = []
    for column, table in enumerate(like):
        counts = np.bincount(levels[:, column], minlength=len(table)).astype(np.float64)
        counts[1] = 1.0
        tables.append(counts)
    return tables
