"""Is this table what the contract and the reference say it should be? One finding a fault.

Row by row the contract answers. What no single row can show (a unit that changed, two columns that were swapped,
a letter case that differs) shows in the table as a whole, held against the profile of a table that could be trusted.
Drift is no defect: thresholds are set where honest change over years ends and mistakes begin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import polars as pl

from loanbook.data.contract import Contract
from loanbook.data.quality import alone, columns, numbers, rows, schema
from loanbook.data.quality.finding import Finding
from loanbook.data.quality.profile import Profile
from loanbook.data.quality.table import Table

__all__ = ["Finding", "Profile", "check", "ordered"]

Check = Callable[[Table, Profile | None], Iterator[Finding]]

# In the order in which a reader wants to hear of it. One more check is one more function here.
CHECKS: tuple[Check, ...] = (
    schema.columns,
    rows.ids,
    rows.repetitions,
    rows.no_loans,
    rows.moved,
    schema.swapped,
    schema.order,
    numbers.units,
    rows.breaches,
    numbers.far_off,
    numbers.fractions,
    numbers.special_codes,
    columns.missing,
    columns.constant,
    columns.spelling,
    columns.new_levels,
    columns.dates,
    alone.negatives,
    alone.mixed,
    alone.mixed_dates,
    alone.outliers,
)
_ORDER = {"error": 0, "warning": 1, "note": 2}


def check(
    frame: pl.DataFrame,
    contract: Contract,
    *,
    reference: Profile | None = None,
    id: str | None = None,
    time: str | None = None,
) -> list[Finding]:
    """Find what is wrong with a table.

    Parameters
    ----------
    frame : the rows as read.
    contract : what its columns should hold.
    reference : what it should look like; without one only what is wrong in itself is found.
    id : the column that names a row. time : the column with the day of the decision.

    Returns
    -------
    Errors first, then warnings, then notes; empty when all is well.

    >>> from loanbook.data.inference import infer_table
    >>> good = pl.DataFrame({"amount": [100.0 + i for i in range(200)], "state": ["CA", "NY"] * 100})
    >>> contract = Contract.learn(good, infer_table(good))
    >>> profile = Profile.learn(good, contract)
    >>> check(good, contract, reference=profile)
    []
    >>> for finding in check(good.with_columns(pl.col("amount") * 1000), contract, reference=profile)[:1]:
    ...     print(finding.check, finding.column)
    units amount
    """
    table = Table(frame, contract, id, time)
    found: dict[tuple[str, str, str], Finding] = {}
    for ask in CHECKS:
        for finding in ask(table, reference):
            found.setdefault((finding.check, finding.column, finding.what), finding)
    return ordered(found.values())


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notes."""
    return sorted(findings, key=lambda finding: _ORDER[finding.severity])
