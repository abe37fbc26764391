"""Dates that lie after the decision."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from loanbook.data.inference import ColumnType
from loanbook.data.leakage.columns import Column, Outcome, percent, view

_DECISION = re.compile(r"approv|applic|origin|issue|decision|request|book(ed|ing)|contract|sign", re.IGNORECASE)
_DAY = re.compile(r"date|day|_dt$|_d$|dat$", re.IGNORECASE)
# Planned at the decision, though they lie ahead.
_PLANNED = re.compile(r"matur|expir|due|end|first_?pay|valid|until|term", re.IGNORECASE)


def decision_day(outcome: Outcome, types: Mapping[str, ColumnType], time: str | None) -> Column | None:
    """Find the day of the decision: the named column, or the one whose name says so.

    A day may be a number (of days since some epoch) when its name says that it is a date.
    """
    if time in types and time in outcome.frame.columns:
        named = [time]
    else:
        named = [name for name in outcome.frame.columns if name in types and _DECISION.search(name)]
    for name in named:
        column = view(outcome, name, types[name])
        if _is_day(column):
            return column
    return None


def later(column: Column, day: Column) -> str | None:
    """Find out whether a date lies after the decision in nearly every row."""
    comparable = column.kind == day.kind and column.name != day.name and _is_day(column)
    if not comparable or column.values is None or day.values is None or _PLANNED.search(column.name):
        return None
    apart = column.values - day.values
    apart = apart[~np.isnan(apart)]
    if len(apart) < 20 or (apart > 0).mean() < 0.9 or not 0 < np.median(apart) < 20_000:
        return None
    return f"lies after {day.name} in {percent(float((apart > 0).mean()))} of the rows"


def _is_day(column: Column) -> bool:
    if column.kind == "date":
        return True
    return column.kind == "integer" and bool(_DAY.search(column.name)) and column.distinct > 31
