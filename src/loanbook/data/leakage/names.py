"""Names that speak of what happens after a decision. They count only when a figure agrees."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from loanbook.data.leakage.columns import Column, percent

# These say it outright, unless they speak of the applicant's past.
_WRITTEN_OFF = re.compile(r"(ch(ar)?ge?d?|writ(e|ten|eoff)?)[ _.-]?off", re.IGNORECASE)
_PAST = re.compile(r"prior|prev|past|hist|num|count|within|ever|bureau|other", re.IGNORECASE)
_AFTERWARDS = re.compile(
    r"recover|collection|settle|hardship|(last|next|total)[ _.-]?(pay|pymnt|paid)|last[ _.-]?(fico|credit[ _.-]?pull)"
    r"|total[ _.-]?rec|out[ _.-]?prncp|(amount|principal|interest)[ _.-]?(re)?paid|default[ _.-]?dat"
    r"|clos(ed|ing)|foreclos|reposs|days?[ _.-]?past[ _.-]?due|write[ _.-]?down|loss",
    re.IGNORECASE,
)
_LEFT_OVER = re.compile(r"balance|outstanding|out[ _.-]?prncp|recover|arrears", re.IGNORECASE)
_PAID_OUT = re.compile(r"disburs|drawn|paid[ _.-]?out", re.IGNORECASE)


def telling_name(column: Column) -> str | None:
    """A name out of the life of a loan, and a figure that agrees."""
    if _WRITTEN_OFF.search(column.name) and not _PAST.search(column.name):
        return "its name speaks of a charge-off, which comes after the decision"
    best = max(column.smooth_auc, column.order_auc)
    if _AFTERWARDS.search(column.name) and not _PAST.search(column.name) and best >= 0.65:
        return f"its name speaks of what comes after the decision, and it separates well (AUC {best:.2f})"
    largest = np.bincount(column.codes).max() / len(column.codes)
    if _LEFT_OVER.search(column.name) and largest >= 0.999:
        shown = next(iter(column.cells.drop_nulls().mode().to_list()), "nothing")
        return f"its name speaks of what is left at the end, and it is {shown} in {percent(largest)} of the rows"
    return None


def later_figure(column: Column, columns: Iterable[Column]) -> str | None:
    """What was paid out: often the amount that was decided, and sometimes not."""
    if not _PAID_OUT.search(column.name) or column.values is None or column.kind == "date":
        return None
    for other in columns:
        if other.values is None or other.name == column.name or _PAID_OUT.search(other.name):
            continue
        same = float((column.values == other.values).mean())
        if 0.5 <= same <= 0.99:
            share = percent(1 - same)
            return f"its name speaks of paying out, and it differs from {other.name} in {share} of the rows"
    return None
