"""Days."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from time import time
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields.base import (
    Breach,
    absent,
    as_text,
    by_limits,
    common,
    is_missing,
    limits,
    required_or_null,
    shown,
)
from loanbook.data.formats import dates, read_date

_DAY = 86_400
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SLACK_DAYS = 366  # a date may lie this far ahead of today, whatever the training rows showed


@dataclass(frozen=True)
class DateField:
    """A day within the span that the training rows make believable, or up to a year ahead of today.

    >>> DateField("approved", "date", required=True, low=0.0, high=20000.0).code("1926-05-01")
    Traceback (most recent call last):
    loanbook.data.fields.base.Breach: 1926-05-01 is before 1970-01-01, the first day that is believable here
    """

    name: str
    kind: str
    required: bool
    low: float = -math.inf
    high: float = math.inf
    format: str = ""

    @property
    def _latest(self) -> float:
        return max(self.high, time() // _DAY + _SLACK_DAYS)

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return absent(self.required)
        day = self._day(value)
        if day < self.low:
            raise Breach(f"{as_day(day)} is before {as_day(self.low)}, the first day that is believable here")
        if day > self._latest:
            raise Breach(f"{as_day(day)} is after {as_day(self._latest)}, the last day that is believable here")
        return day

    def _day(self, value: object) -> float:
        if isinstance(value, dt.date):  # a datetime is one too
            return float(value.toordinal() - _EPOCH)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            for form in dict.fromkeys((self.format, "")):
                try:
                    return read_date(as_text(value), form)
                except ValueError:
                    continue
        written = f"as {self.format} or " if self.format else ""
        raise Breach(f"{shown(value)} is not a date written {written}as 2008-01-31")

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        readable = column.dtype == pl.String or column.dtype.is_temporal() or column.dtype.is_integer()
        read = dates(column, self.format) if readable else None
        return by_limits(self, column, read, (self.low, self._latest))

    def show(self, code: float) -> str | None:
        """Give back the value a code stands for."""
        return None if math.isnan(code) else as_day(code)

    def schema(self) -> dict[str, Any]:
        return {**required_or_null("string", required=self.required), "format": "date"}

    def to_json(self) -> dict[str, Any]:
        return {**common(self), **limits(self.low, self.high), "format": self.format}


def as_day(code: float) -> str:
    """Write a day number as a date.

    >>> as_day(0.0)
    '1970-01-01'
    """
    return dt.date.fromordinal(int(code) + _EPOCH).isoformat()
