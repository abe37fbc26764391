"""The data profile: before any training, on any table, the same figures as the table has."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
import pytest

from loanbook.book import Book
from loanbook.reporting.page import html
from loanbook.reporting.profile import data_profile
from loanbook.usecases import find
from tests.reporting.conftest import HOSTILE, written


@pytest.fixture(scope="module")
def book(tmp_path_factory, loans):
    return written(tmp_path_factory.mktemp("profile"), loans)


@pytest.fixture(scope="module")
def profile(book):
    return data_profile(book, find("risk"))


@pytest.fixture(scope="module")
def profile_html(profile):
    return html(profile)


def one_column(folder, values, *, bad=("y", "n"), extra=""):
    table = pl.DataFrame({"x": values, "bad": [bad[place % 3 == 0] for place in range(len(values))]})
    table.write_parquet(folder / "t.parquet")
    (folder / "loanbook.toml").write_text(f'[risk]\ndata = "t.parquet"\ntarget = "bad"\nbad = "n"\n{extra}')
    return Book.load(folder / "loanbook.toml")


def test_every_column_has_its_card_and_every_chart_its_table(profile_html, loans, parse):
    root = parse(profile_html)
    cards = [one for one in root.all("section") if one.attributes.get("class") == "card"]
    assert [card.all("h3")[0].text for card in cards] == loans.columns
    figures = root.all("figure")
    assert len(figures) > loans.width
    assert all(figure.all("details")[0].all("table") for figure in figures)
    assert not re.search(r"https?://", profile_html.decode())
    assert not root.all("script")


def test_a_name_that_is_out_to_break_the_page_does_not(profile_html, parse):
    assert HOSTILE in parse(profile_html).text
    assert b"<b>" not in profile_html
    assert b"<script" not in profile_html


def test_the_figures_are_those_of_the_table(profile, loans):
    told = profile.figures()["columns"]["columns"]
    assert set(told) == set(loans.columns)
    amount = told["amount"]
    assert amount["missing"] == loans["amount"].null_count()
    assert amount["distinct"] == loans["amount"].n_unique()
    assert amount["quantiles"]["1"] == loans["amount"].max()
    state = {band["label"]: band for band in told["state"]["bands"]}
    texas = loans.filter(pl.col("state") == "TX")
    assert state["TX"]["rows"] == texas.height
    assert state["TX"]["mean"] == pytest.approx((texas["status"] == "charged_off").mean())
    assert sum(band["rows"] for band in told["state"]["bands"]) == loans.height
    years = {year["year"]: year["rows"] for year in told["state"]["years"]}
    assert years == dict(loans["approval_date"].dt.year().value_counts().iter_rows())


def test_what_is_known_only_later_tells_most_and_is_named(book, loans):
    text = book.path.read_text().replace('"term_months", ', "")
    path = book.path.with_name("leaky.toml")
    path.write_text(text)
    told = data_profile(Book.load(path), find("risk")).figures()
    assert "term_months" in {one["column"] for one in told["warnings"]["suspects"]}
    strength = told["strongest"]["strength"]
    assert strength["term_months"] > strength["state"]


def test_an_amount_is_averaged_where_an_amount_is_asked_for(book, loans):
    told = data_profile(book, find("amount")).figures()
    texas = next(band for band in told["columns"]["columns"]["state"]["bands"] if band["label"] == "TX")
    assert texas["mean"] == pytest.approx(loans.filter(pl.col("state") == "TX")["amount"].mean())


def test_the_same_table_gives_the_same_bytes(book, profile_html):
    assert html(data_profile(book, find("risk"))) == profile_html


@pytest.mark.parametrize(
    "values",
    [
        [None] * 6,
        [1.5] * 6,
        [1, 2, 3, None, 5, 6],
        [True, False, None, True, True, False],
        ["a", "missing", "any other", None, "", "b"],
        ["€ 1", "$2$ x_1", "金額", "\x00", "a\nb", "<i>"],
        [1e300, -1e300, float("inf"), float("nan"), 0.0, 1.0],
        [dt.date(1900, 1, 1), dt.date(2100, 12, 31), None, None, dt.date(2000, 1, 1), dt.date(2000, 1, 2)],
    ],
    ids=["empty", "constant", "whole", "boolean", "labels", "odd texts", "huge", "dates"],
)
def test_any_column_has_a_card(values, tmp_path, parse):
    page = data_profile(one_column(tmp_path, values), find("risk"))
    assert parse(html(page)).text
    told = page.figures()["columns"]["columns"]["x"]
    assert sum(band["rows"] for band in told["bands"]) == len(values)


def test_rows_that_are_there_twice_are_counted(tmp_path):
    told = data_profile(one_column(tmp_path, [1, 1, 2, 1, 1, 3]), find("risk")).figures()
    assert told["repeated"]["equal_rows"] == 2


def test_outcomes_that_are_not_known_yet_do_no_harm(tmp_path, parse):
    table = pl.DataFrame({"x": [1, 2, 3, 4], "bad": [None, "n", "y", None]})
    table.write_parquet(tmp_path / "t.parquet")
    (tmp_path / "loanbook.toml").write_text('[risk]\ndata = "t.parquet"\ntarget = "bad"\nbad = "n"\n')
    page = data_profile(Book.load(tmp_path / "loanbook.toml"), find("risk"))
    assert "2 outcomes are known: 50.0%" in parse(html(page)).text
