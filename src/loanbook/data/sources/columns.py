"""Which columns of a table are read."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import polars as pl

from loanbook.errors import DataError


def choose(names: Sequence[str], columns: Sequence[str] | None, where: str) -> Sequence[str]:
    """The columns asked for, all of them when nothing is.

    Raises
    ------
    DataError : one is not there; the nearest name is given. Or a name is written "^…$", which Polars takes for a
        pattern wherever it meets it.

    >>> choose(["amount", "state"], ["stat"], "loans.csv")
    Traceback (most recent call last):
    ...
    loanbook.errors.DataError: loans.csv: there is no column "stat". The nearest is "state".
    """
    for name in names:
        if name.startswith("^") and name.endswith("$"):
            raise DataError(f'the header "{name}" reads like a search pattern', where=where, todo="rename the column")
    for name in columns or ():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            todo = f'the nearest is "{near[0]}"' if near else f"there are: {', '.join(list(names)[:12])}"
            raise DataError(f'there is no column "{name}"', where=where, todo=todo)
    return names if columns is None else columns


def pick(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Take columns by their exact names; Polars' own select reads "*" and "^…$" as patterns.

    >>> pick(pl.DataFrame({"*": [1], "a": [2]}), ["*"]).columns
    ['*']
    """
    return pl.DataFrame([frame.get_column(name) for name in names])


def require_same(first: Sequence[str], names: Sequence[str], where: str, before: str) -> None:
    """Raise DataError unless the files of one table have the same columns."""
    for name in first:
        if name not in names:
            raise DataError(f'there is no column "{name}", which {before} has', where=where, todo=_alike(name, names))
    for name in names:
        if name not in first:
            raise DataError(f'column "{name}" is not in {before}', where=where, todo="give all files the same columns")


def _alike(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f'the nearest is "{near[0]}"' if near else "give all files the same columns"
