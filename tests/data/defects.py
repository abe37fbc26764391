"""Mistakes that people and programs make with tables, each put into a good one."""

# ruff: noqa: E501 (a defect a line reads best)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

Inject = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Defect:
    """What is done to the table, and which check must find it in which column ("" = the table)."""

    name: str
    check: str
    column: str
    inject: Inject


def some(share: float) -> pl.Expr:
    """Marks about a share of the rows, spread over the table and the same in every run."""
    return pl.int_range(pl.len()) * 7919 % 10_007 < share * 10_007


def where(marks: pl.Expr, column: str, value: pl.Expr) -> Inject:
    return lambda frame: frame.with_columns(pl.when(marks).then(value).otherwise(pl.col(column)).alias(column))


def always(column: str, value: pl.Expr) -> Inject:
    return lambda frame: frame.with_columns(value.alias(column))


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The table as a CSV file gives it."""
    return frame.with_columns(
        pl.col(pl.Date, pl.Datetime).dt.strftime("%Y-%m-%d"), pl.col(pl.Float64, pl.Int64).cast(pl.String)
    )


def as_text(column: str, share: float, value: pl.Expr) -> Inject:
    return lambda frame: where(some(share), column, value)(texts(frame))


def swapped(one: str, other: str) -> Inject:
    return lambda frame: frame.with_columns(pl.col(one).alias(other), pl.col(other).alias(one))


def repeated(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.filter(some(0.02))])


def repeated_under_new_ids(frame: pl.DataFrame) -> pl.DataFrame:
    again = frame.filter(some(0.02)).with_columns(pl.col("loan_number") + 10**11)
    return pl.concat([frame, again])


def moved_right(frame: pl.DataFrame, row: int = 7) -> pl.DataFrame:
    frame = texts(frame)
    cells = frame.row(row)
    changed = pl.DataFrame([(*cells[:3], None, *cells[3:-1])], schema=frame.schema, orient="row")
    return pl.concat([frame.head(row), changed, frame.slice(row + 1)])


def moved_left(frame: pl.DataFrame) -> pl.DataFrame:
    frame = texts(frame)
    part = frame.filter(some(0.01))
    names = part.columns
    changed = part.select(
        *(pl.col(names[min(place + 1, len(names) - 1)]).alias(name) for place, name in enumerate(names))
    )
    return pl.concat([frame.filter(~some(0.01)), changed])


def day_and_month_swapped(frame: pl.DataFrame) -> pl.DataFrame:
    date = pl.col("approval_date")
    swapped = pl.datetime(date.dt.year(), date.dt.day(), date.dt.month())
    return frame.with_columns(pl.when(date.dt.day() <= 12).then(swapped).otherwise(date).alias("approval_date"))


def header_again(frame: pl.DataFrame) -> pl.DataFrame:
    frame = texts(frame)
    header = pl.DataFrame([frame.columns], schema=frame.schema, orient="row")
    return pl.concat([frame.head(100), header, frame.slice(100)])


def empty_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.head(3).clear(3)])


def shuffled(column: str) -> Inject:
    return lambda frame: frame.with_columns(pl.col(column).shuffle(seed=1))


AMOUNT, STATE, DATE = pl.col("amount"), pl.col("state"), pl.col("approval_date")

DEFECTS = (
    Defect("amounts in cents", "units", "amount", always("amount", AMOUNT * 100)),
    Defect("amounts in thousands", "units", "amount", always("amount", AMOUNT / 1000)),
    Defect("percent for share of employees", "units", "employees", always("employees", pl.col("employees") * 100)),
    Defect("some amounts in cents", "range", "amount", where(some(0.03), "amount", AMOUNT * 100)),
    Defect("some amounts in thousands", "far_off", "amount", where(some(0.03), "amount", AMOUNT / 1000)),
    Defect("some employees times 100", "far_off", "employees", where(some(0.03), "employees", pl.col("employees") * 100)),
    Defect("two amounts swapped", "swapped", "amount", swapped("amount", "guaranteed_amount")),
    Defect("two states swapped", "swapped", "state", swapped("state", "bank_state")),
    Defect("number and category swapped", "swapped", "state", lambda frame: swapped("state", "employees")(texts(frame))),
    Defect("column sorted on its own", "order", "guaranteed_amount", shuffled("guaranteed_amount")),
    Defect("unseen category, closed", "unseen_category", "state", where(some(0.01), "state", pl.lit("ZZ"))),
    Defect("unseen category, open", "unseen_category", "revolving", where(some(0.05), "revolving", pl.lit("MAYBE"))),
    Defect("lower case", "unseen_category", "state", always("state", STATE.str.to_lowercase())),
    Defect("title case", "respelled", "bank", always("bank", pl.col("bank").str.to_titlecase())),
    Defect("doubled blanks", "respelled", "bank", always("bank", pl.col("bank").str.replace_all(" ", "  "))),
    Defect("wrong encoding", "encoding", "city", where(some(0.02), "city", pl.lit("SÃ£o Paulo"))),
    Defect("lost letters", "encoding", "bank", where(some(0.02), "bank", pl.lit("CR�DIT AGRICOLE"))),
    Defect("missing share jumps", "missing_jump", "revolving", where(some(0.4), "revolving", pl.lit(None))),
    Defect("missing where none may", "missing", "amount", where(some(0.01), "amount", pl.lit(None))),
    Defect("NaN", "missing", "amount", where(some(0.01), "amount", pl.lit(float("nan")))),
    Defect("infinity", "infinity", "amount", where(some(0.001), "amount", pl.lit(float("inf")))),
    Defect("negative amounts", "range", "amount", where(some(0.01), "amount", -AMOUNT)),
    Defect("ids again", "duplicate_id", "loan_number", repeated),
    Defect("ids missing", "missing_id", "loan_number", where(some(0.01), "loan_number", pl.lit(None))),
    Defect("rows again under new ids", "duplicate_rows", "", repeated_under_new_ids),
    Defect("one row moved right", "shifted", "", moved_right),
    Defect("rows moved left", "shifted", "", moved_left),
    Defect("header among the rows", "repeated_header", "", header_again),
    Defect("empty rows", "empty_rows", "", empty_rows),
    Defect("dates in 1926", "impossible_date", "approval_date", where(some(0.005), "approval_date", DATE.dt.offset_by("-75y"))),
    Defect("dates in 2105", "impossible_date", "approval_date", where(some(0.005), "approval_date", DATE.dt.offset_by("100y"))),
    Defect("decisions in the future", "future_date", "approval_date", where(some(0.005), "approval_date", pl.lit(np.datetime64("today") + np.timedelta64(90, "D")))),
    Defect("day and month swapped", "day_month", "approval_date", day_and_month_swapped),
    Defect("date format changed", "not_a_date", "approval_date", always("approval_date", DATE.dt.strftime("%d.%m.%Y"))),
    Defect("text among numbers", "not_a_number", "amount", as_text("amount", 0.01, pl.lit("unknown"))),
    Defect("decimal comma", "not_a_number", "amount", as_text("amount", 1.0, AMOUNT.str.replace(".", ",", literal=True))),
    Defect("constant column", "constant", "amount", always("amount", pl.lit(50_000.0))),
    Defect("all zeros", "constant", "employees", always("employees", pl.lit(0))),
    Defect("sentinel out of range", "range", "jobs_created", where(some(0.01), "jobs_created", pl.lit(999_999_999))),
    Defect("sentinel in range", "special_code", "amount", where(some(0.01), "amount", pl.lit(999_999.0))),
    Defect("integer overflow", "range", "employees", where(some(0.01), "employees", pl.lit(-(2**31)))),
    Defect("column gone", "missing_column", "amount", lambda frame: frame.drop("amount")),
    Defect("column renamed", "missing_column", "amount", lambda frame: frame.rename({"amount": "amount_usd"})),
    Defect("column renamed beyond likeness", "missing_column", "state", lambda frame: frame.rename({"state": "region"})),
    Defect("truth spelled otherwise", "unseen_category", "revolving", always("revolving", pl.col("revolving").replace({"Y": "Yes", "N": "No"}))),
)  # fmt: skip
