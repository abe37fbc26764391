"""Which values of the target are bad loans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from loanbook.book.mistakes import nearest
from loanbook.data.fields import as_text
from loanbook.errors import DataError

_BAD = re.compile(
    r"default|charged?[ _-]?off|chg[ _-]?off|bad|delinq|fraud|late|loss|npl|arrears|written|declin|reject|fail|unpaid"
    r"|not[ _-]?(fully[ _-]?)?paid|overdue|ausfall",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"(?<!un)(?<!not )(?<!not_)(?<!fully )paid|fully[ _-]paid|good|current|perform|approv|accept|success|^p ?i ?f$"
    r"|no(n|t)?[ _-]?(default|charged|fraud|bad|delinq|loss)",
    re.IGNORECASE,
)
# A target with such a name is true when all went well …
_GOOD_NAME = re.compile(r"^(?!.*(not|non|un)).*(paid|good|perform|approv|accept|success|worth)", re.IGNORECASE)
# … and one with such a name says nothing about what is true.
_EMPTY_NAME = re.compile(r"^(loan[ _.-]?)?status$", re.IGNORECASE)
_TRUTHS = (
    *({"0", "1"}, {"y", "n"}, {"yes", "no"}, {"true", "false"}, {"t", "f"}),
    *({"ja", "nein"}, {"oui", "non"}, {"si", "no"}),
)
_TRUE = {"1", "y", "yes", "true", "t", "ja", "oui", "si"}


@dataclass(frozen=True, slots=True)
class Target:
    """The bad values of the target, why they, and where in the table they are ((n,), null without an outcome)."""

    bad: tuple[str, ...]
    why: str
    mask: pl.Series


def read_target(column: pl.Series, wanted: Sequence[str]) -> Target:
    """Settle which values are bad.

    Parameters
    ----------
    column : the target, n cells.
    wanted : the bad values as the user gave them; guessed when there are none.

    Raises
    ------
    DataError when the target cannot be one: empty, constant, of many values without a word on which are bad.

    >>> read_target(pl.Series("status", ["paid", "charged_off", None]), ()).bad
    ('charged_off',)
    """
    counts = column.drop_nulls().value_counts(sort=True)
    levels: dict[str, int] = {}
    for value, count in counts.rows():
        levels[as_text(value)] = levels.get(as_text(value), 0) + count
    if len(levels) < 2:
        only = f"holds only {next(iter(levels))!r}" if levels else "is empty"
        todo = "bring loans of both outcomes, or name another target"
        raise DataError(f"the target {column.name!r} {only}: there is nothing to tell apart", todo=todo)
    bad, why = _wanted(column.name, levels, wanted) if wanted else _guess(column.name, levels)
    texts = {value: as_text(value) in bad for value in column.drop_nulls().unique().to_list()}
    mask = column.replace_strict(list(texts), list(texts.values()), default=None, return_dtype=pl.Boolean)
    return Target(bad, why, mask)


def _wanted(name: str, levels: dict[str, int], wanted: Sequence[str]) -> tuple[tuple[str, ...], str]:
    bad = tuple(dict.fromkeys(map(as_text, wanted)))
    for value in bad:
        if value not in levels:
            raise DataError(f"the target {name!r} never holds {value!r}", todo=nearest(value, levels))
    if len(bad) == len(levels):
        raise DataError(f"every value of the target {name!r} is named as bad", todo="leave the good ones out")
    return bad, "as you said"


def _guess(name: str, levels: dict[str, int]) -> tuple[tuple[str, ...], str]:
    if len(levels) > 2:
        shown = ", ".join(f"{value!r} ({count:,})" for value, count in list(levels.items())[:12])
        more = f" and {len(levels) - 12:,} more" if len(levels) > 12 else ""
        raise DataError(
            f"the target {name!r} holds {len(levels):,} different values: {shown}{more}",
            todo=f"say which are bad: --bad {_quoted(list(levels)[-1])}, once for each",
        )
    rarer = list(levels)[1]
    if {value.lower() for value in levels} in _TRUTHS:
        return _guess_truth(name, levels, rarer)
    bad = [value for value in levels if _BAD.search(value) and not _GOOD.search(value)]
    good = [value for value in levels if _GOOD.search(value)]
    if len(bad) == 1:
        return (bad[0],), "guessed by its name"
    if len(good) == 1:
        return tuple(value for value in levels if value not in good), f"guessed: {good[0]!r} sounds good"
    return (rarer,), "guessed: the rarer one"


def _guess_truth(name: str, levels: Iterable[str], rarer: str) -> tuple[tuple[str, ...], str]:
    """Decide whether true or false is bad: true, unless the target is named after what is good."""
    if _EMPTY_NAME.search(name):
        return (rarer,), "guessed: the rarer one"
    true, false = sorted(levels, key=lambda value: value.lower() not in _TRUE)
    if _GOOD_NAME.search(name):
        return (false,), f"guessed: {name!r} sounds as if {true!r} were good"
    return (true,), "guessed: true is bad"


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w.-]+", value) else f"'{value}'"
