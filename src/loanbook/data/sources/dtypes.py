"""One dtype a column, whatever file or batch its rows come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import polars as pl

from loanbook.errors import DataError

Schema = Mapping[str, pl.DataType]


def plain(dtype: pl.DataType) -> pl.DataType:
    """The simple dtype that stands for a stored one: eight in all.

    >>> plain(pl.Int32()), plain(pl.Decimal(10, 2)), plain(pl.Datetime("ns", "Europe/Berlin"))
    (Int64, Float64, Datetime(time_unit='us', time_zone=None))
    """
    if dtype.is_integer():
        return pl.UInt64() if dtype == pl.UInt64 else pl.Int64()
    if dtype.is_float() or dtype.is_decimal() or dtype == pl.Duration:
        return pl.Float64()  # a span of time is its seconds
    if dtype == pl.Datetime:
        return pl.Datetime("us")
    if dtype in (pl.Boolean, pl.Date, pl.Null):
        return dtype
    return pl.String()


def common(schemas: Iterable[tuple[str, Schema]]) -> dict[str, pl.DataType]:
    """The dtypes that hold the columns of several parts of one table.

    Parameters
    ----------
    schemas : for each part its name, and its plain dtypes by column, in the same order.

    Raises
    ------
    DataError : a column holds numbers in one part and something else in another.
    """
    found: dict[str, pl.DataType] = {}
    for part, schema in schemas:
        for name, dtype in schema.items():
            found[name] = _wider(part, name, found.get(name, pl.Null()), dtype)
    return {name: pl.String() if dtype == pl.Null else dtype for name, dtype in found.items()}


def fit(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The columns of `schema`, in its order and in its dtypes."""
    return pl.DataFrame([_fit(frame[name], dtype) for name, dtype in schema.items()])


def _wider(part: str, name: str, one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if other in (one, pl.Null):
        return one
    if one == pl.Null:
        return other
    if one.is_numeric() and other.is_numeric():
        return pl.Float64()
    if one in (pl.Date, pl.Datetime) and other in (pl.Date, pl.Datetime):
        return pl.Datetime("us")
    raise DataError(
        f'column "{name}" holds {_spoken(other)} here and {_spoken(one)} in the files before',
        where=part,
        todo="write it the same way in every file",
    )


def _spoken(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "numbers"
    return {pl.Boolean: "true or false", pl.String: "text"}.get(type(dtype), "dates")


def _fit(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if column.dtype == pl.Datetime and getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if column.dtype == pl.Duration:
        return column.dt.total_seconds(fractional=True).cast(dtype)
    if column.dtype.is_nested():
        cells = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_list()]
        return pl.Series(column.name, cells, dtype=pl.String)
    if column.dtype in (pl.Binary, pl.Object):
        cells = [None if cell is None else _text(cell) for cell in column.to_list()]
        return pl.Series(column.name, cells, dtype=pl.String)
    return column.cast(dtype)


def _text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
