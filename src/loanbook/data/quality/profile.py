"""What a table looked like when all was well: small, without any row of it, to hold later tables against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl

from loanbook.data.contract import Contract
from loanbook.data.fields import CategoryField, DateField
from loanbook.data.quality.spelling import GARBLED, respelled
from loanbook.data.quality.table import Floats, Reading, Table
from loanbook.data.sources.columns import pick

GRID = np.array([0.001, 0.01, *np.linspace(0.05, 0.95, 19), 0.99, 0.999])
"""The quantiles that a profile keeps."""
CODES = (
    *(float(10**digits - 1) for digits in range(2, 13)),
    *(-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0),
    *(32767.0, -32768.0, 65535.0, 2147483647.0, -2147483648.0, 4294967295.0, 9.999e9, 1e10, 1e20),
)
"""Numbers that stand for "not known", "does not apply" or an overflow in many systems."""
_LEVELS = 60
_PAIR_ROWS = 100


@dataclass(frozen=True)
class ColumnProfile:
    """One column of the reference.

    missing, nan, garbled : shares of the rows. values : at the quantiles of GRID, with the shares of rows `below`
    and `upto` each. under, over : shares beyond a third of the 1% and three times the 99% quantile.
    weekend : share of dates on one; months : how much the months differ between early and late days of the month.
    levels : share of each of the most frequent levels; rare, respelled : shares of rows with a level without a code
    of its own, and with one that is another spelling of a level. codes : shares of special codes. distinct : values.
    """

    kind: str
    missing: float
    nan: float = 0.0
    garbled: float = 0.0
    values: tuple[float, ...] = ()
    below: tuple[float, ...] = ()
    upto: tuple[float, ...] = ()
    under: float = 0.0
    over: float = 0.0
    weekend: float = 0.0
    months: float = 0.0
    levels: Mapping[str, float] = field(default_factory=dict)
    rare: float = 0.0
    respelled: float = 0.0
    codes: Mapping[str, float] = field(default_factory=dict)
    distinct: int = 0

    @cached_property
    def grid(self) -> Floats:
        """`values` as an array."""
        return np.array(self.values)

    @property
    def concentrated(self) -> bool:
        """Say whether a handful of values make up nearly all rows."""
        if self.values:
            return len(set(self.values[2:-2])) <= 3
        return sum(sorted(self.levels.values())[-3:]) >= 0.9

    def at(self, share: float) -> float:
        """The quantile nearest to `share`."""
        return float(self.values[int(np.argmin(np.abs(GRID - share)))])


@dataclass(frozen=True)
class Profile:
    """A reference table, in a few kilobytes.

    rows : how many it had. columns : one profile a field. ordered : pairs of columns, the first never below the
    second. repeated_ids, repeated_rows : shares of rows that repeat an earlier one.

    >>> table = pl.DataFrame({"amount": [100.0, 200.0, 300.0], "state": ["CA", "NY", "CA"]})
    >>> from loanbook.data.inference import infer_table
    >>> profile = Profile.learn(table, Contract.learn(table, infer_table(table)))
    >>> profile.columns["state"].levels["NY"], Profile.from_json(profile.to_json()) == profile
    (0.3333333333333333, True)
    """

    rows: int
    columns: Mapping[str, ColumnProfile]
    ordered: tuple[tuple[str, str], ...] = ()
    repeated_ids: float = 0.0
    repeated_rows: float = 0.0

    @classmethod
    def learn(cls, frame: pl.DataFrame, contract: Contract, *, id: str | None = None) -> Profile:
        """Learn the profile of a table that can be trusted, such as the training table.

        Parameters
        ----------
        frame : the rows as read. contract : what its columns are. id : the column that names a row.
        """
        table = Table(frame, contract, id)
        return cls(
            rows=table.height,
            columns={name: describe(table, name) for name in table.fields},
            ordered=_never_below(table),
            repeated_ids=int(repeated_ids(table).sum()) / max(table.height, 1),
            repeated_rows=int(repeated_rows(table).sum()) / max(table.height, 1),
        )

    def to_json(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return {
            "rows": self.rows,
            "columns": {
                name: {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(column).items()}
                for name, column in self.columns.items()
            },
            "ordered": [list(pair) for pair in self.ordered],
            "repeated_ids": self.repeated_ids,
            "repeated_rows": self.repeated_rows,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Profile:
        """Rebuild what `to_json` wrote."""
        columns = {name: ColumnProfile(**_with_tuples(column)) for name, column in saved["columns"].items()}
        ordered = tuple((first, second) for first, second in saved["ordered"])
        return cls(saved["rows"], columns, ordered, saved["repeated_ids"], saved["repeated_rows"])


def _with_tuples(saved: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in saved.items()}


def describe(table: Table, name: str) -> ColumnProfile:
    """The profile of one column of a table."""
    found, reading, column = table.fields[name], table.readings[name], table.frame[name]
    rows = max(table.height, 1)
    nan = float(column.is_nan().sum()) / rows if column.dtype.is_float() else 0.0
    common: dict[str, Any] = {"kind": found.kind, "missing": reading.missing, "nan": nan}
    if isinstance(found, CategoryField):
        counts = table.levels[name]
        garbled = sum(count for level, count in counts.items() if GARBLED.search(level))
        known = set(found.levels)
        return ColumnProfile(
            **common,
            garbled=garbled / rows,
            levels={level: count / rows for level, count in list(counts.items())[:_LEVELS]},
            rare=sum(count for level, count in counts.items() if level not in known) / rows,
            respelled=sum(counts[level] for level in respelled(counts, known)) / rows,
            distinct=len(counts),
        )
    present = np.sort(reading.present)
    if not len(present):
        return ColumnProfile(**common)
    if isinstance(found, DateField):
        common |= {"weekend": weekend(present), "months": month_difference(present)}
    return _numeric(common, present)


def _numeric(common: dict[str, Any], present: Floats) -> ColumnProfile:
    values = np.quantile(present, GRID, method="higher")
    low, high = values[1], values[-2]
    counted = {code: float((present == code).mean()) for code in CODES}
    return ColumnProfile(
        **common,
        values=tuple(values.tolist()),
        below=tuple((np.searchsorted(present, values, "left") / len(present)).tolist()),
        upto=tuple((np.searchsorted(present, values, "right") / len(present)).tolist()),
        under=under(present, low),
        over=over(present, high),
        codes={f"{code:.15g}": share for code, share in counted.items() if share},
        distinct=len(np.unique(present)),
        levels=_few_levels(present),
    )


def _few_levels(present: Floats) -> dict[str, float]:
    values, counts = np.unique(present, return_counts=True)
    if len(values) > _LEVELS:
        return {}
    return {f"{value:.15g}": count / len(present) for value, count in zip(values, counts, strict=True)}


def under(present: Floats, low: float) -> float:
    """Share of values below a third of the 1% quantile, where that is positive; zero is no matter of units."""
    return float(((present < low / 3) & (present != 0)).mean()) if low > 0 and len(present) else 0.0


def over(present: Floats, high: float) -> float:
    """Share of values above three times the 99% quantile, where that is positive."""
    return float((present > high * 3).mean()) if high > 0 and len(present) else 0.0


def weekend(days: Floats) -> float:
    """Share of days (since 1970-01-01, a Thursday) that are a Saturday or a Sunday.

    >>> weekend(np.array([0.0, 2.0, 3.0, 4.0]))
    0.5
    """
    return float(((days + 3) % 7 >= 5).mean()) if len(days) else 0.0


def month_difference(days: Floats) -> float:
    """Total variation between the months of days 1 to 12 and of the later days; 0 when there are too few.

    The two should agree; where day and month were swapped the early days are scattered over the year.
    """
    dates = pl.Series(days).cast(pl.Int32).cast(pl.Date)
    early = (dates.dt.day() <= 12).to_numpy()
    if min(early.sum(), (~early).sum()) < 50:
        return 0.0
    months = (dates.dt.year() * 12 + dates.dt.month()).to_numpy()
    first = int(months.min())
    counts = [np.bincount(months[part] - first, minlength=int(months.max()) - first + 1) for part in (early, ~early)]
    shares = [count / count.sum() for count in counts]
    # Two samples of one distribution differ by chance too: that much is taken off.
    chance = 0.5 * np.sqrt(np.pi / 2 * sum(shares) / 2 * sum(1 / count.sum() for count in counts)).sum()
    return max(0.0, float(0.5 * np.abs(shares[0] - shares[1]).sum() - chance))


def repeated_ids(table: Table) -> pl.Series:
    """Marks rows whose id an earlier row has."""
    if table.id is None or table.id not in table.frame.columns:
        return pl.Series([False] * table.height, dtype=pl.Boolean)
    ids = table.frame[table.id]
    return ~ids.is_first_distinct() & ids.is_not_null()


def repeated_rows(table: Table) -> pl.Series:
    """Marks rows whose fields are all as in an earlier row."""
    if not table.fields:
        return pl.Series([False] * table.height, dtype=pl.Boolean)
    return ~pick(table.frame, list(table.fields)).to_struct("row").is_first_distinct()


def _never_below(table: Table) -> tuple[tuple[str, str], ...]:
    """Pairs in which the first is never below the second although their ranges overlap."""
    found = []
    for group in (dict(table.numbers()), dict(table.dates())):
        for (first, one), (second, other) in permutations(group.items(), 2):
            if _is_never_below(one, other):
                found.append((first, second))
    return tuple(found)


def _is_never_below(one: Reading, other: Reading) -> bool:
    both = ~np.isnan(one.values) & ~np.isnan(other.values)
    upper, lower = one.values[both], other.values[both]
    if len(upper) < _PAIR_ROWS or (upper < lower).any() or np.quantile(lower, 0.95) <= np.quantile(upper, 0.05):
        return False
    return bool((upper > lower).mean() > 0.05 and (lower != lower[0]).any())
