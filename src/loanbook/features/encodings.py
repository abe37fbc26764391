"""The blocks a feature plan is made of: each turns some columns of codes into some columns of the model row.

A block is data (it was fitted) and one vectorised `apply`, written with arithmetic that does not depend on the number
of rows: one row, a batch and a stream give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_NOTHING = 1e-6  # a denominator this small is a zero that was computed


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model row, and the group of columns that is named in a reason together with it."""

    name: str
    group: str


class Block(Protocol):
    """Some columns of the model row."""

    @property
    def features(self) -> tuple[Feature, ...]: ...

    def apply(self, codes: Matrix) -> Matrix: ...


@dataclass(frozen=True)
class Numbers:
    """Numbers as they are, and a flag for those that are missing in some training rows.

    positions : columns of the codes. flagged : which of these positions get a flag (0 or 1).
    """

    features: tuple[Feature, ...]
    positions: tuple[int, ...]
    flagged: tuple[int, ...]

    def apply(self, codes: Matrix) -> Matrix:
        flags = np.isnan(codes[:, self.flagged]).astype(np.float64)
        return np.hstack([codes[:, self.positions], flags])


@dataclass(frozen=True)
class Ratios:
    """Numerators divided by denominators; NaN where either is missing or the denominator is next to nothing."""

    features: tuple[Feature, ...]
    above: tuple[int, ...]
    below: tuple[int, ...]

    def apply(self, codes: Matrix) -> Matrix:
        below = codes[:, self.below]
        usable = np.where(np.abs(below) < _NOTHING, np.nan, below)
        return codes[:, self.above] / usable


@dataclass(frozen=True)
class Calendar:
    """Month (1 to 12) and weekday (0 is Monday) of the decision.

    Not the date itself: a model cannot extrapolate it, and it flatters a random split (docs/adr).
    """

    features: tuple[Feature, ...]
    position: int

    def apply(self, codes: Matrix) -> Matrix:
        day = codes[:, self.position]
        known = ~np.isnan(day)
        whole = np.where(known, day, 0.0).astype("datetime64[D]")
        month = whole.astype("datetime64[M]").astype(np.int64) % 12 + 1
        weekday = (whole.astype(np.int64) + 3) % 7
        return np.where(known[:, None], np.stack([month, weekday], axis=1), np.nan)


@dataclass(frozen=True)
class Ages:
    """Days from other dates to the decision."""

    features: tuple[Feature, ...]
    positions: tuple[int, ...]
    decision: int

    def apply(self, codes: Matrix) -> Matrix:
        return codes[:, [self.decision]] - codes[:, self.positions]


@dataclass(frozen=True)
class Lookup:
    """What the training rows say about a level: its weight of evidence, or how many of them had it.

    The weight of evidence is how much more or less often than usual the level's loans go bad, in log-odds.

    positions : (k,) columns of the codes. divisors : (k,) 0 for a category, whose code is its level; otherwise a number
    is divided by this and cut, so that 92801 becomes its district 928. keys : what the levels of such a number are.
    tables : for each column the value of: missing, rare or new, level 0, level 1, …
    by_outcome : whether the values come from outcomes (weights) or not (counts).
    """

    features: tuple[Feature, ...]
    positions: tuple[int, ...]
    divisors: tuple[int, ...]
    keys: tuple[tuple[int, ...], ...]
    tables: tuple[tuple[float, ...], ...]
    by_outcome: bool

    def levels(self, codes: Matrix) -> NDArray[np.int64]:
        """Return the row of each table, (n, k): 0 missing, 1 rare or new, 2 + level."""
        level = codes[:, self.positions]
        for column, (divisor, known) in enumerate(zip(self.divisors, self._known, strict=True)):
            if divisor:
                level[:, column] = _level_of(level[:, column], divisor, known)
        return (np.where(np.isnan(level), -2.0, level) + 2.0).astype(np.int64)

    @cached_property
    def _known(self) -> tuple[Matrix, ...]:
        return tuple(np.array(keys, dtype=np.float64) for keys in self.keys)

    @cached_property
    def _flat(self) -> tuple[Matrix, NDArray[np.int64]]:
        sizes = [len(table) for table in self.tables]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        return np.concatenate([np.array(table) for table in self.tables]), starts

    def apply(self, codes: Matrix) -> Matrix:
        table, starts = self._flat
        found: Matrix = table[self.levels(codes) + starts]
        return found


def _level_of(code: Matrix, divisor: int, known: Matrix) -> Matrix:
    """Position of the leading digits among the known ones, -1 where they are not, NaN for NaN."""
    head = np.floor(code / divisor)
    place = np.minimum(np.searchsorted(known, head), len(known) - 1)
    level: Matrix = np.where(known[place] == head, place, np.where(np.isnan(head), np.nan, -1.0))
    return level


@dataclass(frozen=True)
class OneHot:
    """One column a level: 1 where the category has it, else 0."""

    features: tuple[Feature, ...]
    positions: tuple[int, ...]
    levels: tuple[int, ...]

    def apply(self, codes: Matrix) -> Matrix:
        same: NDArray[np.bool_] = codes[:, self.positions] == np.array(self.levels, np.float64)
        return same.astype(np.float64)


@dataclass(frozen=True)
class SameLevel:
    """1 where two categories over the same levels agree (the bank's state and the borrower's), 0 where they do not.

    NaN where either is missing, or too rare to have a level of its own.
    """

    features: tuple[Feature, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    translate: tuple[tuple[int, ...], ...]  # code of the first -> code of the second, -2 where it has no such level

    @cached_property
    def _tables(self) -> tuple[NDArray[np.int64], ...]:
        return tuple(np.array(table, np.int64) for table in self.translate)

    def apply(self, codes: Matrix) -> Matrix:
        out = np.empty((len(codes), len(self.first)))
        for column, (first, second, table) in enumerate(zip(self.first, self.second, self._tables, strict=True)):
            here, there = codes[:, first], codes[:, second]
            code = np.where(np.isnan(here), -1.0, here).astype(np.int64)
            same = np.where(code >= 0, table[code], -2) == there
            known = (here >= 0) & (there >= 0)  # a pooled level is not known by name, a missing one not at all
            out[:, column] = np.where(known, same, np.nan)
        return out


BLOCKS: dict[str, Any] = {
    block.__name__: block for block in (Numbers, Ratios, Calendar, Ages, Lookup, OneHot, SameLevel)
}


def block_to_json(block: Any) -> dict[str, Any]:
    """Write a block as plain lists."""
    out: dict[str, Any] = {"block": type(block).__name__}
    for field in fields(block):
        value = getattr(block, field.name)
        out[field.name] = [[feature.name, feature.group] for feature in value] if field.name == "features" else value
    return out


def block_from_json(saved: Mapping[str, Any]) -> Block:
    """Rebuild what `block_to_json` wrote."""
    parts = {name: _tuples(value) for name, value in saved.items() if name not in ("block", "features")}
    made: Block = BLOCKS[saved["block"]](features=tuple(Feature(*pair) for pair in saved["features"]), **parts)
    return made


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
