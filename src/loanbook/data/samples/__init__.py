"""Real loans that come with the package, each with its datasheet (`.md`) and a book that fits it (`.toml`).

A book names one as `data = "sample:sba_7a"`.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from loanbook.errors import DataError

HERE = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Every sample there is, in alphabetical order.

    >>> names()
    ('sba_7a',)
    """
    return tuple(sorted(file.stem for file in HERE.glob("*.parquet")))


def path(name: str) -> Path:
    """Where the table of a sample lies (Parquet).

    Parameters
    ----------
    name : one of `names()`, without the `sample:` of the book.

    Returns
    -------
    The file's absolute path.

    Raises
    ------
    DataError
        There is no such sample.

    >>> path("sba_7a").name
    'sba_7a.parquet'
    >>> path("sba7")
    Traceback (most recent call last):
        ...
    loanbook.errors.DataError: sample:sba7: there is no such sample. Perhaps sample:sba_7a is meant.
    """
    known = names()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        todo = f"perhaps sample:{near[0]} is meant" if near else f"there is: {', '.join(known)}"
        raise DataError("there is no such sample", where=f"sample:{name}", todo=todo)
    return HERE / f"{name}.parquet"


def book(name: str) -> Path:
    """Where the book of a sample lies (TOML): a lender's declaration that fits the table, commented.

    >>> book("sba_7a").name
    'sba_7a.toml'
    """
    return path(name).with_suffix(".toml")
