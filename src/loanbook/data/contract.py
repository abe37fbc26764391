"""The data contract: what the training table taught about its columns, enforced wherever a row enters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.data.fields import (
    BooleanField,
    Breach,
    CategoryField,
    DateField,
    Field,
    NumberField,
    as_text,
    field_from_json,
)
from loanbook.data.inference import ColumnType
from loanbook.errors import DataError, Problem, RowRefused

LEVEL_ROWS = 5  # a level seen less often teaches nothing and shares a code with the unseen
_CLOSED_LEVELS = 60  # a field with more levels than this is a list that goes on
_CLOSED_ROWS = 200  # below this, a level that was not seen says little
_YEAR = 366.0


@dataclass(frozen=True)
class Coded:
    """A table read by the contract.

    values : (n, fields) float64 codes; NaN where missing or wrong.
    problems : row number -> what is wrong with the row; only wrong rows are here.
    """

    values: NDArray[np.float64]
    problems: dict[int, list[Problem]]

    @property
    def sound(self) -> NDArray[np.bool_]:
        """(n,) rows that keep the contract."""
        sound = np.ones(len(self.values), np.bool_)
        sound[list(self.problems)] = False
        return sound


@dataclass(frozen=True)
class Contract:
    """The columns a model may see, in order, and what their cells may hold.

    Parameters
    ----------
    fields : one a column.
    id : the column that names a row, if any.
    known : other columns of the training table; they may be there, and are not read.

    >>> table = pl.DataFrame({"amount": [1000, 2500, 4000], "state": ["CA", "NY", "CA"]})
    >>> contract = Contract.learn(table, {"amount": ColumnType("integer"), "state": ColumnType("category")})
    >>> contract.code_row({"amount": 1200, "state": "TX"}).tolist()
    [1200.0, -1.0]
    >>> contract.code_row({"amount": "12 apples", "state": None})
    Traceback (most recent call last):
    loanbook.errors.RowRefused: amount: '12 apples' is not a number; state: must not be missing: no training row was.
    """

    fields: tuple[Field, ...]
    id: str | None = None
    known: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    @classmethod
    def learn(
        cls,
        table: pl.DataFrame,
        types: Mapping[str, ColumnType],
        *,
        columns: Iterable[str] | None = None,
        id: str | None = None,
    ) -> Contract:
        """Learn the contract of a training table.

        Parameters
        ----------
        table : the rows as read.
        types : what each column is; text columns are left out.
        columns : those the model may see; all by default.
        id : the column that names a row.

        Raises
        ------
        DataError : no column is left that a model could use.
        """
        chosen = [
            name
            for name in (table.columns if columns is None else columns)
            if types[name].kind != "text" and name != id
        ]
        fields = tuple(learn_field(table[name], types[name]) for name in chosen)
        if not fields:
            raise DataError(
                "no column is left to learn from, besides target, id, ignored, protected and text columns",
                todo="list fewer columns under ignore, or bring more",
            )
        return cls(fields, id, tuple(name for name in table.columns if name not in chosen))

    def code_row(self, row: Mapping[str, object]) -> NDArray[np.float64]:
        """Read one application: (fields,) codes.

        Raises
        ------
        RowRefused : names every wrong field, and every field that the contract does not know.
        """
        problems = [self._unknown(name) for name in row.keys() - set(self.names) - set(self.known)]
        codes = np.empty(len(self.fields))
        for position, field in enumerate(self.fields):
            try:
                codes[position] = field.code(row.get(field.name))
            except Breach as breach:
                problems.append(Problem(field.name, str(breach)))
        if problems:
            raise RowRefused(sorted(problems, key=lambda problem: problem.field))
        return codes

    def _unknown(self, name: str) -> Problem:
        near = get_close_matches(name, self.names, n=1)
        return Problem(
            name, f"there is no such field; the nearest is {near[0]!r}" if near else "there is no such field"
        )

    def code_table(self, table: pl.DataFrame) -> Coded:
        """Read a table; equal, row by row, to `code_row`.

        Raises
        ------
        DataError : a column is not there at all.
        """
        self.require(table.columns)
        values = np.empty((table.height, len(self.fields)), order="F")
        problems: dict[int, list[Problem]] = {}
        for position, field in enumerate(self.fields):
            values[:, position], wrong = field.codes(table[field.name])
            for row, message in wrong.items():
                problems.setdefault(row, []).append(Problem(field.name, message))
        for found in problems.values():
            found.sort(key=lambda problem: problem.field)
        return Coded(values, problems)

    def require(self, columns: Sequence[str]) -> None:
        """Raise DataError unless every field has its column."""
        for name in self.names:
            if name not in columns:
                near = get_close_matches(name, columns, n=1)
                hint = f"the nearest it has is {near[0]!r}" if near else f"it has {', '.join(columns[:8])}"
                raise DataError(f"the table has no column {name!r}", todo=f"Add or rename it; {hint}")

    def schema(self) -> dict[str, Any]:
        """JSON Schema of one application."""
        return {
            "type": "object",
            "properties": {field.name: field.schema() for field in self.fields},
            "required": [field.name for field in self.fields if field.required],
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "fields": [field.to_json() for field in self.fields],
            "id": self.id,
            "known": list(self.known),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Contract:
        """Rebuild what `to_json` wrote."""
        return cls(tuple(map(field_from_json, saved["fields"])), saved["id"], tuple(saved["known"]))


def learn_field(column: pl.Series, found: ColumnType) -> Field:
    """Learn what one column may hold.

    A number may be as far outside what was seen as that is wide, and below zero only if some were; a date likewise,
    measured between the first and the last hundredth, so that a few impossible ones do not make themselves possible.
    A category is closed when it has few levels and every one of them was seen often: then a new one is a mistake.
    """
    if found.kind == "boolean":
        return BooleanField(column.name, "boolean", _always(BooleanField(column.name, "boolean", False), column))
    if found.kind == "category":
        return _learn_category(column)
    make, limits = (DateField, _date_limits) if found.kind == "date" else (NumberField, _number_limits)
    lenient = make(column.name, found.kind, required=False, format=found.format)
    low, high = limits(lenient.codes(column)[0])
    return make(column.name, found.kind, _always(lenient, column), low, high, found.format)


def _always(lenient: Field, column: pl.Series) -> bool:
    """Say whether no cell is missing; a cell that cannot be read is not missing, its row is wrong."""
    codes, problems = lenient.codes(column)
    return int(np.isnan(codes).sum()) == len(problems)


def _number_limits(codes: NDArray[np.float64]) -> tuple[float, float]:
    seen = codes[~np.isnan(codes)]
    if not len(seen) or seen.min() == seen.max():
        return -np.inf, np.inf
    low, high = float(seen.min()), float(seen.max())
    width = high - low
    return (0.0 if low >= 0 else low - width), (0.0 if high <= 0 else high + width)


def _date_limits(codes: NDArray[np.float64]) -> tuple[float, float]:
    seen = codes[~np.isnan(codes)]
    if not len(seen):
        return -np.inf, np.inf
    low, high = (float(np.floor(quantile)) for quantile in np.quantile(seen, (0.01, 0.99)))
    width = max(high - low, _YEAR)
    return low - width, high + width


def _learn_category(column: pl.Series) -> CategoryField:
    open_field = CategoryField(column.name, "category", required=False, levels=(), closed=False)
    counts: dict[str, int] = {}
    for value, count in column.value_counts().iter_rows():
        if value is not None:
            counts[as_text(value)] = counts.get(as_text(value), 0) + int(count)
    often = sorted(level for level, count in counts.items() if count >= LEVEL_ROWS)
    closed = len(often) == len(counts) <= _CLOSED_LEVELS and len(column) >= _CLOSED_ROWS
    return CategoryField(column.name, "category", _always(open_field, column), tuple(often), closed)
