"""Readers of single values of a book: what a key may hold, and the sentence for what it may not."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from loanbook.book.columns import ColumnType

Reader = Callable[[Any], Any]
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Unfit(Exception):
    """A value that its key may not hold: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str = "") -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str):
        raise Unfit(f"must be a text in quotes, not {shown(value)}")
    if not value.strip():
        raise Unfit("must not be empty")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts, or a single one; repetitions count once."""
    values = value if isinstance(value, list) else [value]
    if wrong := [one for one in values if not isinstance(one, str)]:
        raise Unfit(f'must be a list of texts, such as ["a", "b"], but holds {shown(wrong[0])}')
    return tuple(dict.fromkeys(text(one) for one in values))


def truth(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Unfit(f"must be true or false, not {shown(value)}")
    return value


def levels(value: Any) -> tuple[str, ...]:
    """Read one value of a column or a list of them, as the data contract writes them: 1, 1.0 and "1" are the same."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Unfit("must name at least one value", "leave it out for the rarer of two values")
    return tuple(dict.fromkeys(_level(one) for one in values))


def between(low: float, high: float, unit: str = "") -> Reader:
    """Make the reader of a number in [low, high]."""
    limits = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of {low:g} or more"

    def number(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit(f"must be a number {limits}, not {shown(value)}")
        if not low <= value <= high or math.isinf(value):
            raise Unfit(f"must be a number {limits}, but is {value}", unit)
        return float(value)

    return number


def one_of(*choices: str) -> Reader:
    """Make the reader of a word out of a list."""

    def choice(value: Any) -> str:
        if value not in choices:
            raise Unfit(f"must be {' or '.join(repr(each) for each in choices)}, not {shown(value)}")
        return str(value)

    return choice


def column_type(value: Any) -> str:
    """Read a column's type, such as "date %d/%m/%Y"."""
    try:
        return str(ColumnType.parse(text(value)))
    except ValueError as error:
        raise Unfit(str(error)) from None


def secret(value: Any) -> str:
    """Read a text in which ${NAME} stands for an environment variable, or for the file that NAME_FILE names."""
    return _VARIABLE.sub(lambda match: _variable(match[1]), text(value))


def _variable(name: str) -> str:
    if name in os.environ:
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        raise Unfit(f"the environment variable {name!r} is not set", f"set it: export {name}=…")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise Unfit(f"the file that {name}_FILE names cannot be read ({reason})", f"look at {path}") from None


def shown(value: Any) -> str:
    """Say what a TOML value is, in plain words.

    >>> shown(3), shown([1]), shown({"a": 1}), shown(True)
    ('the number 3', 'a list', 'a table', 'true')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date | datetime | time):
        return f"the date {value}"
    if isinstance(value, str):
        return repr(value)
    return "a list" if isinstance(value, list) else "a table"


def _level(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value).strip()
    raise Unfit(f"must be a value of the target or a list of them, but holds {shown(value)}")
