"""`loanbook check`: one line per failure, and an exit code that a script can use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.cli import main
from loanbook.lifecycle import train
from loanbook.usecases import find

BOOK = """
[risk]
data = "loans.csv"
target = "status"
bad = "bad"
id = "id"
time = "day"
amount = "amount"
ignore = ["paid_back"]
"""


@pytest.fixture
def loans() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    bad = rng.random(2000) < 0.2
    return pl.DataFrame(
        {
            "id": np.arange(2000),
            "day": np.datetime64("2006-01-02") + (7 * rng.integers(0, 97, 2000)).astype("timedelta64[D]"),
            "amount": rng.permutation(90_000)[:2000] + 10_000.0,
            "state": rng.choice(list("ABCDEFG"), 2000),
            "paid_back": ~bad,
            "status": np.where(bad, "bad", "good"),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, loans: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> Path:
    loans.write_csv(tmp_path / "loans.csv")
    (tmp_path / "loanbook.toml").write_text(BOOK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "0 failures in 2,000 rows of loans.csv, held against itself.\n"
    assert main(["check", "risk", "--data", "loans.csv"]) == 0
    assert "held against the book's data, loans.csv" in capsys.readouterr().out
    assert not (folder / ".loanbook").exists()


def test_a_failure_has_a_line_with_column_count_example_and_advice(
    folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    negative = pl.when(pl.col("id").is_in([5, 6, 7])).then(-pl.col("amount")).otherwise("amount")
    loans.with_columns(negative.alias("amount")).drop("status", "paid_back").write_csv("new.csv")
    assert main(["check", "--data", "new.csv"]) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"amount: '{-loans['amount'][5]}' is below 0, the least that is believable here")
    assert "(3 rows, such as row 6)" in first
    assert first.endswith("Correct the values; see whether their unit changed.")
    assert last.startswith("1 failure in 2,000 rows of new.csv")


def test_a_champion_brings_its_own_contract(
    folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "loanbook.toml").write_text(BOOK.replace('time = "day"\n', ""))
    train(Book.load("loanbook.toml"), find("risk"), only=["approve_all", "one_rule"])
    loans.with_columns(amount=-pl.col("amount")).write_csv("new.csv")
    assert main(["check", "--data", "new.csv"]) == 1
    assert "held against the contract of version 1" in capsys.readouterr().out
    (folder / "loans.csv").rename("elsewhere.csv")
    assert main(["check", "--data", "new.csv"]) == 1
    answer = capsys.readouterr()
    assert "is below 0" in answer.out
    assert "own data cannot be read" in answer.err


def test_json_for_machines(folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    loans.with_columns(pl.col("amount") * 1000).write_csv("new.csv")
    assert main(["check", "--data", "new.csv", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["rows"], answer["usecase"]) == (False, 2000, "risk")
    units = answer["findings"][0]
    assert (units["check"], units["column"], units["severity"]) == ("units", "amount", "error")


def test_the_books_own_table(folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "loanbook.toml").write_text(BOOK.replace('ignore = ["paid_back"]\n', ""))
    loans.with_columns(
        pl.when(pl.col("id") == 9).then(8).otherwise("id").alias("id"),
        pl.when(pl.col("id") == 3).then(pl.date(1926, 5, 1)).otherwise("day").alias("day"),
        constant=pl.lit("x"),
    ).write_csv("loans.csv")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == ["id", "day", "paid_back", "warning"]
    assert "may be known only after the decision" in lines[2]
    assert lines[3].startswith("warning: constant: every value is x")
    assert lines[-1].startswith("3 failures, 1 warning in 2,000 rows")


def test_loans_without_an_outcome_are_a_note_and_one_outcome_is_a_failure(
    folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = pl.col("status") == "bad"
    loans.with_columns(pl.when(bad).then("status").alias("status")).write_csv("loans.csv")
    assert main(["check"]) == 1
    out = capsys.readouterr().out
    assert "status: all outcomes are alike" in out
    assert "note: status: has no outcome yet" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "laons.csv"], "laons.csv: there is no such file. The nearest is loans.csv."),
        (["--data", "empty.csv"], "empty.csv: the file is empty."),
        (["--data", "cut.csv"], "the last line is cut off"),
        (["rsik"], "'rsik' is one word too many"),
        (["--book", "no.toml"], "no.toml"),
    ],
)
def test_what_cannot_be_checked_is_one_paragraph_and_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    (folder / "empty.csv").write_text("")
    (folder / "cut.csv").write_text((folder / "loans.csv").read_text()[:-20])
    assert main(["check", *words]) == 2
    answer = capsys.readouterr()
    assert answer.out == ""
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    assert "loanbook check --data new_applications.csv" in capsys.readouterr().out


def test_near_copies_are_a_warning(folder: Path, loans: pl.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    """Every tenth loan comes a second time, under a new id and with each figure a little higher."""
    rng = np.random.default_rng(0)
    figures = {name: rng.lognormal(9, 1, 2000) for name in ("income", "debt", "savings")}
    table = loans.with_columns(pl.Series(name, figure).round(2) for name, figure in figures.items())
    raised = [(pl.col(name) * 1.01).round(2) for name in ("amount", *figures)]
    copies = table.gather_every(10).with_columns(pl.col("id") + 2000, *raised)
    pl.concat([table, copies]).write_csv("loans.csv")
    assert main(["check"]) == 0
    assert "warning: these rows have a near-copy (" in capsys.readouterr().out
