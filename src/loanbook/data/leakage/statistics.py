"""Evidence out of figures alone. Each function gives a sentence, or None when there is nothing to say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loanbook.data.leakage.columns import Column, Floats, percent

_FEW = 20  # loans below which a share proves nothing


def presence(column: Column) -> str | None:
    """Filled, or not zero, nearly always for one outcome and hardly ever for the other."""
    there, word = column.filled, "filled"
    if column.values is not None and (column.values == 0).mean() > 0.2:
        there, word = there & (column.values != 0), "not zero"
    if not _FEW <= there.sum() <= len(there) - _FEW:
        return None
    bad, good = float(there[column.y == 1].mean()), float(there[column.y == 0].mean())
    if max(bad, good) < 0.2 or min(bad, good) > 0.04 * max(bad, good):
        return None
    return f"{word} for {percent(bad)} of the bad loans and for {percent(good)} of the others"


def separates(column: Column, *, exactly: bool = True) -> str | None:
    """By itself it ranks bad loans before good ones nearly without fault."""
    best = max(column.smooth_auc, column.order_auc, column.exact_auc if exactly else 0.5)
    if best < 0.95 or column.kind == "text":
        return None
    return f"alone it tells bad loans from good ones nearly without fault (AUC {best:.2f})"


def pure_region(column: Column) -> str | None:
    """Values that are nearly all bad and cover much of the bad."""
    if column.outcome.base > 0.6 or column.kind == "text":
        return None
    count, bad = _counts(column)
    pure = (count >= _FEW) & (bad >= 0.95 * count)
    loans, covered = int(count[pure].sum()), float(bad[pure].sum() / bad.sum())
    if covered < 0.2:
        return None
    share = percent(float(bad[pure].sum() / loans))
    return f"{share} of the {loans:,} loans with some of its values are bad, {percent(covered)} of all bad ones"


def safe_region(column: Column) -> str | None:
    """A tenth of the loans nearly free of bad ones, in a column that separates well.

    The values are chosen on some folds and judged on the others: among many groups some are free by luck.
    """
    if column.values is None or max(column.smooth_auc, column.order_auc) < 0.75:
        return None
    base, chosen_on = column.outcome.base, column.outcome.fold < 3
    count, bad = _counts(column, chosen_on)
    safe = (count * base >= 2) & (bad <= 0.05 * base * count)
    count, bad = _counts(column, ~chosen_on)
    loans, bads = float(count[safe].sum()), float(bad[safe].sum())
    if loans < 0.1 * count.sum() or loans * base < _FEW or bads > 0.05 * base * loans:
        return None
    safe_loans = int(_counts(column)[0][safe].sum())
    share = percent(bads / loans)
    return f"of {safe_loans:,} loans that it sets apart only {share} are bad, against {percent(base)} of all"


def rewritten(column: Column) -> str | None:
    """Exact values that separate far better than their order and their neighbourhoods do."""
    if column.values is None or column.kind == "date" or column.exact_auc < 0.8:
        return None
    if column.exact_auc < column.order_auc + 0.08 or column.exact_auc < column.smooth_auc + 0.03:
        return None
    return (
        f"its exact values tell bad loans from good ones (AUC {column.exact_auc:.2f}) far better than their order"
        f" (AUC {column.order_auc:.2f}), as if it were rewritten for one of them"
    )


def _counts(column: Column, rows: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
    """Count loans and bad loans in each neighbourhood of values."""
    groups, size = column.groups, int(column.groups.max(initial=0)) + 1
    y = column.y
    if rows is not None:
        groups, y = groups[rows], y[rows]
    count, bad = np.bincount(groups, minlength=size), np.bincount(groups, y, size)
    return count.astype(np.float64), bad.astype(np.float64)
