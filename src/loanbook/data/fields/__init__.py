"""One column of the data contract: what a cell may hold, and the number it becomes.

Every field turns a cell into one float64, its *code*: a number is itself, a date is its day since 1970-01-01, a truth
is 0 or 1, a category is the position of its level (-1 for a level too rare to have been learned), nothing is NaN.

`code` is the only definition. `codes` does a whole column at once, but decides only the plain cases itself and hands
every other cell to `code`, so that a row and a million rows cannot be read differently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from loanbook.data.fields.base import Breach, Field, as_text, is_missing
from loanbook.data.fields.boolean import BooleanField
from loanbook.data.fields.category import CategoryField
from loanbook.data.fields.date import DateField, as_day
from loanbook.data.fields.number import NumberField

__all__ = [
    "BooleanField",
    "Breach",
    "CategoryField",
    "DateField",
    "Field",
    "NumberField",
    "as_day",
    "as_text",
    "field_from_json",
    "is_missing",
]


def field_from_json(saved: Mapping[str, Any]) -> Field:
    """Rebuild what a field's `to_json` wrote."""
    common = {"name": saved["name"], "kind": saved["kind"], "required": saved["required"]}
    if saved["kind"] == "category":
        return CategoryField(**common, levels=tuple(saved["levels"]), closed=saved["closed"])
    if saved["kind"] == "boolean":
        return BooleanField(**common)
    low = -math.inf if saved["low"] is None else saved["low"]
    high = math.inf if saved["high"] is None else saved["high"]
    make = DateField if saved["kind"] == "date" else NumberField
    return make(**common, low=low, high=high, format=saved["format"])
