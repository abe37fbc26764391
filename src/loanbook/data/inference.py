"""What kind of thing each raw column holds, and how it is written (formats.py has the formats)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from loanbook.book.columns import NUMBER_FORMATS, ColumnType, Kind, date_pattern
from loanbook.data.formats import dates, numbers, read_date, read_number

__all__ = [
    "MISSING",
    "ColumnType",
    "Kind",
    "date_readings",
    "dates",
    "infer",
    "infer_table",
    "looks_like_a_date",
    "numbers",
    "read_date",
    "read_number",
]

# What a text cell says when it means that there is no value. "None" is not here: it is a real category
# ("number of claims: none") in insurance tables.
MISSING: Final = frozenset(
    {"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?", "#N/A", ".", "<NA>", "NaT"},
)

# A column is what at least this share of its cells says; the others are the data contract's business.
_ENOUGH = 0.98
_MOST = 0.8  # a format that reads less of a column is not tried
_FEW_WORDS, _MANY = 5, 50  # so few different words among so many different numbers are all wrong together
_SAMPLE = 300
_PLAUSIBLE_DAYS = (-47482.0, 47846.0)  # 1840 to 2100: 8-digit numbers outside are no dates
# In order of preference: of two that read a column equally well the earlier is taken.
_DAYS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d.%m.%Y", "%m.%d.%Y", "%d.%m.%y", "%m.%d.%y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d"),
    *(
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %b %Y",
        "%d %b %y",
        "%d/%b/%Y",
        "%d%b%Y",
        "%d%b%y",
        "%b %d, %Y",
        "%b %d %Y",
    ),
    *("%d %B %Y", "%d-%B-%Y", "%B %d, %Y", "%Y-%b-%d", "%b-%Y", "%b-%y", "%b %Y", "%Y-%m", "%m/%Y"),
)
_TIMES: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S%z", "%H:%M%z")
_WITH_TIME = re.compile("(.*?)([T ])([0-9]{1,2}:[0-9]{2}.*)")
_NONE: Mapping[str, str] = MappingProxyType({})


def infer(column: pl.Series) -> ColumnType:
    """Guess what a column holds: at once from a native type, from all its values when they are text.

    Parameters
    ----------
    column : n raw cells. Texts in ``MISSING`` and nulls do not count. Up to 2% of the cells may be wrong, or up to
        20% when they are a few words among many numbers: an amount of "unknown" leaves the column a number, for the
        data contract to complain about.

    Returns
    -------
    The type. American and European dates are told apart by the values; when all of them read both ways, dates
    with slashes are American and the others European (``date_readings`` gives both). Whole numbers of eight
    digits that are all days are dates. Numbers that start with a zero are codes, so a category. Long texts
    that hardly repeat are "text".

    >>> str(infer(pl.Series(["31/12/2007", "01/02/2008", "NA"])))
    'date %d/%m/%Y'
    >>> str(infer(pl.Series(["1.250,00", "99,5"]))), str(infer(pl.Series(["02134", "10001"])))
    ('decimal 1.234,56', 'category')
    """
    if column.dtype != pl.String:
        return _native(column)
    sample = _present(_spread(column))
    if sample.is_empty():
        sample = _present(column.unique())  # rare values between the rows looked at
    if sample.is_empty():
        return ColumnType("category")
    if not sample.str.contains("[0-9]").any():
        return _words(column)
    return _number(column, sample) or _date(column, sample) or _words(column)


def infer_table(frame: pl.DataFrame, declared: Mapping[str, str] = _NONE) -> dict[str, ColumnType]:
    """Types of all columns, those the book declares taken as declared.

    >>> types = infer_table(pl.DataFrame({"zip": [2134], "sum": [1.5]}), {"zip": "category"})
    >>> types["zip"].kind, types["sum"].kind
    ('category', 'decimal')
    """
    return {
        name: ColumnType.parse(declared[name]) if name in declared else infer(frame[name]) for name in frame.columns
    }


def date_readings(column: pl.Series) -> tuple[str, ...]:
    """All date formats that read a text column equally well, the one ``infer`` takes first.

    >>> date_readings(pl.Series(["01/02/2008", "03/04/2008"]))
    ('%m/%d/%Y', '%d/%m/%Y')
    >>> date_readings(pl.Series(["01/02/2008", "31/12/2007"]))
    ('%d/%m/%Y',)
    """
    sample = _present(_spread(column))
    cells = _cells(column)
    fits = [(dates(cells, form), form) for form in _date_candidates(sample)]
    shares = [_share(days, cells) for days, _ in fits]
    best = max(shares, default=0.0)
    if best < _ENOUGH:
        return ()
    level = [(days, form) for (days, form), share in zip(fits, shares, strict=True) if share == best]
    # A column of firsts of the month, read the wrong way round, would be all January.
    level.sort(key=lambda fit: not _first_of_month(fit[0]))
    return tuple(form for _, form in level)


def _native(column: pl.Series) -> ColumnType:
    dtype = column.dtype
    if dtype.is_integer():
        return ColumnType("date", "%Y%m%d") if _are_days(column) else ColumnType("integer")
    if dtype.is_float() or isinstance(dtype, pl.Decimal):
        return ColumnType("decimal")
    if isinstance(dtype, pl.Boolean):
        return ColumnType("boolean")
    if isinstance(dtype, (pl.Date, pl.Datetime)):
        return ColumnType("date")
    if isinstance(dtype, (pl.Categorical, pl.Enum, pl.Null)):
        return ColumnType("category")
    return ColumnType("text")


def _are_days(column: pl.Series) -> bool:
    low, high = column.min(), column.max()
    if not isinstance(low, int) or not isinstance(high, int) or low < 10**7 or high >= 10**8:
        return False
    days = dates(column, "%Y%m%d").drop_nulls()
    return len(days) == len(column) - column.null_count() and bool(days.is_between(*_PLAUSIBLE_DAYS).all())


def _spread(column: pl.Series) -> pl.Series:
    return column.gather_every(max(1, len(column) // _SAMPLE))


def _present(column: pl.Series) -> pl.Series:
    return _cells(column).drop_nulls()


def _cells(column: pl.Series) -> pl.Series:
    """Trimmed, with null for what means "no value"."""
    trimmed = column.str.strip_chars()
    return trimmed.set(trimmed.is_in(list(MISSING)), None)


def _share(read: pl.Series, cells: pl.Series) -> float:
    return read.count() / max(cells.count(), 1)


def _number(column: pl.Series, sample: pl.Series) -> ColumnType | None:
    formats = [form for form in NUMBER_FORMATS if _share(numbers(sample, form), sample) > _MOST]
    if not formats:
        return None
    cells = _cells(column)
    form, read = _best_number(cells, formats)
    if _share(read, cells) < _ENOUGH and not _words_among_numbers(cells, read):
        return None
    if form == "" and _are_codes(cells):
        return ColumnType("category")
    if not _whole(cells, read, form):
        return ColumnType("decimal", form)
    if form == "" and _are_days(read.drop_nulls().cast(pl.Int64)):
        return ColumnType("date", "%Y%m%d")
    return ColumnType("integer", form)


def _best_number(cells: pl.Series, formats: list[str]) -> tuple[str, pl.Series]:
    best = formats[0], numbers(cells, formats[0])
    for form in formats[1:]:
        if best[1].count() == cells.count():
            break
        read = numbers(cells, form)
        best = (form, read) if read.count() > best[1].count() else best
    return best


def _words_among_numbers(cells: pl.Series, read: pl.Series) -> bool:
    """Whether all but numbers are a few words, such as "none" or "see file": they are the mistake, not the numbers."""
    others = cells.filter(read.is_null()).drop_nulls()
    return _share(read, cells) > _MOST and read.n_unique() > _MANY and others.n_unique() <= _FEW_WORDS


def _are_codes(cells: pl.Series) -> bool:
    return cells.str.contains("^0[0-9]+$").sum() > 0.001 * cells.count()


def _whole(cells: pl.Series, read: pl.Series, form: str) -> bool:
    """Whether the numbers are written as whole ones (1.0 is not: somebody measured it)."""
    if not ((read == read.round()) & (read.abs() < 2.0**63)).all():
        return False
    point = "," if form == "1.234,56" else "."
    marks = cells.str.contains(point, literal=True) | (cells.str.contains("[eE]") if form == "" else False)
    return not (marks & read.is_not_null()).any()


def _date(column: pl.Series, sample: pl.Series) -> ColumnType | None:
    formats = date_readings(column) if _date_candidates(sample) else ()
    return ColumnType("date", formats[0]) if formats else None


def _date_candidates(sample: pl.Series) -> list[str]:
    """Formats that read most of the sample, in order of preference."""
    few: list[str] = (sample.head(1) if len(sample) < 20 else sample.gather_every(len(sample) // 20)).to_list()
    likely = {form: None for text in few for form in _formats_of(text)}
    ranked = sorted(likely, key=_preference)
    return [form for form in ranked if _share(dates(sample, form), sample) > _MOST]


def _formats_of(text: str) -> Iterator[str]:
    """Every format that reads one text: a day, and perhaps a time of day behind it."""
    found = _WITH_TIME.fullmatch(text)
    day, between, time = found.groups() if found else (text, "", "")
    times = [form for form in _TIMES if date_pattern("%Y%m" + form).expression.fullmatch("200801" + time)]
    for form in _DAYS:
        if date_pattern(form).expression.fullmatch(day):
            yield from (form + between + tail for tail in times) if time else (form,)


def looks_like_a_date(text: str) -> bool:
    """Whether some date format reads a text; bare digits may be anything.

    >>> looks_like_a_date("31.12.2007"), looks_like_a_date("20071231"), looks_like_a_date("36 months")
    (True, False, False)
    """
    return not text.isdigit() and next(_formats_of(text), None) is not None


def _preference(form: str) -> int:
    return next((place for place, day in enumerate(_DAYS) if form.startswith(day)), len(_DAYS))


def _first_of_month(days: pl.Series) -> bool:
    found = days.drop_nulls().cast(pl.Int32).cast(pl.Date)
    return found.n_unique() > 1 and bool((found.dt.day() == 1).all())


def _words(column: pl.Series) -> ColumnType:
    cells = _present(column)
    distinct = cells.unique()
    if set(distinct.head(50).str.to_lowercase()) <= {"true", "false"} and not distinct.is_empty():
        return ColumnType("boolean")
    length = distinct.str.len_chars().mean()
    repeats = 1 - len(distinct) / max(len(cells), 1)
    if len(distinct) < 50 or not isinstance(length, float):
        return ColumnType("category")
    spoken = distinct.head(_SAMPLE).str.contains(" ").mean()
    sentences = length > 40 and repeats < 0.9
    names = isinstance(spoken, float) and spoken > 0.5 and length > 12 and repeats < 0.5
    return ColumnType("text" if sentences or names or repeats < 0.05 else "category")
