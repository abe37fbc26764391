"""Checks of the numbers of a table against its reference: units, special codes, values far off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from loanbook.data.quality import profile as profiles
from loanbook.data.quality.finding import Finding, first_rows
from loanbook.data.quality.likeness import common_factor
from loanbook.data.quality.profile import CODES, ColumnProfile, Profile
from loanbook.data.quality.table import Reading, Table

_ROWS = 20
_NAMED = np.array([10.0, 12.0, 100.0, 1000.0, 10_000.0, 1_000_000.0])


def units(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Columns whose quantiles are all multiplied by about one factor."""
    for name, reading, usual in _pairs(table, reference):
        factor = common_factor(reading.present, usual)
        if factor:
            named = float(_NAMED[np.argmin(np.abs(np.log(_NAMED) - abs(np.log(factor))))])
            size = f"{named:,.0f} times as large as" if factor > 1 else f"{named:,.0f} times smaller than"
            todo = f"{'divide' if factor > 1 else 'multiply'} by {named:,.0f}, if the unit changed"
            middle, before = f"{np.median(reading.present):.6g}", f"{usual.at(0.5):.6g}"
            what = f"all values are about {size} in the reference: the median is {middle}, it was {before}"
            rows, example = np.flatnonzero(~np.isnan(reading.values)), f"{reading.present[0]:.15g}"
            yield Finding("units", name, what, todo, "error", len(rows), first_rows(rows), example)


def far_off(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Some rows far beyond what the reference ever had, more of them than there were."""
    for name, reading, usual in _pairs(table, reference):
        if common_factor(reading.present, usual):
            continue
        low, high = usual.at(0.01), usual.at(0.99)
        small = (reading.values < low / 3) & (reading.values != 0)
        sides = (
            (profiles.over(reading.present, high), usual.over, reading.values > 3 * high, "more than 3 times", high),
            (profiles.under(reading.present, low), usual.under, small, "less than a third of", low),
        )
        for share, before, marks, how, bound in sides:
            rows = np.flatnonzero(marks)
            if len(rows) >= 4 and share > 5 * before + 0.003:
                what = f"{share:.1%} of the values are {how} {bound:.6g}, in the reference {before:.1%} were"
                advice = "see whether the unit of these rows changed"
                yield Finding(
                    "far_off", name, what, advice, "error", len(rows), first_rows(rows), table.cell(name, int(rows[0]))
                )


def fractions(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Fractions in a column of whole numbers: another unit, an average, or another column."""
    for name, reading, _ in _pairs(table, reference):
        rows = np.flatnonzero(reading.values % 1 != 0)
        rows = rows[~np.isnan(reading.values[rows])]
        if table.fields[name].kind == "integer" and len(rows) >= max(3, 0.003 * len(reading.present)):
            what, advice = "has fractions, where the reference has whole numbers", "see whether the unit changed"
            example = table.cell(name, int(rows[0]))
            yield Finding("fractions", name, what, advice, "error", len(rows), first_rows(rows), example)


def special_codes(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Numbers such as 999999 that stand for something else, and did not come in the reference."""
    for name, reading, usual in _pairs(table, reference):
        for code in CODES:
            rows = np.flatnonzero(reading.values == code)
            share = len(rows) / max(len(reading.present), 1)
            if len(rows) >= 3 and share > 10 * usual.codes.get(f"{code:.15g}", 0.0) + 0.003:
                what = f"{code:.15g} looks like a code for a missing value or an overflow, and is new"
                advice = "leave the cell empty where there is no value"
                yield Finding("special_code", name, what, advice, "error", len(rows), first_rows(rows))


def _pairs(table: Table, reference: Profile | None) -> Iterator[tuple[str, Reading, ColumnProfile]]:
    for name, reading in table.numbers():
        usual = reference.columns.get(name) if reference else None
        if usual is not None and usual.values and len(reading.present) >= _ROWS:
            yield name, reading, usual
