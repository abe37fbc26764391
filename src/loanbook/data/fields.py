"""One column of the data contract: what a cell may hold, and the number it becomes.

Every field turns a cell into one float64, its *code*: a number is itself, a date is its day since 1970-01-01, a truth
is 0 or 1, a category is the position of its level (-1 for a level too rare to have been learned), nothing is NaN.

`code` is the only definition. `codes` does a whole column at once, but decides only the plain cases itself and hands
every other cell to `code`, so that a row and a million rows cannot be read differently.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from time import time
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.formats import dates, numbers, read_date, read_number
from loanbook.data.inference import MISSING

_DAY = 86_400
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SLACK_DAYS = 366  # a date may lie this far ahead of today, whatever the training rows showed
_EXAMPLE = 40  # characters of a wrong value that a message repeats


class Breach(ValueError):
    """A cell breaks the contract; the message is for the person who can mend it."""


class Field(Protocol):
    """One column of the contract."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def required(self) -> bool: ...

    def code(self, value: object) -> float: ...
    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]: ...
    def show(self, code: float) -> Any: ...
    def schema(self) -> dict[str, Any]: ...
    def to_json(self) -> dict[str, Any]: ...


def is_missing(value: object) -> bool:
    """Say whether a cell holds nothing: None, NaN, or text that means so.

    >>> [is_missing(value) for value in (None, float("nan"), " N/A ", 0, "none")]
    [True, True, True, False, False]
    """
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip() in MISSING
    return isinstance(value, float) and math.isnan(value)


def as_text(value: object) -> str:
    """Write a level the one way in which it is stored, however the table had it.

    Codes such as 1 reach us as 1, 1.0 (integers that had missing neighbours) or "1".

    >>> [as_text(value) for value in (1, 1.0, " CA ", True, 2.5)]
    ['1', '1', 'CA', 'true', '2.5']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _EXAMPLE else text[: _EXAMPLE - 1] + "…"


def _absent(required: bool) -> float:
    if required:
        raise Breach("must not be missing: no training row was")
    return math.nan


def _one_by_one(
    column: pl.Series,
    code: Callable[[object], float],
    values: NDArray[np.float64],
    doubtful: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Let `code` settle every doubtful cell; equal cells are asked once."""
    known: dict[object, float | str] = {}
    problems: dict[int, str] = {}
    places = np.flatnonzero(doubtful)
    for row, value in zip(places.tolist(), column.gather(places).to_list(), strict=True):
        key = None if is_missing(value) else (type(value), value)
        if key not in known:
            try:
                known[key] = code(value)
            except Breach as breach:
                known[key] = str(breach)
        answer = known[key]
        if isinstance(answer, str):
            problems[row], values[row] = answer, math.nan
        else:
            values[row] = answer
    return values, problems


def _by_level(column: pl.Series, code: Callable[[object], float]) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read a column with few distinct cells: each distinct cell once."""
    distinct = column.unique()
    values, problems = _one_by_one(distinct, code, np.empty(len(distinct)), np.ones(len(distinct), np.bool_))
    position = np.arange(len(distinct), dtype=np.uint32)
    where = column.replace_strict(distinct, pl.Series(position), return_dtype=pl.UInt32).to_numpy()
    where = where.astype(np.intp, copy=False)  # an empty column gives floats
    wrong = np.isin(where, np.fromiter(problems, np.int64, len(problems)))
    return values[where], {int(row): problems[int(where[row])] for row in np.flatnonzero(wrong)}


@dataclass(frozen=True)
class NumberField:
    """A number within the range that the training rows make believable.

    >>> amount = NumberField("amount", "decimal", required=True, low=0.0, high=5e6)
    >>> amount.code(" 12.5 "), amount.code(3)
    (12.5, 3.0)
    >>> amount.code(-1)
    Traceback (most recent call last):
    loanbook.data.fields.Breach: -1 is below 0, the least that is believable here
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
            return _absent(self.required)
        number = self._number(value)
        if not math.isfinite(number):
            raise Breach(f"{_shown(value)} is not a finite number")
        if number < self.low:
            raise Breach(f"{_shown(value)} is below {self.low:.12g}, the least that is believable here")
        if number > self.high:
            raise Breach(f"{_shown(value)} is above {self.high:.12g}, the most that is believable here")
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
        raise Breach(f"{_shown(value)} is not a number")

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        if column.dtype == pl.String:
            read = numbers(column, self.format)
        elif column.dtype.is_numeric():
            read = column.cast(pl.Float64)
        else:
            read = pl.Series([None] * len(column), dtype=pl.Float64)
        values = read.to_numpy(writable=True).astype(np.float64, copy=False)
        sure = (values >= self.low) & (values <= self.high) & np.isfinite(values)
        if not self.required:
            sure |= column.is_null().to_numpy()
        return _one_by_one(column, self.code, values, ~sure)

    def show(self, code: float) -> float | int | None:
        """Give back the value a code stands for."""
        if math.isnan(code):
            return None
        return int(code) if self.kind == "integer" and code.is_integer() else code

    def schema(self) -> dict[str, Any]:
        kind: Any = "number"
        limits: dict[str, Any] = {}
        if math.isfinite(self.low):
            limits["minimum"] = self.low
        if math.isfinite(self.high):
            limits["maximum"] = self.high
        return {"type": kind if self.required else [kind, "null"], **limits}

    def to_json(self) -> dict[str, Any]:
        low = self.low if math.isfinite(self.low) else None
        high = self.high if math.isfinite(self.high) else None
        return {**_common(self), "low": low, "high": high, "format": self.format}


