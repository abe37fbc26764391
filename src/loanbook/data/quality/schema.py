"""Checks of which columns there are."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import numpy as np

from loanbook.data.fields import Field
from loanbook.data.quality.finding import Finding, Severity
from loanbook.data.quality.likeness import common_factor, unlike
from loanbook.data.quality.profile import Profile
from loanbook.data.quality.table import Table


def columns(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Columns that are missing, renamed, or new."""
    names = table.contract.names
    extra = [name for name in table.frame.columns if name not in (*names, *table.contract.known, table.id)]
    for field in table.contract.fields:
        if field.name in table.fields:
            continue
        near = get_close_matches(field.name, extra, n=1) or _alike(table, field, extra, reference)
        advice = f'rename "{near[0]}" to it' if near else "add it"
        yield Finding("missing_column", field.name, "this column is not in the table", advice, "error", table.height)
    if table.id is not None and table.id not in table.frame.columns:
        what = "the id column is not in the table"
        yield Finding("missing_column", table.id, what, "add it to tell rows apart", "warning", table.height)
    for name in extra:
        what = "this column is new; it is not used"
        yield Finding("extra_column", name, what, "train again if the model should see it", "note")


def _alike(table: Table, field: Field, extra: list[str], reference: Profile | None) -> list[str]:
    """The new column that holds what the missing one should."""
    if reference is None or field.name not in reference.columns:
        return []
    apart = {name: unlike(field, table.frame[name], reference.columns[field.name]) for name in extra}
    best = min(apart, key=lambda name: apart[name], default=None)
    return [best] if best is not None and apart[best] < 0.25 else []


def swapped(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Two columns that each look like the other's reference, and not like their own."""
    if reference is None or table.height < 30:
        return
    own = {name: unlike(field, table.frame[name], reference.columns[name]) for name, field in _known(table, reference)}
    odd = [name for name, apart in own.items() if apart >= 0.15]
    for place, one in enumerate(odd):
        for other in odd[place + 1 :]:
            stay = own[one] + own[other]
            if stay < 0.45:
                continue
            swap = unlike(table.fields[one], table.frame[other], reference.columns[one])
            swap += unlike(table.fields[other], table.frame[one], reference.columns[other])
            if swap <= 0.4 * stay:
                # Columns of few values may come to look like each other by honest drift.
                few = reference.columns[one].concentrated and reference.columns[other].concentrated
                yield exchanged(table, one, other, "warning" if few and stay < 1 else "error")


def order(table: Table, reference: Profile | None) -> Iterator[Finding]:
    """Pairs of columns of which the first was never below the second, and now is."""
    for upper, lower in reference.ordered if reference else ():
        if upper not in table.fields or lower not in table.fields or _rescaled(table, reference, (upper, lower)):
            continue
        one, other = table.readings[upper].values, table.readings[lower].values
        both = ~np.isnan(one) & ~np.isnan(other)
        wrong = np.flatnonzero(both & (one < other))
        if len(wrong) < 3 or len(wrong) < 0.01 * both.sum():
            continue
        if len(wrong) > 0.5 * both.sum():
            yield exchanged(table, upper, lower)
            continue
        row = int(wrong[0])
        yield Finding(
            "order",
            lower,
            f"is above {upper}, which never happened in the reference",
            f"see whether rows of {lower} and {upper} were mixed up or swapped",
            "error",
            len(wrong),
            tuple(int(place) + 1 for place in wrong[:5]),
            f"{table.cell(lower, row)} above {table.cell(upper, row)}",
        )


def _rescaled(table: Table, reference: Profile | None, names: tuple[str, str]) -> bool:
    """Say whether the unit of one of them changed, which is told already."""
    return reference is not None and any(
        common_factor(table.readings[name].present, reference.columns[name]) for name in names
    )


def exchanged(table: Table, one: str, other: str, severity: Severity = "error") -> Finding:
    """The finding that two columns stand for each other."""
    what = f"this column and {other} look swapped: each looks as the other did"
    example = f"{table.cell(one, 0)} and {table.cell(other, 0)}"
    return Finding("swapped", one, what, "swap their names", severity, table.height, (1,), example)


def _known(table: Table, reference: Profile) -> list[tuple[str, Field]]:
    return [(name, field) for name, field in table.fields.items() if name in reference.columns]
