"""Guessing what raw columns hold, and reading numbers and dates at two speeds with one meaning."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.data.inference import (
    MISSING,
    ColumnType,
    date_readings,
    dates,
    infer,
    infer_table,
    numbers,
    read_date,
    read_number,
)

NUMBER_FORMATS = ["", "1,234.56", "1.234,56"]
DATE_FORMATS = [
    *(
        "",
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%y",
        "%Y%m%d",
        "%y%m%d",
        "%d-%b-%y",
        "%B %d, %Y",
        "%b-%Y",
    ),
    *("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %H:%M"),
]
ODD_CELLS = st.text(alphabet="0123456789.,-+eE $€%()'/:TZ JanfebMAYRs_\u00a0٣ſ", max_size=14)


ODD_DAYS = st.from_regex(r"\A[0-9]{1,4}[-/.]?[0-9]{1,2}[-/.]?[0-9]{1,4}( 1[0-9]:[0-6][0-9])?\Z")


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.parametrize("form", NUMBER_FORMATS)
@given(cells=st.lists(ODD_CELLS | st.floats().map(repr) | st.integers().map("{:,}".format), max_size=20))
def test_a_column_of_numbers_reads_as_its_cells(form, cells):
    for cell, value in zip(cells, numbers(pl.Series(cells, dtype=pl.String), form), strict=True):
        if value is not None:
            assert bits(read_number(cell, form)) == bits(value)


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_every_plain_number_is_read_at_both_speeds(value):
    assert bits(read_number(repr(value))) == bits(value)
    assert bits(numbers(pl.Series([repr(value)]))[0]) == bits(value)


@given(cents=st.integers(-(10**12), 10**12))
def test_money_is_read_at_both_speeds_in_both_formats(cents):
    american = f"{abs(cents) / 100:,.2f}"
    european = american.translate(str.maketrans(",.", ".,"))
    sign = "-" if cents < 0 else ""
    for text, form in ((f"{sign}${american}", "1,234.56"), (f"{sign}{european} €", "1.234,56")):
        assert read_number(text, form) == cents / 100
        assert numbers(pl.Series([text]), form).to_list() == [cents / 100]


@pytest.mark.parametrize("text", ["", "inf", "-Infinity", "nan", "1_000", "1e999", "12a", "0x10", "1,5", "٣", "--1"])
def test_what_is_not_a_plain_number_is_refused_at_both_speeds(text):
    with pytest.raises(ValueError, match="is not a number"):
        read_number(text)
    assert numbers(pl.Series([text])).to_list() == [None]


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("(1,234.50)", "1,234.56", -1234.5),
        ("-$1,000", "1,234.56", -1000.0),
        ("$-1,000", "1,234.56", -1000.0),
        ("Rs. 1,000.5", "1,234.56", 1000.5),
        ("12.5%", "1,234.56", 12.5),
        ("1 234 567,5", "1.234,56", 1234567.5),
        ("1'234.50", "1,234.56", 1234.5),
        ("0,123", "1.234,56", 0.123),
    ],
)
def test_money_as_people_write_it(text, form, value):
    assert read_number(text, form) == value
    assert numbers(pl.Series([text]), form).to_list() == [value]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1,23,4", "1,234.56"),
        ("0,123", "1,234.56"),
        ("1.5", "1.234,56"),
        ("(1", "1,234.56"),
        ("1e3", "1,234.56"),
    ],
)
def test_money_written_another_way_is_refused(text, form):
    with pytest.raises(ValueError, match="written like"):
        read_number(text, form)
    assert numbers(pl.Series([text]), form).to_list() == [None]


@pytest.mark.parametrize("form", DATE_FORMATS)
@given(cells=st.lists(ODD_CELLS | ODD_DAYS | st.datetimes().map(str), max_size=20))
def test_a_column_of_dates_reads_as_its_cells(form, cells):
    for cell, value in zip(cells, dates(pl.Series(cells, dtype=pl.String), form), strict=True):
        if value is not None:
            assert bits(read_date(cell, form)) == bits(value)


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%b-%Y", "%B %d, %Y"])
@given(day=st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_at_both_speeds(form, day):
    expected = float((day - date(1970, 1, 1)).days)
    assert read_date(day.strftime(form), form) == expected
    assert dates(pl.Series([day.strftime(form)]), form).to_list() == [expected]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2007-02-29", "%Y-%m-%d"),
        ("31/04/2008", "%d/%m/%Y"),
        ("0000-01-01", "%Y-%m-%d"),
        ("2008-01-31 24:00:00", "%Y-%m-%d %H:%M:%S"),
        ("2008-13-01", ""),
        ("20081", "%Y%m%d"),
    ],
)
def test_days_that_do_not_exist_are_refused_at_both_speeds(text, form):
    with pytest.raises(ValueError, match="is not a date"):
        read_date(text, form)
    assert dates(pl.Series([text]), form).to_list() == [None]


def test_two_digit_years_turn_at_69():
    assert read_date("01.01.69", "%d.%m.%y") == read_date("1969-01-01")
    assert read_date("01.01.68", "%d.%m.%y") == read_date("2068-01-01")


def test_native_columns_are_read_as_they_are():
    assert numbers(pl.Series([1, None, 3])).to_list() == [1.0, None, 3.0]
    assert numbers(pl.Series([1.5, float("nan"), float("inf")])).to_list() == [1.5, None, None]
    assert dates(
        pl.Series([datetime(1970, 1, 2, 23, 59, tzinfo=UTC), datetime(1969, 12, 31, 23, tzinfo=UTC)])
    ).to_list() == [
        1.0,
        -1.0,
    ]
    assert dates(pl.Series([20080131, 20080199]), "%Y%m%d").to_list() == [13909.0, None]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "NA", ""], "integer"),
        (["1", "2.5", "?"], "decimal"),
        (["1.0", "2.0"], "decimal"),
        (["1e5", "3"], "decimal"),
        (["1,250", "99", "3,000,000"], "integer 1,234.56"),
        (["$1,250.00", "$99.50"], "decimal 1,234.56"),
        (["1.250,00", "99,5"], "decimal 1.234,56"),
        (["1.5%", "22%"], "decimal 1,234.56"),
        (["1.234.567", "1.234"], "integer 1.234,56"),
        (["02134", "10001", "90210"], "category"),
        (["2008-01-31", "NaT"], "date %Y-%m-%d"),
        (["31/01/2008", "01/02/2008"], "date %d/%m/%Y"),
        (["01/31/2008", "01/02/2008"], "date %m/%d/%Y"),
        (["1/2/2008", "3/4/2008"], "date %m/%d/%Y"),
        (["01/03/2008", "01/04/2008", "01/12/2007"], "date %d/%m/%Y"),
        (["1.2.2008", "3.4.2008"], "date %d.%m.%Y"),
        (["31-Jan-08", "1-FEB-07"], "date %d-%b-%y"),
        (["January 31, 2008", "May 1, 2007"], "date %B %d, %Y"),
        (["20080131", "20071231"], "date %Y%m%d"),
        (["20080131", "20071299"], "integer"),
        (["2008-01-31 23:59:59", "2008-01-31 00:00:00.123"], "date %Y-%m-%d %H:%M:%S"),
        (["2008-01-31T23:59:59Z", "2008-01-31T00:00:00+01:00"], "date %Y-%m-%dT%H:%M:%S%z"),
        (["1/31/2008 12:00:00 AM"], "date %m/%d/%Y %I:%M:%S %p"),
        (["Jan-2008", "Feb-2009"], "date %b-%Y"),
        (["true", "False"], "boolean"),
        (["Y", "N"], "category"),
        (["yes", "no"], "category"),
        (["none", "None", "1"], "category"),
        (["", "NA", "?"], "category"),
        (["A11", "A12"], "category"),
        (["< 1 year", "10+ years"], "category"),
    ],
)
def test_what_text_columns_hold(cells, expected):
    assert str(infer(pl.Series(cells))) == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series([1, 2]), "integer"),
        (pl.Series([1.0, 2.0]), "decimal"),
        (pl.Series([True, None]), "boolean"),
        (pl.Series([date(2008, 1, 31)]), "date"),
        (pl.Series([datetime(2008, 1, 31, 12, tzinfo=UTC)]), "date"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), "category"),
        (pl.Series([None, None]), "category"),
        (pl.Series([20080131, 20071231]), "date %Y%m%d"),
        (pl.Series([20080131, 30000000]), "integer"),
    ],
)
def test_what_native_columns_hold(column, expected):
    assert str(infer(column)) == expected


def test_two_bad_cells_in_a_hundred_do_not_change_the_kind_and_six_do():
    good = [str(number) for number in range(100)]
    assert infer(pl.Series(["unknown", "n.k.", *good])).kind == "integer"
    assert infer(pl.Series([*"abcdef", *good])).kind != "integer"
    days = [f"2008-01-{day:02}" for day in range(1, 29)] * 4
    assert infer(pl.Series(["soon", *days])) == ColumnType("date", "%Y-%m-%d")


def test_a_few_words_among_many_numbers_are_the_mistake():
    good = [str(number) for number in range(100)]
    assert infer(pl.Series([*["unknown", "see file"] * 10, *good])).kind == "integer"
    assert infer(pl.Series([*["unknown"] * 40, *good])).kind == "category"
    assert infer(pl.Series([*["none"] * 10, *["1", "2", "3"] * 30])).kind == "category"


def test_a_column_that_is_nearly_empty_is_judged_by_what_is_there():
    assert infer(pl.Series([None] * 5000 + ["12.5"] + [None] * 4999, dtype=pl.String)).kind == "decimal"


def test_long_texts_that_hardly_repeat_are_text():
    reviews = [f"The officer number {number} was helpful and explained all of it twice" for number in range(200)]
    assert infer(pl.Series(reviews)).kind == "text"
    assert infer(pl.Series([f"LP{number:06}" for number in range(200)])).kind == "text"
    assert infer(pl.Series(["Springfield", "Shelbyville"] * 200)).kind == "category"


def test_dates_that_read_both_ways_are_given_both_ways():
    assert date_readings(pl.Series(["01-02-2008", "03-04-2008"])) == ("%d-%m-%Y", "%m-%d-%Y")
    assert date_readings(pl.Series(["17-02-2008", "03-04-2008"])) == ("%d-%m-%Y",)
    assert date_readings(pl.Series(["a", "b"])) == ()


def test_declared_types_win():
    frame = pl.DataFrame({"zip": [2134, 10001], "rate": ["1,5", "2,5"]})
    types = infer_table(frame, {"zip": "category", "gone": "integer"})
    assert types == {"zip": ColumnType("category"), "rate": ColumnType("decimal", "1.234,56")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("integr", "perhaps 'integer' is meant"),
        ("money", "there are integer, decimal"),
        ("category x", "takes no format"),
        ("decimal 1.5", "no number format '1.5'"),
        ("date %d", "must have one year"),
        ("date %Y-%m-%m", "names a part twice"),
        ("date %Q", "%Q, which is not one of"),
    ],
)
def test_types_that_do_not_exist_are_named(text, message):
    with pytest.raises(ValueError, match=message):
        ColumnType.parse(text)


@given(kind=st.sampled_from(["integer", "decimal 1.234,56", "date %d/%m/%Y", "category", "boolean", "text", "date"]))
def test_types_survive_being_written(kind):
    assert str(ColumnType.parse(kind)) == kind


@given(cells=st.lists(st.none() | st.sampled_from(sorted(MISSING)) | ODD_CELLS, max_size=30))
def test_any_column_of_text_has_a_type_that_can_be_written(cells):
    found = infer(pl.Series(cells, dtype=pl.String))
    assert ColumnType.parse(str(found)) == found
