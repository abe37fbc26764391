"""`loanbook init`: a book that loads, guesses with reasons, leaks in `ignore`, and no cry of wolf."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.book import Book
from loanbook.cli import main
from loanbook.cli.drafting.page import key, quoted
from loanbook.cli.drafting.plan import Wanted, draft_plan
from loanbook.cli.drafting.target import read_target
from loanbook.errors import DataError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loans(rows=400, **more):
    rng = np.random.default_rng(0)
    made = {
        "Loan Nr": [f"L{number:05}" for number in range(rows)],
        "application_date": [f"{1 + n % 28:02}/{1 + n % 12:02}/20{10 + n % 5}" for n in range(rows)],
        "loan_amount": rng.integers(1_000, 50_000, rows),
        "income": rng.normal(3_000, 500, rows).round(2),
        "gender": rng.choice(["m", "f"], rows),
        "age": rng.integers(18, 80, rows),
        "zip_code": rng.integers(10_000, 99_999, rows),
        "status": rng.choice(["paid", "defaulted"], rows, p=[0.8, 0.2]),
    }
    return pl.DataFrame(made | more)


def run(capsys, *words):
    code = main(["init", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_real_loans_give_a_book_with_their_leaks_in_ignore(here, capsys):
    code, answer = run(capsys, "sample:sba_7a", "--target", "status")
    assert code == 0
    risk = Book.load("loanbook.toml").section("risk")
    assert risk.data.paths == "sample:sba_7a"
    assert (risk.bad, risk.id, risk.time) == (("charged_off",), "loan_number", "approval_date")
    assert (risk.outcome_time, risk.amount) == ("charge_off_date", "amount")
    expected = ["term_months", "disbursement_date", "disbursed", "charge_off_date", "charged_off", "balance"]
    assert list(risk.ignore) == expected
    assert [one["column"] for one in answer["ignore"]] == expected
    text = (here / "loanbook.toml").read_text()
    assert '"charge_off_date",                     # filled for 100% of the bad loans' in text


def test_every_guess_of_a_small_table_and_its_reason(here, capsys):
    loans().write_csv("loans.csv", separator=";")
    assert main(["init", "loans.csv", "--target", "status"]) == 0
    out = capsys.readouterr().out
    book = Book.load("loanbook.toml")
    risk = book.section("risk")
    book.check_columns("risk", loans().columns)
    assert (risk.target, risk.bad, risk.ignore) == ("status", ("defaulted",), ())
    assert (risk.id, risk.time, risk.amount) == ("Loan Nr", "application_date", "loan_amount")
    assert risk.protected == ("gender",)
    assert "zip_code" not in risk.types, "the feature plan reads its leading digits"
    assert risk.types["application_date"] == "date %d/%m/%Y"
    assert "bad: defaulted (guessed by its name)" in out
    text = (here / "loanbook.toml").read_text()
    assert "tells the applicant's age" in text
    assert '# income = "decimal"' in text


def test_what_the_user_says_wins(here, capsys):
    loans(other_date=["2010-01-01"] * 400).write_csv("loans.csv")
    words = ["--bad", "paid", "--time", "other_date", "--id", "income", "--amount", "age", "-o", "sub/mine.toml"]
    assert main(["init", "loans.csv", "--target", "status", *words]) == 0
    risk = Book.load("sub/mine.toml").section("risk")
    assert (risk.bad, risk.time, risk.id, risk.amount) == (("paid",), "other_date", "income", "age")
    assert risk.data.paths == "../loans.csv"
    capsys.readouterr()


def test_a_book_is_never_overwritten_unasked(here, capsys):
    loans().write_csv("loans.csv")
    (here / "loanbook.toml").write_text("mine")
    assert main(["init", "loans.csv", "--target", "status"]) == 2
    assert "there is a book already" in capsys.readouterr().err
    assert (here / "loanbook.toml").read_text() == "mine"
    assert main(["init", "loans.csv", "--target", "status", "--force"]) == 0
    assert "[risk]" in (here / "loanbook.toml").read_text()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv", "--target", "status"], "nowhere.csv: there is no such file."),
        (["loans.csv", "--target", "statsu"], "--target: the data have no column 'statsu'. Perhaps 'status' is meant."),
        (["loans.csv", "--target", "status", "--time", "tim"], "--time: the data have no column 'tim'."),
        (
            ["loans.csv", "--target", "status", "--time", "age"],
            "--time: the column 'age' holds whole numbers, not dates.",
        ),
        (["loans.csv", "--target", "status", "--amount", "gender"], "'gender' holds categories, not numbers."),
        (["loans.csv", "--target", "status", "--id", "status"], "'status' is named for two parts."),
        (["loans.csv", "--target", "status", "--bad", "defalted"], "never holds 'defalted'. Perhaps 'defaulted'"),
        (["loans.csv", "--target", "status", "--bad", "paid", "defaulted"], "every value of the target 'status'"),
        (["loans.csv", "--target", "age"], "holds 62 different values: "),
        (
            ["loans.csv", "--target", "constant"],
            "the target 'constant' holds only '1': there is nothing to tell apart.",
        ),
        (["loans.csv", "--target", "empty"], "the target 'empty' is empty: there is nothing to tell apart."),
        (["loans.csv", "b.csv", "--target", "status"], "'b.csv' is one word too many. Put a pattern"),
        (["loans.csv", "--target", "status", "--usecase", "fraud"], "cannot draft a book for 'fraud' yet"),
        (["loans.csv", "--target", "status", "--usecase", "rsik"], "there is no use case 'rsik'. Perhaps 'risk'"),
        (["loans.csv", "--target", "status", "-o", "."], "this is a folder."),
        (["loans.csv"], "missing option '--target'."),
    ],
)
def test_mistakes_are_one_paragraph_and_write_nothing(here, capsys, words, message):
    loans(constant=[1] * 400, empty=[None] * 400).write_csv("loans.csv")
    assert main(["init", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["loans.csv"]


def test_a_place_that_cannot_be_written_leaves_nothing(here, capsys):
    loans().write_csv("loans.csv")
    (here / "file").write_text("")
    assert main(["init", "loans.csv", "--target", "status", "-o", "file/loanbook.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["init", "loans.csv", "--target", "status", "-o", "/proc/loanbook.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "values", "bad"),
    [
        ("status", ["paid", "paid", "charged_off"], "charged_off"),
        ("MIS_Status", ["P I F", "CHGOFF", "CHGOFF"], "CHGOFF"),
        ("default", [0, 0, 1], "1"),
        ("default", ["no", "yes", "yes"], "yes"),
        ("default", [True, False, False], "true"),
        ("class", [1, 1, 2], "2"),
        ("class", [1, 2, 2], "1"),
        ("class", ["good", "bad", "bad"], "bad"),
        ("outcome", ["not default", "default", "default"], "default"),
        ("outcome", ["Fully Paid", "Charged Off", "Charged Off"], "Charged Off"),
        ("outcome", ["paid", "unpaid", "unpaid"], "unpaid"),
        ("fully_paid", [1, 1, 0], "0"),
        ("not.fully.paid", [0, 0, 1], "1"),
        ("loan_status", ["Y", "Y", "N"], "N"),
        ("loan_status", [0, 0, 1], "1"),
        ("x", ["a", "a", "b", None], "b"),
        ("x", [1.0, 0.0, None], "1"),
    ],
)
def test_the_bad_value_is_guessed(name, values, bad):
    assert read_target(pl.Series(name, values, strict=False), ()).bad == (bad,)


def test_several_bad_values_and_rows_without_an_outcome():
    target = read_target(pl.Series("status", ["A", "B", "C", "D", None]), ["B", "D"])
    assert target.mask.to_list() == [False, True, False, True, None]
    with pytest.raises(DataError, match=r"holds 4 different values: .*'A' \(1\)"):
        read_target(pl.Series("status", ["A", "B", "C", "D", None]), ())


def test_dates_that_read_both_ways_are_said_to(here, capsys):
    loans(when=[f"{1 + n % 12:02}/{2 + n % 9:02}/2010" for n in range(400)]).write_csv("loans.csv")
    assert main(["init", "loans.csv", "--target", "status"]) == 0
    assert "all values can also be read as %d/%m/%Y" in (here / "loanbook.toml").read_text()
    capsys.readouterr()


def test_a_table_without_a_header_and_without_roles(here, capsys):
    rows = "\n".join(f"A{n % 4} {n % 37} {1 + (n % 10 > 6)}" for n in range(300))
    (here / "german.data").write_text(rows)
    code, answer = run(capsys, "german.data", "--target", "column_3")
    assert code == 0
    assert answer["bad"] == ["2"]
    assert (answer["id"], answer["time"], answer["amount"]) == (None, None, None)
    assert "no header line" in " ".join(answer["notes"])
    Book.load("loanbook.toml").check_columns("risk", ["column_1", "column_2", "column_3"])


@given(
    names=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip),
        min_size=3,
        max_size=6,
        unique=True,
    )
)
def test_books_with_any_headers_load_and_name_the_same_columns(names):
    from loanbook.cli.drafting.page import Head, write

    rng = np.random.default_rng(0)
    columns = {name: [f"{value:,.2f}" for value in rng.random(60) * 9_999] for name in names[1:]}
    frame = pl.DataFrame({names[0]: ["bad", "good", "good"] * 20} | columns)
    plan = draft_plan(frame, Wanted(names[0]))
    risk = Book.parse(write(Head("x", "loans.csv", "risk", (names[0],)), plan)).section("risk")
    risk.check_columns(frame.columns)
    assert risk.target == names[0]
    assert set(risk.types) == {*names[1:]}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_toml(text):
    assert tomllib.loads(f"{key(text)} = {quoted(text)}") == {text: text}
