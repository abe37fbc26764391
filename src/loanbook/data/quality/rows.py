"""Checks of single rows: breaches of the contract, moved values, repetitions, rows that are no loans."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import polars as pl

from loanbook.data.quality.finding import Finding, Severity, first_rows
from loanbook.data.quality.profile import Profile, repeated_ids, repeated_rows
from loanbook.data.quality.table import Table
from loanbook.data.sources.columns import pick

_TRIED = 2000
# What a breach says -> the name of the check, and what to do.
_KINDS = (
    ("must not be missing", "missing", "fill it in, or leave these rows out"),
    ("not a finite number", "infinity", "leave the cell empty where there is no value"),
    ("is not a number", "not_a_number", "correct the cells, or leave them empty where there is no value"),
    ("is not a date", "not_a_date", "write all dates of the column in one format, the one of the book"),
    ("neither true nor false", "not_a_boolean", "write true or false"),
    ("is not one of the", "unseen_category", "correct the value, or train again with rows that have it"),
    ("is below|is above", "range", "correct the values; see whether their unit changed"),
    ("is before|is after", "impossible_date", "correct the dates"),
)
_FACTORS = (100.0, 1000.0, 1e6)


def breaches(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Cells that break the contract, one finding for each column and kind."""
    for name, reading in table.readings.items():
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, message in reading.problems.items():
            groups[_kind(message)].append(row)
        for (check, advice), places in sorted(groups.items()):
            places.sort()
            message, todo = reading.problems[places[0]], advice
            if check == "range" and len(places) >= 5:
                todo = _unit_advice(reading.values[places], name, reference) or advice
            example = "" if check == "missing" else table.cell(name, places[0])
            yield Finding(check, name, message, todo, "error", len(places), first_rows(places), example)


def _kind(message: str) -> tuple[str, str]:
    for pattern, check, advice in _KINDS:
        if re.search(pattern, message):
            return check, advice
    return "contract", "correct the values"


def _unit_advice(values: np.ndarray, name: str, reference: Profile | None) -> str:
    """Name the factor by which these values would fit."""
    if reference is None or name not in reference.columns or not (usual := reference.columns[name]).values:
        return ""
    low, high, middle = usual.at(0.05), usual.at(0.95), float(np.median(values))
    for factor in _FACTORS:
        if low <= middle / factor <= high and middle > 0:
            return f"divided by {factor:,.0f} they would be as usual: correct their unit"
    return ""


def moved(table: Table, reference: Profile | None) -> Iterator[Finding]:  # noqa: ARG001 (all checks are called alike)
    """Rows that fit once all their values are moved by one column."""
    count: dict[int, int] = defaultdict(int)
    for reading in table.readings.values():
        for row in reading.problems:
            count[row] += 1
    doubtful = sorted(row for row, problems in count.items() if problems >= 2)[:_TRIED]
    if not doubtful:
        return
    before = np.array([count[row] for row in doubtful])
    part = table.frame[doubtful]
    for step, side in ((1, "right"), (-1, "left")):
        after = _problems_after(table, part, step)
        found = [row for row, mended in zip(doubtful, after <= before / 3, strict=True) if mended]
        if found:
            what = f"the values of these rows are moved one column to the {side}"
            yield Finding("shifted", "", what, "put them back", "error", len(found), first_rows(found))


def _problems_after(table: Table, part: pl.DataFrame, step: int) -> np.ndarray:
    """Problems of each row once its values are moved back by `step` columns."""
    names = part.columns
    problems = np.zeros(part.height, np.int64)
    for name, field in table.fields.items():
        source = names.index(name) + step
        if 0 <= source < len(names):
            _, wrong = field.codes(part[names[source]])
            problems[list(wrong)] += 1
    return problems


def no_loans(table: Table, reference: Profile | None) -> Iterator[Finding]:  # noqa: ARG001
    """Rows without any value, and headers that come again among the rows."""
    frame = pick(table.frame, list(table.fields))
    empty = np.flatnonzero(frame.select(pl.all_horizontal(pl.all().is_null())).to_series())
    if len(empty):
        what = "these rows have no values at all"
        yield Finding("empty_rows", "", what, "leave them out", "error", len(empty), first_rows(empty))
    texts = [name for name in frame.columns if frame[name].dtype == pl.String]
    if len(texts) < 2:
        return
    same = sum((frame[name] == name).fill_null(value=False).cast(pl.Int64) for name in texts)
    headers = np.flatnonzero(same >= max(2, len(texts) // 2))
    if len(headers):
        what = "these rows repeat the header"
        yield Finding("repeated_header", "", what, "leave them out", "error", len(headers), first_rows(headers))


def ids(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Ids that come twice or are missing."""
    if table.id is None or table.id not in table.frame.columns:
        return
    column = table.frame[table.id]
    again = np.flatnonzero(repeated_ids(table))
    usual = reference.repeated_ids if reference else 0.0
    share = len(again) / max(table.height, 1)
    # Where ids repeat everywhere the id names a customer, not a row.
    if len(again) and (usual < 0.01 or share > usual + 0.1):
        many = reference is None and share > 0.3
        advice = "rows of one id will be kept together" if many else "keep one row of each id"
        yield Finding(
            "duplicate_id", table.id, "this id comes again", advice, "warning" if many else "error", len(again),
            first_rows(again), table.cell(table.id, int(again[0])),
        )  # fmt: skip
    gone = np.flatnonzero(column.is_null())
    if len(gone):
        advice = "give every row its id"
        yield Finding("missing_id", table.id, "has no id", advice, "error", len(gone), first_rows(gone))


def repetitions(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Rows that are equal to an earlier row, id aside."""
    again = np.flatnonzero(repeated_rows(table))
    share = len(again) / max(table.height, 1)
    if not len(again) or (reference and share <= 3 * reference.repeated_rows + 0.003):
        return
    severity: Severity = "error" if reference or share > 0.02 else "warning"
    what, advice = "these rows are equal to earlier ones", "see whether a part was exported twice"
    yield Finding("duplicate_rows", "", what, advice, severity, len(again), first_rows(again))
