"""Columns that look as if they were known only after the decision, each with the evidence.

A model that sees such a column is splendid in the laboratory and worthless at the counter. Nothing is removed
here: `loanbook init` writes the suspects into `ignore` with their evidence, and the lender has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.book import Section
from loanbook.data.inference import ColumnType
from loanbook.data.leakage.columns import Column, Outcome, view
from loanbook.data.leakage.dates import decision_day, later
from loanbook.data.leakage.names import later_figure, telling_name
from loanbook.data.leakage.statistics import presence, pure_region, rewritten, safe_region, separates
from loanbook.data.leakage.sums import computed

__all__ = ["Suspect", "known_later", "of_amounts", "suspects"]

# More rows than this say nothing new about a column that leaks.
_ROWS = 60_000


@dataclass(frozen=True, slots=True)
class Suspect:
    """A column that looks as if it were known only later: the evidence in one sentence, and what kind it is."""

    column: str
    evidence: str
    kind: str

    def __str__(self) -> str:
        return f"{self.column}: {self.evidence}"


def suspects(
    frame: pl.DataFrame,
    y: NDArray[np.float64],
    *,
    types: Mapping[str, ColumnType],
    time: str | None = None,
    exclude: Collection[str] = (),
) -> list[Suspect]:
    """Look for columns that come from after the decision.

    Parameters
    ----------
    frame : n labelled loans.
    y : (n,) 1 where the loan went bad, else 0.
    types : what the columns hold, as `infer_table` says; columns without a type are not looked at.
    time : the column with the day of the decision, when there is one.
    exclude : columns not to look at: the target, the id, and the like.

    Returns
    -------
    The suspects in the order of the table, each with the first of these kinds of evidence that it gives:

    "presence" : filled (or not zero) nearly always for one outcome and hardly ever for the other.
    "exact" : its exact values separate far better than their order does. A term or an amount that is rewritten
        when a loan is charged off shows itself so: paid loans keep their round numbers.
    "copy" : by itself it ranks bad loans before good ones nearly without fault (AUC 0.95 and more), which no
        honest figure does.
    "region" : a range of its values is nearly all bad and covers much of the bad; or, in a column that
        separates well, a tenth of the loans is nearly free of bad ones.
    "later" : a date after the decision in nearly every row.
    "name" : its name says so, and a figure agrees.
    "computed" : it is a sum or a difference of two columns, one of which is a suspect.

    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random(1000) < 0.2).astype(float)
    >>> frame = pl.DataFrame({"income": rng.normal(size=1000), "recovered": y * rng.random(1000)})
    >>> types = {"income": ColumnType("decimal"), "recovered": ColumnType("decimal")}
    >>> print(*suspects(frame, y, types=types))
    recovered: not zero for 100% of the bad loans and for 0% of the others
    """
    names = [name for name in frame.columns if name in types and name not in exclude and name != time]
    outcome = Outcome.of(frame, np.asarray(y, dtype=np.float64), looked_at=names, rows=_ROWS)
    if not outcome.both:
        return []
    columns = [view(outcome, name, types[name]) for name in names]
    day = decision_day(outcome, types, time)
    repeats = _rows_repeat(columns)
    found = {column.name: evidence for column in columns if (evidence := _evidence(column, columns, day, repeats))}
    kinds = {name: kind for name, (kind, _) in found.items()}
    for name, words in computed(columns, kinds, day.name if day else None).items():
        found.setdefault(name, ("computed", words))
    return [Suspect(name, found[name][1], found[name][0]) for name in names if name in found]


def known_later(
    table: pl.DataFrame,
    section: Section,
    types: Mapping[str, ColumnType],
    bad: NDArray[np.float64],
) -> list[Suspect]:
    """Look for suspects among the columns that a model would see, with the eyes of `loanbook init`.

    All columns are looked at, those the book ignores too: what the others are computed from may be among them.

    Parameters
    ----------
    table : the rows as read. section : which column plays which part. types : what each column is.
    bad : (n,) 1 where the loan went bad, 0 where not, NaN where that is not known yet.
    """
    ends = [name for name in (section.target, section.id) if name]
    known = ~np.isnan(bad)
    found = suspects(table.filter(known), bad[known], types=types, time=section.time, exclude=ends)
    return [suspect for suspect in found if suspect.column not in section.apart]


def of_amounts(found: list[Suspect]) -> list[Suspect]:
    """Keep what counts as evidence where an amount is learned, and say it so.

    A price may honestly tell the amount of the loan that pays it: only a copy, a later date and a telling name count.
    Pass `suspects` a y of 1 for the upper half of the amounts.
    """
    return [
        replace(one, evidence=one.evidence.replace("bad loans from good ones", "large amounts from small ones"))
        for one in found
        if one.kind in ("copy", "later", "name")
    ]


def _evidence(column: Column, columns: list[Column], day: Column | None, repeats: bool) -> tuple[str, str] | None:
    found = {
        "presence": presence(column),
        "exact": None if repeats else rewritten(column),
        "copy": separates(column, exactly=not repeats),
        "region": pure_region(column) or safe_region(column),
        "later": later(column, day) if day else None,
        "name": telling_name(column) or later_figure(column, columns),
    }
    return next(((kind, words) for kind, words in found.items() if words), None)


def _rows_repeat(columns: list[Column]) -> bool:
    """Whether rows come in groups that share their outcome, such as the months of one customer.

    Then the exact values of any column point to the group, and prove nothing.
    """
    rich = [column for column in columns if column.distinct > 50]
    pointing = [column for column in rich if rewritten(column)]
    return len(pointing) > 3 and len(pointing) > len(rich) / 3
