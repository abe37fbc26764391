"""A labelled table: applications the contract has read, with what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.book import Section
from loanbook.data.contract import Contract
from loanbook.data.fields import DateField, NumberField, as_text
from loanbook.data.inference import ColumnType
from loanbook.data.twins import find_near_copies, join
from loanbook.errors import BookError, DataError, TrainingError

Floats = NDArray[np.float64]
_TELLING = 0.2  # with fewer distinct rows than this share, loans are alike without being the same


@dataclass(frozen=True)
class Loans:
    """Rows that keep the contract and whose outcome is known.

    contract : how they were read.
    codes : (n, fields). y : (n,) what is learned: for a probability of default equal to `bad`.
    bad : (n,) 1 where the loan went bad, else 0; where an amount is learned, 1 for the upper half. Splits are balanced
        by it, and categories are weighed by it.
    rows : (n,) number of the row in the table, from 0.
    time : (n,) day of the decision, or None. known : (n,) day a bad outcome became known (NaN: not recorded), or None.
    amount : (n,) exposure, or None. groups : (n,) rows of one id, and near-copies, have one number.
    copies : (n,) whether a row has a near-copy (`data/twins`).
    set_aside : why rows of the table are not here, with their count.
    """

    contract: Contract
    codes: Floats
    y: Floats
    bad: Floats
    rows: NDArray[np.intp]
    time: Floats | None
    known: Floats | None
    amount: Floats | None
    groups: NDArray[np.int64]
    copies: NDArray[np.bool_]
    set_aside: dict[str, int]

    def __len__(self) -> int:
        return len(self.bad)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Loans:
        """Return some of the rows."""

        def part(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        return replace(
            self,
            codes=self.codes[rows],
            y=self.y[rows],
            bad=self.bad[rows],
            rows=self.rows[rows],
            time=part(self.time),
            known=part(self.known),
            amount=part(self.amount),
            groups=self.groups[rows],
            copies=self.copies[rows],
        )

    @classmethod
    def learn(cls, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Loans:
        """Learn the contract of a table and read it, with what became of each loan.

        Rows that break the contract, or that have no outcome yet, are set aside and counted.

        Parameters
        ----------
        table : as read from the section's data; its columns are those the book speaks of.
        section : which column plays which part.
        types : what each column is.

        Raises
        ------
        BookError : the target does not hold the bad value, or holds more than two values and none is named.
        TrainingError : every loan is good, or every loan is bad.
        """
        bad = outcomes(table[section.target], section)
        return _with_both_outcomes(cls.read(table, section, types, bad, bad), section)

    @classmethod
    def read(cls, table: pl.DataFrame, section: Section, types: dict[str, ColumnType], y: Floats, bad: Floats) -> Loans:
        """Learn the contract of a table and read it; y and bad as above, y NaN where it is not known yet."""
        columns = [name for name in table.columns if name not in section.apart]
        contract = Contract.learn(table, types, columns=columns, id=section.id)
        coded = contract.code_table(table)
        time = _days(table, section.time, types)
        reasons = {
            "no outcome yet": np.isnan(y),
            "breaks the data contract": ~coded.sound,
            "no date of decision": np.zeros(table.height, np.bool_) if time is None else np.isnan(time),
        }
        kept, set_aside = _kept(reasons)
        loans = cls(
            contract=contract,
            codes=coded.values,
            y=y,
            bad=bad,
            rows=np.arange(table.height),
            time=time,
            known=_days(table, section.outcome_time, types),
            amount=None if section.amount is None else numbers(table, section.amount, types),
            groups=_groups(table, section.id, coded.values),
            copies=np.zeros(table.height, np.bool_),
            set_aside=set_aside,
        )
        return _with_copies(loans.take(kept))


def _kept(reasons: Mapping[str, NDArray[np.bool_]]) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Keep the rows that no reason speaks against; count the others under the first reason that does."""
    out = np.zeros(len(next(iter(reasons.values()))), np.bool_)
    counts = {}
    for why, rows in reasons.items():
        if new := int((rows & ~out).sum()):
            counts[why] = new
        out |= rows
    return ~out, counts