@dataclass(frozen=True)
class DateField:
    """A day within the span that the training rows make believable, or up to a year ahead of today.

    >>> DateField("approved", "date", required=True, low=0.0, high=20000.0).code("1926-05-01")
    Traceback (most recent call last):
    loanbook.data.fields.Breach: 1926-05-01 is before 1970-01-01, the first day that is believable here
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
            return _absent(self.required)
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
        raise Breach(f"{_shown(value)} is not a date written {written}as 2008-01-31")

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        readable = column.dtype == pl.String or column.dtype.is_temporal() or column.dtype.is_integer()
        read = dates(column, self.format) if readable else pl.Series([None] * len(column), dtype=pl.Float64)
        values = read.to_numpy(writable=True).astype(np.float64, copy=False)
        sure = (values >= self.low) & (values <= self._latest)
        if not self.required:
            sure |= column.is_null().to_numpy()
        return _one_by_one(column, self.code, values, ~sure)

    def show(self, code: float) -> str | None:
        """Give back the value a code stands for."""
        return None if math.isnan(code) else as_day(code)

    def schema(self) -> dict[str, Any]:
        return {"type": "string" if self.required else ["string", "null"], "format": "date"}

    def to_json(self) -> dict[str, Any]:
        low = self.low if math.isfinite(self.low) else None
        high = self.high if math.isfinite(self.high) else None
        return {**_common(self), "low": low, "high": high, "format": self.format}


@dataclass(frozen=True)
class CategoryField:
    """One of the levels that the training rows have.

    A *closed* field takes no other level. An open one (a town, a bank) takes any: what has no level of its own gets
    code -1, the pool of everything too rare to learn.

    >>> state = CategoryField("state", "category", required=False, levels=("CA", "NY"), closed=True)
    >>> state.code("NY"), state.code(None)
    (1.0, nan)
    >>> state.code("ny")
    Traceback (most recent call last):
    loanbook.data.fields.Breach: 'ny' is not one of the 2 known values; the nearest is 'NY'
    """

    name: str
    kind: str
    required: bool
    levels: tuple[str, ...]
    closed: bool

    @cached_property
    def _codes(self) -> dict[str, float]:
        return {level: float(code) for code, level in enumerate(self.levels)}

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return _absent(self.required)
        if not isinstance(value, str | int | float | Decimal):
            raise Breach(f"{_shown(value)} is not text")
        text = as_text(value)
        code = self._codes.get(text, -1.0)
        if code < 0 and self.closed:
            raise Breach(f"{_shown(text)} is not one of the {len(self.levels)} known values{self._nearest(text)}")
        return code

    def _nearest(self, text: str) -> str:
        from difflib import get_close_matches

        folded = {level.casefold(): level for level in self.levels}
        near = get_close_matches(text.casefold(), folded, n=1)
        return f"; the nearest is {folded[near[0]]!r}" if near else ""

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        return _by_level(column, self.code)

    def show(self, code: float) -> str | None:
        """Give back the level a code stands for; a pooled level is shown as such."""
        if math.isnan(code):
            return None
        return self.levels[int(code)] if code >= 0 else "(rare or new)"

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "string" if self.required else ["string", "null"]}
        if self.closed:
            found["enum"] = list(self.levels) + ([] if self.required else [None])
        return found

    def to_json(self) -> dict[str, Any]:
        return {**_common(self), "levels": list(self.levels), "closed": self.closed}


@dataclass(frozen=True)
class BooleanField:
    """True or false, however it is written.

    >>> BooleanField("owns_home", "boolean", required=True).code("No")
    0.0
    """

    words: ClassVar[Mapping[str, float]] = {
        "true": 1.0,
        "yes": 1.0,
        "1": 1.0,
        "false": 0.0,
        "no": 0.0,
        "0": 0.0,
    }

    name: str
    kind: str
    required: bool

    def code(self, value: object) -> float:
        """Read one cell; raise Breach where it cannot be."""
        if is_missing(value):
            return _absent(self.required)
        code = self.words.get(as_text(value).casefold())
        if code is None:
            raise Breach(f"{_shown(value)} is neither true nor false")
        return code

    def codes(self, column: pl.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Read a column: (n,) codes with NaN for missing or wrong, and what is wrong by row."""
        return _by_level(column, self.code)

    def show(self, code: float) -> bool | None:
        """Give back the value a code stands for."""
        return None if math.isnan(code) else code == 1.0

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean" if self.required else ["boolean", "null"]}

    def to_json(self) -> dict[str, Any]:
        return _common(self)


def as_day(code: float) -> str:
    """Write a day number as a date.

    >>> as_day(0.0)
    '1970-01-01'
    """
    return dt.date.fromordinal(int(code) + _EPOCH).isoformat()


def _common(field: Field) -> dict[str, Any]:
    return {"name": field.name, "kind": field.kind, "required": field.required}


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
