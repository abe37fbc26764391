"""Checks of whole columns against their reference: constants, missing values, levels, dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import polars as pl

from loanbook.data.fields import CategoryField, DateField, as_day
from loanbook.data.quality.finding import Finding, Severity, first_rows
from loanbook.data.quality.profile import ColumnProfile, Profile, month_difference, weekend
from loanbook.data.quality.spelling import GARBLED, respelled
from loanbook.data.quality.table import Table

_EPOCH = dt.date(1970, 1, 1)
_ROWS = 30


def missing(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Many more missing values than the reference had, and NaN where it had none."""
    for name, reading in table.readings.items():
        usual = reference.columns.get(name) if reference else None
        if usual is None:
            continue
        share = reading.missing
        if table.height >= _ROWS and share > max(usual.missing + 0.1, 2 * usual.missing):
            what = f"{share:.0%} of the values are missing, in the reference {usual.missing:.0%} were"
            rows = np.flatnonzero(np.isnan(reading.values) & ~reading.unreadable)
            advice = "see whether the source still delivers it"
            yield Finding("missing_jump", name, what, advice, "error", len(rows), first_rows(rows))
        column = table.frame[name]
        nan = np.flatnonzero(column.is_nan().fill_null(value=False) if column.dtype.is_float() else ())
        if len(nan) and not usual.nan:
            what = "is NaN (not a number), which the reference never was"
            advice = "mend the calculation that made it, or leave the cell empty"
            yield Finding("nan", name, what, advice, "error", len(nan), first_rows(nan))


def constant(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Columns with one value only, or with none."""
    for name in table.readings if table.height >= _ROWS else ():
        usual = reference.columns.get(name) if reference else None
        if reference is None:
            yield from _tells_nothing(table, name)
        elif usual is not None and usual.distinct > 1:
            yield from _stopped_varying(table, name, usual)


def _tells_nothing(table: Table, name: str) -> Iterator[Finding]:
    reading = table.readings[name]
    value = "missing" if reading.missing == 1.0 else _only_value(table, name)
    # One value or none is a mark that is set or not, such as "yes" in a few rows.
    if value is not None and reading.missing in {0.0, 1.0}:
        what, advice = f"every value is {_shown(table, name, value)}: it tells nothing", "put it under ignore"
        yield Finding("constant", name, what, advice, "warning", table.height)


def _stopped_varying(table: Table, name: str, usual: ColumnProfile) -> Iterator[Finding]:
    value = _only_value(table, name)
    if value is not None:
        share = usual.levels.get(value, 0.0)
        what = f"every value is {_shown(table, name, value)}, in the reference {share:.0%} were"
        # Nearly all rows had it before: then it may be so by chance, or because a programme ended.
        severity: Severity = "error" if share < 0.9 else "note"
        yield Finding("constant", name, what, "see whether the source still fills it", severity, table.height)


def _only_value(table: Table, name: str) -> str | None:
    if name in table.levels:
        levels = list(table.levels[name])
        return levels[0] if len(levels) == 1 else None
    reading = table.readings[name]
    values = np.unique(reading.present)
    return f"{values[0]:.15g}" if len(values) == 1 and not reading.unreadable.any() else None


def _shown(table: Table, name: str, value: str) -> str:
    dated = isinstance(table.fields[name], DateField) and value != "missing"
    return as_day(float(value)) if dated else value


def spelling(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Levels that are known ones in another spelling, and texts in the wrong encoding."""
    for name in table.of_kind(CategoryField):
        counts, known = table.levels[name], set(getattr(table.fields[name], "levels", ()))
        usual = reference.columns.get(name) if reference else None
        other = respelled(counts, known)
        rows = sum(counts[level] for level in other)
        if rows >= 3 and rows / table.height > (usual.respelled if usual else 0.02) + 0.02:
            level = max(other, key=lambda level: counts[level])
            what = "known values are spelled in another way"
            advice = f'write "{other[level]}" for "{level}" as the training rows do, and the like'
            # Towns and banks are typed by people: some of it is usual. A whole delivery is not.
            severity: Severity = "error" if len(known) <= 60 or rows > 0.2 * table.height else "warning"
            yield Finding("respelled", name, what, advice, severity, rows, _rows_of(table, name, set(other)), level)
        garbled = [level for level in counts if GARBLED.search(level)]
        rows = sum(counts[level] for level in garbled)
        if rows / table.height > (2 * usual.garbled if usual else 0.0):
            what, advice = "letters are garbled", "read the file in its own encoding, or export it as UTF-8"
            where = _rows_of(table, name, set(garbled))
            yield Finding("encoding", name, what, advice, "error", rows, where, garbled[0])


def new_levels(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Frequent levels that the reference hardly had."""
    if reference is None or reference.rows < 200:
        return
    for name in table.of_kind(CategoryField):
        field, usual, counts = table.fields[name], reference.columns.get(name), table.levels[name]
        if usual is None or not isinstance(field, CategoryField) or field.closed:
            continue
        known = {*field.levels, *usual.levels}
        unknown = [level for level in counts if level not in known]
        frequent = [level for level in unknown if counts[level] >= max(5, 0.01 * table.height)]
        # A new bank or a new town is news; a new value among a few, or hardly any known one, is a mistake.
        many = sum(counts[level] for level in unknown) / table.height > usual.rare + 0.5
        new = unknown if many else frequent
        if new:
            severity: Severity = "error" if many or usual.distinct <= 60 else "warning"
            rows = sum(counts[level] for level in new)
            what, advice = "the reference did not have this value", "correct it, or train again with rows that have it"
            where = _rows_of(table, name, set(new))
            yield Finding("unseen_category", name, what, advice, severity, rows, where, new[0])


def dates(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Decisions in the future, and days and months that changed places."""
    for name, reading in table.dates():
        usual = reference.columns.get(name) if reference else None
        if name == table.time:
            yield from _future(table, name, reading.values)
        days = reading.present
        if usual is None or len(days) < 50:
            continue
        share, apart = weekend(days), month_difference(days)
        if usual.weekend < 0.1 and share > usual.weekend + 0.04 + 3 * np.sqrt(0.05 / len(days)):
            what = f"{share:.0%} of the dates fall on a weekend, in the reference {usual.weekend:.0%} did"
            yield _swapped_days(table, name, days, what)
        elif apart > usual.months + 0.3:
            what = "days 1 to 12 fall into other months than the later days do"
            yield _swapped_days(table, name, days, what)


def _swapped_days(table: Table, name: str, days: np.ndarray, what: str) -> Finding:
    advice = "see whether day and month were swapped on the way"
    rows = np.flatnonzero((table.readings[name].values + 3) % 7 >= 5)
    return Finding("day_month", name, what, advice, "error", len(days), first_rows(rows), as_day(days[0]))


def _future(table: Table, name: str, days: np.ndarray) -> Iterator[Finding]:
    today = (dt.datetime.now(dt.timezone.utc).date() - _EPOCH).days + 1  # noqa: UP017 (a day of grace for time zones)
    rows = np.flatnonzero(days > today)
    if len(rows):
        what, advice = "lies in the future", "correct the dates: a decision was made before today"
        yield Finding(
            "future_date", name, what, advice, "error", len(rows), first_rows(rows), table.cell(name, int(rows[0]))
        )


def _rows_of(table: Table, name: str, levels: set[str]) -> tuple[int, ...]:
    column = table.frame[name].cast(pl.String).str.strip_chars()
    return first_rows(np.flatnonzero(column.is_in(list(levels)).fill_null(value=False)))
