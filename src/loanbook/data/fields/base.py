"""What every kind of field shares."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.inference import MISSING

_WHOLE = re.compile(r"-?[0-9]+\.0+")
EXAMPLE = 40  # characters of a wrong value that a message repeats


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

    Codes such as 1 reach us as 1, as 1.0 (integers that had missing neighbours), or as either of these in a text.

    >>> [as_text(value) for value in (1, 1.0, "1.0", " CA ", True, 2.5)]
    ['1', '1', '1', 'CA', 'true', '2.5']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.partition(".")[0] if _WHOLE.fullmatch(text) else text


def shown(value: object) -> str:
    """Repeat a wrong value in a message, cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= EXAMPLE else text[: EXAMPLE - 1] + "…"


def absent(required: bool) -> float:
    """Code an empty cell; raise Breach where the field must not be empty."""
    if required:
        raise Breach("must not be missing: no training row was")
    return math.nan


def one_by_one(
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


def by_limits(
    field: Field, column: pl.Series, read: pl.Series | None, limits: tuple[float, float]
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Take the cells that were read and lie within the limits; ask the field for every other one.

    read : the column as numbers, null where that is not sure; None where nothing can be read at once.
    """
    values = (
        np.full(len(column), np.nan) if read is None else read.to_numpy(writable=True).astype(np.float64, copy=False)
    )
    sure = (values >= limits[0]) & (values <= limits[1])
    if not field.required:
        sure |= column.is_null().to_numpy()
    return one_by_one(column, field.code, values, ~sure)


def by_level(column: pl.Series, code: Callable[[object], float]) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read a column with few distinct cells: each distinct cell once."""
    distinct = column.unique()
    values, problems = one_by_one(distinct, code, np.empty(len(distinct)), np.ones(len(distinct), np.bool_))
    position = np.arange(len(distinct), dtype=np.uint32)
    where = column.replace_strict(distinct, pl.Series(position), return_dtype=pl.UInt32).to_numpy()
    where = where.astype(np.intp, copy=False)  # an empty column gives floats
    wrong = np.isin(where, np.fromiter(problems, np.int64, len(problems)))
    return values[where], {int(row): problems[int(where[row])] for row in np.flatnonzero(wrong)}


def common(field: Field) -> dict[str, Any]:
    """What every field writes of itself."""
    return {"name": field.name, "kind": field.kind, "required": field.required}


def limits(low: float, high: float) -> dict[str, float | None]:
    """Write limits as JSON has them: null where there is none."""
    return {"low": low if math.isfinite(low) else None, "high": high if math.isfinite(high) else None}


def required_or_null(kind: str, *, required: bool) -> dict[str, Any]:
    """JSON Schema's type of a field."""
    return {"type": kind if required else [kind, "null"]}
