"""The bundled loans are what their datasheet says they are."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import polars as pl
import pytest

from loanbook.data import samples
from loanbook.errors import DataError

LEAKS = {"term_months", "charge_off_date", "charged_off", "balance", "disbursed", "disbursement_date"}


@pytest.fixture(scope="module")
def loans(sample):
    return pl.read_parquet(sample)


@pytest.fixture(scope="module")
def datasheet(sample):
    return sample.with_suffix(".md").read_text(encoding="utf-8")


def test_it_is_small_enough_to_ship(sample):
    assert sample.stat().st_size <= 3_000_000


def test_it_is_the_file_of_the_datasheet(sample, datasheet):
    assert hashlib.sha256(sample.read_bytes()).hexdigest() in datasheet
    assert f"{sample.stat().st_size:,} bytes" in datasheet


def test_loans_approved_1998_to_2008_in_order(loans):
    assert loans.height == 40_185
    assert loans["approval_date"].min() >= date(1998, 1, 1)
    assert loans["approval_date"].max() <= date(2008, 12, 31)
    assert loans.equals(loans.sort("approval_date", "loan_number"))
    assert loans["loan_number"].is_unique().all()


def test_every_loan_obeys_the_hash_rule(loans):
    for number in loans["loan_number"]:
        assert int(hashlib.sha256(b"%d" % number).hexdigest()[:16], 16) % 10_000 < 815


def test_the_datasheet_describes_every_column_and_no_other(loans, datasheet):
    section = datasheet.split("## Columns")[1].split("## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+)[^|]* \| \**([AD])\** \| .{10,} \|$", section, flags=re.MULTILINE)
    assert [name for name, _, _ in rows] == loans.columns
    kinds = {
        pl.Int64: "integer",
        pl.Int32: "integer",
        pl.Float64: "decimal",
        pl.Date: "date",
        pl.String: "text",
    }
    assert [kind for _, kind, _ in rows] == [kinds[dtype.base_type()] for dtype in loans.dtypes]
    assert {name for name, _, known in rows if known == "D"} == LEAKS | {"status"}


def test_the_datasheet_gives_the_bad_rate_of_every_year(loans, datasheet):
    years = loans.group_by(pl.col("approval_date").dt.year().alias("year")).agg(
        loans=pl.len(), bad=(pl.col("status") == "charged_off").sum()
    )
    for year, count, bad in years.iter_rows():
        assert f"| {year} | {count:,} | {bad:,} | {bad / count:.1%} |" in datasheet


def test_the_mess_is_kept_as_published(loans):
    assert loans.filter(pl.col("disbursement_date").dt.year() == 1928).height == 1
    assert loans["revolving"].drop_nulls().n_unique() == 6
    assert loans["low_doc"].null_count() == 60
    assert (loans["naics"] == "0").sum() == 3_419
    assert loans.filter(pl.col("charge_off_date").is_not_null())["status"].value_counts().height == 2


def test_its_book_ignores_every_leak(loans):
    book = samples.book("sba_7a").read_text(encoding="utf-8")
    quoted = set(re.findall(r'"(\w+)"', book.split("ignore = [")[1].split("]")[0]))
    assert quoted == LEAKS
    for key in ("target", "id", "time", "outcome_time", "amount"):
        assert re.search(rf'^{key} = "(\w+)"', book, flags=re.MULTILINE).group(1) in loans.columns


def test_an_unknown_sample_is_refused_by_name():
    with pytest.raises(DataError, match=r"sample:sba: .*sba_7a"):
        samples.path("sba")
    with pytest.raises(DataError, match=r"sample:\.\./secret: .*sba_7a"):
        samples.path("../secret")
