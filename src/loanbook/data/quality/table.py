"""A table as the checks look at it: every field read once, with and without its limits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.data.fields import CategoryField, DateField, Field, NumberField, as_text, is_missing

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """One column read by its field.

    values : (n,) what the cells say, NaN where missing or unreadable; limits are not asked.
    unreadable : (n,) cells that are there and say nothing.
    problems : row -> breach, limits asked.
    """

    values: Floats
    unreadable: NDArray[np.bool_]
    problems: dict[int, str]

    @property
    def present(self) -> Floats:
        """The values that are there."""
        return self.values[~np.isnan(self.values)]

    @property
    def missing(self) -> float:
        """Share of cells that are empty."""
        gone = np.isnan(self.values) & ~self.unreadable
        return float(gone.mean()) if len(gone) else 0.0


@dataclass(frozen=True)
class Table:
    """The rows under check, and which column plays which part."""

    frame: pl.DataFrame
    contract: Contract
    id: str | None = None
    time: str | None = None

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.frame.height

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The contract's fields that have their column."""
        return {field.name: field for field in self.contract.fields if field.name in self.frame.columns}

    @cached_property
    def readings(self) -> dict[str, Reading]:
        """Every field's column, read."""
        return {name: read(field, self.frame[name]) for name, field in self.fields.items()}

    @cached_property
    def levels(self) -> dict[str, dict[str, int]]:
        """Rows a level of every category, as text, missing not counted."""
        return {name: count_levels(self.frame[name]) for name in self.of_kind(CategoryField)}

    def of_kind(self, *kinds: type) -> list[str]:
        """Names of the fields of some kinds."""
        return [name for name, field in self.fields.items() if isinstance(field, kinds)]

    def numbers(self) -> Iterator[tuple[str, Reading]]:
        """The number fields, read."""
        return ((name, self.readings[name]) for name in self.of_kind(NumberField))

    def dates(self) -> Iterator[tuple[str, Reading]]:
        """The date fields, read."""
        return ((name, self.readings[name]) for name in self.of_kind(DateField))

    def cell(self, column: str, row: int) -> str:
        """One cell for a message."""
        text = str(self.frame[column][row])
        return text if len(text) <= 40 else text[:39] + "…"


def read(field: Field, column: pl.Series) -> Reading:
    """Read a column by a field, with and without its limits."""
    _, problems = field.codes(column)
    values, unreadable = unlimited(field).codes(column)
    marks = np.zeros(len(column), np.bool_)
    marks[list(unreadable)] = True
    return Reading(values, marks, problems)


def unlimited(field: Field) -> Field:
    """The same field, taking every value that it can read, and none."""
    if isinstance(field, NumberField | DateField):
        # Infinity stays wrong; a far future date does not.
        return replace(field, required=False, low=-math.inf, high=math.inf if field.kind != "date" else 1e9)
    if isinstance(field, CategoryField):
        return replace(field, required=False, closed=False)
    return replace(field, required=False)  # type: ignore[type-var]


def count_levels(column: pl.Series) -> dict[str, int]:
    """Rows a distinct text of a column.

    >>> count_levels(pl.Series(["CA", " CA", None, "NY"]))
    {'CA': 2, 'NY': 1}
    """
    counts: dict[str, int] = {}
    for value, count in column.value_counts(sort=True).iter_rows():
        if not is_missing(value):
            text = as_text(value)
            counts[text] = counts.get(text, 0) + int(count)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
