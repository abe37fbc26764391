"""Which column plays which part, guessed from names, kinds and values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from loanbook.cli.drafting import names
from loanbook.cli.drafting.names import speaks_of, words_of
from loanbook.data.inference import ColumnType, numbers
from loanbook.features.ratios import is_label

_NUMBERS = ("integer", "decimal")
_PLURAL = {
    "integer": "whole numbers",
    "decimal": "numbers",
    "date": "dates",
    "boolean": "true and false",
    "category": "categories",
    "text": "texts",
}


@dataclass(frozen=True, slots=True)
class Guess:
    """A column for a part, and why; no column and why not."""

    column: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a table while its book is drafted; `taken` are columns that already have a part."""

    frame: pl.DataFrame
    types: dict[str, ColumnType]
    taken: tuple[str | None, ...] = ()

    def free(self, *kinds: str) -> list[str]:
        """Name the columns without a part, of some kinds or of any."""
        return [
            name
            for name in self.frame.columns
            if name not in self.taken and (not kinds or self.types[name].kind in kinds)
        ]

    def without(self, *columns: str | None) -> Draft:
        """Note that columns have a part now."""
        return replace(self, taken=(*self.taken, *columns))


def guess_id(draft: Draft) -> Guess:
    """Find what tells one loan from the next: the most telling name among columns that hardly repeat."""
    rows = draft.frame.height
    found: list[tuple[float, str, str]] = []
    for name in draft.free("integer", "category", "text"):
        column = draft.frame[name]
        if column.null_count() or not isinstance(column.n_unique(), int):
            continue
        share = column.n_unique() / rows
        named = speaks_of(name, names.IDS)
        if share == 1 and rows > 1 and (named or _counts(column)):
            found.append((3 + speaks_of(name, names.LOANS), name, "no value occurs twice"))
        elif named and share > 0.5:
            found.append((1 + share, name, f"named like one; {1 - share:.1%} of the rows repeat an earlier value"))
    best = max(found, key=lambda each: each[0], default=None)
    return Guess(best[1], best[2]) if best else Guess(None, "no column looks like one")


def guess_time(draft: Draft) -> Guess:
    """Find the day of the application or of the decision."""
    rows = draft.frame.height
    whole = [name for name in draft.free("date") if draft.frame[name].null_count() <= 0.05 * rows]
    likely = [name for name in whole if not speaks_of(name, names.AFTERWARDS)]
    for words in names.TIMES:
        for name in likely:
            if speaks_of(name, words):
                return Guess(name, "gives out-of-time validation")
    if len(likely) == 1:
        return Guess(likely[0], "the only date that every loan has")
    return Guess(None, "no date looks like the day of the decision")


def guess_amount(draft: Draft) -> Guess:
    """Find the exposure: a positive number with the name of an amount."""
    likely = [
        name
        for name in draft.free(*_NUMBERS)
        if not speaks_of(name, names.NOT_THE_AMOUNT) and _is_positive(draft, name)
    ]
    for suits in (_is_loan_amount, _is_amount, _is_loan, _is_limit):
        for name in likely:
            if suits(words_of(name)):
                return Guess(name, "named like it, and positive")
    return Guess(None, "no positive number is named like an amount")


def guess_outcome_time(draft: Draft, suspects: Iterable[str], bad: pl.Series) -> Guess:
    """Find the date that bad loans have and others do not; `bad` is (n,), null without an outcome."""
    for name in suspects:
        there = draft.frame[name].is_not_null()
        if draft.types[name].kind == "date" and there.filter(bad).sum() > there.filter(~bad).sum():
            return Guess(name, "bad loans have it, others do not")
    return Guess(None, "no date comes with bad loans only")


def protected_columns(draft: Draft) -> list[str]:
    """Name the columns that lending laws forbid to decide by."""
    return [name for name in draft.free("integer", "category", "boolean", "text") if speaks_of(name, names.PROTECTED)]


def ages(draft: Draft) -> list[str]:
    """Name the columns that tell how old an applicant is."""
    kinds = ("integer", "decimal", "category", "date")
    return [
        name for name in draft.free(*kinds) if speaks_of(name, names.AGES) and not speaks_of(name, names.NOT_OF_PERSONS)
    ]


def codes(draft: Draft) -> list[str]:
    """Name the columns of whole numbers that are codes: their order means nothing.

    Postal and industry codes stay numbers: the feature plan reads their leading digits.
    """
    return [name for name in draft.free("integer") if speaks_of(name, names.CODES) and not is_label(name)]


def day_problem(draft: Draft, name: str) -> str | None:
    """Say why a column that the user named as the time cannot be it."""
    if draft.types[name].kind != "date":
        return f"the column {name!r} holds {_PLURAL[draft.types[name].kind]}, not dates"
    return None


def number_problem(draft: Draft, name: str) -> str | None:
    """Say why a column that the user named as the amount cannot be it."""
    if draft.types[name].kind not in _NUMBERS:
        return f"the column {name!r} holds {_PLURAL[draft.types[name].kind]}, not numbers"
    return None


def _counts(column: pl.Series) -> bool:
    """Whether a column does nothing but number the rows."""
    values = numbers(column).drop_nulls() if column.dtype == pl.String else column
    if not values.dtype.is_numeric() or len(values) != len(column) or len(values) < 3:
        return False
    return bool((values.diff().drop_nulls() == 1).all())


def _is_positive(draft: Draft, name: str) -> bool:
    values = numbers(draft.frame[name], draft.types[name].format).drop_nulls()
    return len(values) > 0.9 * draft.frame.height and bool((values > 0).mean() > 0.99)  # type: ignore[operator]


def _is_loan_amount(words: frozenset[str]) -> bool:
    return not words.isdisjoint(names.AMOUNTS) and words <= (
        names.AMOUNTS | names.LOANS | {"approved", "requested", "gross", "original", "usd", "eur", "of", "the"}
    )


def _is_amount(words: frozenset[str]) -> bool:
    return not words.isdisjoint(names.AMOUNTS) or words == {"gr", "appv"}


def _is_loan(words: frozenset[str]) -> bool:
    return words in ({"loan"}, {"credit"}, {"loan", "size"}, {"loan", "value"}, {"kredit"})


def _is_limit(words: frozenset[str]) -> bool:
    return "limit" in words
