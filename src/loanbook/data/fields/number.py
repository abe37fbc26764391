"""Numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields.base import Breach, absent, by_limits, common, is_missing, limits, required_or_null, shown
from loanbook.data.formats import numbers, read_number

_LARGEST = 1e30  # beyond it there is nothing to count, and squares and 32-bit floats overflow


@dataclass(frozen=True)
class NumberField:
    """A number within the range that the training rows make believable.

    >>> amount = NumberField("amount", "decimal", required=True, low=0.0, high=5e6)
    >>> amount.code(" 12.5 "), amount.code(3)
    (12.5, 3.0)
    >>> amount.code(-1)
    Traceback (most recent call last):
    loanbook.data.fields.base.Breach: -1 is below 0, the least that is believable here
    """

    name: str
    kind: str
    required: bool
    low: float = -math.inf
    high: float = math.inf
    format: str = ""

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return absent(self.required)
        number = self._number(value)
        if not math.isfinite(number):
            raise Breach(f"{shown(value)} is not a finite number")
        if abs(number) > _LARGEST:
            raise Breach(f"{shown(value)} is larger than any amount: beyond {_LARGEST:g}")
        if number < self.low:
            raise Breach(f"{shown(value)} is below {self.low:.12g}, the least that is believable here")
        if number > self.high:
            raise Breach(f"{shown(value)} is above {self.high:.12g}, the most that is believable here")
        return number

    def _number(self, value: object) -> float:
        if isinstance(value, str):
            for form in dict.fromkeys((self.format, "")):
                try:
                    return read_number(value.strip(), form)
                except ValueError:
                    continue
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            try:
                return float(value)
            except OverflowError:
                return math.inf
        raise Breach(f"{shown(value)} is not a number")

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        read = column.cast(pl.Float64) if column.dtype.is_numeric() else None
        if column.dtype == pl.String:
            read = numbers(column, self.format)
        return by_limits(self, column, read, (max(self.low, -_LARGEST), min(self.high, _LARGEST)))

    def show(self, code: float) -> float | int | None:
        """Give back the value a code stands for."""
        if math.isnan(code):
            return None
        return int(code) if self.kind == "integer" and code.is_integer() else code

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.low, "maximum": self.high}
        finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
        return {**required_or_null("number", required=self.required), **finite}

    def to_json(self) -> dict[str, Any]:
        return {**common(self), **limits(self.low, self.high), "format": self.format}
