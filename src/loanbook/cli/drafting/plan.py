"""All guesses of a draft, in the order in which they lean on each other."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loanbook.book.mistakes import nearest
from loanbook.cli.drafting.roles import (
    Draft,
    Guess,
    ages,
    codes,
    day_problem,
    guess_amount,
    guess_id,
    guess_outcome_time,
    guess_time,
    number_problem,
    protected_columns,
)
from loanbook.cli.drafting.target import Target, read_target
from loanbook.data.inference import ColumnType, date_readings, infer_table, numbers
from loanbook.data.leakage import Suspect, of_amounts, suspects
from loanbook.errors import DataError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said about the table; None and () where a guess is asked for."""

    target: str
    bad: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    amount: str | None = None

    def columns(self) -> dict[str, str]:
        """Name the columns the user named, by option."""
        named = {"target": self.target, "id": self.id, "time": self.time, "amount": self.amount}
        return {option: name for option, name in named.items() if name is not None}


@dataclass(frozen=True, slots=True)
class Declared:
    """A type that the book declares, and why."""

    column: str
    type: ColumnType
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a drafted section says; `plain` are columns whose type is evident.

    outcome : which values of the target are bad; None where the target is an amount.
    """

    target: str
    outcome: Target | None
    id: Guess
    time: Guess
    outcome_time: Guess
    amount: Guess
    suspects: tuple[Suspect, ...]
    protected: tuple[str, ...]
    ages: tuple[str, ...]
    declared: tuple[Declared, ...]
    plain: dict[str, ColumnType]


def draft_plan(frame: pl.DataFrame, wanted: Wanted, *, amounts: bool = False) -> Plan:
    """Guess all roles and types of a table of loans.

    Parameters
    ----------
    frame : the table. wanted : what the user said about it.
    amounts : whether the target is an amount to learn, not an outcome.

    Raises
    ------
    DataError when a named column is not there or cannot play its part, or the target cannot be one.
    """
    _require(frame, wanted)
    outcome = None if amounts else read_target(frame[wanted.target], wanted.bad)
    draft = Draft(frame, infer_table(frame), tuple(wanted.columns().values()))
    _require_kinds(draft, wanted)
    if amounts and (problem := number_problem(draft, wanted.target)):
        raise DataError(problem, where="--target", todo="name a column of amounts")
    id = Guess(wanted.id, "as you said") if wanted.id else guess_id(draft)  # noqa: A001 the book's word
    draft = draft.without(id.column)
    time = Guess(wanted.time, "as you said") if wanted.time else guess_time(draft)
    draft = draft.without(time.column)
    mask = outcome.mask if outcome else _upper_half(draft, wanted.target)
    found = _suspects(draft, mask, wanted.target, id.column, time.column)
    if amounts:
        found = of_amounts(found)
    late = [one.column for one in found if one.kind == "presence"]
    outcome_time = guess_outcome_time(draft, late, mask)
    draft = draft.without(*(one.column for one in found))
    amount = _amount(draft, wanted, amounts=amounts)
    protected = tuple(protected_columns(draft))
    roles = (time.column, outcome_time.column, amount.column)
    declared = _declared(draft.without(*protected), [name for name in roles if name])
    left = draft.without(*protected, *(one.column for one in declared), amount.column)
    return Plan(
        target=wanted.target,
        outcome=outcome,
        id=id,
        time=time,
        outcome_time=outcome_time if time.column else Guess(None, "of use only together with a time"),
        amount=amount,
        suspects=tuple(found),
        protected=protected,
        ages=tuple(ages(draft)),
        declared=tuple(declared),
        plain={name: draft.types[name] for name in left.free()},
    )


def _require(frame: pl.DataFrame, wanted: Wanted) -> None:
    columns = wanted.columns()
    for option, name in columns.items():
        if name not in frame.columns:
            raise DataError(f"the data have no column {name!r}", where=f"--{option}", todo=nearest(name, frame.columns))
    for option, name in columns.items():
        if list(columns.values()).count(name) > 1:
            raise DataError(f"the column {name!r} is named for two parts", where=f"--{option}", todo="name another")


def _require_kinds(draft: Draft, wanted: Wanted) -> None:
    if wanted.time and (problem := day_problem(draft, wanted.time)):
        raise DataError(problem, where="--time", todo="name a column of dates, or leave it out")
    if wanted.amount and (problem := number_problem(draft, wanted.amount)):
        raise DataError(problem, where="--amount", todo="name a column of numbers, or leave it out")


def _amount(draft: Draft, wanted: Wanted, *, amounts: bool) -> Guess:
    if wanted.amount:
        return Guess(wanted.amount, "as you said")
    return Guess(None, "the target is the amount") if amounts else guess_amount(draft)


def _upper_half(draft: Draft, target: str) -> pl.Series:
    """(n,) whether the target is above its median; null where it has none."""
    values = numbers(draft.frame[target], draft.types[target].format)
    return values > values.median()


def _suspects(
    draft: Draft,
    mask: pl.Series,
    target: str,
    id: str | None,
    time: str | None,
) -> list[Suspect]:
    known = mask.is_not_null()
    y = mask.filter(known).cast(pl.Float64).to_numpy()
    apart = [name for name in (target, id) if name]
    return suspects(draft.frame.filter(known), y, types=draft.types, time=time, exclude=apart)


def _declared(draft: Draft, roles: list[str]) -> list[Declared]:
    """Types that are worth fixing in the book: formats of dates and numbers, and codes that look like numbers."""
    meaningless = set(codes(draft))
    found = []
    for name in draft.frame.columns:
        kind = draft.types[name]
        if name in meaningless:
            found.append(Declared(name, ColumnType("category"), "a code: its order means nothing"))
        elif kind.format and (name in draft.free() or name in roles):
            found.append(Declared(name, kind, _both_ways(draft.frame[name], kind)))
    return found


def _both_ways(column: pl.Series, kind: ColumnType) -> str:
    if kind.kind != "date" or column.dtype != pl.String:
        return ""
    others = [form for form in date_readings(column) if form != kind.format]
    return f"all values can also be read as {others[0]}: correct it if they should be" if others else ""
