"""How numbers and dates are written, each format with one definition and two speeds.

``read_number`` and ``read_date`` read one text and say what is wrong with it; ``numbers`` and ``dates``
read a column at once. Wherever the column readers give a value it is the scalar reader's, to the last bit;
where they are not sure they give null, and the caller asks the scalar reader for the reason.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import polars as pl

from loanbook.book.columns import MONTHS, NUMBER_FORMATS, date_pattern

_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_CURRENCY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF|CZK|INR|Rs\.?)"
_BLANK = "[ \u00a0\u202f]"
_EPOCH = date(1970, 1, 1).toordinal()
# A two-digit year from 69 on is 19xx, as POSIX has it.
_PIVOT = 69


def read_number(text: str, form: str = "") -> float:
    """Read one number.

    Parameters
    ----------
    text : the number as written; blanks around it do not count.
    form : one of ``NUMBER_FORMATS``. ``""`` is plain ("-3", "1234.5", "1e3"); the other two allow
        thousands separators (the format's own, blanks, apostrophes), a currency sign, a percent sign (kept as
        it is: "12.5%" is 12.5), and brackets for a negative amount.

    Returns
    -------
    A finite float, the nearest to the decimal number written.

    Raises
    ------
    ValueError when the text is anything else: never "inf", "nan" or "1_000".

    >>> read_number("$1,234.50", "1,234.56"), read_number("(1.234,5)", "1.234,56"), read_number("1e3")
    (1234.5, -1234.5, 1000.0)
    >>> read_number("12a")
    Traceback (most recent call last):
    ValueError: '12a' is not a number
    """
    stripped = text.strip()
    if form == "":
        plain = stripped if _PLAIN.fullmatch(stripped) else ""
        value = float(plain) if plain else float("nan")
    else:
        value = _read_grouped(stripped, form)
    if value - value != 0.0:  # not a number, or too large for one
        written = f", written like {form}" if form else ""
        raise ValueError(f"{_short(text)} is not a number{written}")
    return value


def read_date(text: str, form: str = "") -> float:
    """Read one date as days since 1970-01-01; a time of day is checked and dropped.

    Parameters
    ----------
    text : the date as written; blanks around it do not count.
    form : a strptime pattern of %Y %y %m %d %b %B and, for times, %H %I %M %S %f %p %z; ``""`` is ISO 8601.
        A two-digit year from 69 on is in the 1900s.

    Raises
    ------
    ValueError when the text is not written like that, or no such day exists.

    >>> read_date("1970-02-01"), read_date("31-Jan-08", "%d-%b-%y")
    (31.0, 13909.0)
    >>> read_date("30/02/2008", "%d/%m/%Y")
    Traceback (most recent call last):
    ValueError: '30/02/2008' is not a date written like %d/%m/%Y
    """
    match = date_pattern(form).expression.fullmatch(text.strip())
    if match is not None:
        found = match.groupdict()
        month = int(found["m"]) if "m" in found else MONTHS[found["b"][:3].lower()]
        year = int(found["Y"]) if "Y" in found else _century(int(found["y"]))
        try:
            return float(date(year, month, int(found.get("d", 1))).toordinal() - _EPOCH)
        except ValueError:
            pass
    raise ValueError(f"{_short(text)} is not a date written like {form or '2008-01-31'}")


def numbers(column: pl.Series, form: str = "") -> pl.Series:
    """Read a column of numbers: ``read_number`` where it is sure, null elsewhere.

    Parameters
    ----------
    column : n texts, or numbers or booleans as they come (the format is then not needed).

    Returns
    -------
    Float64 of length n, every value finite.

    >>> numbers(pl.Series(["1.5", "x", None, "-2"])).to_list()
    [1.5, None, None, -2.0]
    """
    if column.dtype != pl.String or form == "":
        values = column.cast(pl.Float64, strict=False)
    else:
        values = _grouped_numbers(column, form)
    return values.set(~values.is_finite(), None)


def dates(column: pl.Series, form: str = "") -> pl.Series:
    """Read a column of dates as days since 1970-01-01: ``read_date`` where it is sure, null elsewhere.

    Parameters
    ----------
    column : n texts, whole numbers such as 20080131, or dates and times as they come.

    Returns
    -------
    Float64 of length n.

    >>> dates(pl.Series(["1970-01-02", "1970-02-30", None])).to_list()
    [1.0, None, None]
    """
    if isinstance(column.dtype, (pl.Date, pl.Datetime)):
        return column.cast(pl.Date).cast(pl.Int32).cast(pl.Float64)
    if column.dtype != pl.String:
        column = column.cast(pl.Int64, strict=False).cast(pl.String)
    pattern = date_pattern(form)
    groups = column.str.extract_groups(f"^(?:{pattern.expression.pattern})$")
    found = groups.struct.unnest() if pattern.names else pl.DataFrame()
    return found.select(_days(pattern.names).alias(column.name)).to_series()


def _century(two_digits: int) -> int:
    return two_digits + (1900 if two_digits >= _PIVOT else 2000)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")


@cache
def _grouped_pattern(form: str) -> re.Pattern[str]:
    if form not in NUMBER_FORMATS[1:]:
        raise ValueError(f"there is no number format {form!r}; there are 1,234.56 and 1.234,56")
    thousands, point = (",", r"\.") if form == "1,234.56" else (r"\.", ",")
    groups = "|".join(f"(?:{mark}[0-9]{{3}})+" for mark in (thousands, _BLANK, "['’]"))
    size = rf"(?:(?:[1-9][0-9]{{0,2}}(?:{groups})|[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)"
    gap = f"{_BLANK}?"
    money = f"(?:{_CURRENCY}{gap})?"
    unit = f"(?:{gap}(?:{_CURRENCY}|%))?"
    return re.compile(rf"[-+−]?{money}{size}{unit}|{_CURRENCY}{gap}[-+−]{size}|\({money}{size}{unit}\)")


def _read_grouped(text: str, form: str) -> float:
    if not _grouped_pattern(form).fullmatch(text):
        return float("nan")
    text = text.replace("Rs.", "")
    digits = re.sub("[^0-9.]" if form == "1,234.56" else "[^0-9,]", "", text).replace(",", ".")
    value = float(digits)
    return -value if re.search("[-−(]", text) else value


def _grouped_numbers(column: pl.Series, form: str) -> pl.Series:
    good = column.set(~column.str.contains(f"^(?:{_grouped_pattern(form).pattern})$"), None)
    bare = good.str.replace("Rs.", "", literal=True)
    digits = bare.str.replace_all("[^0-9.]" if form == "1,234.56" else "[^0-9,]", "")
    values = digits.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    negative = good.str.contains("[-−(]")
    return pl.select(pl.when(negative).then(-values).otherwise(values).alias(column.name)).to_series()


def _days(names: frozenset[str]) -> pl.Expr:
    """Days since 1970 of the parts of a date; null where there is no such day."""
    year = pl.col("Y").cast(pl.Int32) if "Y" in names else pl.col("y").cast(pl.Int32)
    if "y" in names:
        year = pl.when(year >= _PIVOT).then(year + 1900).otherwise(year + 2000)
    month = pl.col("m").cast(pl.Int32) if "m" in names else _month_number(pl.col("b"))
    day = pl.col("d").cast(pl.Int32) if "d" in names else pl.lit(1, dtype=pl.Int32)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = pl.when(month == 2).then(28 + leap.cast(pl.Int32)).otherwise(30 + (month + month // 8) % 2)
    # Days before a month in a year that starts in March, so that the leap day comes last (Hinnant, 2013).
    shifted = year - (month <= 2).cast(pl.Int32)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    total = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719468
    return pl.when((year >= 1) & (day <= last)).then(total.cast(pl.Float64))


def _month_number(name: pl.Expr) -> pl.Expr:
    return name.str.head(3).str.to_lowercase().replace_strict(MONTHS, default=None, return_dtype=pl.Int32)
