"""Checks that need no reference: what no honest table has, or what its reader should know."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from loanbook.data.fields import CategoryField
from loanbook.data.formats import numbers
from loanbook.data.inference import looks_like_a_date
from loanbook.data.quality.finding import Finding, first_rows
from loanbook.data.quality.profile import CODES, Profile
from loanbook.data.quality.table import Table

_LEVELS = 300  # as many of a column's values show how it is written


def negatives(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """A few negative numbers in a column of positive ones."""
    if reference is not None:
        return
    for name, reading in table.numbers():
        present = reading.present
        rows = np.flatnonzero(reading.values < 0)
        if 0 < len(rows) < 0.01 * len(present) and (present > 0).mean() >= 0.98 and not _is_code(present.min()):
            what, advice = "is negative, where nearly all values are positive", "correct the sign or the values"
            yield Finding(
                "negative", name, what, advice, "error", len(rows), first_rows(rows), table.cell(name, int(rows[0]))
            )


def mixed(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Columns of mostly numbers among which there is so much else that they are read as categories."""
    if reference is not None:
        return
    for name in table.of_kind(CategoryField):
        counts = table.levels[name]
        if len(counts) < 20:
            continue
        levels = table.frame[name].cast(str).unique().drop_nulls()
        read = numbers(levels, "")
        texts = {text for text, value in zip(levels, read, strict=True) if value is None}
        rows = sum(count for level, count in counts.items() if level in texts)
        share = rows / max(sum(counts.values()), 1)
        if 0 < share < 0.6 and len(texts) < 0.2 * len(levels):
            example = next(level for level in counts if level in texts)
            what, advice = (
                f"{share:.0%} of the values are not numbers, the others are",
                "correct them or leave them empty",
            )
            yield Finding("mixed_types", name, what, advice, "error", rows, (), example)


def mixed_dates(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Columns of dates that no single format reads, so that they are taken for categories."""
    if reference is not None:
        return
    for name in table.of_kind(CategoryField):
        counts = table.levels[name]
        dated = [level for level in list(counts)[:_LEVELS] if looks_like_a_date(level)]
        if len(counts) >= 20 and len(dated) > 0.9 * min(len(counts), _LEVELS):
            what, advice = "its dates are written in more than one way", "write all of them in one format"
            yield Finding("mixed_dates", name, what, advice, "error", table.height, (), dated[0])


def outliers(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Numbers far beyond the others, and special codes: as notes, since some are real."""
    if reference is not None:
        return
    for name, reading in table.numbers():
        present = reading.present
        if len(present) < 100:
            continue
        yield from _codes(name, reading.values)
        low, middle, high = np.quantile(present, (0.01, 0.5, 0.99))
        width = 10 * (high - low)
        rows = np.flatnonzero((reading.values > high + width) | (reading.values < low - width))
        if width and len(rows):
            what, advice = f"lies far from the other values (their middle is {middle:.6g})", "see whether it is real"
            example = table.cell(name, int(rows[0]))
            yield Finding("outlier", name, what, advice, "note", len(rows), first_rows(rows), example)


def _codes(name: str, values: np.ndarray) -> Iterator[Finding]:
    high = np.nanquantile(values, 0.99)
    for code in CODES:
        rows = np.flatnonzero(values == code)
        lone = np.isnan(values).sum() + (np.abs(values) < abs(code)).sum() + len(rows) == len(values)
        if len(rows) >= 2 and (code < 0 or (lone and code > 3 * high) or len(rows) > 0.01 * len(values)) and lone:
            what, advice = f"{code:.15g} may be a code for a missing value", "say so to whoever reads the model"
            yield Finding("special_code", name, what, advice, "note", len(rows), first_rows(rows))


def _is_code(value: float) -> bool:
    return value in CODES