def outcomes(target: pl.Series, section: Section) -> Floats:
    """Turn the target into 1 (bad), 0 (good) and NaN (not known yet), (n,).

    Raises
    ------
    BookError : see `Loans.learn`.
    """
    distinct = target.drop_nulls().unique()
    texts = {value: as_text(value) for value in distinct.to_list()}
    named = sorted(set(texts.values()))
    bad = set(map(as_text, section.bad)) or _guess_bad(target, named, section)
    if missing := bad - set(named):
        raise BookError(
            f"the column {section.target!r} never holds {_listed(sorted(missing))}",
            where=section.where("bad"),
            todo=f"choose among {_listed(named[:8])}",
        )
    marks = pl.Series([float(texts[value] in bad) for value in distinct.to_list()], dtype=pl.Float64)
    out: Floats = target.replace_strict(distinct, marks, default=None, return_dtype=pl.Float64).to_numpy()
    return out.astype(np.float64)


def _guess_bad(target: pl.Series, named: list[str], section: Section) -> set[str]:
    if len(named) > 2:
        raise BookError(
            f"the target {section.target!r} holds {len(named)} values and the book does not say which are bad",
            where=section.where("target"),
            todo=f'add bad = "…" to the book, one or several of {_listed(named[:8])}',
        )
    counts = dict.fromkeys(named, 0)
    for value, count in target.drop_nulls().value_counts().iter_rows():
        counts[as_text(value)] += count
    if len(named) == 2 and len(set(counts.values())) == 1:
        raise BookError(
            f"{_listed(named)} are equally common in {section.target!r}, and the book does not say which is bad",
            where=section.where("target"),
            todo='add bad = "…" to the book',
        )
    return set(sorted(named, key=counts.__getitem__)[:1])


def _with_copies(loans: Loans) -> Loans:
    """Find near-copies, and let each stand in one group with its original."""
    numeric = [isinstance(field, NumberField | DateField) for field in loans.contract.fields]
    pairs = find_near_copies(loans.codes, numeric, loans.bad)
    if not len(pairs):
        return loans
    copies = np.zeros(len(loans), np.bool_)
    copies[pairs] = True
    return replace(loans, groups=join(loans.groups, pairs), copies=copies)


def _with_both_outcomes(loans: Loans, section: Section) -> Loans:
    bads = int(loans.bad.sum())
    if 0 < bads < len(loans):
        return loans
    if not len(loans):
        counts = ", ".join(f"{count} {why}" for why, count in loans.set_aside.items())
        raise DataError(f"no row is left to learn from ({counts})", todo="run `loanbook check` to see why")
    every = "bad" if bads else "good"
    raise TrainingError(
        f"all {len(loans)} usable loans are {every}: there is nothing to tell apart",
        where=section.where("target"),
        todo="bring loans of both outcomes, or correct `target` and `bad` in the book",
    )


def _days(table: pl.DataFrame, name: str | None, types: dict[str, ColumnType]) -> Floats | None:
    if name is None:
        return None
    return DateField(name, "date", required=False, format=types[name].format).codes(table[name])[0]


def numbers(table: pl.DataFrame, name: str, types: dict[str, ColumnType]) -> Floats:
    """Read a column of numbers, (n,): NaN where there is none, or none that can be read."""
    return NumberField(name, "decimal", required=False, format=types[name].format).codes(table[name])[0]


def _groups(table: pl.DataFrame, name: str | None, codes: Floats) -> NDArray[np.int64]:
    """Number the rows by id, a row without one alone; where there are no ids, equal rows belong together.

    Exported twice, a loan would else be taught on one side and tested on the other.
    """
    if name is None:
        fields = pl.DataFrame(codes)
        first = fields.with_row_index("row").select(pl.col("row").first().over(fields.columns)).to_series().to_numpy()
        told_apart = len(np.unique(first)) > _TELLING * len(first)
        return first.astype(np.int64) if told_apart else np.arange(table.height)
    number = table[name].rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    alone = number == 0
    return np.where(alone, number.max(initial=0) + 1 + np.cumsum(alone), number)


def _listed(values: list[str]) -> str:
    return ", ".join(repr(value) for value in values)
