"""How unlike a column is to a reference profile, from 0 (the same) to 1 (nothing in common)."""

from __future__ import annotations

import numpy as np
import polars as pl

from loanbook.data.fields import CategoryField, Field
from loanbook.data.quality.profile import GRID, ColumnProfile
from loanbook.data.quality.table import Floats, count_levels, unlimited

_FACTOR = 6.0  # no drift multiplies every quantile of a column by this much


def unlike(field: Field, column: pl.Series, reference: ColumnProfile) -> float:
    """Largest of three differences: in unreadable cells, in missing cells, in the distribution of the others.

    Parameters
    ----------
    field : reads the column, which may be another one's. reference : of the field.
    """
    if isinstance(field, CategoryField):
        return _levels_apart(column, reference)
    values, wrong = unlimited(field).codes(column)
    rows = max(len(column), 1)
    present = np.sort(values[~np.isnan(values)])
    missing = (rows - len(present) - len(wrong)) / rows
    apart = distance(present, reference) if len(present) else 0.0
    return max(len(wrong) / rows, abs(missing - reference.missing), apart)


def distance(present: Floats, reference: ColumnProfile) -> float:
    """Largest difference of the two distribution functions at the reference's quantiles (Kolmogorov, 1933).

    Parameters
    ----------
    present : (n,) ascending.
    """
    if not reference.values:
        return 0.0
    below = np.searchsorted(present, reference.grid, "left") / len(present)
    upto = np.searchsorted(present, reference.grid, "right") / len(present)
    return float(max(np.abs(below - reference.below).max(), np.abs(upto - reference.upto).max()))


def common_factor(present: Floats, usual: ColumnProfile) -> float:
    """The factor between the quantiles of the two, 0 when there is none or it is small."""
    if not usual.values or not len(present):
        return 0.0
    inner = (GRID >= 0.05) & (GRID <= 0.95)
    now, before = np.quantile(present, GRID[inner], method="higher"), usual.grid[inner]
    alike = (now * before) > 0
    nonzero = (before != 0) | (now != 0)
    if alike.sum() < max(4, 0.8 * nonzero.sum()):
        return 0.0
    logs = np.log(now[alike] / before[alike])
    middle = float(np.median(logs))
    spread = float(np.quantile(logs, 0.9) - np.quantile(logs, 0.1))
    if abs(middle) < np.log(_FACTOR) or spread > 0.35 * abs(middle):
        return 0.0
    return float(np.exp(middle))


def _levels_apart(column: pl.Series, reference: ColumnProfile) -> float:
    """Total variation between the shares of the reference's frequent levels; all others count as one."""
    rows = max(len(column), 1)
    counts = count_levels(column)
    shares = {level: counts.get(level, 0) / rows for level in reference.levels}
    apart = sum(abs(shares[level] - share) for level, share in reference.levels.items())
    other = sum(counts.values()) / rows - sum(shares.values())
    was_other = 1 - reference.missing - sum(reference.levels.values())
    missing = 1 - sum(counts.values()) / rows
    return 0.5 * (apart + abs(other - was_other) + abs(missing - reference.missing))
