"""What a book can say about a column: its kind and, for numbers and dates, how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Final, Literal, TypeGuard, get_args

Kind = Literal["integer", "decimal", "category", "boolean", "date", "text"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
NUMBER_FORMATS: Final = ("", "1,234.56", "1.234,56")
MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_LONG_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _any_case(words: Iterable[str]) -> str:
    # Spelled out, as "ignore case" means more than ASCII, and not the same in Python and in Rust.
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


_DIRECTIVES: Final = {
    "%Y": "(?P<Y>[0-9]{4})",
    "%y": "(?P<y>[0-9]{2})",
    "%m": "(?P<m>0?[1-9]|1[0-2])",
    "%d": "(?P<d>0?[1-9]|[12][0-9]|3[01])",
    "%b": f"(?P<b>{_any_case(MONTHS)})",
    "%B": f"(?P<b>{_any_case(_LONG_MONTHS)})",
    "%H": "(?:[01]?[0-9]|2[0-3])",
    "%I": "(?:0?[1-9]|1[0-2])",
    "%M": "[0-5][0-9]",
    # Exports drop a fraction that is zero, so it may be there or not.
    "%S": r"[0-5][0-9](?:\.[0-9]+)?",
    "%f": "[0-9]{1,9}",
    "%p": "[AaPp][Mm]",
    "%z": "(?:Z|[-+][0-9]{2}:?[0-9]{2})",
    "%%": "%",
}
# Written without a separator, as in 20080131, months and days have both their digits.
_TWO_DIGITS: Final = {"%m": "(?P<m>0[1-9]|1[0-2])", "%d": "(?P<d>0[1-9]|[12][0-9]|3[01])"}
# What a date without a format is: ISO 8601, with or without a time.
_ISO = (
    f"(?P<Y>[0-9]{{4}})-{_TWO_DIGITS['%m']}-{_TWO_DIGITS['%d']}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The kind of a column and, for numbers and dates, how they are written.

    >>> str(ColumnType("date", "%d/%m/%Y"))
    'date %d/%m/%Y'
    >>> ColumnType.parse("decimal 1.234,56")
    ColumnType(kind='decimal', format='1.234,56')
    """

    kind: Kind
    format: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.format}".rstrip()

    @classmethod
    def parse(cls, text: str) -> ColumnType:
        """Understand a type as the book writes it.

        Raises
        ------
        ValueError that says what is wrong and what there is.

        >>> ColumnType.parse("integr")
        Traceback (most recent call last):
        ValueError: there is no type 'integr'; perhaps 'integer' is meant
        """
        kind, _, form = text.strip().partition(" ")
        form = form.strip()
        if not _is_kind(kind):
            near = get_close_matches(kind, KINDS, 1)
            hint = f"perhaps {near[0]!r} is meant" if near else f"there are {', '.join(KINDS)}"
            raise ValueError(f"there is no type {kind!r}; {hint}")
        if kind == "date":
            date_pattern(form)
        elif kind in ("integer", "decimal"):
            if form not in NUMBER_FORMATS:
                raise ValueError(f"there is no number format {form!r}; there are 1,234.56 and 1.234,56")
        elif form:
            raise ValueError(f"the type {kind!r} takes no format, but has {form!r}")
        return cls(kind, form)


@dataclass(frozen=True, slots=True)
class DatePattern:
    """A date format as a regular expression, and the names of its parts."""

    expression: re.Pattern[str]
    names: frozenset[str]


@cache
def date_pattern(form: str) -> DatePattern:
    """Understand a date format.

    Raises
    ------
    ValueError when it has an unknown directive or does not give a day: year and month are needed.

    >>> date_pattern("%d of %q")
    Traceback (most recent call last):
    ValueError: the date format '%d of %q' has %q, which is not one of %Y %y %m %d %b %B %H %I %M %S %f %p %z
    """
    if form == "":
        expression = re.compile(_ISO)
        return DatePattern(expression, frozenset(expression.groupindex))
    parts = re.findall(r"%.|[^%]+|%", form, flags=re.DOTALL)
    for part in parts:
        if part.startswith("%") and part not in _DIRECTIVES:
            known = " ".join(directive for directive in _DIRECTIVES if directive != "%%")
            raise ValueError(f"the date format {form!r} has {part}, which is not one of {known}")
    try:
        expression = re.compile("".join(_expression(parts, place) for place in range(len(parts))))
    except re.error:
        raise ValueError(f"the date format {form!r} names a part twice") from None
    names = frozenset(expression.groupindex)
    if len(names & {"Y", "y"}) != 1 or len(names & {"m", "b"}) != 1:
        needed = "one year (%Y or %y) and one month (%m, %b or %B)"
        raise ValueError(f"the date format {form!r} must have {needed}")
    return DatePattern(expression, names)


def _expression(parts: list[str], place: int) -> str:
    part, beside = parts[place], parts[max(place - 1, 0) : place] + parts[place + 1 : place + 2]
    if part in _TWO_DIGITS and any(other in _DIRECTIVES for other in beside):
        return _TWO_DIGITS[part]
    return _DIRECTIVES.get(part) or re.escape(part)


def _is_kind(word: str) -> TypeGuard[Kind]:
    return word in KINDS
